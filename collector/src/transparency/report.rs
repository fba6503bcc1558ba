//! What verifying the log has found, in words.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};

use crate::log::Hash;

/// Findings that are told one by one; of more only their number.
const TOLD: usize = 50;

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// Leaves are gone.
    #[error("{}", missing(*.from, *.to))]
    Missing {
        /// The first of them.
        from: i64,
        /// The leaf after the last.
        to: i64,
    },
    /// There are more leaves than the log's head counts.
    #[error(
        "the log's head says size {head}, but there are leaves up to size {leaves}: leaves were added behind the collector's back, or the head was set back"
    )]
    Head {
        /// What the head counts.
        head: i64,
        /// What is there.
        leaves: i64,
    },
    /// A leaf is no hash.
    #[error("leaf {index} is no hash: it was overwritten")]
    NoHash {
        /// The leaf.
        index: i64,
    },
    /// A decision's columns hold something else than can stand there.
    #[error(
        "leaf {index} stands for a decision that cannot be read, because it was overwritten: {reason}"
    )]
    Unreadable {
        /// The leaf.
        index: i64,
        /// Why.
        reason: String,
    },
    /// A decision is not what was recorded.
    #[error(
        "leaf {index} does not stand for the decision {id} of site {site} as it is in the database: the decision, its visitor's hash, its site file or the leaf was changed"
    )]
    Altered {
        /// The leaf.
        index: i64,
        /// The site's key, or its row where there is none.
        site: String,
        /// The decision's id.
        id: String,
    },
    /// A record is gone, and no erasure says so.
    #[error(
        "leaf {index} has no record, and no erasure says that it was erased: it was dropped, or moved to another place"
    )]
    Dropped {
        /// The leaf.
        index: i64,
    },
    /// A record names a place without a leaf.
    #[error("a record names leaf {index}, which is not there")]
    Loose {
        /// The place.
        index: i64,
    },
    /// An erasure is not what was recorded.
    #[error(
        "leaf {index} does not stand for the erasure in the database: the erasure or the leaf was changed"
    )]
    ErasureAltered {
        /// The leaf.
        index: i64,
    },
    /// An erasure of what is there, or of what came later.
    #[error(
        "leaf {index} says that the record of leaf {erased} was erased, which cannot be: it is there, is an erasure itself, or came later"
    )]
    ErasureFalse {
        /// The erasure's leaf.
        index: i64,
        /// The leaf that it names.
        erased: i64,
    },
    /// A leaf stands for two records.
    #[error("leaf {index} stands for a decision and for an erasure")]
    Twofold {
        /// The leaf.
        index: i64,
    },
    /// A leaf stands for two decisions.
    #[error("leaf {index} is named by two decisions: one of them was moved or added")]
    Claimed {
        /// The leaf.
        index: i64,
    },
    /// Time runs backwards.
    #[error("leaf {index} says that it was recorded at {}, but one before it at {}: it was dated back, or moved, or the clock was set back then", time(*.at), time(*.after))]
    DatedBack {
        /// The leaf.
        index: i64,
        /// When it says it was recorded.
        at: i64,
        /// The latest time before it.
        after: i64,
    },
    /// A stored root is another.
    #[error(
        "the stored root of level {level}, number {index}, is not the one of its hashes: it, or one of them, was changed"
    )]
    Tile {
        /// Its level.
        level: u32,
        /// Which one.
        index: u64,
    },
    /// Roots over leaves that are not there.
    #[error("{stored} roots over 256 are stored, where {expected} belong to the log")]
    Tiles {
        /// What is stored.
        stored: i64,
        /// What belongs.
        expected: i64,
    },
    /// A signed checkpoint has another root.
    #[error(
        "the checkpoint of size {size}{when} has another root: one of them was changed after it was signed"
    )]
    Root {
        /// Its size.
        size: u64,
        /// When it was signed, in words.
        when: String,
    },
    /// A signed checkpoint is of more leaves than there are.
    #[error(
        "the checkpoint of size {size}{when} is larger than the log, which has size {leaves}: the log was cut, or an older copy of the database put back"
    )]
    Shorter {
        /// Its size.
        size: u64,
        /// When it was signed, in words.
        when: String,
        /// What is there.
        leaves: u64,
    },
    /// A checkpoint is not good by itself.
    #[error("the checkpoint of size {size}{when}: {reason}")]
    Checkpoint {
        /// Its size.
        size: i64,
        /// When it was signed, in words.
        when: String,
        /// Why.
        reason: String,
    },
    /// A tile that the collector does not give as it should.
    #[error("{path}: {reason}")]
    Served {
        /// Its address below the log's.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

fn missing(from: i64, to: i64) -> String {
    if to - from == 1 {
        format!("leaf {from} is missing: it was dropped")
    } else {
        format!("leaves {from} to {} are missing: they were dropped", to - 1)
    }
}

/// A time for people.
pub(super) fn time(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The log's name.
    pub origin: Option<String>,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Option<Hash>,
    /// Decisions that are as they were recorded; none where only hashes were looked at.
    pub decisions: Option<u64>,
    /// Records that were erased.
    pub erased: u64,
    /// Signed checkpoints that were held against the log.
    pub checkpoints: u64,
    /// Whether their signatures were verified.
    pub signatures: bool,
    /// The sizes of the earlier checkpoints that the log was held against.
    pub earlier: Vec<u64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How much more is wrong.
    pub more: u64,
}

impl Report {
    /// Adds a finding.
    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// What was found, in words.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |line: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        };
        let name = self.origin.as_deref().unwrap_or("(without a name yet)");
        let verdict = if self.is_good() { "good" } else { "NOT good" };
        line(format!("log {name}, size {}: {verdict}", self.size));
        if let Some(root) = &self.root {
            line(format!("  root {}", Base64::encode_string(root)));
        }
        if let Some(decisions) = self.decisions {
            line(format!("  decisions as they were recorded: {decisions}"));
            line(format!("  records erased, their leaves in place: {}", self.erased));
        }
        let signed = if self.signatures {
            "signatures verified"
        } else {
            "signatures NOT verified: give --key or --keys-file"
        };
        line(format!("  signed checkpoints held against it: {}; {signed}", self.checkpoints));
        for earlier in &self.earlier {
            line(format!("  held against an earlier checkpoint of size {earlier}"));
        }
        for finding in &self.findings {
            line(format!("WRONG: {finding}"));
        }
        if self.more > 0 {
            line(format!("WRONG: and {} more", self.more));
        }
        text
    }
}
