//! Verifying a database: every leaf is worked out from what it stands for, every stored root from
//! its hashes, and every checkpoint that was signed is held against the log.

use std::collections::HashMap;

use consent_core::{
    ids::{Uuid7, base64url},
    time::SIGNATURE_TOLERANCE,
};

use super::report::{Finding, Report, time};
use crate::{
    log::{
        Hash,
        note::{self, Checkpoint, Verifier},
        record::{self, Erasure},
        tile,
        tree::{Edge, Node},
    },
    store::{
        Connection,
        log::{self as leaves, Signed},
        log_records::{self, Decision, Leaf},
        sites,
    },
};

/// Leaves read at once.
const PAGE: i64 = 1_000;
/// How far a collector's clock may be set back, or the clocks of several be apart.
const CLOCK: i64 = SIGNATURE_TOLERANCE;

/// By what a log is judged, beside itself.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The key that signs its checkpoints.
    pub verifier: Option<Verifier>,
    /// What it was known to be before.
    pub earlier: Vec<Checkpoint>,
}

/// The digests of all site files, by site and edition.
pub(super) struct Documents(HashMap<(i64, i64), String>);

impl Documents {
    pub(super) fn new(documents: Vec<(i64, i64, String)>) -> Self {
        let digest = |(site, edition, document): (i64, i64, String)| {
            ((site, edition), sites::digest(&document))
        };
        Self(documents.into_iter().map(digest).collect())
    }
}

/// The leaf of a decision as it stands in the database; none where something that it names is gone.
pub(super) fn leaf_of(index: i64, decision: &Decision, documents: &Documents) -> Option<Hash> {
    let visitor = match decision.visitor_id {
        Some(_) => Some(base64url(decision.visitor_hash.as_deref()?)),
        None => None,
    };
    let row = record::Decision {
        index,
        site: decision.site_key.as_deref()?,
        id: base64url(&decision.id),
        session: base64url(&decision.session),
        visitor,
        receipt_id: decision.receipt_id.as_deref().map(base64url),
        edition: decision.edition,
        site_file: documents.0.get(&(decision.site_id, decision.edition))?,
        method: &decision.method,
        language: &decision.language,
        page: &decision.page,
        banner: &decision.banner,
        decided_at: decision.decided_at,
        recorded_at: decision.recorded_at,
        choices: &decision.choices,
        device: &decision.device,
    };
    let digest = row.digest(&decision.salt).ok()?;
    Some(record::decision(&decision.salt, decision.receipt.as_deref(), &digest))
}

/// Verifies the log of a database. The caller's transaction decides that it is one moment of it
/// ([`Connection::snapshot`]).
///
/// # Errors
/// Where the database does not answer, or something in it cannot be read at all.
pub async fn verify(db: &mut Connection, expected: &Expected) -> sqlx::Result<Report> {
    let (head, origin) = leaves::head(db).await?;
    let mut reading = Reading {
        documents: Documents::new(log_records::documents(db).await?),
        expected,
        edge: Some(Edge::default()),
        next: 0,
        latest: i64::MIN,
        tiles: 0,
        signed: leaves::signed_after(db, -1).await?.into(),
        report: Report {
            origin,
            decisions: Some(0),
            signatures: expected.verifier.is_some(),
            earlier: expected.earlier.iter().map(|earlier| earlier.size).collect(),
            ..Report::default()
        },
    };
    reading.roots(db).await?;
    loop {
        let page = log_records::leaves(db, reading.next, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for leaf in &page {
            reading.leaf(db, leaf).await?;
        }
    }
    reading.end(db, head).await
}

/// A log while it is read from its beginning.
struct Reading<'a> {
    documents: Documents,
    expected: &'a Expected,
    /// None once a leaf is missing: no root can be worked out then.
    edge: Option<Edge>,
    /// The place that comes next.
    next: i64,
    /// The latest time so far.
    latest: i64,
    /// Stored roots that belong to the log.
    tiles: i64,
    /// Signed checkpoints of as many leaves as were read, or more.
    signed: std::collections::VecDeque<Signed>,
    report: Report,
}

