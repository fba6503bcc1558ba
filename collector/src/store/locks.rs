//! What only one collector does at a time. SQLite has one writer anyhow; on PostgreSQL an advisory lock
//! keeps the others out until the transaction ends, or its collector dies.

use super::{Connection, engine::Engine};

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Decisions: their places in the consent log follow each other, and no two decide about one visitor
    /// by the same past.
    Decisions = 1,
    /// Site files.
    Sites = 2,
    /// Partitions of the table of events.
    Partitions = 3,
    /// The keys of leads, while they are wrapped anew.
    Leads = 4,
}

/// Ours among the advisory locks of a database: "ashi".
const SPACE: i32 = 0x6173_6869;

const TAKE: &str = "SELECT pg_advisory_xact_lock($1, $2)";

/// Waits for the lock, and holds it until the caller's transaction ends.
///
/// # Errors
/// Where the database does not answer, or somebody has held it for too long.
pub async fn take(db: &mut Connection, lock: Lock) -> sqlx::Result<()> {
    if let Engine::Postgres(db) = db.engine().await? {
        sqlx::query(TAKE).bind(SPACE).bind(lock as i32).execute(db).await?;
    }
    Ok(())
}
