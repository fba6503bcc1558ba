//! Whether the database takes writes, and how far its schema is.

use consent_core::time::Millis;

use super::{Connection, engine::Engine, statement::sql};

const WRITE: &str = "INSERT INTO probe (id, at) VALUES (1, $1) \
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

/// Writes the time of the probe, in milliseconds.
///
/// # Errors
/// Where the database takes no writes.
pub async fn write(db: &mut Connection, now: Millis) -> sqlx::Result<()> {
    sql(WRITE).bind(now.0).execute(db).await?;
    Ok(())
}

const SCHEMA: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success = TRUE";

/// The newest migration that the database has.
///
/// # Errors
/// Where the database does not answer.
pub async fn schema(db: &mut Connection) -> sqlx::Result<i64> {
    sql(SCHEMA).one(db).await
}

const SIZE: &str = "SELECT pg_database_size(current_database())";

/// How much room a database of PostgreSQL takes, in bytes; none of another, whose files say it.
///
/// # Errors
/// Where the database does not answer.
pub async fn size(db: &mut Connection) -> sqlx::Result<Option<i64>> {
    match db.engine().await? {
        Engine::Sqlite(_) => Ok(None),
        Engine::Postgres(db) => sqlx::query_scalar(SIZE).fetch_one(db).await.map(Some),
    }
}
