//! The database. Every function takes a connection, so that a caller's transaction decides what
//! happens together; each statement is a constant beside the one function that runs it.
//!
//! One text serves SQLite and PostgreSQL ([`statement`]); what is different between them, a bulk insert and
//! a lock, stands side by side.

pub mod accounts;
pub mod approvals;
pub mod audit;
pub mod checkpoints;
pub mod columns;
pub mod dashboard;
pub mod decided;
pub mod decisions;
pub mod disposal;
pub mod drafts;
pub mod ended;
mod engine;
pub mod events;
pub mod exports;
pub mod factors;
pub mod grants;
pub mod held;
pub mod identities;
pub mod leads;
pub mod locks;
pub mod log;
pub mod log_ins;
pub mod log_records;
mod logged;
pub mod mail;
pub mod moments;
pub mod named;
mod open;
pub mod partitions;
pub mod passkeys;
pub mod probe;
pub mod questions;
pub mod refusals;
pub mod reports;
mod rows;
pub mod scores;
pub mod segments;
pub mod sites;
pub mod statement;
pub mod subjects;
pub mod tallies;
pub mod tokens;
pub mod visitors;
pub mod webhooks;

pub use engine::{Connection, Readers, Transaction};
pub use logged::Logged;
pub use open::{Database, OpenError, newest_migration};

/// The id of a site's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub i64);

/// The id of a visitor's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorRow(pub i64);

/// Sixteen bytes of a column that holds an id.
pub(crate) fn sixteen(bytes: Vec<u8>, column: &str) -> sqlx::Result<[u8; 16]> {
    <[u8; 16]>::try_from(bytes).map_err(|bytes| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{} bytes where an id has 16", bytes.len()).into(),
    })
}

/// Whether a statement failed for what it was given, so that others may do better without it; not because the
/// database is locked, full, gone, or takes no writes.
#[must_use]
pub fn of_its_own(error: &sqlx::Error) -> bool {
    let Some(database) = error.as_database_error() else {
        return matches!(
            error,
            sqlx::Error::Encode(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Protocol(_)
        );
    };
    let code = database.code().unwrap_or_default();
    let is_data = match code.parse::<u32>() {
        // SQLite's are of up to four digits; the last byte is the primary one: SQLITE_TOOBIG,
        // SQLITE_CONSTRAINT, SQLITE_MISMATCH.
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
        // Data, integrity, a trigger's own words (PostgreSQL, appendix A).
        _ => ["22", "23", "P0"].iter().any(|class| code.starts_with(class)),
    };
    is_data || conflict(error)
}

/// Whether a statement failed because of what another connection was doing at the same time, so that it may
/// do better another time: a row that it rests on is gone, one that it makes is there, or each waited for the
/// other.
#[must_use]
pub fn conflict(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    error.is_foreign_key_violation()
        || error.is_unique_violation()
        || matches!(error.code().as_deref(), Some("40001" | "40P01"))
}
