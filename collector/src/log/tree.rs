//! The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), as arithmetic: which subtrees a
//! root or a proof is made of, and how hashes combine. Who has the hashes is not its business.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256 of 0x00 and its entry.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node: SHA-256 of 0x01 and both children.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// A full subtree: `2^level` leaves, from `index * 2^level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its height; 0 for a leaf.
    pub level: u32,
    /// Which one of its height, from 0.
    pub index: u64,
}

/// The full subtrees, left to right, that make up the tree over some leaves: those of a whole tree
/// from 0 on, or of a part of one as [`inclusion`] and [`consistency`] name it.
#[must_use]
pub fn cover(leaves: Range<u64>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut from = leaves.start;
    while from < leaves.end {
        let level = (leaves.end - from).ilog2();
        nodes.push(Node { level, index: from >> level });
        from += 1 << level;
    }
    nodes
}

/// The root over the subtrees of a [`cover`].
#[must_use]
pub fn root(cover: &[Hash]) -> Hash {
    let whole = cover.iter().copied().rev().reduce(|right, left| node(&left, &right));
    whole.unwrap_or_else(empty)
}

/// The root of the tree whose leaves have these hashes.
#[must_use]
pub fn over(leaves: &[Hash]) -> Hash {
    let mut edge = Edge::default();
    for leaf in leaves {
        edge.push(*leaf, |_, _| {});
    }
    edge.root()
}

/// Where a tree over that many leaves, two or more, divides.
fn split(leaves: &Range<u64>) -> u64 {
    leaves.start + (1 << (leaves.end - leaves.start - 1).ilog2())
}

/// The parts of a tree of `size` leaves whose roots prove that a leaf is in it: PATH of section
/// 2.1.1, from the leaf's neighbour up. None where there is no such leaf.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let mut parts = Vec::new();
    let mut within = 0..size;
    while within.end - within.start > 1 {
        let middle = split(&within);
        let (left, right) = (within.start..middle, middle..within.end);
        let (other, down) = if index < middle { (right, left) } else { (left, right) };
        parts.push(other);
        within = down;
    }
    parts.reverse();
    Some(parts)
}

/// The parts of a tree of `to` leaves whose roots prove that it continues its own first `from`
/// leaves: PROOF of section 2.1.2. None where `from` is 0 or more than `to`.
#[must_use]
pub fn consistency(from: u64, to: u64) -> Option<Vec<Range<u64>>> {
    if from == 0 || from > to {
        return None;
    }
    let mut parts = Vec::new();
    let mut within = 0..to;
    let mut known = true; // whether the verifier has this part's root: it is the earlier tree
    while within.end != from {
        let middle = split(&within);
        let (left, right) = (within.start..middle, middle..within.end);
        if from <= middle {
            parts.push(right);
            within = left;
        } else {
            parts.push(left);
            within = right;
            known = false;
        }
    }
    if !known {
        parts.push(within);
    }
    parts.reverse();
    Some(parts)
}

/// The right edge of a tree that is read leaf by leaf: the roots of its [`cover`].
#[derive(Clone, Debug, Default)]
pub struct Edge {
    size: u64,
    roots: Vec<Hash>,
}

impl Edge {
    /// Adds a leaf; `full` is told every subtree that it completes, the leaf first.
    pub fn push(&mut self, leaf: Hash, mut full: impl FnMut(Node, &Hash)) {
        let mut hash = leaf;
        let mut at = Node { level: 0, index: self.size };
        full(at, &hash);
        while at.index & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            hash = node(&left, &hash);
            at = Node { level: at.level + 1, index: at.index >> 1 };
            full(at, &hash);
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The edge of a tree of `size` leaves, by the roots of its [`cover`]; none where they are not as many.
    #[must_use]
    pub fn resumed(size: u64, roots: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()) == Ok(roots.len());
        fits.then_some(Self { size, roots })
    }

    /// The roots of its [`cover`], left to right.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of what has been added.
    #[must_use]
    pub fn root(&self) -> Hash {
        root(&self.roots)
    }
}

#[cfg(test)]
mod tests;
