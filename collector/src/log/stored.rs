//! Roots and proofs out of the database. A root over 256 leaves is kept once they are complete, and a root over
//! 256 of those, and so on: so any proof takes some hundred hashes of reading, however long the log is.

use std::ops::Range;

use consent_core::time::{Millis, SECOND};

use super::{
    note::Checkpoint,
    tree::{self, Hash, Subtree},
};
use crate::{
    keys::Keys,
    store::{
        Connection,
        log::{self as store, Signed},
    },
};

/// Binary levels between one kept level and the next.
pub const STEP: u32 = 8;
/// Hashes of one kept level under one of the next.
pub const WIDTH: i64 = 1 << STEP;
/// Checkpoints are not signed more often than this, in milliseconds.
const PAUSE: i64 = SECOND;

/// Signs the state of the log, inside the caller's write transaction; what was signed a moment ago is answered
/// again. `origin` names the log where it has signed nothing yet: a name once given stays.
///
/// # Errors
/// Where the database does not answer.
pub async fn checkpoint(
    db: &mut Connection,
    keys: &Keys,
    origin: &str,
    now: Millis,
) -> sqlx::Result<String> {
    let last = store::checkpoints(db, 1).await?.pop();
    let size = store::next(db).await?;
    if let Some(last) = &last
        && (last.size == size || (now.0 - last.at).abs() < PAUSE)
    {
        return Ok(last.note.clone());
    }
    if last.as_ref().is_some_and(|last| last.size > size) {
        // Leaves that were promised are gone. To sign less would be to forget it.
        let gone = "the consent log is shorter than a checkpoint that was signed";
        return Err(sqlx::Error::Protocol(gone.to_owned()));
    }
    keep(db, size).await?;
    let root = root(db, 0..size.unsigned_abs()).await?;
    let origin =
        last.as_ref().and_then(|last| last.note.lines().next()).unwrap_or(origin).to_owned();
    let note = keys.sign_checkpoint(&Checkpoint { origin, size: size.unsigned_abs(), root });
    store::sign(db, &Signed { size, note: note.clone(), at: now.0 }).await?;
    Ok(note)
}

/// Keeps the roots that leaves up to that size have completed.
async fn keep(db: &mut Connection, size: i64) -> sqlx::Result<()> {
    let mut below = size;
    for level in 1.. {
        let complete = below / WIDTH;
        for index in store::known(db, level).await?..complete {
            let (from, to) = (index * WIDTH, (index + 1) * WIDTH);
            let under = store::hashes(db, level - 1, from, to).await?;
            if under.len() as u64 != WIDTH.unsigned_abs() {
                return Err(missing(level - 1, from));
            }
            store::add(db, level, index, &tree::complete(&under)).await?;
        }
        if complete == 0 {
            break;
        }
        below = complete;
    }
    Ok(())
}

fn missing(level: i64, from: i64) -> sqlx::Error {
    sqlx::Error::Protocol(format!("the consent log has a gap after {from} at level {level}"))
}

/// The root over a range of leaves, as those of [`tree::parts`].
///
/// # Errors
/// Where the database does not answer, or does not have them.
pub async fn root(db: &mut Connection, range: Range<u64>) -> sqlx::Result<Hash> {
    let mut roots = Vec::new();
    for part in tree::parts(range) {
        roots.push(of_subtree(db, part).await?);
    }
    Ok(tree::fold(&roots))
}

async fn of_subtree(db: &mut Connection, part: Subtree) -> sqlx::Result<Hash> {
    let level = i64::from(part.height / STEP);
    let height = part.height % STEP;
    let place = |index: u64| i64::try_from(index << height).map_err(|_| missing(level, i64::MAX));
    let (from, to) = (place(part.index)?, place(part.index + 1)?);
    let hashes = store::hashes(db, level, from, to).await?;
    if hashes.len() as u64 == 1 << height {
        Ok(tree::complete(&hashes))
    } else {
        Err(missing(level, from))
    }
}

/// The roots over ranges: the hashes of a proof.
///
/// # Errors
/// Where the database does not answer, or does not have them.
pub async fn roots(db: &mut Connection, ranges: Vec<Range<u64>>) -> sqlx::Result<Vec<Hash>> {
    let mut hashes = Vec::with_capacity(ranges.len());
    for range in ranges {
        hashes.push(root(db, range).await?);
    }
    Ok(hashes)
}
