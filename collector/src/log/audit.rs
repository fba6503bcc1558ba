//! Goes through the whole log and finds what does not agree: with itself, with the decisions that it commits to,
//! with what was signed.

use std::collections::BTreeMap;

use consent_core::{ids::from_base64url, receipt::Receipt, time::SECOND};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize;

use super::{
    leaf,
    note::Checkpoint,
    stored::STEP,
    tree::{Frontier, Hash},
};
use crate::store::{
    Connection,
    log::{self as store, Committed, Entry},
};

/// Leaves read at a time.
const PAGE: i64 = 5_000;
/// What one clock may be behind another's without anything being wrong, in milliseconds.
const TOLERANCE: i64 = 5 * 60 * SECOND;
/// Faults that are told one by one.
const TOLD: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Decisions that were recomputed from what is on record.
    pub recomputed: u64,
    /// Decisions whose personal part has been erased: their leaves stand.
    pub erased: u64,
    /// First refusals from before the log kept what it commits to: their leaves stand.
    pub bare: u64,
    /// Checkpoints that were held against the tree.
    pub checkpoints: u64,
    /// What is wrong, in words, the first hundred; empty where all is well.
    pub faults: Vec<String>,
    /// How much is wrong in all.
    pub count: u64,
}

impl Findings {
    fn fault(&mut self, words: String) {
        self.count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(words);
        }
    }
}

