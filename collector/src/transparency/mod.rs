//! The consent log in the database: appending, roots and proofs, checkpoints, erasure, verification.
//!
//! Leaves and the roots over 256 neighbours each are stored (`store::log`), so that appending costs
//! one row, every 256th time two, and a root or proof of a million leaves reads a few hundred hashes.
//! What is appended is appended in the transaction that records what the leaf stands for.

mod checkpoint;
mod found;
mod online;
mod report;
pub mod trail;
mod verify;

use consent_core::{ids::Uuid7, time::Millis};

pub use self::{
    checkpoint::{current, sign},
    found::{Unfounded, found},
    online::{Unseen, verify as verify_online},
    report::{Finding, Report},
    verify::{Expected, verify},
};
use crate::{
    log::{
        Hash,
        record::Erasure,
        tile::{self, Tile, WIDTH},
        tree,
    },
    store::{Connection, SiteId, decisions, log as leaves},
};

/// Hashes of a full tile, as places in the database are counted.
const FULL: i64 = 256;

/// What appends within one transaction, however many leaves. It holds the log from its first place
/// on, so that nobody else appends until the transaction ends, which must not be committed before
/// [`Appender::settle`].
#[derive(Debug, Default)]
pub struct Appender {
    /// The next place, once the log is held.
    next: Option<i64>,
}

impl Appender {
    /// Holds the log until the transaction ends, if it is not held yet; the place that
    /// [`Appender::append`] will fill.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn hold(&mut self, db: &mut Connection) -> sqlx::Result<i64> {
        match self.next {
            Some(next) => Ok(next),
            None => Ok(*self.next.insert(leaves::hold(db).await?)),
        }
    }

    /// Appends leaves.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn append(&mut self, db: &mut Connection, leaves: &[Hash]) -> sqlx::Result<()> {
        let first = self.hold(db).await?;
        leaves::append(db, first, leaves).await?;
        for index in (first..).take(leaves.len()) {
            self.next = Some(index + 1);
            complete(db, index).await?;
        }
        Ok(())
    }

    /// Makes what was appended count.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn settle(&self, db: &mut Connection) -> sqlx::Result<()> {
        match self.next {
            Some(next) => leaves::grow(db, next).await,
            None => Ok(()),
        }
    }
}

/// Stores the roots over the tiles that a leaf completes. A log that has lost leaves lacks them; that
/// is for the verifier to tell, and keeps nobody from deciding or withdrawing.
async fn complete(db: &mut Connection, leaf: i64) -> sqlx::Result<()> {
    let (mut level, mut last) = (0, leaf);
    while last % FULL == FULL - 1 {
        let hashes = match whole(db, level, last - (FULL - 1), FULL).await {
            Ok(hashes) => hashes,
            Err(LogError::Database(error)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "the consent log is damaged");
                return Ok(());
            }
        };
        level += 1;
        last /= FULL;
        leaves::insert_tile(db, level, last, &tree::over(&hashes)).await?;
    }
    Ok(())
}

/// Why nothing can be said or signed of the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It has no name.
    #[error("the consent log has no name yet, which `ashiato serve` gives it")]
    Nameless,
    /// Leaves, or roots over leaves, are gone.
    #[error(
        "the consent log lacks hashes of level {level} from {first} on; `ashiato log verify` says more"
    )]
    Lacking {
        /// Their level; 0 for leaves.
        level: u32,
        /// Where they should begin.
        first: i64,
    },
    /// It is not what was signed before.
    #[error(
        "the consent log is not signed: it does not continue the checkpoint of size {size}; `ashiato log verify` says more"
    )]
    Discontinued {
        /// The size of the last checkpoint.
        size: i64,
    },
}

/// A run of hashes, all of them.
async fn whole(
    db: &mut Connection,
    level: u32,
    first: i64,
    count: i64,
) -> Result<Vec<Hash>, LogError> {
    let hashes = leaves::hashes(db, level, first, count).await?;
    let all = i64::try_from(hashes.len()) == Ok(count);
    if all { Ok(hashes) } else { Err(LogError::Lacking { level, first }) }
}

