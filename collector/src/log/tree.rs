//! The Merkle tree over the log's leaves (RFC 6962, section 2.1): which parts of it a root or a proof is made
//! of, how they are put together, and how a proof is checked.
//!
//! A tree of any size is a row of complete subtrees, the largest first. Nothing here reads them: [`parts`] says
//! which are wanted, and the caller brings their hashes.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// A complete subtree: the leaves from `index << height` on, `1 << height` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// How many levels lie under its root.
    pub height: u32,
    /// Its place among those of its height.
    pub index: u64,
}

impl Subtree {
    /// Its leaves.
    #[must_use]
    pub const fn leaves(self) -> Range<u64> {
        self.index << self.height..(self.index + 1) << self.height
    }
}

/// The hash of two neighbours (RFC 6962, section 2.1).
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The complete subtrees that the leaves of a range are made of, from the left. A range has to begin where a
/// subtree of its own size may, as those of roots and proofs do.
#[must_use]
pub fn parts(range: Range<u64>) -> Vec<Subtree> {
    let mut parts = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let height = (range.end - start).ilog2();
        parts.push(Subtree { height, index: start >> height });
        start += 1 << height;
    }
    parts
}

/// The root over subtrees that [`parts`] named, of one or more; of none, that of the empty tree.
#[must_use]
pub fn fold(hashes: &[Hash]) -> Hash {
    let mut rest = hashes.iter().rev();
    let Some(last) = rest.next() else { return empty() };
    rest.fold(*last, |right, left| node(left, &right))
}

/// The root over leaves that fill a complete subtree.
#[must_use]
pub fn complete(leaves: &[Hash]) -> Hash {
    let mut row = leaves.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(left, right),
                _ => pair.first().copied().unwrap_or_else(empty),
            })
            .collect();
    }
    row.first().copied().unwrap_or_else(empty)
}

