//! Secrets of logging in by a provider.

use std::path::Path;

use consent_core::jws;

use super::{Keys, KeysError, file};

/// A secret of somebody else's that a file holds alone, and that nobody but its owner can read.
///
/// # Errors
/// Where it cannot be read, or others may read it.
pub fn secret(path: &Path) -> Result<String, KeysError> {
    Ok(file::read(path)?.trim().to_owned())
}

impl Keys {
    /// What of a log-in by a provider, its state, nonce or verifier, follows from what its browser keeps.
    #[must_use]
    pub fn sign_on(&self, what: &str, kept: &str) -> [u8; 32] {
        let parts: [&[u8]; 4] = [b"sign-on\0", what.as_bytes(), b"\0", kept.as_bytes()];
        jws::mac(&self.held().visitor, &parts)
    }
}
