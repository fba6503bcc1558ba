//! The audit trail of a site, held against itself and against what was signed of it before.

use consent_core::time::SIGNATURE_TOLERANCE;

use super::LogError;
use crate::{
    keys::Keys,
    log::{Hash, note::Checkpoint, tree::Edge},
    store::{
        Connection, SiteId,
        audit::{self, Search},
        log as leaves,
    },
};

/// Entries read at once.
const PAGE: i64 = 1_000;
/// Findings that are told, at most.
const TOLD: usize = 100;

/// The name of a site's trail in its checkpoints: the consent log's, and the site's.
///
/// # Errors
/// Where the log has no name yet, or the database does not answer.
pub async fn name(db: &mut Connection, site: &str) -> Result<String, LogError> {
    let (_, origin) = leaves::head(db).await?;
    Ok(format!("{}/audit/{site}", origin.ok_or(LogError::Nameless)?))
}

/// The trail as it stands, as a note signed by the consent log's key. Nothing of it is kept here.
///
/// # Errors
/// Where the log has no name yet, the database does not answer, or the trail's head is damaged.
pub async fn checkpoint(
    db: &mut Connection,
    keys: &Keys,
    (id, site): (SiteId, &str),
) -> Result<String, LogError> {
    let origin = name(db, site).await?;
    let (size, root) = audit::head(db, id).await?;
    let size = u64::try_from(size).unwrap_or_default();
    Ok(keys.sign_checkpoint(&Checkpoint { origin, size, root }))
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries.
    pub size: i64,
    /// The root over them.
    pub root: Hash,
    /// What is not as it was recorded, in words.
    pub wrong: Vec<String>,
}

impl Verified {
    fn finds(&mut self, finding: String) {
        match self.wrong.len() {
            told if told < TOLD => self.wrong.push(finding),
            TOLD => self.wrong.push("and more".to_owned()),
            _ => {}
        }
    }
}

/// Works every entry's leaf out anew, and the root over all of them.
///
/// # Errors
/// Where the database does not answer.
pub async fn verify(
    db: &mut Connection,
    site: SiteId,
    earlier: &[Checkpoint],
) -> sqlx::Result<Verified> {
    let mut found = Verified::default();
    let (mut edge, mut next, mut latest) = (Edge::default(), 0, i64::MIN);
    let held = |edge: &Edge, found: &mut Verified| {
        let own = earlier.iter().filter(|earlier| earlier.size == edge.size());
        for _ in own.filter(|earlier| earlier.root != edge.root()) {
            let size = edge.size();
            found.finds(format!("it is not what the checkpoint of size {size} says"));
        }
    };
    held(&edge, &mut found);
    loop {
        let page = audit::list(db, site, &Search::everything(), next, PAGE).await?;
        let Some(last) = page.last() else { break };
        let last = last.seq;
        for entry in page {
            if entry.seq != next {
                found.finds(format!("entries {next} to {} are gone", entry.seq - 1));
            }
            next = entry.seq + 1;
            if entry.worked_out(site)?[..] != entry.leaf[..] {
                found.finds(format!("entry {} is not what was recorded", entry.seq));
            }
            if entry.at < latest.saturating_sub(SIGNATURE_TOLERANCE) {
                found.finds(format!("entry {} is dated before those before it", entry.seq));
            }
            latest = latest.max(entry.at);
            // What is recorded is what counts: the leaf is held against the root below.
            edge.push(entry.worked_out(site)?, |_, _| {});
            held(&edge, &mut found);
        }
        next = last + 1;
    }
    (found.size, found.root) = (next, edge.root());
    match audit::head(db, site).await {
        Ok(head) if head == (next, edge.root()) => {}
        Ok((size, _)) => found.finds(format!(
            "its head stands for {size} entries, and their root is not that of the {next} that are there"
        )),
        Err(sqlx::Error::Protocol(error)) => found.finds(error),
        Err(error) => return Err(error),
    }
    for lacking in earlier.iter().filter(|earlier| earlier.size > edge.size()) {
        found.finds(format!("a checkpoint was signed of {} entries", lacking.size));
    }
    Ok(found)
}
