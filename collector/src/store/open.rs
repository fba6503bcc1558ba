//! Where the database is, how it is opened, and how its tables are brought up to date.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use consent_core::time::Millis;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, SqliteConnection,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::time::timeout;

use super::{Connection, Readers, columns::Fresh, partitions};
use crate::{clock, config::Synchronous};

/// What brings a database up to date, in order: the same migrations on either engine.
static ON_SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static ON_POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// The newest migration that this build knows.
#[must_use]
pub fn newest_migration() -> i64 {
    ON_SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Connections that read, of one collector.
const READERS: u32 = 4;
/// Pages that SQLite's log may grow to, of 4 KiB each. It is carried into the database in the background
/// ([`super::checkpoints`]); beyond this whoever commits helps.
const LOG_PAGES: &str = "20000";
/// What SQLite keeps of its file in memory for a connection that writes, in KiB as its pragma has it: of two megabytes,
/// as it has by itself, a busy group takes more, and is written to the log twice; sixteen were no faster than eight.
const KEPT: &str = "-8192";
/// What it keeps for one that reads.
const KEPT_TO_READ: &str = "-2000";
/// Rows that lie between SQLite's thread and whoever reads them: of few, the two wait for each other all the time.
const ROWS: usize = 1_000;
/// How long a statement waits for what another has locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database this build knows.
    #[error(
        "cannot use the database address {url:?}: {reason}\n  remedy: write sqlite:PATH or postgres://USER@HOST/DATABASE"
    )]
    Address {
        /// The address, without a password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not there.
    #[error(
        "there is no database at {path}\n  remedy: `ashiato site apply FILE --database-url sqlite:{path}` makes it"
    )]
    Missing {
        /// The file.
        path: String,
    },
    /// It cannot be opened or made.
    #[error("cannot open the database at {place}: {source}\n  remedy: {remedy}")]
    Unopened {
        /// The file, or the server.
        place: String,
        /// Why.
        source: sqlx::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// Its tables cannot be made or brought up to date.
    #[error("cannot bring the database at {place} up to date: {source}")]
    Migration {
        /// The file, or the server.
        place: String,
        /// Why.
        source: MigrateError,
    },
}

/// Where the database is and how it is opened.
#[derive(Clone, Debug)]
pub struct Database {
    place: String,
    options: Options,
    /// Events that its connections have stored, until they are copied.
    fresh: Arc<Fresh>,
}

#[derive(Clone, Debug)]
enum Options {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

impl Database {
    /// The database at `url`: `sqlite:PATH`, or `postgres://USER@HOST/DATABASE`.
    ///
    /// # Errors
    /// Where the address is not of that form.
    pub fn at(url: &str) -> Result<Self, OpenError> {
        let address = |reason: String| OpenError::Address { url: without_password(url), reason };
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options =
                PgConnectOptions::from_str(url).map_err(|error| address(error.to_string()))?;
            return Ok(Self::on_postgres(options));
        }
        if !url.starts_with("sqlite:") {
            return Err(address("it starts with neither sqlite: nor postgres:".to_owned()));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(address("a database in memory would keep nothing".to_owned()));
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| address(error.to_string()))?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("wal_autocheckpoint", LOG_PAGES)
            // What is deleted is overwritten, so that what was erased or withdrawn is not in the file any more.
            .pragma("secure_delete", "true")
            // What a statement of many rows has changed so far is kept aside until it is done: not in a file.
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", KEPT)
            .row_buffer_size(ROWS)
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let place = options.get_filename().display().to_string();
        Ok(Self::of(place, Options::Sqlite(Box::new(options))))
    }

    fn on_postgres(options: PgConnectOptions) -> Self {
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let options = options
            .application_name("ashiato")
            .statement_cache_capacity(200)
            // A collector that hangs, or whose machine is gone, must not keep the others waiting: the server undoes
            // what it has begun, and the lock under which decisions are taken goes to the next. For a server that
            // hangs the writer has a time of its own.
            .options([
                // What it warns of may quote a row, and would be logged.
                ("client_min_messages", "error".to_owned()),
                ("lock_timeout", milliseconds(PATIENCE)),
                ("idle_in_transaction_session_timeout", milliseconds(2 * PATIENCE)),
                ("tcp_user_timeout", milliseconds(2 * PATIENCE)),
            ])
            .disable_statement_logging();
        let database = options.get_database().unwrap_or(options.get_username());
        let place = match options.get_socket() {
            Some(socket) => format!("{}, database {database}", socket.display()),
            None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
        };
        Self::of(place, Options::Postgres(Box::new(options)))
    }

    fn of(place: String, options: Options) -> Self {
        Self { place, options, fresh: Arc::default() }
    }

