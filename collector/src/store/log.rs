//! The consent log's hashes, its head, and what was signed of it.

use consent_core::time::Millis;

use super::{
    Connection,
    locks::{self, Lock},
    rows,
    statement::sql,
};

/// How many leaves the log has, which nobody else can change until the caller's transaction ends:
/// one writer appends at a time, of however many collectors. To be called first in a transaction, so
/// that nobody waits for it who is waited for.
///
/// # Errors
/// Where the database does not answer, or somebody has held it for too long.
pub async fn hold(db: &mut Connection) -> sqlx::Result<i64> {
    locks::take(db, Lock::Decisions).await?;
    Ok(head(db).await?.0)
}

const GROW: &str = "UPDATE log_head SET size = $1 WHERE id = 1";

/// Says how many leaves the log has now.
///
/// # Errors
/// Where the database does not answer.
pub async fn grow(db: &mut Connection, size: i64) -> sqlx::Result<()> {
    sql(GROW).bind(size).execute(db).await?;
    Ok(())
}

const HEAD: &str = "SELECT size, origin FROM log_head WHERE id = 1";

/// How many leaves the log has, and its name once it has one.
///
/// # Errors
/// Where the database does not answer.
pub async fn head(db: &mut Connection) -> sqlx::Result<(i64, Option<String>)> {
    sql(HEAD).first(db).await?.ok_or_else(headless)
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
    sql(NAME).bind(origin).execute(db).await?;
    Ok(())
}

/// Appends leaves, the first at that place.
///
/// # Errors
/// Where the database does not answer, or one of the places is taken.
pub async fn append(db: &mut Connection, first: i64, leaves: &[[u8; 32]]) -> sqlx::Result<()> {
    let leaves: Vec<_> =
        (first..).zip(leaves).map(|(index, hash)| [index.into(), hash.into()]).collect();
    rows::insert(db, "log_leaf (idx, hash)", &leaves, "").await?;
    Ok(())
}

const REPLACE: &str = "UPDATE log_leaf SET hash = $2 WHERE idx = $1";

/// Writes a leaf anew: for leaves of an earlier version, before anything was signed over them.
///
/// # Errors
/// Where the database does not answer.
pub async fn replace(db: &mut Connection, index: i64, hash: &[u8; 32]) -> sqlx::Result<()> {
    sql(REPLACE).bind(index).bind(hash).execute(db).await?;
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
    sql(INSERT_TILE).bind(level).bind(index).bind(hash).execute(db).await?;
    Ok(())
}

const CLEAR_TILES: &str = "DELETE FROM log_tile";

/// Forgets all roots over leaves.
///
/// # Errors
/// Where the database does not answer.
pub async fn clear_tiles(db: &mut Connection) -> sqlx::Result<()> {
    sql(CLEAR_TILES).execute(db).await?;
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
    let mut statement = sql(if level == 0 { LEAVES } else { TILES });
    statement = statement.bind(first).bind(first.saturating_add(count));
    if level > 0 {
        statement = statement.bind(i64::from(level));
    }
    let rows: Vec<(i64, Vec<u8>)> = statement.all(db).await?;
    let together = rows.into_iter().zip(first..).take_while(|((index, _), at)| index == at);
    Ok(together.map_while(|((_, hash), _)| <[u8; 32]>::try_from(hash).ok()).collect())
}

const COUNT_TILES: &str = "SELECT COUNT(*) FROM log_tile";

/// How many roots over 256 neighbours there are, of all levels.
///
/// # Errors
/// Where the database does not answer.
pub async fn count_tiles(db: &mut Connection) -> sqlx::Result<i64> {
    sql(COUNT_TILES).one(db).await
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Ok(sql(LAST_SIGNED).first(db).await?.map(signed))
}

const SIGNED: &str = "SELECT size, root, signed_at, note FROM log_checkpoint \
    WHERE size > $1 ORDER BY size LIMIT 1000";

/// Checkpoints of more than `after` leaves, the smallest first, a thousand at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn signed_after(db: &mut Connection, after: i64) -> sqlx::Result<Vec<Signed>> {
    Ok(sql(SIGNED).bind(after).all(db).await?.into_iter().map(signed).collect())
}

fn signed((size, root, signed_at, note): (i64, Vec<u8>, i64, String)) -> Signed {
    Signed { size, root, signed_at, note }
}

const INSERT_SIGNED: &str = "INSERT INTO log_checkpoint (size, root, signed_at, note) \
    VALUES ($1, $2, $3, $4)";

/// Remembers a signed checkpoint.
///
/// # Errors
/// Where the database does not answer, or has one of that size.
pub async fn insert_signed(db: &mut Connection, signed: &Signed) -> sqlx::Result<()> {
    sql(INSERT_SIGNED)
        .bind(signed.size)
        .bind(signed.root.as_slice())
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
    sql(INSERT_ERASURE).bind(index).bind(erased).bind(at.0).execute(db).await?;
    Ok(())
}
