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
    /// What is kept no longer, while one collector disposes of it.
    Disposal = 14,
    /// Files that are written anew without what was not sealed.
    Remains = 6,
    /// Who is a lead, and who has said stop: of two who give one person's lead at once the second finds the first's, and
    /// no lead comes in beside a stop.
    Persons = 24,
    /// What webhooks are told.
    Webhooks = 17,
    /// Copies of events by their columns, while one collector makes them.
    Copies = 25,
    /// Accounts of the back office: no two have one address.
    Accounts = 18,
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

const TRY: &str = "SELECT pg_try_advisory_lock($1, $2)";
const LET_GO: &str = "SELECT pg_advisory_unlock($1, $2)";

/// Holds the lock until [`let_go`], or the connection's end; false where somebody else does. For what cannot be done
/// inside a transaction.
///
/// # Errors
/// Where the database does not answer.
pub async fn try_hold(db: &mut Connection, lock: Lock) -> sqlx::Result<bool> {
    match db.engine().await? {
        Engine::Postgres(db) => {
            sqlx::query_scalar(TRY).bind(SPACE).bind(lock as i32).fetch_one(db).await
        }
        Engine::Sqlite(_) => Ok(true),
    }
}

/// Ends [`try_hold`].
///
/// # Errors
/// Where the database does not answer.
pub async fn let_go(db: &mut Connection, lock: Lock) -> sqlx::Result<()> {
    if let Engine::Postgres(db) = db.engine().await? {
        sqlx::query(LET_GO).bind(SPACE).bind(lock as i32).execute(db).await?;
    }
    Ok(())
}
