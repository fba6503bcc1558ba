//! Verifying a log by what a collector serves: its checkpoint and its tiles, and nothing else.

use std::collections::BTreeMap;

use super::{
    report::{Finding, Report},
    verify::given,
};
use crate::log::{
    Hash,
    note::{Checkpoint, NoteError, Verifier},
    tile::{self, Tile},
    tree::Edge,
};

/// Why a log cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Unseen<E> {
    /// Something of it cannot be fetched.
    #[error("{path} cannot be fetched: {source}")]
    Fetch {
        /// Its address below the log's.
        path: String,
        /// Why.
        source: E,
    },
    /// Its checkpoint cannot be taken.
    #[error("the checkpoint that is served cannot be taken: {0}")]
    Checkpoint(NoteError),
}

/// Verifies what is served: the checkpoint is signed by the key, its root is that of the tiles, and
/// it continues the earlier ones. `fetch` gets what lies at an address below the log's.
///
/// # Errors
/// Where something cannot be fetched, or the checkpoint is not signed as it should be.
pub fn verify<E>(
    fetch: impl Fn(&str) -> Result<Vec<u8>, E>,
    verifier: &Verifier,
    earlier: &[Checkpoint],
) -> Result<Report, Unseen<E>> {
    let get =
        |path: &str| fetch(path).map_err(|source| Unseen::Fetch { path: path.to_owned(), source });
    let note = String::from_utf8_lossy(&get("checkpoint")?).into_owned();
    let checkpoint = verifier.open(&note).map_err(Unseen::Checkpoint)?;
    let mut report = Report {
        origin: Some(checkpoint.origin),
        size: checkpoint.size,
        checkpoints: 1,
        signatures: true,
        earlier: earlier.iter().map(|earlier| earlier.size).collect(),
        ..Report::default()
    };

    let mut edge = Edge::default();
    let mut roots: BTreeMap<u32, Vec<Hash>> = BTreeMap::new();
    let mut before = BTreeMap::new();
    let mut reached = |edge: &Edge| {
        if earlier.iter().any(|earlier| earlier.size == edge.size()) {
            before.insert(edge.size(), edge.root());
        }
    };
    reached(&edge);
    let (leaves, upper): (Vec<_>, Vec<_>) =
        tile::all(checkpoint.size).partition(|tile| tile.level == 0);
    for tile in leaves {
        let Some(hashes) = hashes(&get(&tile.path())?, tile) else {
            report.find(unlike(tile, "it has not the size of its hashes"));
            return Ok(report);
        };
        for hash in hashes {
            edge.push(hash, |node, hash| {
                if let Some(level) = tile::level_of(node).filter(|level| *level > 0) {
                    roots.entry(level).or_default().push(*hash);
                }
            });
            reached(&edge);
        }
    }
    for tile in upper {
        let known = roots.get(&tile.level).and_then(|roots| {
            let start = usize::try_from(tile.start()?).ok()?;
            roots.get(start..start.checked_add(usize::try_from(tile.width).ok()?)?)
        });
        if hashes(&get(&tile.path())?, tile).as_deref() != known {
            report.find(unlike(tile, "its hashes are not the roots of the tiles below it"));
        }
    }

    let root = edge.root();
    report.root = Some(root);
    if root != checkpoint.root {
        let when = " that is served".to_owned();
        report.find(Finding::Root { size: checkpoint.size, when });
    }
    for Checkpoint { size, root, .. } in earlier {
        let (size, leaves) = (*size, checkpoint.size);
        match before.get(&size) {
            Some(before) if before == root => {}
            Some(_) => report.find(Finding::Root { size, when: given() }),
            None => report.find(Finding::Shorter { size, when: given(), leaves }),
        }
    }
    Ok(report)
}

fn hashes(bytes: &[u8], tile: Tile) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let whole = rest.is_empty() && u64::try_from(hashes.len()) == Ok(tile.width);
    whole.then(|| hashes.to_vec())
}

fn unlike(tile: Tile, reason: &str) -> Finding {
    Finding::Served { path: tile.path(), reason: reason.to_owned() }
}
