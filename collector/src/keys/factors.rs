//! Second factors of accounts: the secrets of authenticator apps, sealed (AES-256-GCM, as in [`super::leads`]), and
//! by what recovery codes are known.
//!
//! Both keys are derived from the secret that is never exchanged, each for itself: who has the database alone
//! computes no code, and tries out no recovery code.

pub mod challenges;

use aes_gcm::{Aes256Gcm, KeyInit as _};
use consent_core::jws;
use zeroize::Zeroizing;

use super::{Keys, leads};
use crate::store::accounts::AccountId;

/// Bytes of an app's secret: as many as the hash has that it is used with (RFC 4226, section 4).
pub const TOTP_BYTES: usize = 20;
/// Names what is sealed, and how, in the associated data.
const TOTP: &[u8] = b"ashiato totp 1";

/// Why a second factor cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// What is stored was not sealed for that account, or by other keys.
    #[error(
        "what is stored of an authenticator app does not open: it was changed, or sealed by another visitor key\n  remedy: restore the database and the keys file from one backup, or let the person set up anew: ashiato user reset-factors"
    )]
    Altered,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl From<leads::LeadKeyError> for FactorError {
    fn from(error: leads::LeadKeyError) -> Self {
        match error {
            leads::LeadKeyError::Random => Self::Random,
            leads::LeadKeyError::UnknownKey { .. } | leads::LeadKeyError::Altered => Self::Altered,
        }
    }
}

impl Keys {
    /// Seals the secret of an account's app; elsewhere it does not open.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal_totp(
        &self,
        account: AccountId,
        secret: &[u8; TOTP_BYTES],
    ) -> Result<Vec<u8>, FactorError> {
        Ok(leads::seal(&self.totp_cipher(), secret, &of_totp(account))?)
    }

    /// Opens the secret of an account's app.
    ///
    /// # Errors
    /// Where it was not sealed for that account.
    pub fn open_totp(
        &self,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<Zeroizing<[u8; TOTP_BYTES]>, FactorError> {
        let opened = leads::open(&self.totp_cipher(), sealed, &of_totp(account))?;
        let secret = <[u8; TOTP_BYTES]>::try_from(opened.as_slice());
        secret.map(Zeroizing::new).map_err(|_| FactorError::Altered)
    }

    /// By what an account's recovery code is known.
    #[must_use]
    pub fn recovery_digest(&self, account: AccountId, code: &str) -> [u8; 32] {
        let parts: [&[u8]; 3] = [b"recovery\0", &account.0.to_be_bytes(), code.as_bytes()];
        jws::mac(&self.held().visitor, &parts)
    }

    fn totp_cipher(&self) -> Aes256Gcm {
        let key: Zeroizing<[u8; 32]> =
            Zeroizing::new(super::expand(b"ashiato totp", &self.held().visitor, b""));
        Aes256Gcm::new((&*key).into())
    }
}

/// The associated data of an account's secret.
fn of_totp(account: AccountId) -> Vec<u8> {
    [TOTP, &account.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_account_under_its_keys_and_nowhere_else() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let sealed = keys.seal_totp(AccountId(7), &[9; TOTP_BYTES]).unwrap();
        assert!(!sealed.windows(4).any(|window| window == [9; 4]));
        assert_eq!(*keys.open_totp(AccountId(7), &sealed).unwrap(), [9; TOTP_BYTES]);
        assert_eq!(keys.open_totp(AccountId(8), &sealed), Err(FactorError::Altered));
        let others = Keys::of([1; 32], [4; 32], [3; 32]);
        assert_eq!(others.open_totp(AccountId(7), &sealed), Err(FactorError::Altered));
        assert_eq!(keys.open_totp(AccountId(7), &sealed[1..]), Err(FactorError::Altered));
        assert_ne!(keys.seal_totp(AccountId(7), &[9; TOTP_BYTES]).unwrap(), sealed);
    }

    #[test]
    fn a_recovery_code_is_known_for_its_account_alone() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let one = keys.recovery_digest(AccountId(7), "abcdefghij");
        assert_eq!(one, keys.recovery_digest(AccountId(7), "abcdefghij"));
        assert_ne!(one, keys.recovery_digest(AccountId(8), "abcdefghij"));
        assert_ne!(one, keys.recovery_digest(AccountId(7), "abcdefghik"));
    }
}
