//! Challenges that authenticators answer, and by what they know an account.
//!
//! A challenge is not stored before it is answered: it says itself until when it is good, and what for, by a keyed
//! hash. So whoever only looks at the log-in writes nothing.

use consent_core::{
    jws,
    time::{Millis, SECOND},
};
use subtle::ConstantTimeEq as _;

use crate::{
    keys::{self, Keys, KeysError},
    store::accounts::AccountId,
};

/// How long a challenge waits for its answer.
pub const CHALLENGE_TIME: i64 = 600 * SECOND;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony<'a> {
    /// To make a passkey, in the session of that hash.
    Make(&'a [u8]),
    /// To change how one logs in, in the session of that hash.
    Change(&'a [u8]),
    /// To log in.
    LogIn,
    /// To go on with the log-in that waits under that hash.
    GoOn(&'a [u8]),
}

impl Ceremony<'_> {
    const fn parts(&self) -> (&[u8], &[u8]) {
        match self {
            Self::Make(session) => (b"make\0", session),
            Self::Change(session) => (b"change\0", session),
            Self::LogIn => (b"log in\0", b""),
            Self::GoOn(waiting) => (b"go on\0", waiting),
        }
    }
}

impl Keys {
    /// A new challenge: sixteen random bytes, when it ends, and the half of a keyed hash.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub fn challenge(&self, ceremony: Ceremony<'_>, now: Millis) -> Result<Vec<u8>, KeysError> {
        let mut challenge = keys::random::<16>()?.to_vec();
        challenge.extend_from_slice(&now.plus(CHALLENGE_TIME).0.to_be_bytes());
        let tag = self.challenge_tag(ceremony, &challenge);
        challenge.extend_from_slice(&tag);
        Ok(challenge)
    }

    /// Until when a challenge waits that was made here for that; nothing where it does not, or not any more.
    #[must_use]
    pub fn challenge_end(
        &self,
        ceremony: Ceremony<'_>,
        challenge: &[u8],
        now: Millis,
    ) -> Option<Millis> {
        let (said, tag) = challenge.split_first_chunk::<24>()?;
        let own = self.challenge_tag(ceremony, said);
        let until = Millis(i64::from_be_bytes(said[16..].try_into().ok()?));
        (bool::from(own.ct_eq(tag)) && now < until).then_some(until)
    }

    fn challenge_tag(&self, ceremony: Ceremony<'_>, said: &[u8]) -> [u8; 16] {
        let (purpose, bound) = ceremony.parts();
        let parts: [&[u8]; 4] = [b"challenge\0", purpose, said, bound];
        keys::half(jws::mac(&self.held().visitor, &parts))
    }

    /// By what authenticators know an account: it says nothing about whose it is.
    #[must_use]
    pub fn user_handle(&self, account: AccountId) -> [u8; 32] {
        jws::mac(&self.held().visitor, &[b"user handle\0", &account.0.to_be_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_good_for_its_ceremony_and_ten_minutes() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let now = Millis(1_800_000_000_000);
        let all = [
            Ceremony::LogIn,
            Ceremony::Make(&[7; 32]),
            Ceremony::Make(&[8; 32]),
            Ceremony::Change(&[7; 32]),
            Ceremony::GoOn(&[7; 32]),
        ];
        for own in all {
            let challenge = keys.challenge(own, now).unwrap();
            for other in all {
                let end = (own == other).then_some(now.plus(CHALLENGE_TIME));
                assert_eq!(keys.challenge_end(other, &challenge, now), end, "{own:?} {other:?}");
            }
            let last = now.plus(CHALLENGE_TIME);
            assert_eq!(keys.challenge_end(own, &challenge, last), None);
            for at in 0..challenge.len() {
                let mut other = challenge.clone();
                other[at] ^= 1;
                assert_eq!(keys.challenge_end(own, &other, now), None, "byte {at}");
            }
            assert_eq!(keys.challenge_end(own, &challenge[..20], now), None);
            assert_eq!(keys.challenge_end(own, &[&challenge[..], &[0]].concat(), now), None);
            assert_ne!(keys.challenge(own, now).unwrap(), challenge);
        }
        assert_ne!(keys.user_handle(AccountId(1)), keys.user_handle(AccountId(2)));
    }
}
