//! Cells that table programs would take for a formula (OWASP, CSV injection).

/// What a formula begins with.
pub const BEGINS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no table program calculates: what begins like a formula stands behind an apostrophe, and so does what
/// looks as if it did, so that [`plain`] finds what it was.
#[must_use]
pub fn safe(cell: &str) -> String {
    let quoted = plain(cell) != cell;
    if quoted || cell.starts_with(BEGINS) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell that [`safe`] made it of.
#[must_use]
pub fn plain(cell: &str) -> String {
    let inner = cell.strip_prefix('\'');
    let made = inner.filter(|inner| inner.trim_start_matches('\'').starts_with(BEGINS));
    made.unwrap_or(cell).to_owned()
}
