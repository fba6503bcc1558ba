//! What the form for requests about one's own data needs of the keys: its links, when it was opened, and by what an
//! address is known that was sent a mail a short while ago. Derived as those of [`super`] are.

use consent_core::{
    ids::SiteKey,
    time::{Millis, SECOND},
};

use crate::keys::Keys;

/// What a link of such a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To confirm a request.
    Confirm,
    /// To take what is handed out.
    Take,
}

impl Use {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Confirm => b"request",
            Self::Take => b"answer",
        }
    }
}

impl Keys {
    /// By what an address is known that asked: another hash than [`Keys::mail_address`], so that who was asked about
    /// news a short while ago can ask about their data all the same.
    #[must_use]
    pub fn request_address(&self, site: &SiteKey, digest: &[u8; 32]) -> [u8; 32] {
        self.tag(b"request address", site, digest)
    }

    /// The part of an address that a mail leads to: the request's id and the link's end, signed.
    #[must_use]
    pub fn request_token(&self, of: Use, site: &SiteKey, id: &[u8; 16], until: Millis) -> String {
        let mut bytes = id.to_vec();
        bytes.extend_from_slice(&until.seconds().to_be_bytes());
        self.signed(of.label(), site, bytes)
    }

    /// The id and the end of such a part, where it was made here for that site and use; whether it has ended is for the
    /// caller to see.
    #[must_use]
    pub fn read_request(&self, of: Use, site: &SiteKey, token: &str) -> Option<([u8; 16], Millis)> {
        let bytes = self.verified::<24>(of.label(), site, token)?;
        let (id, until) = bytes.split_first_chunk::<16>()?;
        let until = i64::from_be_bytes(until.try_into().ok()?).checked_mul(SECOND)?;
        Some((*id, Millis(until)))
    }

    /// When a form was opened, signed, so that it can say how long it took to fill it in.
    #[must_use]
    pub fn began(&self, site: &SiteKey, at: Millis) -> String {
        self.signed(b"form", site, at.0.to_be_bytes().to_vec())
    }

    /// That time, where it was signed here.
    #[must_use]
    pub fn read_began(&self, site: &SiteKey, token: &str) -> Option<Millis> {
        self.verified::<8>(b"form", site, token).map(|bytes| Millis(i64::from_be_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_its_site_and_its_use_alone() {
        let keys = Keys::of([1; 32], [2; 32], [3; 32]);
        let (shop, other): (SiteKey, SiteKey) = ("shop".parse().unwrap(), "other".parse().unwrap());
        let until = Millis(1_800_000_000_000);
        for (own, not) in [(Use::Confirm, Use::Take), (Use::Take, Use::Confirm)] {
            let token = keys.request_token(own, &shop, &[7; 16], until);
            assert_eq!(keys.read_request(own, &shop, &token), Some(([7; 16], until)));
            assert_eq!(keys.read_request(not, &shop, &token), None);
            assert_eq!(keys.read_request(own, &other, &token), None);
            assert_eq!(keys.read_confirm(&shop, &token), None, "nor for news");
            assert_eq!(keys.read_request(own, &shop, &format!("{token}A")), None);
        }
        let began = keys.began(&shop, until);
        assert_eq!(keys.read_began(&shop, &began), Some(until));
        assert_eq!(keys.read_began(&other, &began), None);
        assert_ne!(keys.request_address(&shop, &[9; 32]), keys.mail_address(&shop, &[9; 32]));
    }
}