impl Reading<'_> {
    async fn leaf(&mut self, db: &mut Connection, leaf: &Leaf) -> sqlx::Result<()> {
        if leaf.index < self.next {
            // The same leaf once more, since several records name it: `end` says so.
            return Ok(());
        }
        if leaf.index > self.next {
            self.report.find(Finding::Missing { from: self.next, to: leaf.index });
            self.edge = None;
        }
        self.next = leaf.index + 1;
        let Ok(hash) = Hash::try_from(leaf.hash.as_slice()) else {
            self.report.find(Finding::NoHash { index: leaf.index });
            self.edge = None;
            return Ok(());
        };
        self.record(leaf, &hash);
        let Some(edge) = &mut self.edge else { return Ok(()) };
        let mut full = Vec::new();
        edge.push(hash, |node, hash| full.push((node, *hash)));
        for (node, hash) in full {
            self.stored(db, node, hash).await?;
        }
        self.roots(db).await
    }

    /// Holds a leaf against what it stands for.
    fn record(&mut self, leaf: &Leaf, hash: &Hash) {
        let index = leaf.index;
        let at = match (&leaf.decision, leaf.erasure, leaf.erased_by) {
            (Some(_), Some(_), _) => return self.report.find(Finding::Twofold { index }),
            (Some(_), None, Some(by)) | (None, Some(_), Some(by)) => {
                return self.report.find(Finding::ErasureFalse { index: by, erased: index });
            }
            (Some(Err(reason)), None, None) => {
                let reason = reason.clone();
                return self.report.find(Finding::Unreadable { index, reason });
            }
            (Some(Ok(decision)), None, None) => {
                if leaf_of(index, decision, &self.documents) == Some(*hash) {
                    self.report.decisions = self.report.decisions.map(|count| count + 1);
                } else {
                    self.report.find(altered(index, decision));
                }
                decision.recorded_at
            }
            (None, Some((erased, at)), None) => {
                if (Erasure { index, erased, at }.leaf()) != *hash {
                    self.report.find(Finding::ErasureAltered { index });
                }
                at
            }
            (None, None, Some(by)) if by > index => {
                self.report.erased += 1;
                return;
            }
            (None, None, Some(by)) => {
                return self.report.find(Finding::ErasureFalse { index: by, erased: index });
            }
            (None, None, None) => return self.report.find(Finding::Dropped { index }),
        };
        if at < self.latest.saturating_sub(CLOCK) {
            self.report.find(Finding::DatedBack { index, at, after: self.latest });
        }
        self.latest = self.latest.max(at);
    }

    /// Holds the stored root of a subtree, where there is to be one, against its hashes.
    async fn stored(&mut self, db: &mut Connection, node: Node, hash: Hash) -> sqlx::Result<()> {
        let Some(level) = tile::level_of(node).filter(|level| *level > 0) else { return Ok(()) };
        self.tiles += 1;
        let index = super::place(node.index)?;
        if leaves::hashes(db, level, index, 1).await? != [hash] {
            self.report.find(Finding::Tile { level, index: node.index });
        }
        Ok(())
    }

    /// Holds the checkpoints of as many leaves as were read against their root.
    async fn roots(&mut self, db: &mut Connection) -> sqlx::Result<()> {
        let Some(edge) = &self.edge else { return Ok(()) };
        let size = edge.size();
        for earlier in self.expected.earlier.iter().filter(|earlier| earlier.size == size) {
            if earlier.root != edge.root() {
                self.report.find(Finding::Root { size, when: given() });
            }
        }
        while let Some(signed) = self.signed.front()
            && u64::try_from(signed.size).is_ok_and(|signed| signed <= size)
        {
            let root = edge.root();
            let when = format!(", signed at {},", time(signed.signed_at));
            self.report.checkpoints += 1;
            if signed.root[..] != root[..] {
                self.report.find(Finding::Root { size, when: when.clone() });
            }
            if let Err(reason) = self.signature(signed) {
                self.report.find(Finding::Checkpoint { size: signed.size, when, reason });
            }
            let last = signed.size;
            self.signed.pop_front();
            if self.signed.is_empty() {
                self.signed = leaves::signed_after(db, last).await?.into();
            }
        }
        Ok(())
    }

    /// Whether a checkpoint's note says what its row says, and is signed.
    fn signature(&self, signed: &Signed) -> Result<(), String> {
        let read = match &self.expected.verifier {
            Some(verifier) => verifier.open(&signed.note),
            None => note::unverified(&signed.note),
        };
        let read = read.map_err(|error| error.to_string())?;
        let same = i64::try_from(read.size) == Ok(signed.size)
            && read.root[..] == signed.root[..]
            && Some(&read.origin) == self.report.origin.as_ref();
        if same { Ok(()) } else { Err("its text says something else than its row".to_owned()) }
    }

    async fn end(mut self, db: &mut Connection, head: i64) -> sqlx::Result<Report> {
        if head > self.next {
            self.report.find(Finding::Missing { from: self.next, to: head });
        } else if head < self.next {
            self.report.find(Finding::Head { head, leaves: self.next });
        }
        for index in log_records::loose(db).await? {
            self.report.find(Finding::Loose { index });
        }
        for index in log_records::claimed(db).await? {
            self.report.find(Finding::Claimed { index });
        }
        let Some(edge) = &self.edge else {
            self.report.size = u64::try_from(self.next).unwrap_or_default();
            return Ok(self.report);
        };
        let leaves = edge.size();
        (self.report.size, self.report.root) = (leaves, Some(edge.root()));
        let stored = leaves::count_tiles(db).await?;
        if stored != self.tiles {
            self.report.find(Finding::Tiles { stored, expected: self.tiles });
        }
        for Signed { size, signed_at, .. } in self.signed {
            let when = format!(", signed at {},", time(signed_at));
            let size = u64::try_from(size).unwrap_or_default();
            self.report.find(Finding::Shorter { size, when, leaves });
        }
        for Checkpoint { size, .. } in self.expected.earlier.iter().filter(|it| it.size > leaves) {
            self.report.find(Finding::Shorter { size: *size, when: given(), leaves });
        }
        Ok(self.report)
    }
}

/// The checkpoint that was given to compare with.
pub(super) fn given() -> String {
    " that was given".to_owned()
}

fn altered(index: i64, decision: &Decision) -> Finding {
    let id = <[u8; 16]>::try_from(decision.id.as_slice()).ok().and_then(Uuid7::from_bytes);
    Finding::Altered {
        index,
        site: decision.site_key.clone().unwrap_or_else(|| format!("(row {})", decision.site_id)),
        id: id.map_or_else(|| base64url(&decision.id), |id| id.to_text()),
    }
}
