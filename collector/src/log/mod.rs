//! The consent log: RFC 6962 hashing over salted commitments, C2SP tiles and checkpoints. Pure: no
//! clock, no I/O, no randomness.
//!
//! The log holds hashes only. What a leaf stands for is shown by giving the record and its salt;
//! when both are erased the leaf stays, and says nothing about anybody.

pub mod note;
pub mod record;
pub mod tile;
pub mod tree;

pub use tree::Hash;
