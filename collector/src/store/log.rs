//! The consent log: its leaves, the roots that follow from them, the checkpoints that were signed.

use super::{Connection, sixteen, statement::sql};

const NEXT: &str = "SELECT COALESCE(MAX(idx) + 1, 0) FROM log_leaf";

/// The place of the next leaf, which is the number of leaves. It stays free for the rest of the caller's
/// write transaction, as far as that holds [`super::locks::Lock::Decisions`].
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

const LEAVES: &str = "SELECT hash FROM log_leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx";
const NODES: &str =
    "SELECT hash FROM log_node WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";

/// Hashes of a level, from one place up to another: leaves at level 0, above it roots over 256 of the level
/// below. There are fewer in the answer where there are fewer in the database.
///
/// # Errors
/// Where the database does not answer.
pub async fn hashes(
    db: &mut Connection,
    level: i64,
    from: i64,
    to: i64,
) -> sqlx::Result<Vec<[u8; 32]>> {
    let statement = match level {
        0 => sql(LEAVES),
        level => sql(NODES).bind(level),
    };
    let rows: Vec<(Vec<u8>,)> = statement.bind(from).bind(to).all(db).await?;
    rows.into_iter().map(|(bytes,)| thirty_two(bytes, "hash")).collect()
}

const KNOWN: &str = "SELECT COALESCE(MAX(idx) + 1, 0) FROM log_node WHERE level = $1";
const ADD_NODE: &str = "INSERT INTO log_node (level, idx, hash) VALUES ($1, $2, $3)";

/// How many roots of a level are kept.
///
/// # Errors
/// Where the database does not answer.
pub async fn known(db: &mut Connection, level: i64) -> sqlx::Result<i64> {
    sql(KNOWN).bind(level).one(db).await
}

/// Keeps the next root of a level.
///
/// # Errors
/// Where the database does not answer, or has it.
pub async fn add(db: &mut Connection, level: i64, index: i64, hash: &[u8; 32]) -> sqlx::Result<()> {
    sql(ADD_NODE).bind(level).bind(index).bind(hash).execute(db).await?;
    Ok(())
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The leaves then.
    pub size: i64,
    /// The note.
    pub note: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

const LATEST: &str = "SELECT size, note, signed_at FROM log_checkpoint ORDER BY size DESC LIMIT $1";
const SIGN: &str = "INSERT INTO log_checkpoint (size, note, signed_at) VALUES ($1, $2, $3)";

/// The checkpoints that were signed last, the last one first.
///
/// # Errors
/// Where the database does not answer.
pub async fn checkpoints(db: &mut Connection, limit: i64) -> sqlx::Result<Vec<Signed>> {
    let rows: Vec<(i64, String, i64)> = sql(LATEST).bind(limit).all(db).await?;
    Ok(rows.into_iter().map(|(size, note, at)| Signed { size, note, at }).collect())
}

/// Keeps a checkpoint before anybody is given it.
///
/// # Errors
/// Where the database does not answer, or has one of that size.
pub async fn sign(db: &mut Connection, signed: &Signed) -> sqlx::Result<()> {
    sql(SIGN).bind(signed.size).bind(&signed.note).bind(signed.at).execute(db).await?;
    Ok(())
}

/// A leaf and the decision that it commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub index: i64,
    /// Its hash.
    pub hash: [u8; 32],
    /// The decision; none where the leaf stands alone.
    pub decision: Option<Committed>,
}

/// What is on record of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its id.
    pub id: [u8; 16],
    /// What the commitment is salted with; empty once it is erased.
    pub salt: Vec<u8>,
    /// The receipt, a compact JWS.
    pub receipt: Option<String>,
    /// What is committed to where there is no receipt.
    pub record: Option<String>,
    /// When it was recorded, in milliseconds since 1970.
    pub recorded_at: i64,
    /// When it was made, in milliseconds since 1970.
    pub decided_at: i64,
    /// By which act.
    pub method: String,
    /// In which language.
    pub language: String,
    /// On which page.
    pub page: String,
    /// By which version of the banner.
    pub banner: String,
}

const ENTRIES: &str = "SELECT l.idx, l.hash, d.id, d.salt, d.receipt, d.record, d.recorded_at, \
    d.decided_at, d.method, d.language, d.page, d.banner \
    FROM log_leaf l LEFT JOIN decision d ON d.log_index = l.idx \
    WHERE l.idx >= $1 ORDER BY l.idx LIMIT $2";

/// Leaves from a place on, with what they commit to: two entries of one place where two decisions claim it.
///
/// # Errors
/// Where the database does not answer.
pub async fn entries(db: &mut Connection, from: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let rows = sql(ENTRIES).bind(from).bind(limit).rows(db).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let decision = match row.get::<Option<Vec<u8>>>(2) {
            None => None,
            Some(id) => Some(Committed {
                id: sixteen(id, "id")?,
                salt: row.get(3),
                receipt: row.get(4),
                record: row.get(5),
                recorded_at: row.get(6),
                decided_at: row.get(7),
                method: row.get(8),
                language: row.get(9),
                page: row.get(10),
                banner: row.get(11),
            }),
        };
        entries.push(Entry { index: row.get(0), hash: thirty_two(row.get(1), "hash")?, decision });
    }
    Ok(entries)
}

const UNLOGGED: &str = "SELECT COUNT(*) FROM decision d \
    WHERE NOT EXISTS (SELECT 1 FROM log_leaf l WHERE l.idx = d.log_index)";

/// Decisions that no leaf commits to.
///
/// # Errors
/// Where the database does not answer.
pub async fn unlogged(db: &mut Connection) -> sqlx::Result<i64> {
    sql(UNLOGGED).one(db).await
}

const ERASE: &str = "UPDATE decision SET salt = $3, receipt = NULL, record = NULL, page = '', \
    language = '', banner = '', choices = '{}' WHERE site_id = $1 AND id = $2";

/// Erases what a decision says of anybody. Its leaf stays, says nothing without the salt, and keeps the log
/// verifiable.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(
    db: &mut Connection,
    site: super::SiteId,
    decision: &[u8; 16],
) -> sqlx::Result<bool> {
    let nothing: &[u8] = &[];
    Ok(sql(ERASE).bind(site.0).bind(decision).bind(nothing).execute(db).await? == 1)
}

fn thirty_two(bytes: Vec<u8>, column: &str) -> sqlx::Result<[u8; 32]> {
    <[u8; 32]>::try_from(bytes).map_err(|bytes| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{} bytes where a hash has 32", bytes.len()).into(),
    })
}