    /// The same, where SQLite may acknowledge what is not on disk yet.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        if let (Options::Sqlite(options), Synchronous::Normal) = (&mut self.options, synchronous) {
            **options = options.as_ref().clone().synchronous(SqliteSynchronous::Normal);
        }
        self
    }

    /// Whether it is SQLite.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self.options, Options::Sqlite(_))
    }

    /// Connections that write at the same time, of one collector.
    #[must_use]
    pub const fn writers(&self) -> usize {
        if self.is_sqlite() { 1 } else { 2 }
    }

    /// A connection that may write; what is missing is made: a file, tables.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub async fn create(&self) -> Result<Connection, OpenError> {
        if let Options::Sqlite(options) = &self.options {
            make_private(options).map_err(|error| self.unopened(error.into()))?;
        }
        self.current().await
    }

    /// A connection that may write to a database that is there already.
    ///
    /// # Errors
    /// Where it is not there or cannot be opened.
    pub async fn open(&self) -> Result<Connection, OpenError> {
        self.is_there()?;
        self.current().await
    }

    fn is_there(&self) -> Result<(), OpenError> {
        match &self.options {
            Options::Sqlite(options) if !options.get_filename().exists() => {
                Err(OpenError::Missing { path: self.place.clone() })
            }
            _ => Ok(()),
        }
    }

    /// A connection to tables that are up to date.
    async fn current(&self) -> Result<Connection, OpenError> {
        let migration = |source| OpenError::Migration { place: self.place.clone(), source };
        match &self.options {
            Options::Sqlite(options) => {
                let mut db: SqliteConnection =
                    options.connect().await.map_err(|error| self.unopened(error))?;
                ON_SQLITE.run(&mut db).await.map_err(migration)?;
                Ok(Connection::from(db).keeping(&self.fresh))
            }
            Options::Postgres(options) => {
                let mut db = durable(options).await.map_err(|error| self.unopened(error))?;
                ON_POSTGRES.run(&mut db).await.map_err(migration)?;
                let mut db = Connection::from(db).keeping(&self.fresh);
                partitions::ahead(&mut db, clock::now())
                    .await
                    .map_err(|error| self.unopened(error))?;
                Ok(db)
            }
        }
    }

    /// How much room SQLite takes, in bytes, with what is not yet folded into it; nothing where that
    /// cannot be told by its files.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        let Options::Sqlite(options) = &self.options else { return None };
        let path = options.get_filename();
        let mut waiting = path.as_os_str().to_owned();
        waiting.push("-wal");
        let of = |path: &std::path::Path| std::fs::metadata(path).map(|file| file.len()).ok();
        Some(of(path)? + of(waiting.as_ref()).unwrap_or(0))
    }

    /// Another connection that may write, to a database that was opened before.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn reopen(&self) -> sqlx::Result<Connection> {
        let db: Connection = match &self.options {
            Options::Sqlite(options) => options.connect().await?.into(),
            Options::Postgres(options) => durable(options).await?.into(),
        };
        Ok(db.keeping(&self.fresh))
    }

    /// Makes the partitions of the months to come, and drops those of months before `oldest`, where the
    /// engine has any.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn turn_months(&self, oldest: Option<Millis>) -> sqlx::Result<()> {
        if self.is_sqlite() {
            return Ok(());
        }
        let mut db = self.reopen().await?;
        partitions::ahead(&mut db, clock::now()).await?;
        if let Some(oldest) = oldest {
            partitions::drop_before(&mut db, oldest, clock::now()).await?;
        }
        db.close().await
    }

    /// Connections that read.
    ///
    /// # Errors
    /// Where it is not there or cannot be opened.
    pub async fn readers(&self) -> Result<Readers, OpenError> {
        self.open().await?.close().await.map_err(|source| self.unopened(source))?;
        self.readers_as_it_is().await
    }

    /// Connections that read a database of whatever version, and change nothing of it.
    ///
    /// # Errors
    /// Where it is not there or cannot be opened.
    pub async fn readers_as_it_is(&self) -> Result<Readers, OpenError> {
        self.is_there()?;
        match &self.options {
            Options::Sqlite(options) => {
                let options = (**options).clone().pragma("query_only", "true");
                let options = options.pragma("cache_size", KEPT_TO_READ);
                let pool = SqlitePoolOptions::new().max_connections(READERS).connect_with(options);
                pool.await.map(Readers::Sqlite)
            }
            Options::Postgres(options) => {
                let options =
                    (**options).clone().options([("default_transaction_read_only", "on")]);
                let pool = PgPoolOptions::new()
                    .max_connections(READERS)
                    .acquire_timeout(PATIENCE)
                    // One that was given up in the middle of a question waits for a server that hangs: it is
                    // not lent again.
                    .after_release(|db, _| Box::pin(is_well(db)))
                    .connect_with(options);
                pool.await.map(Readers::Postgres)
            }
        }
        .map_err(|source| self.unopened(source))
    }

    fn unopened(&self, source: sqlx::Error) -> OpenError {
        let remedy = match self.options {
            Options::Sqlite(_) => "check that the folder exists and may be written to",
            Options::Postgres(_) => {
                "check that the server runs, that the database exists (createdb), and that the user may create tables in it"
            }
        };
        OpenError::Unopened { place: self.place.clone(), source, remedy }
    }
}

/// Makes the file where it is missing, for its owner alone: it holds what people wrote. What SQLite
/// puts beside it gets the same permissions.
fn make_private(options: &SqliteConnectOptions) -> std::io::Result<()> {
    let path = options.get_filename();
    if path.as_os_str().is_empty() || path.exists() {
        return Ok(());
    }
    let mut file = std::fs::OpenOptions::new();
    file.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop)
}

/// An address as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (account, place) = match rest.rsplit_once('@') {
        Some((account, place)) => (account.split(':').next(), place),
        None => (None, rest),
    };
    let place = place.split('?').next().unwrap_or_default();
    match account {
        Some(user) => format!("{scheme}://{user}@{place}"),
        None => format!("{scheme}://{place}"),
    }
}

/// Whether a connection still answers.
async fn is_well(db: &mut PgConnection) -> sqlx::Result<bool> {
    let answered = timeout(PATIENCE, db.ping()).await;
    answered.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|()| true)
}

const ON_DISK: &str = "SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') = 'off'";

/// A connection that acknowledges what is on disk, though a role or a database may have it otherwise. What goes
/// further than that (`remote_apply`) stays.
async fn durable(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut db: PgConnection = options.connect().await?;
    sqlx::query(ON_DISK).execute(&mut db).await?;
    Ok(db)
}

#[cfg(test)]
mod tests;
