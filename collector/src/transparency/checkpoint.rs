//! Checkpoints: signed when they are asked for, and remembered.

use consent_core::time::{Millis, SECOND};

use super::{LogError, root};
use crate::{
    keys::Keys,
    log::note::Checkpoint,
    store::{
        Connection,
        log::{self as leaves, Signed},
    },
};

/// Whoever asks again sooner is given the same: each checkpoint is kept for good, and anybody may ask.
const PAUSE: i64 = SECOND;

/// The checkpoint that was signed last, where it is of the log as it stands, or not a second old.
///
/// # Errors
/// Where the database does not answer.
pub async fn current(db: &mut Connection, now: Millis) -> sqlx::Result<Option<Signed>> {
    let (size, _) = leaves::head(db).await?;
    let is_current =
        |signed: &Signed| signed.size == size || (now.0 - signed.signed_at).abs() < PAUSE;
    Ok(leaves::last_signed(db).await?.filter(is_current))
}

/// The checkpoint of the log as it stands, signed and remembered in the caller's transaction, which
/// writes. A log that does not continue the last one that was signed is not signed.
///
/// # Errors
/// Where the database does not answer, or the log has no name yet or is damaged.
pub async fn sign(db: &mut Connection, keys: &Keys, now: Millis) -> Result<Signed, LogError> {
    leaves::hold(db).await?;
    let (head, origin) = leaves::head(db).await?;
    let origin = origin.ok_or(LogError::Nameless)?;
    let size = u64::try_from(head).unwrap_or_default();
    if let Some(last) = leaves::last_signed(db).await? {
        if last.size == head {
            return Ok(last);
        }
        let before = u64::try_from(last.size).ok().filter(|before| *before < size);
        let continued = match before {
            Some(before) => root(db, before).await?[..] == last.root[..],
            None => false,
        };
        if !continued {
            return Err(LogError::Discontinued { size: last.size });
        }
    }
    let root = root(db, size).await?;
    let note = keys.sign_checkpoint(&Checkpoint { origin, size, root });
    let signed = Signed { size: head, root: root.to_vec(), signed_at: now.0, note };
    leaves::insert_signed(db, &signed).await?;
    Ok(signed)
}
