//! Founding: the log gets its name, once, before the collector first answers.
//!
//! Leaves that an earlier version wrote covered less than they do now, and had no roots over them.
//! No checkpoint of them was ever signed and nobody outside has seen them, so that they are written
//! anew here, in their order.

use super::{complete, verify::leaf_of};
use crate::{
    log::note::valid_name,
    store::{
        Connection, log as leaves,
        log_records::{self, documents},
    },
    transparency::verify::Documents,
};

/// Leaves read at once.
const PAGE: i64 = 1_000;

/// Why a log cannot be founded.
#[derive(Debug, thiserror::Error)]
pub enum Unfounded {
    /// The name cannot be one.
    #[error("{0:?} cannot name a log\n  remedy: write HOST/log, without spaces and plus signs")]
    Name(String),
    /// It has another name already.
    #[error(
        "the consent log's name is {named}, and its checkpoints are known by that\n  remedy: leave --log-origin out, or write --log-origin {named}"
    )]
    Named {
        /// Its name.
        named: String,
    },
    /// Its name is lost, though it had one.
    #[error(
        "the consent log has signed checkpoints but no name: somebody has changed table log_head\n  remedy: restore the database from a backup, and verify it by `ashiato log verify`"
    )]
    Nameless,
    /// The database does not answer.
    #[error("the consent log cannot be set up: {0}")]
    Database(#[from] sqlx::Error),
}

/// The log's name: the one it has, or the one it is given here. `chosen` must be its name if it has
/// one; `default` is taken where it has none and none was chosen.
///
/// # Errors
/// Where it cannot have that name, or the database does not answer.
pub async fn found(
    db: &mut Connection,
    chosen: Option<&str>,
    default: &str,
) -> Result<String, Unfounded> {
    // Nobody waits for the log at an ordinary start.
    if let Some(named) = leaves::head(db).await?.1 {
        return the_same(named, chosen);
    }
    let mut tx = db.begin().await?;
    // Others may be starting too.
    leaves::hold(&mut tx).await?;
    let named = first(&mut tx, chosen, default).await;
    match named {
        Ok(_) => tx.commit().await?,
        // At once: nobody else writes before.
        Err(_) => tx.rollback().await?,
    }
    named
}

/// The first of all names, unless another collector was faster.
async fn first(
    db: &mut Connection,
    chosen: Option<&str>,
    default: &str,
) -> Result<String, Unfounded> {
    let name = chosen.unwrap_or(default);
    if let Some(named) = leaves::head(db).await?.1 {
        return the_same(named, chosen);
    }
    if !valid_name(name) {
        return Err(Unfounded::Name(name.to_owned()));
    }
    if leaves::last_signed(db).await?.is_some() {
        return Err(Unfounded::Nameless);
    }
    write_anew(db).await?;
    leaves::name(db, name).await?;
    Ok(name.to_owned())
}

fn the_same(named: String, chosen: Option<&str>) -> Result<String, Unfounded> {
    if chosen.is_none_or(|chosen| chosen == named) {
        Ok(named)
    } else {
        Err(Unfounded::Named { named })
    }
}

async fn write_anew(db: &mut Connection) -> sqlx::Result<()> {
    let documents = Documents::new(documents(db).await?);
    leaves::clear_tiles(db).await?;
    let mut next = 0;
    loop {
        let page = log_records::leaves(db, next, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.index + 1;
        for leaf in &page {
            if let Some(Ok(decision)) = &leaf.decision
                && let Some(hash) = leaf_of(leaf.index, decision, &documents)
            {
                leaves::replace(db, leaf.index, &hash).await?;
            }
            complete(db, leaf.index).await?;
        }
    }
}
