//! Signatures: HMAC-SHA256 and the detached JWS by which a page signs what it sends.
//!
//! `HEADER..SIGNATURE`, one line feed, the payload as it was signed (RFC 7515, appendix F; RFC 7797
//! for `b64: false`). This is the only module that touches HMAC.

use alloc::{string::String, vec::Vec};
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    ids::{base64url, from_base64url},
    json::Json,
    time::Millis,
};

/// HMAC-SHA256 (RFC 2104) over the concatenation of `parts`.
#[must_use]
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    keyed(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC-SHA256 of `parts`, in constant time.
#[must_use]
pub fn mac_matches(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    keyed(key, parts).verify_slice(tag).is_ok()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length (RFC 2104, section 2)")
    };
    for part in parts {
        hmac.update(part);
    }
    hmac
}

/// What [`mac`] is under a key of 32 bytes, in as few words as that takes: a page has no other keys, and
/// downloads this.
fn tag(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let begun = |pad: u8| {
        let mut block = [pad; 64];
        for (byte, own) in block.iter_mut().zip(key) {
            *byte ^= own;
        }
        Sha256::new_with_prefix(block)
    };
    let mut inner = begun(0x36);
    for part in parts {
        inner.update(part);
    }
    begun(0x5c).chain_update(inner.finalize()).finalize().into()
}

/// The body of a signed call: `payload` signed by `key`, the key of `session`, at `now`.
#[must_use]
pub fn sign(key: &[u8; 32], session: &str, now: Millis, payload: &str) -> String {
    let header = Json::object(|json| {
        json.text("alg", "HS256");
        json.flag("b64", false);
        json.list("crit", ["\"b64\""]);
        json.text("kid", session);
        json.number("iat", now.seconds());
    });
    let mut body = base64url(header.as_bytes());
    let signature = tag(key, &[body.as_bytes(), b".", payload.as_bytes()]);
    body.push_str("..");
    body.push_str(&base64url(&signature));
    body.push('\n');
    body.push_str(payload);
    body
}

/// Why a body is not a signed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// No line feed between signature and payload.
    NoPayload,
    /// The first line is not `HEADER..SIGNATURE`.
    NotDetached,
    /// The header is not base64url of the JSON that is asked for.
    Header,
    /// `alg` is not `HS256`, or `b64` and `crit` do not say that the payload is unencoded.
    Algorithm,
    /// The signature is not base64url of 32 bytes.
    Signature,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPayload => "a signed body is HEADER..SIGNATURE, a line feed, and the payload",
            Self::NotDetached => "the first line must be HEADER..SIGNATURE (RFC 7515, appendix F)",
            Self::Header => "the protected header must be base64url of JSON with alg, b64, crit, kid and iat, and nothing else",
            Self::Algorithm => "the protected header must say \"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]",
            Self::Signature => "the signature must be base64url of 32 bytes",
        })
    }
}

impl core::error::Error for Flaw {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    b64: bool,
    crit: Vec<String>,
    kid: String,
    iat: i64,
}

/// A signed body in its parts, not yet verified: the payload is reached by [`Signed::verify`] only.
#[derive(Clone, Debug)]
pub struct Signed<'a> {
    /// The session that says it signed.
    pub session: String,
    /// When, in seconds since 1970.
    pub iat: i64,
    protected: &'a str,
    signature: [u8; 32],
    payload: &'a str,
}

