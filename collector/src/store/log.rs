//! The consent log's hashes, its head, and what was signed of it.

use consent_core::time::Millis;

use super::Connection;

const HOLD: &str = "UPDATE log_head SET size = size WHERE id = 1 RETURNING size";

/// How many leaves the log has, which nobody else can change until the caller's transaction ends:
/// one writer appends at a time.
///
/// # Errors
/// Where the database does not answer.
pub async fn hold(db: &mut Connection) -> sqlx::Result<i64> {
    sqlx::query_scalar(HOLD).fetch_optional(db).await?.ok_or_else(headless)
}

const GROW: &str = "UPDATE log_head SET size = $1 WHERE id = 1";

/// Says how many leaves the log has now.
///
/// # Errors
/// Where the database does not answer.
pub async fn grow(db: &mut Connection, size: i64) -> sqlx::Result<()> {
    sqlx::query(GROW).bind(size).execute(db).await?;
    Ok(())
}

const HEAD: &str = "SELECT size, origin FROM log_head WHERE id = 1";

/// How many leaves the log has, and its name once it has one.
///
/// # Errors
/// Where the database does not answer.
pub async fn head(db: &mut Connection) -> sqlx::Result<(i64, Option<String>)> {
    sqlx::query_as(HEAD).fetch_optional(db).await?.ok_or_else(headless)
}

fn headless() -> sqlx::Error {
    sqlx::Error::Protocol("table log_head has lost its row: somebody has deleted it".to_owned())
}

const NAME: &str = "UPDATE log_head SET origin = $1 WHERE id = 1";

/// Names the log.
///
/// # Errors
/// Where the database does not answer.
pub async fn name(db: &mut Connection, origin: &str) -> sqlx::Result<()> {
    sqlx::query(NAME).bind(origin).execute(db).await?;
    Ok(())
}

const APPEND: &str = "INSERT INTO log_leaf (idx, hash) VALUES ($1, $2)";

/// Appends a leaf at its place.
///
/// # Errors
/// Where the database does not answer, or the place is taken.
pub async fn append(db: &mut Connection, index: i64, hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query(APPEND).bind(index).bind(hash.to_vec()).execute(db).await?;
    Ok(())
}

const REPLACE: &str = "UPDATE log_leaf SET hash = $2 WHERE idx = $1";

/// Writes a leaf anew: for leaves of an earlier version, before anything was signed over them.
///
/// # Errors
/// Where the database does not answer.
pub async fn replace(db: &mut Connection, index: i64, hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query(REPLACE).bind(index).bind(hash.to_vec()).execute(db).await?;
    Ok(())
}

const INSERT_TILE: &str = "INSERT INTO log_tile (level, idx, hash) VALUES ($1, $2, $3)";

/// Adds the root over 256 neighbours of the level below.
///
/// # Errors
/// Where the database does not answer, or the place is taken.
pub async fn insert_tile(
    db: &mut Connection,
    level: u32,
    index: i64,
    hash: &[u8; 32],
) -> sqlx::Result<()> {
    let level = i64::from(level);
    sqlx::query(INSERT_TILE).bind(level).bind(index).bind(hash.to_vec()).execute(db).await?;
    Ok(())
}

const CLEAR_TILES: &str = "DELETE FROM log_tile";

/// Forgets all roots over leaves.
///
/// # Errors
/// Where the database does not answer.
pub async fn clear_tiles(db: &mut Connection) -> sqlx::Result<()> {
    sqlx::query(CLEAR_TILES).execute(db).await?;
    Ok(())
}

const LEAVES: &str = "SELECT idx, hash FROM log_leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx";
const TILES: &str =
    "SELECT idx, hash FROM log_tile WHERE level = $3 AND idx >= $1 AND idx < $2 ORDER BY idx";

/// The hashes of a level (0: leaves) from `first` on, up to the first one that is not there, or is
/// no hash.
///
/// # Errors
/// Where the database does not answer.
pub async fn hashes(
    db: &mut Connection,
    level: u32,
    first: i64,
    count: i64,
) -> sqlx::Result<Vec<[u8; 32]>> {
    let statement = if level == 0 { LEAVES } else { TILES };
    let mut query = sqlx::query_as(statement).bind(first).bind(first.saturating_add(count));
    if level > 0 {
        query = query.bind(i64::from(level));
    }
    let rows: Vec<(i64, Vec<u8>)> = query.fetch_all(db).await?;
    let together = rows.into_iter().zip(first..).take_while(|((index, _), at)| index == at);
    Ok(together.map_while(|((_, hash), _)| <[u8; 32]>::try_from(hash).ok()).collect())
}

const COUNT_TILES: &str = "SELECT COUNT(*) FROM log_tile";

/// How many roots over 256 neighbours there are, of all levels.
///
/// # Errors
/// Where the database does not answer.
pub async fn count_tiles(db: &mut Connection) -> sqlx::Result<i64> {
    sqlx::query_scalar(COUNT_TILES).fetch_one(db).await
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Signed {
    /// Leaves.
    pub size: i64,
    /// The root over them.
    pub root: Vec<u8>,
    /// When it was signed, in milliseconds since 1970.
    pub signed_at: i64,
    /// The signed note.
    pub note: String,
}

const LAST_SIGNED: &str =
    "SELECT size, root, signed_at, note FROM log_checkpoint ORDER BY size DESC LIMIT 1";

/// The checkpoint of the most leaves.
///
/// # Errors
/// Where the database does not answer.
pub async fn last_signed(db: &mut Connection) -> sqlx::Result<Option<Signed>> {
    sqlx::query_as(LAST_SIGNED).fetch_optional(db).await
}

const SIGNED: &str = "SELECT size, root, signed_at, note FROM log_checkpoint \
    WHERE size > $1 ORDER BY size LIMIT 1000";

/// Checkpoints of more than `after` leaves, the smallest first, a thousand at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn signed_after(db: &mut Connection, after: i64) -> sqlx::Result<Vec<Signed>> {
    sqlx::query_as(SIGNED).bind(after).fetch_all(db).await
}

const INSERT_SIGNED: &str = "INSERT INTO log_checkpoint (size, root, signed_at, note) \
    VALUES ($1, $2, $3, $4)";

/// Remembers a signed checkpoint.
///
/// # Errors
/// Where the database does not answer, or has one of that size.
pub async fn insert_signed(db: &mut Connection, signed: &Signed) -> sqlx::Result<()> {
    sqlx::query(INSERT_SIGNED)
        .bind(signed.size)
        .bind(&signed.root)
        .bind(signed.signed_at)
        .bind(&signed.note)
        .execute(db)
        .await?;
    Ok(())
}

const INSERT_ERASURE: &str =
    "INSERT INTO log_erasure (log_index, erased, erased_at) VALUES ($1, $2, $3)";

/// Remembers that the record of the leaf `erased` is gone, under a leaf of its own.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert_erasure(
    db: &mut Connection,
    index: i64,
    erased: i64,
    at: Millis,
) -> sqlx::Result<()> {
    sqlx::query(INSERT_ERASURE).bind(index).bind(erased).bind(at.0).execute(db).await?;
    Ok(())
}
