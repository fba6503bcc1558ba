//! Held against published roots and against two independent implementations.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The leaves of Certificate Transparency's reference tests.
const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

fn leaves(count: usize) -> Vec<Hash> {
    ENTRIES[..count].iter().map(|entry| leaf(&hex(entry))).collect()
}

#[test]
fn roots_are_those_of_the_reference_implementation() {
    let expected = |text: &str| hex(text);
    assert_eq!(
        over(&[]).to_vec(),
        expected("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
    assert_eq!(
        over(&leaves(3)).to_vec(),
        expected("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")
    );
    assert_eq!(
        over(&leaves(8)).to_vec(),
        expected("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    );
}

/// The root over a part of the leaves, by the definition.
fn part(leaves: &[Hash], range: Range<u64>) -> Hash {
    let at = |index: u64| usize::try_from(index).unwrap();
    over(&leaves[at(range.start)..at(range.end)])
}

fn path(leaves: &[Hash], parts: Vec<Range<u64>>) -> Vec<Hash> {
    parts.into_iter().map(|range| part(leaves, range)).collect()
}

/// The `size` leaves of a tree, and the same tree as another implementation keeps it.
fn both(size: u64) -> (Vec<Hash>, MemoryBackedTree<Sha256, Vec<u8>>) {
    let mut theirs = MemoryBackedTree::new();
    let mut ours = Vec::new();
    for index in 0..size {
        let entry = index.to_be_bytes().to_vec();
        ours.push(leaf(&entry));
        theirs.push(entry);
    }
    (ours, theirs)
}

fn their_root(root: Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(root.into(), size)
}

proptest! {
    #[test]
    fn a_cover_has_the_root_of_its_leaves(size in 0_u64..600) {
        let (leaves, theirs) = both(size);
        let nodes = cover(0..size).into_iter().map(|Node { level, index }| {
            part(&leaves, index << level..(index + 1) << level)
        });
        let whole = root(&nodes.collect::<Vec<_>>());
        prop_assert_eq!(whole, over(&leaves));
        prop_assert_eq!(whole.to_vec(), theirs.root().as_bytes().to_vec());
    }

    #[test]
    fn an_inclusion_proof_is_the_one_that_others_make_and_take(
        (size, index) in (1_u64..400).prop_flat_map(|size| (Just(size), 0..size))
    ) {
        let (leaves, theirs) = both(size);
        let at = usize::try_from(index).unwrap();
        let proof = path(&leaves, inclusion(index, size).unwrap());
        let made = theirs.prove_inclusion(at);
        prop_assert_eq!(proof.concat(), made.as_bytes());
        let taken = InclusionProof::<Sha256>::try_from_bytes(proof.concat()).unwrap();
        let root = over(&leaves);
        prop_assert!(their_root(root, size)
            .verify_inclusion(&index.to_be_bytes().to_vec(), index, &taken)
            .is_ok());
        let path: Vec<_> = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        prop_assert!(tlog_tiles::tlog::check_record(
            &path, size, tlog_tiles::Hash(root), index, tlog_tiles::Hash(leaves[at])).is_ok());
    }

    #[test]
    fn a_consistency_proof_is_the_one_that_others_make_and_take(
        (to, from) in (1_u64..400).prop_flat_map(|to| (Just(to), 1..=to))
    ) {
        let (leaves, theirs) = both(to);
        let proof = path(&leaves, consistency(from, to).unwrap());
        let added = usize::try_from(to - from).unwrap();
        if added > 0 {
            let made = theirs.prove_consistency(added);
            prop_assert_eq!(proof.concat(), made.as_bytes());
        }
        let (before, after) = (part(&leaves, 0..from), over(&leaves));
        let taken = ConsistencyProof::<Sha256>::try_from_bytes(proof.concat()).unwrap();
        let (their_before, their_after) = (their_root(before, from), their_root(after, to));
        if added > 0 {
            prop_assert!(their_after.verify_consistency(&their_before, &taken).is_ok());
        }
        let path: Vec<_> = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        prop_assert!(tlog_tiles::tlog::check_tree(
            &path, to, tlog_tiles::Hash(after), from, tlog_tiles::Hash(before)).is_ok());
    }
}

#[test]
fn there_is_no_proof_of_what_cannot_be() {
    assert_eq!(inclusion(3, 3), None);
    assert_eq!(inclusion(0, 0), None);
    assert_eq!(consistency(0, 3), None);
    assert_eq!(consistency(4, 3), None);
    assert_eq!(inclusion(0, 1), Some(vec![]));
    assert_eq!(consistency(3, 3), Some(vec![]));
}

#[test]
fn an_edge_tells_every_full_subtree_once() {
    let leaves = leaves(8);
    let mut edge = Edge::default();
    let mut told = Vec::new();
    for leaf in &leaves {
        edge.push(*leaf, |node, hash| told.push((node, *hash)));
    }
    assert_eq!((edge.size(), edge.root()), (8, over(&leaves)));
    assert_eq!(told.len(), 8 + 4 + 2 + 1);
    for (Node { level, index }, hash) in told {
        assert_eq!(hash, part(&leaves, index << level..(index + 1) << level));
    }
}
