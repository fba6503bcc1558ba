//! The database. Every function takes a connection, so that a caller's transaction decides what
//! happens together; each statement is a constant beside the one function that runs it.
//!
//! Statements use `$1` placeholders and the types TEXT, BIGINT and BLOB only, so that one text
//! serves SQLite and PostgreSQL.

pub mod decisions;
pub mod events;
pub mod grants;
pub mod leads;
pub mod log;
pub mod log_records;
pub mod reports;
pub mod sites;
pub mod tallies;
pub mod tokens;
pub mod visitors;

use std::str::FromStr as _;

use sqlx::{
    ConnectOptions as _, Connection as _,
    migrate::MigrateError,
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

/// A connection to the database.
pub type Connection = SqliteConnection;
/// Connections that only read.
pub type Readers = SqlitePool;

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database this build knows.
    #[error("cannot use the database address {url:?}: {reason}\n  remedy: write sqlite:PATH")]
    Address {
        /// The address.
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
    #[error(
        "cannot open the database at {path}: {source}\n  remedy: check that the folder exists and may be written to"
    )]
    Unopened {
        /// The file.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// Its tables cannot be made or brought up to date.
    #[error("cannot bring the database at {path} up to date: {source}")]
    Migration {
        /// The file.
        path: String,
        /// Why.
        source: MigrateError,
    },
}

/// Where the database is and how it is opened.
#[derive(Clone, Debug)]
pub struct Database {
    path: String,
    options: SqliteConnectOptions,
}

impl Database {
    /// The database at `url`, `sqlite:PATH`.
    ///
    /// # Errors
    /// Where the address is not of that form.
    pub fn at(url: &str) -> Result<Self, OpenError> {
        let address = |reason: String| OpenError::Address { url: url.to_owned(), reason };
        if !url.starts_with("sqlite:") {
            return Err(address("it does not start with sqlite:".to_owned()));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(address("a database in memory would keep nothing".to_owned()));
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| address(error.to_string()))?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5))
            .statement_cache_capacity(200)
            .disable_statement_logging();
        Ok(Self { path: options.get_filename().display().to_string(), options })
    }

    /// A connection that may write; the file and its tables are made where they are missing.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub async fn create(&self) -> Result<Connection, OpenError> {
        self.make_private().map_err(|error| self.unopened(error.into()))?;
        let mut connection = self.connect(self.options.clone().create_if_missing(true)).await?;
        self.migrate(&mut connection).await?;
        Ok(connection)
    }

    /// A connection that may write to a database that is there already.
    ///
    /// # Errors
    /// Where it is not there or cannot be opened.
    pub async fn open(&self) -> Result<Connection, OpenError> {
        if !self.options.get_filename().exists() {
            return Err(OpenError::Missing { path: self.path.clone() });
        }
        let mut connection = self.connect(self.options.clone()).await?;
        self.migrate(&mut connection).await?;
        Ok(connection)
    }

    /// Another connection that may write, to a database that was opened before.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn reopen(&self) -> sqlx::Result<Connection> {
        self.options.connect().await
    }

    /// Connections that read.
    ///
    /// # Errors
    /// Where it is not there or cannot be opened.
    pub async fn readers(&self) -> Result<Readers, OpenError> {
        self.open().await?.close().await.map_err(|source| self.unopened(source))?;
        SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(self.options.clone().pragma("query_only", "true"))
            .await
            .map_err(|source| self.unopened(source))
    }

    /// Makes the file where it is missing, for its owner alone: it holds what people wrote. What
    /// SQLite puts beside it gets the same permissions.
    fn make_private(&self) -> std::io::Result<()> {
        let path = self.options.get_filename();
        if path.as_os_str().is_empty() || path.exists() {
            return Ok(());
        }
        let mut options = std::fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(drop)
    }

    async fn connect(&self, options: SqliteConnectOptions) -> Result<Connection, OpenError> {
        options.connect().await.map_err(|source| self.unopened(source))
    }

    async fn migrate(&self, connection: &mut Connection) -> Result<(), OpenError> {
        sqlx::migrate!("migrations/sqlite")
            .run(connection)
            .await
            .map_err(|source| OpenError::Migration { path: self.path.clone(), source })
    }

    fn unopened(&self, source: sqlx::Error) -> OpenError {
        OpenError::Unopened { path: self.path.clone(), source }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_way_to_write_its_address_leads_to_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.db").display().to_string();
        assert!(matches!(
            Database::at(&format!("sqlite:{path}")).unwrap().readers().await,
            Err(OpenError::Missing { path: named }) if named == path
        ));
        Database::at(&format!("sqlite:{path}")).unwrap().create().await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "what people wrote is for its owner alone");
        }
        assert!(Database::at("sqlite::memory:").is_err());
        for url in [
            format!("sqlite:{path}"),
            format!("sqlite://{path}"),
            format!("sqlite:{path}?mode=rwc"),
            format!("sqlite:{}", path.replace(' ', "%20")),
        ] {
            assert!(Database::at(&url).unwrap().readers().await.is_ok(), "{url}");
        }
    }
}
