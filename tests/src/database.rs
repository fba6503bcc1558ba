//! The database, read behind the collector's back.

use std::{collections::BTreeMap, path::Path};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::runtime::Runtime;

/// A connection of its own, beside the collector's.
#[derive(Debug)]
pub struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Database {
    /// Opens the file as the collector does: with foreign keys checked.
    ///
    /// # Panics
    /// Where there is no database.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be had");
        let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
        let connection = runtime
            .block_on(SqliteConnection::connect_with(&options))
            .expect("the database can be opened");
        Self { runtime, connection }
    }

    /// The one number that a query answers.
    ///
    /// # Panics
    /// Where the query fails.
    pub fn number(&mut self, sql: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(sql));
        let answer = self.runtime.block_on(query.fetch_one(&mut self.connection));
        answer.unwrap_or_else(|error| crate::process::panic_with(&format!("{sql}: {error}")))
    }

    /// Every text of a column.
    ///
    /// # Panics
    /// Where the query fails.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let query = sqlx::query_scalar(AssertSqlSafe(sql));
        let answer = self.runtime.block_on(query.fetch_all(&mut self.connection));
        answer.unwrap_or_else(|error| crate::process::panic_with(&format!("{sql}: {error}")))
    }

    /// Runs a statement; the database's own words where it refuses.
    ///
    /// # Errors
    /// What the database said.
    pub fn execute(&mut self, sql: &str) -> Result<u64, String> {
        let query = sqlx::query(AssertSqlSafe(sql));
        let answer = self.runtime.block_on(query.execute(&mut self.connection));
        answer.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }

    /// Runs statements, one after the other.
    ///
    /// # Panics
    /// Where one of them fails.
    pub fn run(&mut self, sql: &str) {
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection);
        if let Err(error) = self.runtime.block_on(run) {
            crate::process::panic_with(&error.to_string());
        }
    }

    /// How many rows each table has: to see that a call has stored nothing.
    pub fn rows(&mut self) -> BTreeMap<String, i64> {
        let tables =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let tables = self.texts(tables);
        let count = |name: String| {
            let rows = self.number(&format!("SELECT count(*) FROM \"{name}\""));
            (name, rows)
        };
        tables.into_iter().map(count).collect()
    }
}