/// The ranges whose roots prove that a leaf is in the tree of that size, from the leaf upwards
/// (RFC 6962, section 2.1.1). `None` where there is no such leaf.
#[must_use]
pub fn inclusion(leaf: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if leaf >= size {
        return None;
    }
    let mut path = Vec::new();
    let mut within = 0..size;
    while within.end - within.start > 1 {
        let middle = within.start + split(within.end - within.start);
        if leaf < middle {
            path.push(middle..within.end);
            within.end = middle;
        } else {
            path.push(within.start..middle);
            within.start = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The ranges whose roots prove that the tree of size `from` is the beginning of that of size `to`
/// (RFC 6962, section 2.1.2). `None` where it cannot be.
#[must_use]
pub fn consistency(from: u64, to: u64) -> Option<Vec<Range<u64>>> {
    if from > to {
        return None;
    }
    if from == 0 || from == to {
        return Some(Vec::new());
    }
    let mut path = Vec::new();
    let mut within = 0..to;
    let mut whole = true;
    while from != within.end {
        let middle = within.start + split(within.end - within.start);
        if from <= middle {
            path.push(middle..within.end);
            within.end = middle;
        } else {
            path.push(within.start..middle);
            within.start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(within);
    }
    path.reverse();
    Some(path)
}

/// The largest power of two below a number of leaves, which is two or more.
const fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Whether a leaf's hash and its proof give that root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn includes(root: &Hash, size: u64, leaf: u64, hash: &Hash, proof: &[Hash]) -> bool {
    let Some(path) = inclusion(leaf, size) else { return false };
    if path.len() != proof.len() {
        return false;
    }
    let found = path.iter().zip(proof).fold(*hash, |own, (range, other)| {
        if range.start > leaf { node(&own, other) } else { node(other, &own) }
    });
    found == *root
}

/// Whether a proof shows that the tree of the first root is the beginning of that of the second
/// (RFC 9162, section 2.1.4.2).
#[must_use]
pub fn extends(first: (u64, &Hash), second: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((from, first), (to, second)) = (first, second);
    let Some(path) = consistency(from, to) else { return false };
    if path.len() != proof.len() {
        return false;
    }
    if from == to {
        return first == second;
    }
    if from == 0 {
        return *first == empty();
    }
    let mut pairs = path.iter().zip(proof);
    // Where the smaller tree is a complete subtree of the larger one, the proof begins beside it.
    let begun = match path.first() {
        Some(range) if range.end == from => pairs.next().map(|(_, hash)| *hash),
        _ => Some(*first),
    };
    let Some(begun) = begun else { return false };
    let (mut old, mut new) = (begun, begun);
    for (range, hash) in pairs {
        if range.start < from {
            old = node(hash, &old);
            new = node(hash, &new);
        } else {
            new = node(&new, hash);
        }
    }
    old == *first && new == *second
}

/// A tree that grows leaf by leaf, of which only the roots of its complete subtrees are kept.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Its leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut own = leaf;
        // As many as the size ends in ones: each is of the height that the new one has reached.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                own = node(&left, &own);
            }
        }
        self.roots.push(own);
        self.size += 1;
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.roots)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::cast_possible_truncation, reason = "trees of a few hundred leaves")]

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;

    fn leaf(bytes: &[u8]) -> Hash {
        Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
    }

    fn root(leaves: &[Hash], range: Range<u64>) -> Hash {
        let hash = |part: Subtree| {
            let within = part.leaves();
            complete(&leaves[within.start as usize..within.end as usize])
        };
        fold(&parts(range).into_iter().map(hash).collect::<Vec<_>>())
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// The vectors of the certificate transparency project.
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let inputs = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<_> = inputs.iter().map(|input| leaf(&hex(input))).collect();
        assert_eq!(
            root(&leaves, 0..0).to_vec(),
            hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        assert_eq!(
            root(&leaves, 0..3).to_vec(),
            hex("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")
        );
        assert_eq!(
            root(&leaves, 0..8).to_vec(),
            hex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
        );
    }

    fn leaves(count: u64) -> (Vec<Hash>, MemoryBackedTree<Sha256, Vec<u8>>) {
        let mut theirs = MemoryBackedTree::new();
        let mut ours = Vec::new();
        for number in 0..count {
            let bytes = number.to_be_bytes().to_vec();
            ours.push(leaf(&bytes));
            theirs.push(bytes);
        }
        (ours, theirs)
    }

    fn hashes(leaves: &[Hash], ranges: Vec<Range<u64>>) -> Vec<Hash> {
        ranges.into_iter().map(|range| root(leaves, range)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn another_implementation_makes_the_same_trees_and_proofs(size in 1..700_u64, at: prop::sample::Index, from: prop::sample::Index) {
            let (ours, theirs) = leaves(size);
            let whole = root(&ours, 0..size);
            let mut growing = Frontier::default();
            ours.iter().for_each(|leaf| growing.push(*leaf));
            prop_assert_eq!((growing.size(), growing.root()), (size, whole));
            prop_assert_eq!(whole.to_vec(), theirs.root().as_bytes().to_vec());
            let at = at.index(size as usize) as u64;
            let proof = hashes(&ours, inclusion(at, size).unwrap());
            prop_assert_eq!(proof.concat(), theirs.prove_inclusion(at as usize).as_bytes().to_vec());
            prop_assert!(includes(&whole, size, at, &ours[at as usize], &proof));
            let from = from.index(size as usize) as u64 + 1;
            let proof = hashes(&ours, consistency(from, size).unwrap());
            if from < size {
                let added = (size - from) as usize;
                prop_assert_eq!(proof.concat(), theirs.prove_consistency(added).as_bytes().to_vec());
            }
            let old = root(&ours, 0..from);
            prop_assert!(extends((from, &old), (size, &whole), &proof));
        }

        #[test]
        fn a_proof_of_anything_else_is_found_out(size in 2..300_u64, at: prop::sample::Index, bit in 0..256_usize, which: prop::sample::Index) {
            let (ours, _) = leaves(size);
            let whole = root(&ours, 0..size);
            let at = at.index(size as usize) as u64;
            let own = ours[at as usize];
            let mut proof = hashes(&ours, inclusion(at, size).unwrap());
            let changed = which.index(proof.len());
            proof[changed][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!includes(&whole, size, at, &own, &proof));
            proof[changed][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!includes(&whole, size, at, &whole, &proof));
            prop_assert!(!includes(&whole, size, (at + 1) % size, &own, &proof));
            prop_assert!(!includes(&whole, size, at, &own, &proof[1..]));
            let from = at + 1;
            let old = root(&ours, 0..from);
            let proof = hashes(&ours, consistency(from, size).unwrap());
            if from < size {
                prop_assert!(!extends((from, &whole), (size, &whole), &proof));
                prop_assert!(!extends((from, &old), (size, &old), &proof));
            }
        }
    }
}
