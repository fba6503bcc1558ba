//! Sessions: strings that say for themselves which site and visitor they act for and until when.
//!
//! `2.KEY.SITE.EXPIRES.RANDOM[.VISITOR]`: a version, the id of the collector's key that it rests on,
//! the site's key, the end in milliseconds in hexadecimal, 128 random bits, and the visitor's keyed
//! hash where it acts for one. Nothing is stored: the key that signs is derived from the string, so a
//! changed string has a key that only the collector knows.
//!
//! `1.SITE.EXPIRES.RANDOM[.VISITOR]`, as it was before keys had ids, rests on the oldest key. It is
//! read still, so that sessions which are open when a collector is replaced go on.

use consent_core::{
    ids::{SiteKey, VisitorHash, base64url},
    time::{Millis, SECOND},
};

/// How long a session may sign, in milliseconds.
pub const LIFETIME: i64 = 3_600 * SECOND;

const VERSION: &str = "2";
const WITHOUT_KEY: &str = "1";

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The site.
    pub site: SiteKey,
    /// Until when it may sign.
    pub expires: Millis,
    /// The visitor it acts for. Without one it can record a decision or carry a form, no more.
    pub visitor: Option<VisitorHash>,
}

impl Session {
    /// The session's string, made unique by `random`. It rests on the collector's key of that id.
    #[must_use]
    pub fn to_text(&self, key: &str, random: &[u8; 16]) -> String {
        let mut text =
            format!("{VERSION}.{key}.{}.{:x}.{}", self.site, self.expires.0, base64url(random));
        if let Some(visitor) = self.visitor {
            text.push('.');
            text.push_str(&visitor.to_text());
        }
        text
    }

    /// Reads a session's string; `None` where it has not that form. Whether it was opened here is
    /// shown only by a signature that verifies.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        match parts.next()? {
            VERSION => drop(parts.next()?), // the key's id: whether there is one, `keys` knows
            WITHOUT_KEY => {}
            _ => return None,
        }
        let site = parts.next()?.parse().ok()?;
        let expires = Millis(i64::from_str_radix(parts.next()?, 16).ok()?);
        let random = parts.next()?;
        let visitor = parts.next().map(str::parse).transpose().ok()?;
        let whole = random.len() == 22 && parts.next().is_none();
        whole.then_some(Self { site, expires, visitor })
    }
}

/// The id of the collector's key that a session's string rests on; none where it says none.
#[must_use]
pub fn key_of(text: &str) -> Option<&str> {
    let (version, rest) = text.split_once('.')?;
    if version != VERSION {
        return None;
    }
    rest.split('.').next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_session_survives_its_text(expires in 0..i64::MAX, random: [u8; 16], visitor: Option<[u8; 16]>) {
            let session = Session {
                site: "shop".parse().unwrap(),
                expires: Millis(expires),
                visitor: visitor.map(VisitorHash::from_bytes),
            };
            let text = session.to_text("AbC-_123", &random);
            prop_assert_eq!(key_of(&text), Some("AbC-_123"));
            prop_assert_eq!(Session::parse(&text), Some(session));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = (Session::parse(&text), key_of(&text));
        }
    }

    #[test]
    fn a_session_of_before_keys_had_ids_is_read_still() {
        let text = "1.shop.ff.AAAAAAAAAAAAAAAAAAAAAA";
        let site = "shop".parse().unwrap();
        assert_eq!(
            Session::parse(text),
            Some(Session { site, expires: Millis(255), visitor: None })
        );
        assert_eq!(key_of(text), None);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "1",
            "3.key.shop.ff.AAAAAAAAAAAAAAAAAAAAAA",
            "2.shop.ff.AAAAAAAAAAAAAAAAAAAAAA",
            "2.key.shop.ff.AAAAAAAAAAAAAAAAAAAAAA.x.y",
            "1.shop.ff.short",
            "1.shop.ff.AAAAAAAAAAAAAAAAAAAAAA.x.y",
        ] {
            assert_eq!(Session::parse(text), None, "{text}");
        }
    }
}
