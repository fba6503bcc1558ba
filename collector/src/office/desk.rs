//! The back office's way to write: one connection, used by one call at a time.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::store::{Connection, Database};

/// The way to write.
#[derive(Clone, Debug)]
pub struct Desk {
    database: Database,
    open: Arc<Mutex<Option<Connection>>>,
}

/// The connection, while it is used. One that has failed is dropped and not used again: [`Held::keep`] says that
/// it has not.
#[derive(Debug)]
pub struct Held {
    place: OwnedMutexGuard<Option<Connection>>,
    db: Connection,
}

impl Desk {
    /// Of a database that was opened before.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, open: Arc::default() }
    }

    /// The connection, once nobody else uses it.
    ///
    /// # Errors
    /// Where the database cannot be opened.
    pub async fn hold(&self) -> sqlx::Result<Held> {
        let mut place = Arc::clone(&self.open).lock_owned().await;
        let db = match place.take() {
            Some(db) => db,
            None => self.database.reopen().await?,
        };
        Ok(Held { place, db })
    }
}

impl Held {
    /// Gives it back.
    pub fn keep(self) {
        let Self { mut place, db } = self;
        *place = Some(db);
    }
}

impl Deref for Held {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.db
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.db
    }
}