/// The root over some leaves: of a whole tree, or a part of one as a proof names it.
async fn root_over(db: &mut Connection, range: std::ops::Range<u64>) -> Result<Hash, LogError> {
    let mut roots = Vec::new();
    for node in tree::cover(range) {
        let (level, first, count) = tile::run(node);
        let hashes = whole(db, level, place(first)?, place(count)?).await?;
        roots.push(tree::over(&hashes));
    }
    Ok(tree::root(&roots))
}

/// The root of the log's first `size` leaves.
///
/// # Errors
/// Where the database does not answer, or the log is not as long.
pub async fn root(db: &mut Connection, size: u64) -> Result<Hash, LogError> {
    root_over(db, 0..size).await
}

/// Hashes that prove something of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The root of the tree in which it is proved.
    pub root: Hash,
    /// In the order of RFC 6962.
    pub path: Vec<Hash>,
}

async fn prove(
    db: &mut Connection,
    size: u64,
    parts: Vec<std::ops::Range<u64>>,
) -> Result<Proof, LogError> {
    let mut path = Vec::with_capacity(parts.len());
    for part in parts {
        path.push(root_over(db, part).await?);
    }
    Ok(Proof { root: root(db, size).await?, path })
}

/// The hash of a leaf and the proof that it is in the tree of that size; none where it is not.
///
/// # Errors
/// Where the database does not answer, or the log is damaged.
pub async fn inclusion(
    db: &mut Connection,
    index: u64,
    size: u64,
) -> Result<Option<(Hash, Proof)>, LogError> {
    let Some(parts) = tree::inclusion(index, size).filter(|_| fits(size)) else { return Ok(None) };
    if !has(db, size).await? {
        return Ok(None);
    }
    let leaf = root_over(db, index..index + 1).await?;
    Ok(Some((leaf, prove(db, size, parts).await?)))
}

/// The proof that the tree of `to` leaves continues that of `from`; none where it cannot.
///
/// # Errors
/// Where the database does not answer, or the log is damaged.
pub async fn consistency(
    db: &mut Connection,
    from: u64,
    to: u64,
) -> Result<Option<Proof>, LogError> {
    let Some(parts) = tree::consistency(from, to).filter(|_| fits(to)) else { return Ok(None) };
    if !has(db, to).await? {
        return Ok(None);
    }
    prove(db, to, parts).await.map(Some)
}

/// The hashes of a tile; none where the log does not have all of them.
///
/// # Errors
/// Where the database does not answer.
pub async fn tile(db: &mut Connection, tile: Tile) -> sqlx::Result<Option<Vec<Hash>>> {
    let start = tile.start().filter(|start| fits(start.saturating_add(WIDTH)));
    let Some(start) = start else { return Ok(None) };
    let hashes = leaves::hashes(db, tile.level, place(start)?, place(tile.width)?).await?;
    Ok((u64::try_from(hashes.len()) == Ok(tile.width)).then_some(hashes))
}

/// Erases a decision: its row goes, with receipt and salt, its leaf stays, and a leaf of its own
/// says so. Whether there was one. The caller's transaction keeps both together.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(
    db: &mut Connection,
    log: &mut Appender,
    (site, decision): (SiteId, Uuid7),
    now: Millis,
) -> sqlx::Result<bool> {
    let index = log.hold(db).await?;
    let Some(erased) = decisions::erase(db, site, decision).await? else { return Ok(false) };
    log.append(db, &[Erasure { index, erased, at: now.0 }.leaf()]).await?;
    leaves::insert_erasure(db, index, erased, now).await?;
    Ok(true)
}

async fn has(db: &mut Connection, size: u64) -> sqlx::Result<bool> {
    let (head, _) = leaves::head(db).await?;
    Ok(u64::try_from(head).is_ok_and(|head| size <= head))
}

fn fits(size: u64) -> bool {
    i64::try_from(size).is_ok()
}

/// A place as the database counts it.
fn place(at: u64) -> sqlx::Result<i64> {
    i64::try_from(at).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
