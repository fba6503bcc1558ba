//! What mail needs of the keys: by what an address is known that has said stop, and the links that a mail carries.
//!
//! Every key here is derived from the visitor key, which never changes, each for one use and one site: a
//! link to confirm is none to stop, and one of another site is none at all.
//!
//! | link | holds |
//! |---|---|
//! | confirm | the opt-in's id, the second of its end, and 128 bits of an HMAC over both |
//! | stop | the keyed hash by which the person's leads are found, and 128 bits of an HMAC over it; it never ends |

use consent_core::{
    ids::{SiteKey, base64url, from_base64url},
    jws,
    time::{Millis, SECOND},
};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Keys, half};

pub mod requests;

/// What a link to confirm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The opt-in.
    pub id: [u8; 16],
    /// When it ends.
    pub until: Millis,
}

impl Keys {
    /// By what an address is known that has said stop, or has confirmed: a keyed hash of the one in
    /// `lead_index`, under another key. Whoever has one of the two tables alone cannot tie it to the other.
    #[must_use]
    pub fn mail_address(&self, site: &SiteKey, digest: &[u8; 32]) -> [u8; 32] {
        self.tag(b"address", site, digest)
    }

    /// The part of an address by which somebody confirms an opt-in.
    #[must_use]
    pub fn confirm_token(&self, site: &SiteKey, confirm: Confirm) -> String {
        let mut bytes = confirm.id.to_vec();
        bytes.extend_from_slice(&confirm.until.seconds().to_be_bytes());
        self.signed(b"confirm", site, bytes)
    }

    /// What such a part says, where it was made here for that site; whether it has ended is for the caller to see.
    #[must_use]
    pub fn read_confirm(&self, site: &SiteKey, token: &str) -> Option<Confirm> {
        let bytes = self.verified::<24>(b"confirm", site, token)?;
        let (id, until) = bytes.split_first_chunk::<16>()?;
        let until = i64::from_be_bytes(until.try_into().ok()?).checked_mul(SECOND)?;
        Some(Confirm { id: *id, until: Millis(until) })
    }

    /// The part of an address by which the person stops mail who is found by that keyed hash.
    #[must_use]
    pub fn stop_token(&self, site: &SiteKey, digest: &[u8; 32]) -> String {
        self.signed(b"stop", site, digest.to_vec())
    }

    /// The keyed hash of such a part, where it was made here for that site.
    #[must_use]
    pub fn read_stop(&self, site: &SiteKey, token: &str) -> Option<[u8; 32]> {
        self.verified(b"stop", site, token)
    }

    fn signed(&self, what: &[u8], site: &SiteKey, mut bytes: Vec<u8>) -> String {
        let tag = half(self.tag(what, site, &bytes));
        bytes.extend_from_slice(&tag);
        base64url(&bytes)
    }

    fn verified<const N: usize>(
        &self,
        what: &[u8],
        site: &SiteKey,
        token: &str,
    ) -> Option<[u8; N]> {
        let bytes = from_base64url(token)?;
        let (said, tag) = bytes.split_first_chunk::<N>()?;
        // One spelling: base64url has others of the same bytes.
        let right = bool::from(tag.ct_eq(&half(self.tag(what, site, said))));
        (right && base64url(&bytes) == token).then_some(*said)
    }

    fn tag(&self, what: &[u8], site: &SiteKey, said: &[u8]) -> [u8; 32] {
        let info = [b"1|", what, b"|", site.as_str().as_bytes()].concat();
        let key: Zeroizing<[u8; 32]> =
            Zeroizing::new(super::expand(b"ashiato mail", &self.held().visitor, &info));
        jws::mac(key.as_slice(), &[said])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_of_one_site_and_one_use_and_no_letter_of_it_can_be_changed() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let (shop, other): (SiteKey, SiteKey) = ("shop".parse().unwrap(), "other".parse().unwrap());
        let confirm = Confirm { id: [7; 16], until: Millis(1_800_000_000_000) };
        let token = keys.confirm_token(&shop, confirm);
        assert_eq!(keys.read_confirm(&shop, &token), Some(confirm));
        assert_eq!(keys.read_confirm(&other, &token), None, "another site's");
        assert_eq!(keys.read_stop(&shop, &token), None, "another use");
        let stop = keys.stop_token(&shop, &[9; 32]);
        assert_eq!(keys.read_stop(&shop, &stop), Some([9; 32]));
        assert_eq!(keys.read_stop(&other, &stop), None);
        assert_eq!(keys.read_confirm(&shop, &stop), None);
        for token in [&token, &stop] {
            for at in 0..token.len() {
                for letter in ["A", "B", "_", "%", ""] {
                    let mut changed = token.clone();
                    changed.replace_range(at..=at, letter);
                    let read =
                        (keys.read_confirm(&shop, &changed), keys.read_stop(&shop, &changed));
                    assert!(changed == *token || read == (None, None), "{at} {letter}");
                }
            }
            assert_eq!(keys.read_confirm(&shop, &format!("{token}A")), None);
        }
        let others = Keys::of([1; 32], [4; 32], [3; 32]);
        assert_eq!(others.read_stop(&shop, &stop), None, "other keys");
        assert_ne!(keys.mail_address(&shop, &[9; 32]), keys.mail_address(&other, &[9; 32]));
    }
}
