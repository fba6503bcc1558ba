//! The back office: who may what, how they log in, and the pages they see.
//!
//! Nothing here knows HTTP: [`crate::routes`] reads calls, and hands what is to be shown to [`view`]. An account's
//! address is personal data and stands in no log line.

pub mod access;
pub mod agent;
pub mod asked;
pub mod choice;
pub mod delay;
pub mod desk;
pub mod log_in;
pub mod may;
pub mod own;
pub mod passkeys;
pub mod password;
pub mod people;
pub mod period;
pub mod qr;
pub mod recovery;
pub mod second;
pub mod sign_on;
pub mod template;
pub mod tongue;
pub mod totp;
pub mod trial;
pub mod view;
pub mod webauthn;

use consent_core::ids::base64url;
use sha2::{Digest as _, Sha256};

use crate::keys::{self, KeysError};

/// A token that nobody can guess, 256 random bits; the database has its SHA-256.
///
/// # Errors
/// Where the system has no random numbers.
pub fn token() -> Result<String, KeysError> {
    Ok(base64url(&keys::random::<32>()?))
}

/// By what a token is known.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// What forms of a session carry, so that no other site's page can send them.
#[must_use]
pub fn form_token(session: &str) -> String {
    base64url(&Sha256::digest(format!("ashiato form {session}")))
}

/// An address as accounts are known by it, where it is one.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.rsplit_once('@')?;
    let fits = text.len() <= 254
        && !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    fits.then_some(text)
}

/// The address of a link's page.
#[must_use]
pub fn link_url(public_url: &str, token: &str) -> String {
    format!("{public_url}/office/link/{token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_small_letters_and_what_is_none_is_refused() {
        assert_eq!(email(" Mika@Shop.Example ").as_deref(), Some("mika@shop.example"));
        for other in
            ["", "mika", "@shop.example", "mika@shop", "mi ka@shop.example", "a@b.c\nd", "a@.b"]
        {
            assert_eq!(email(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_forms_carry_belongs_to_one_session_and_is_not_its_token() {
        assert_ne!(form_token("a"), form_token("b"));
        assert!(!form_token("session").contains("session"));
    }
}
