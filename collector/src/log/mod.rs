//! The consent log: RFC 6962 leaf hashes over salted commitments.
//!
//! [`tree`] has its arithmetic, [`note`] the signed form of its state. Neither reads anything.
//! [`stored`] brings them together with the database, [`audit`] goes through all of it.
//!
//! The log holds hashes only. What a leaf stands for is shown by giving the record and its salt;
//! when both are erased the leaf stays, and says nothing about anybody.

pub mod audit;
pub mod note;
pub mod stored;
pub mod tree;

use sha2::{Digest as _, Sha256};

/// The leaf of a record: SHA-256 of 0x00 and the commitment (RFC 6962, section 2.1), which is
/// SHA-256 of salt and record.
#[must_use]
pub fn leaf(salt: &[u8; 32], record: &[u8]) -> [u8; 32] {
    let commitment = Sha256::new().chain_update(salt).chain_update(record).finalize();
    Sha256::new().chain_update([0]).chain_update(commitment).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_the_rfc_6962_hash_of_its_commitment() {
        let commitment: [u8; 32] = Sha256::digest([&[7_u8; 32][..], b"record"].concat()).into();
        let expected: [u8; 32] = Sha256::digest([&[0_u8][..], &commitment].concat()).into();
        assert_eq!(leaf(&[7; 32], b"record"), expected);
        assert_ne!(leaf(&[8; 32], b"record"), expected);
    }
}