/// Goes through the log of a database. `earlier` are checkpoints that somebody has kept elsewhere; `key` is the
/// log's, where signatures are to be seen to.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    key: Option<&VerifyingKey>,
    earlier: &[String],
) -> sqlx::Result<Findings> {
    let mut found = Findings::default();
    let mut promised: BTreeMap<u64, Vec<(&'static str, Hash)>> = BTreeMap::new();
    let signed = store::checkpoints(db, i64::MAX).await?;
    let kept = signed.iter().map(|signed| ("signed", signed.note.as_str()));
    let brought = earlier.iter().map(|note| ("given", note.as_str()));
    for (which, note) in kept.chain(brought) {
        let opened = match key {
            Some(key) => Checkpoint::open(note, key).map_err(|error| error.to_string()),
            None => {
                Checkpoint::unverified(note).ok_or_else(|| "it has not the form of one".to_owned())
            }
        };
        match opened {
            Ok(checkpoint) => {
                promised.entry(checkpoint.size).or_default().push((which, checkpoint.root));
            }
            Err(reason) => found.fault(format!("a {which} checkpoint cannot be used: {reason}")),
        }
    }

    let mut tree = Frontier::default();
    let mut nodes = Nodes::default();
    hold(&mut found, &tree, &promised);
    let mut last = None;
    let mut next = 0;
    loop {
        let entries = store::entries(db, next, PAGE).await?;
        let Some(end) = entries.last() else { break };
        let after = end.index + 1;
        for entry in entries {
            if last.as_ref().is_some_and(|last: &Entry| last.index == entry.index) {
                found.fault(format!("leaf {}: two decisions claim it", entry.index));
                continue;
            }
            if entry.index != i64::try_from(tree.size()).unwrap_or(i64::MAX) {
                found.fault(format!("leaf {}: is missing", tree.size()));
                // What follows cannot be put in its place: the roots would all be wrong.
                found.size = tree.size();
                return Ok(found);
            }
            look(&mut found, &entry, last.as_ref());
            tree.push(entry.hash);
            nodes.push(db, &mut found, tree.size(), entry.hash).await?;
            hold(&mut found, &tree, &promised);
            last = Some(entry);
        }
        next = after;
    }
    for (size, promises) in promised.range(tree.size() + 1..) {
        for (which, _) in promises {
            let has = tree.size();
            found.fault(format!(
                "a {which} checkpoint has {size} leaves, the log only {has}: some were dropped"
            ));
        }
    }
    let unlogged = store::unlogged(db).await?;
    if unlogged > 0 {
        found.fault(format!("{unlogged} decisions are in no leaf"));
    }
    found.size = tree.size();
    found.root = tree.root();
    Ok(found)
}

/// Holds the tree against what was promised of it at its present size.
fn hold(
    found: &mut Findings,
    tree: &Frontier,
    promised: &BTreeMap<u64, Vec<(&'static str, Hash)>>,
) {
    for (which, root) in promised.get(&tree.size()).into_iter().flatten() {
        found.checkpoints += 1;
        if *root != tree.root() {
            let size = tree.size();
            found.fault(format!(
                "a {which} checkpoint of {size} leaves has another root: one of them was changed, or their order"
            ));
        }
    }
}

/// Holds a leaf against the decision that it commits to, and against the leaf before it.
fn look(found: &mut Findings, entry: &Entry, before: Option<&Entry>) {
    let place = entry.index;
    let Some(decision) = &entry.decision else {
        return found.fault(format!("leaf {place}: its decision is missing"));
    };
    let last = before.and_then(|entry| entry.decision.as_ref());
    if last.is_some_and(|last| decision.recorded_at < last.recorded_at - TOLERANCE) {
        found.fault(format!("leaf {place}: is dated before the one ahead of it"));
    }
    let Ok(salt) = <[u8; 32]>::try_from(decision.salt.as_slice()) else {
        if decision.salt.is_empty() && decision.receipt.is_none() && decision.record.is_none() {
            found.erased += 1;
        } else {
            found.fault(format!("leaf {place}: its salt is damaged"));
        }
        return;
    };
    let record = match (&decision.receipt, &decision.record) {
        (Some(receipt), None) => payload(receipt),
        (None, Some(record)) => Some(record.clone()),
        (None, None) => {
            found.bare += 1;
            return;
        }
        (Some(_), Some(_)) => None,
    };
    let Some(record) = record else {
        return found.fault(format!("leaf {place}: what it commits to cannot be read"));
    };
    if leaf(&salt, record.as_bytes()) != entry.hash {
        return found.fault(format!("leaf {place}: what is on record is not what it commits to"));
    }
    match Facts::of(&record) {
        Some(facts) if facts.agree(entry.index, decision) => found.recomputed += 1,
        Some(_) => {
            found.fault(format!("leaf {place}: its row says something else than its record"));
        }
        None => found.fault(format!("leaf {place}: its record is none")),
    }
}

/// The payload of a compact JWS (RFC 7515, section 3.1).
fn payload(receipt: &str) -> Option<String> {
    String::from_utf8(from_base64url(receipt.split('.').nth(1)?)?).ok()
}

/// What a record says that its row says too.
struct Facts {
    index: i64,
    id: [u8; 16],
    recorded_at: i64,
    decided_at: i64,
    method: String,
    language: String,
    page: String,
    banner: String,
}

#[derive(Deserialize)]
struct Refusal {
    event_time: i64,
    log: consent_core::receipt::LogPlace,
    decision: consent_core::wire::ConsentRequest,
}

impl Facts {
    fn of(record: &str) -> Option<Self> {
        if let Ok(receipt) = serde_json::from_str::<Receipt>(record) {
            return Some(Self {
                index: receipt.log.index,
                id: *receipt.decision_id.as_bytes(),
                recorded_at: receipt.event_time.0,
                decided_at: receipt.decided_at.0,
                method: receipt.collection_method.as_str().to_owned(),
                language: receipt.language,
                page: receipt.page,
                banner: receipt.banner,
            });
        }
        let refusal: Refusal = serde_json::from_str(record).ok()?;
        let decision = refusal.decision;
        Some(Self {
            index: refusal.log.index,
            id: *decision.id.as_bytes(),
            recorded_at: refusal.event_time,
            decided_at: decision.decided_at.0,
            method: decision.method.as_str().to_owned(),
            language: decision.language,
            page: decision.page,
            banner: decision.banner,
        })
    }

    fn agree(&self, index: i64, row: &Committed) -> bool {
        self.index == index
            && self.id == row.id
            && self.recorded_at == row.recorded_at
            && self.decided_at == row.decided_at
            && self.method == row.method
            && self.language == row.language
            && self.page == row.page
            && self.banner == row.banner
    }
}

/// The roots that are kept, held against those that follow from the leaves.
#[derive(Default)]
struct Nodes {
    /// What has come of each level since its last complete root.
    levels: Vec<Frontier>,
}

impl Nodes {
    async fn push(
        &mut self,
        db: &mut Connection,
        found: &mut Findings,
        size: u64,
        leaf: Hash,
    ) -> sqlx::Result<()> {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Frontier::default());
            }
            let Some(own) = self.levels.get_mut(level) else { return Ok(()) };
            own.push(hash);
            if own.size() < 1 << STEP {
                return Ok(());
            }
            hash = own.root();
            *own = Frontier::default();
            let above = i64::try_from(level + 1).unwrap_or(i64::MAX);
            let width = u32::try_from(level + 1).unwrap_or(u32::MAX).saturating_mul(STEP);
            let index = i64::try_from(size.checked_shr(width).unwrap_or(0)).unwrap_or(i64::MAX) - 1;
            let kept = store::hashes(db, above, index, index + 1).await?;
            // It is kept with the next checkpoint: not to have it is nothing wrong.
            if kept.first().is_some_and(|kept| *kept != hash) {
                found.fault(format!(
                    "the kept root {index} of level {above} does not follow from the leaves"
                ));
            }
        }
        Ok(())
    }
}
