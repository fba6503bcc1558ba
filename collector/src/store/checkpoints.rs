//! Carries SQLite's log into the database file, by a connection of its own: those who commit do not wait for
//! it. PostgreSQL does so by itself.

use super::{Connection, Database, statement::sql};

/// Takes what it can without keeping anybody waiting. Answers whether it was busy, the pages in the log, and
/// those that were carried.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

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
