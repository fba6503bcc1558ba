//! The key that signs the consent log's checkpoints.
//!
//! It is derived from the visitor secret, the one that is never exchanged: whoever verifies the log
//! verifies it by the same key for as long as there is the log.

use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use sha2::Sha256;

use super::Keys;
use crate::log::note::{Checkpoint, Verifier};

impl Keys {
    /// A checkpoint as a signed note, and what it is verified by.
    #[must_use]
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> String {
        let signature = self.log_key().sign(checkpoint.to_text().as_bytes()).to_bytes();
        checkpoint.sealed(&self.log_verifier(&checkpoint.origin), &signature)
    }

    /// The key by which checkpoints of the log of that name are verified.
    #[must_use]
    pub fn log_verifier(&self, origin: &str) -> Verifier {
        Verifier::new(origin, self.log_key().verifying_key())
    }

    fn log_key(&self) -> SigningKey {
        let mut seed = [0; 32];
        let hkdf = Hkdf::<Sha256>::new(Some(b"ashiato consent log"), &self.held().visitor);
        if hkdf.expand(b"ed25519 checkpoint", &mut seed).is_err() {
            unreachable!("32 bytes are within what HKDF gives (RFC 5869, section 2.3)");
        }
        SigningKey::from_bytes(&seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_verifies_by_the_key_of_its_own_deployment_alone() {
        let keys = |visitor| Keys::of([1; 32], [visitor; 32], [3; 32]);
        let origin = "consent.example/log";
        let checkpoint = Checkpoint { origin: origin.to_owned(), size: 3, root: [4; 32] };
        let note = keys(2).sign_checkpoint(&checkpoint);
        assert_eq!(keys(2).log_verifier(origin).open(&note), Ok(checkpoint));
        assert!(keys(9).log_verifier(origin).open(&note).is_err());
    }
}
