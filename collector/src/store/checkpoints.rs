//! Carries SQLite's log into the database file, by a connection of its own: those who commit do not wait for
//! it. PostgreSQL does so by itself.

use std::time::Duration;

use super::{Connection, Database, engine::Engine, statement::sql};

/// Takes what it can without keeping anybody waiting. Answers whether it was busy, the pages in the log, and
/// those that were carried.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// How often it is tried to empty the log, and the time in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Takes all of it and leaves the log empty: whoever reads or writes is waited for.
const WHOLE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Leaves nothing in SQLite's log, which holds copies of what was in the database before it was erased.
/// False where somebody has been reading for so long that it could not be done; then it is to be asked again.
/// On PostgreSQL there is nothing to do here.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &mut Connection) -> sqlx::Result<bool> {
    let Engine::Sqlite(db) = db.engine().await? else { return Ok(true) };
    for _ in 0..TRIES {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as(WHOLE).fetch_one(&mut *db).await?;
        if busy == 0 {
            return Ok(true);
        }
        // SQLite waits for readers by itself, but not for whoever is carrying the log already.
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

/// The connection by which it is done.
#[derive(Debug)]
pub struct Checkpoints {
    database: Database,
    db: Option<Connection>,
}

impl Checkpoints {
    /// Those of a database; none where it needs none.
    #[must_use]
    pub fn of(database: &Database) -> Option<Self> {
        database.is_sqlite().then(|| Self { database: database.clone(), db: None })
    }

    /// Carries what has been committed.
    ///
    /// # Errors
    /// Where the database does not answer; the next time it is asked anew.
    pub async fn take(&mut self) -> sqlx::Result<()> {
        let mut db = match self.db.take() {
            Some(db) => db,
            None => self.database.reopen().await?,
        };
        sql(PASSIVE).rows(&mut db).await?;
        self.db = Some(db);
        Ok(())
    }
}
