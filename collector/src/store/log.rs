//! The consent log's leaves.

use super::{Connection, statement::sql};

const NEXT: &str = "SELECT COALESCE(MAX(idx) + 1, 0) FROM log_leaf";

/// The place of the next leaf. It stays free for the rest of the caller's write transaction.
///
/// # Errors
/// Where the database does not answer.
pub async fn next(db: &mut Connection) -> sqlx::Result<i64> {
    sql(NEXT).one(db).await
}

const APPEND: &str = "INSERT INTO log_leaf (idx, hash) VALUES ($1, $2)";

/// Appends a leaf at its place.
///
/// # Errors
/// Where the database does not answer, or the place is taken.
pub async fn append(db: &mut Connection, index: i64, hash: &[u8; 32]) -> sqlx::Result<()> {
    sql(APPEND).bind(index).bind(hash).execute(db).await?;
    Ok(())
}
