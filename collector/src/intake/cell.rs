//! Cells of tables that people open: none is taken for a formula.

/// What a cell that a table program calculates begins with.
pub const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no table program calculates.
#[must_use]
pub fn safe(cell: &str) -> String {
    let quoted = plain(cell) != cell;
    if quoted || cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell that [`safe`] made it of.
#[must_use]
pub fn plain(cell: &str) -> String {
    let inner = cell.strip_prefix('\'');
    let made = inner.filter(|inner| inner.trim_start_matches('\'').starts_with(FORMULA));
    made.unwrap_or(cell).to_owned()
}

/// Rows as comma-separated text (RFC 4180). The cells are safe already where they have to be.
///
/// # Errors
/// Where a row cannot be written.
pub fn rows<R, C>(rows: R) -> csv::Result<String>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
