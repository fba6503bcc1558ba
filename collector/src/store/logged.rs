//! What may be logged of an error: not what a database quotes of the row that it refused.

use std::fmt::{Display, Formatter, Result};

use sqlx::{error::DatabaseError, sqlite::SqliteError};

/// An error as it may be logged. Where its words may hold a value that was sent, its kind is told instead:
/// the code, and by PostgreSQL the table and the constraint.
#[derive(Clone, Copy, Debug)]
pub struct Logged<'e>(pub &'e sqlx::Error);

impl Display for Logged<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            sqlx::Error::Database(error) if may_quote(&**error) => {
                f.write_str("the database refused a row")?;
                for (what, told) in [
                    ("code", error.code().as_deref()),
                    ("table", error.table()),
                    ("constraint", error.constraint()),
                ] {
                    if let Some(told) = told {
                        write!(f, ", {what} {told}")?;
                    }
                }
                Ok(())
            }
            sqlx::Error::ColumnDecode { index, .. } => write!(f, "column {index} cannot be read"),
            sqlx::Error::Decode(_) => f.write_str("a value of the database cannot be read"),
            sqlx::Error::Encode(_) => f.write_str("a value cannot be written"),
            other => other.fmt(f),
        }
    }
}

/// Whether what the database says may hold a value of a row.
fn may_quote(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // SQLITE_CONSTRAINT_TRIGGER: a trigger's own words. Other constraints name columns.
        return code == "1811";
    }
    // Data that does not fit, integrity that is violated, a trigger's own words (PostgreSQL, appendix A).
    ["22", "23", "P0"].iter().any(|class| code.starts_with(class))
}
