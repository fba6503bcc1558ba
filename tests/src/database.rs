//! The database, read behind the collector's back.

use std::{collections::BTreeMap, path::Path};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, migrate::Migrator,
    sqlite::SqliteConnectOptions,
};
use tokio::runtime::Runtime;

/// A connection of its own, beside the collector's.
#[derive(Debug)]
pub struct Database {
    runtime: Runtime,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Sqlite(SqliteConnection),
    Postgres(Box<PgConnection>),
}

/// Runs the same on either engine.
macro_rules! on_either {
    ($self:ident, $sql:ident, $make:path, $run:ident) => {
        match &mut $self.engine {
            Engine::Sqlite(db) => $self.runtime.block_on($make(AssertSqlSafe($sql)).$run(db)),
            Engine::Postgres(db) => {
                $self.runtime.block_on($make(AssertSqlSafe($sql)).$run(&mut **db))
            }
        }
    };
}

impl Database {
    /// Connects as the collector does: with foreign keys checked.
    ///
    /// # Panics
    /// Where there is no database.
    #[must_use]
    pub fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be had");
        let opened = runtime.block_on(async {
            if let Some(path) = url.strip_prefix("sqlite:") {
                let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
                SqliteConnection::connect_with(&options).await.map(Engine::Sqlite)
            } else {
                PgConnection::connect(url).await.map(|db| Engine::Postgres(Box::new(db)))
            }
        });
        Self { engine: opened.expect("the database can be opened"), runtime }
    }

    /// The one number that a query answers.
    ///
    /// # Panics
    /// Where the query fails.
    pub fn number(&mut self, sql: &str) -> i64 {
        let answer = on_either!(self, sql, sqlx::query_scalar, fetch_one);
        answer.unwrap_or_else(|error| crate::process::panic_with(&format!("{sql}: {error}")))
    }

    /// Every text of a column.
    ///
    /// # Panics
    /// Where the query fails.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let answer = on_either!(self, sql, sqlx::query_scalar, fetch_all);
        answer.unwrap_or_else(|error| crate::process::panic_with(&format!("{sql}: {error}")))
    }

    /// Runs a statement; the database's own words where it refuses.
    ///
    /// # Errors
    /// What the database said.
    pub fn execute(&mut self, sql: &str) -> Result<u64, String> {
        match &mut self.engine {
            Engine::Sqlite(db) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                self.runtime.block_on(query.execute(db)).map(|done| done.rows_affected())
            }
            Engine::Postgres(db) => {
                let query = sqlx::query(AssertSqlSafe(sql));
                self.runtime.block_on(query.execute(&mut **db)).map(|done| done.rows_affected())
            }
        }
        .map_err(|error| error.to_string())
    }

    /// How the engine says a column of bytes in hexadecimal, in small letters.
    #[must_use]
    pub fn hex(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite(_) => format!("lower(hex({column}))"),
            Engine::Postgres(_) => format!("encode({column}, 'hex')"),
        }
    }

    /// Has the engine look for damage in its files, and for rows that rest on nothing. PostgreSQL never
    /// holds such rows, and finds damage as it reads.
    ///
    /// # Panics
    /// Where there is any.
    pub fn check(&mut self) {
        if matches!(self.engine, Engine::Sqlite(_)) {
            assert_eq!(self.texts("PRAGMA integrity_check"), ["ok"]);
            assert_eq!(self.texts("SELECT \"table\" FROM pragma_foreign_key_check"), [""; 0]);
        }
    }

    /// Runs statements, one after the other.
    ///
    /// # Panics
    /// Where one of them fails.
    pub fn run(&mut self, sql: &str) {
        let run = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match &mut self.engine {
            Engine::Sqlite(db) => self.runtime.block_on(run.execute(db)).map(drop),
            Engine::Postgres(db) => self.runtime.block_on(run.execute(&mut **db)).map(drop),
        };
        if let Err(error) = done {
            crate::process::panic_with(&error.to_string());
        }
    }

    /// Keeps everybody else from writing what visitors send, until [`Database::unlock`] or its end.
    pub fn lock(&mut self) {
        match self.engine {
            Engine::Sqlite(_) => self.run("BEGIN IMMEDIATE"),
            Engine::Postgres(_) => self.run(
                "BEGIN; LOCK TABLE probe, refusal, tally, decision, event, lead IN EXCLUSIVE MODE",
            ),
        }
    }

    /// Ends [`Database::lock`].
    pub fn unlock(&mut self) {
        self.run("ROLLBACK");
    }

    /// Makes the tables as those migrations make them which lie in a folder.
    ///
    /// # Panics
    /// Where one of them fails.
    pub fn migrate(&mut self, folder: &Path) {
        let Self { runtime, engine } = self;
        let done = runtime.block_on(async {
            let migrator = Migrator::new(folder).await?;
            match engine {
                Engine::Sqlite(db) => migrator.run(db).await,
                Engine::Postgres(db) => migrator.run(&mut **db).await,
            }
        });
        if let Err(error) = done {
            crate::process::panic_with(&error.to_string());
        }
    }

    /// How many rows each table has: to see that a call has stored nothing.
    pub fn rows(&mut self) -> BTreeMap<String, i64> {
        let tables = match self.engine {
            Engine::Sqlite(_) => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Engine::Postgres(_) => {
                "SELECT relname::TEXT FROM pg_class WHERE relkind IN ('r', 'p') \
                 AND NOT relispartition AND relnamespace = 'public'::regnamespace"
            }
        };
        let tables = self.texts(tables);
        let count = |name: String| {
            let rows = self.number(&format!("SELECT count(*) FROM \"{name}\""));
            (name, rows)
        };
        tables.into_iter().map(count).collect()
    }
}