impl<'a> Signed<'a> {
    /// Takes a body apart.
    ///
    /// # Errors
    /// The first flaw found.
    pub fn parse(body: &'a str) -> Result<Self, Flaw> {
        let (line, payload) = body.split_once('\n').ok_or(Flaw::NoPayload)?;
        let (protected, signature) = line.split_once("..").ok_or(Flaw::NotDetached)?;
        let header = from_base64url(protected).ok_or(Flaw::Header)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| Flaw::Header)?;
        if header.alg != "HS256" || header.b64 || header.crit != ["b64"] {
            return Err(Flaw::Algorithm);
        }
        let signature = from_base64url(signature).ok_or(Flaw::Signature)?;
        let signature = signature.try_into().map_err(|_| Flaw::Signature)?;
        Ok(Self { session: header.kid, iat: header.iat, protected, signature, payload })
    }

    /// The payload, if `key` signed it (compared in constant time).
    #[must_use]
    pub fn verify(&self, key: &[u8; 32]) -> Option<&'a str> {
        let parts = [self.protected.as_bytes(), b".", self.payload.as_bytes()];
        mac_matches(key, &parts, &self.signature).then_some(self.payload)
    }

    /// The signature: no two different bodies of one session share it.
    #[must_use]
    pub const fn signature(&self) -> &[u8; 32] {
        &self.signature
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn hmac_answers_as_rfc_4231_says() {
        let counted: Vec<u8> = (1..=25).collect();
        let cases: [(&[u8], &[u8], &str); 6] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &counted,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, text, tag) in cases {
            assert_eq!(hex(&mac(key, &[text])), tag);
        }
    }

    /// RFC 7515, appendix A.1: the payload as base64url, as every JWS had it before RFC 7797.
    #[test]
    fn the_example_of_rfc_7515_verifies() {
        let key = from_base64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        )
        .unwrap();
        let header = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
        let payload = b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let tag = from_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert!(mac_matches(&key, &[header, b".", payload], &tag));
    }

    /// RFC 7797, section 4.2: the detached, unencoded example.
    #[test]
    fn the_example_of_rfc_7797_verifies() {
        let key = from_base64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        )
        .unwrap();
        let header = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19";
        let tag = from_base64url("A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY").unwrap();
        assert!(mac_matches(&key, &[header.as_bytes(), b".", b"$.02"], &tag));
    }

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn a_header_says_exactly_what_the_wire_asks() {
        let body = sign(&KEY, "s1.shop", Millis(1_800_000_000_999), "{}");
        let header = from_base64url(body.split_once("..").unwrap().0).unwrap();
        assert_eq!(
            String::from_utf8(header).unwrap(),
            r#"{"alg":"HS256","b64":false,"crit":["b64"],"kid":"s1.shop","iat":1800000000}"#
        );
    }

    #[test]
    fn other_forms_of_jws_are_refused() {
        let signed = |header: &str| {
            format!("{}..{}\n{{}}", base64url(header.as_bytes()), base64url(&[0; 32]))
        };
        let cases = [
            ("{}".to_owned(), Flaw::NoPayload),
            ("a.b.c\n{}".to_owned(), Flaw::NotDetached),
            ("!..a\n{}".to_owned(), Flaw::Header),
            (signed("{}"), Flaw::Header),
            (
                signed(r#"{"alg":"none","b64":false,"crit":["b64"],"kid":"s","iat":1}"#),
                Flaw::Algorithm,
            ),
            (
                signed(r#"{"alg":"HS256","b64":true,"crit":["b64"],"kid":"s","iat":1}"#),
                Flaw::Algorithm,
            ),
            (signed(r#"{"alg":"HS256","b64":false,"crit":[],"kid":"s","iat":1}"#), Flaw::Algorithm),
            (
                signed(r#"{"alg":"HS256","b64":false,"crit":["b64"],"kid":"s","iat":1,"jwk":{}}"#),
                Flaw::Header,
            ),
            (
                signed(
                    r#"{"alg":"HS256","alg":"HS256","b64":false,"crit":["b64"],"kid":"s","iat":1}"#,
                ),
                Flaw::Header,
            ),
            (sign(&KEY, "s", Millis(0), "{}").replacen("\n", "A\n", 1), Flaw::Signature),
        ];
        for (body, flaw) in cases {
            assert_eq!(Signed::parse(&body).unwrap_err(), flaw, "{body}");
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_comes_out_as_it_went_in(
            key: [u8; 32], session in "[a-z0-9.]{1,80}", payload in any::<String>(),
        ) {
            let body = sign(&key, &session, Millis(1_800_000_000_000), &payload);
            let signed = Signed::parse(&body).unwrap();
            prop_assert_eq!(&signed.session, &session);
            prop_assert_eq!(signed.verify(&key), Some(payload.as_str()));
        }

        #[test]
        fn a_page_signs_by_the_same_hmac(key: [u8; 32], parts: Vec<Vec<u8>>) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(tag(&key, &parts), mac(&key, &parts));
        }

        #[test]
        fn a_changed_byte_or_key_never_verifies(
            at in any::<prop::sample::Index>(), flip in 1_u8..128, payload in "[ -~]{1,60}",
        ) {
            let body = sign(&KEY, "s", Millis(1_800_000_000_000), &payload);
            prop_assert_eq!(Signed::parse(&body).unwrap().verify(&[8; 32]), None);
            let mut bytes = body.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(changed) = String::from_utf8(bytes)
                && let Ok(signed) = Signed::parse(&changed)
            {
                prop_assert_eq!(signed.verify(&KEY), None);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(body in any::<String>()) {
            let _ = Signed::parse(&body);
        }
    }
}
