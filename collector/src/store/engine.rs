//! The two engines behind one type: a connection to SQLite or to PostgreSQL, and transactions on it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
};

use super::columns::{Fresh, Group};

/// A connection to the database.
#[derive(Debug)]
pub struct Connection {
    handle: Handle,
    /// Whether a transaction was left without an end: it is rolled back before anything else.
    in_doubt: bool,
    /// Where events that it stores are kept until they are copied.
    fresh: Option<Arc<Fresh>>,
    /// Such as are not committed yet.
    stored: Vec<Group>,
}

#[derive(Debug)]
enum Handle {
    Sqlite(SqliteConnection),
    Postgres(Box<PgConnection>),
    SqliteReader(PoolConnection<Sqlite>),
    PostgresReader(PoolConnection<Postgres>),
}

/// A connection by its engine, for what each has a way of its own to do.
pub(super) enum Engine<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl From<SqliteConnection> for Connection {
    fn from(db: SqliteConnection) -> Self {
        Self::of(Handle::Sqlite(db))
    }
}

impl From<PgConnection> for Connection {
    fn from(db: PgConnection) -> Self {
        Self::of(Handle::Postgres(Box::new(db)))
    }
}

impl Connection {
    const fn of(handle: Handle) -> Self {
        Self { handle, in_doubt: false, fresh: None, stored: Vec::new() }
    }

    /// The same, which keeps events that it has stored.
    pub(super) fn keeping(self, fresh: &Arc<Fresh>) -> Self {
        Self { fresh: Some(Arc::clone(fresh)), ..self }
    }

    /// Where events that it stores are kept, where it keeps any.
    pub(super) fn fresh(&self) -> Option<&Fresh> {
        self.fresh.as_deref()
    }

    /// Keeps a group of events once the transaction is committed.
    pub(super) fn keep(&mut self, group: Group) {
        self.stored.push(group);
    }

    /// Its engine.
    pub(super) async fn engine(&mut self) -> sqlx::Result<Engine<'_>> {
        if std::mem::take(&mut self.in_doubt) {
            self.run("ROLLBACK").await?;
        }
        Ok(self.bare())
    }

    fn bare(&mut self) -> Engine<'_> {
        match &mut self.handle {
            Handle::Sqlite(db) => Engine::Sqlite(db),
            Handle::SqliteReader(db) => Engine::Sqlite(db),
            Handle::Postgres(db) => Engine::Postgres(db),
            Handle::PostgresReader(db) => Engine::Postgres(db),
        }
    }

    async fn run(&mut self, statement: &'static str) -> sqlx::Result<()> {
        match self.bare() {
            Engine::Sqlite(db) => sqlx::raw_sql(statement).execute(db).await.map(drop),
            Engine::Postgres(db) => sqlx::raw_sql(statement).execute(db).await.map(drop),
        }
    }

    /// Begins a transaction that may write. On SQLite nobody else writes until it ends; on PostgreSQL
    /// others do, and [`super::locks`] keeps apart what has to be.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin(&mut self) -> sqlx::Result<Transaction<'_>> {
        self.start("BEGIN IMMEDIATE", "BEGIN").await
    }

    /// Begins a transaction that reads, and sees the database as it is at one moment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn snapshot(&mut self) -> sqlx::Result<Transaction<'_>> {
        self.start("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn start(
        &mut self,
        on_sqlite: &'static str,
        on_postgres: &'static str,
    ) -> sqlx::Result<Transaction<'_>> {
        let statement = match self.engine().await? {
            Engine::Sqlite(_) => on_sqlite,
            Engine::Postgres(_) => on_postgres,
        };
        // Should the caller go away meanwhile, it is not known whether it has begun.
        self.in_doubt = true;
        self.stored.clear();
        let begun = self.run(statement).await;
        self.in_doubt = false;
        begun.map(|()| Transaction { db: self, ended: false })
    }

    /// Runs statements as they are: tests do so behind the store's back, as nobody else may.
    #[cfg(test)]
    pub(crate) async fn raw(&mut self, statements: String) -> sqlx::Result<()> {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
        match self.engine().await? {
            Engine::Sqlite(db) => statements.execute(db).await.map(drop),
            Engine::Postgres(db) => statements.execute(db).await.map(drop),
        }
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// Where that cannot be done in order.
    pub async fn close(self) -> sqlx::Result<()> {
        match self.handle {
            Handle::Sqlite(db) => db.close().await,
            Handle::Postgres(db) => db.close().await,
            Handle::SqliteReader(_) | Handle::PostgresReader(_) => Ok(()),
        }
    }
}

/// A transaction. What is dropped without [`Transaction::commit`] is rolled back before the connection does
/// anything else.
#[derive(Debug)]
#[must_use = "it has to be committed"]
pub struct Transaction<'c> {
    db: &'c mut Connection,
    ended: bool,
}

impl Transaction<'_> {
    /// Keeps what was done. Once this returns it is on disk.
    ///
    /// # Errors
    /// Where the database does not answer; it is not known then whether anything was kept.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.db.run("COMMIT").await?;
        self.ended = true;
        if let Some(fresh) = &self.db.fresh {
            self.db.stored.drain(..).for_each(|group| fresh.keep(group));
        }
        Ok(())
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        self.db.run("ROLLBACK").await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.db.in_doubt |= !self.ended;
    }
}

/// The connection inside the transaction: nothing rolls it back but the end of this value.
impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.db
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.db
    }
}

/// Connections that only read.
#[derive(Clone, Debug)]
pub enum Readers {
    /// To SQLite.
    Sqlite(SqlitePool),
    /// To PostgreSQL.
    Postgres(PgPool),
}

impl Readers {
    /// A connection, given back when it is dropped.
    ///
    /// # Errors
    /// Where none is to be had in time.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        let handle = match self {
            Self::Sqlite(pool) => Handle::SqliteReader(pool.acquire().await?),
            Self::Postgres(pool) => Handle::PostgresReader(pool.acquire().await?),
        };
        Ok(Connection::of(handle))
    }
}
