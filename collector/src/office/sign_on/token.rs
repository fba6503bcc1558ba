//! ID tokens (OpenID Connect Core 1.0 §2, §3.1.3.7): a compact JWS (RFC 7515) that a provider has signed by a key of
//! its JWK set (RFC 7517).
//!
//! RS256, ES256 and EdDSA are known, and nothing else: neither `none` nor a secret shared by two. ring verifies, which
//! TLS rests on already.

use consent_core::{ids::from_base64url, time::Millis};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

/// How far the provider's clock may be from ours, in seconds.
pub const SKEW: i64 = 60;
/// How long before now a token may have been made, in seconds.
const AGE: i64 = 600;
/// The longest token, in bytes.
const LONGEST: usize = 16 * 1_024;
/// The longest subject, in bytes (§2).
const SUBJECT: usize = 255;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("it is no ID token")]
    Malformed,
    /// It is signed in another way than is taken.
    #[error("it is not signed by RS256, ES256 or EdDSA")]
    Algorithm,
    /// The provider's set has no such key.
    #[error("the provider has no such key for that way of signing")]
    Key,
    /// The signature is not that key's.
    #[error("its signature does not verify")]
    Signature,
    /// Another provider made it.
    #[error("its issuer is another")]
    Issuer,
    /// It is for somebody else.
    #[error("its audience is another")]
    Audience,
    /// It is over, or was made long ago.
    #[error("it has expired; compare the clocks")]
    Expired,
    /// It was made in the future.
    #[error("it is not valid yet; compare the clocks")]
    Early,
    /// It is for another log-in.
    #[error("its nonce is another")]
    Nonce,
    /// What the provider says of the person is of another one.
    #[error("the provider names two people")]
    Subject,
}

/// Whom a provider names.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// What the provider knows them by.
    pub subject: String,
    /// Their address, in small letters, where the provider has verified it.
    pub verified: Option<String>,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// What it knows us by.
    pub client: &'a str,
    /// The nonce of the log-in.
    pub nonce: &'a str,
    /// The time now.
    pub now: Millis,
}

/// A provider's keys.
#[derive(Debug, Deserialize)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// One of them; those that are not understood match nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    crv: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    n: String,
    e: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    #[serde(flatten)]
    address: Address,
}

/// What a token, or the provider's page about people, says of an address.
#[derive(Deserialize)]
pub struct Address {
    #[serde(default)]
    email: Option<serde_json::Value>,
    #[serde(default)]
    email_verified: Option<serde_json::Value>,
}

impl Address {
    /// The address in small letters, where it is one and was verified. Some providers write `"true"`.
    #[must_use]
    pub fn verified(&self) -> Option<String> {
        let verified = match self.email_verified.as_ref()? {
            serde_json::Value::Bool(verified) => *verified,
            serde_json::Value::String(text) => text == "true",
            _ => false,
        };
        self.email.as_ref()?.as_str().filter(|_| verified).and_then(crate::office::email)
    }
}

/// Whom a token names.
///
/// # Errors
/// Where it is not to be believed.
pub fn read(token: &str, keys: &KeySet, expected: Expected<'_>) -> Result<Person, Fault> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else { return Err(Fault::Malformed) };
    if token.len() > LONGEST {
        return Err(Fault::Malformed);
    }
    let signed = &token[..head.len() + 1 + claims.len()];
    let bytes = |part| from_base64url(part).ok_or(Fault::Malformed);
    let (head, claims, signature) = (bytes(head)?, bytes(claims)?, bytes(signature)?);
    let head: Head = serde_json::from_slice(&head).map_err(|_| Fault::Malformed)?;
    if head.crit.is_some() {
        return Err(Fault::Malformed);
    }
    verify(&head, keys, signed.as_bytes(), &signature)?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Fault::Malformed)?;
    check(&claims, expected)?;
    Ok(Person { verified: claims.address.verified(), subject: claims.sub })
}

fn check(claims: &Claims, expected: Expected<'_>) -> Result<(), Fault> {
    if claims.iss != expected.issuer {
        return Err(Fault::Issuer);
    }
    let (ours, others) = match &claims.aud {
        Audience::One(one) => (one == expected.client, false),
        Audience::Several(all) => (all.iter().any(|it| it == expected.client), all.len() > 1),
    };
    let party = claims.azp.as_deref();
    if !ours || party.map_or(others, |party| party != expected.client) {
        return Err(Fault::Audience);
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    let (now, skew, age) = ((expected.now.0 / 1_000) as f64, SKEW as f64, AGE as f64);
    // Written so that what is no number is refused.
    if !(claims.exp > now - skew && claims.iat > now - age) {
        return Err(Fault::Expired);
    }
    if !(claims.iat < now + skew && claims.nbf.is_none_or(|from| from < now + skew)) {
        return Err(Fault::Early);
    }
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(Fault::Nonce);
    }
    let fits = !claims.sub.is_empty() && claims.sub.len() <= SUBJECT && !claims.sub.contains('\0');
    if fits { Ok(()) } else { Err(Fault::Malformed) }
}

fn verify(head: &Head, keys: &KeySet, signed: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let (kty, crv) = match head.alg.as_str() {
        "RS256" => ("RSA", ""),
        "ES256" => ("EC", "P-256"),
        "EdDSA" | "Ed25519" => ("OKP", "Ed25519"),
        _ => return Err(Fault::Algorithm),
    };
    let fits = |key: &&Key| {
        key.kty == kty
            && key.crv == crv
            && key.alg.as_ref().is_none_or(|alg| *alg == head.alg)
            && key.r#use.as_deref().is_none_or(|it| it == "sig")
            && head.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
    };
    let mut known = false;
    for key in keys.keys.iter().filter(fits) {
        known = true;
        if key.verifies(signed, signature).is_some() {
            return Ok(());
        }
    }
    Err(if known { Fault::Signature } else { Fault::Key })
}

impl Key {
    fn verifies(&self, signed: &[u8], signature: &[u8]) -> Option<()> {
        let verified = match self.kty.as_str() {
            "RSA" => {
                let (n, e) = (from_base64url(&self.n)?, from_base64url(&self.e)?);
                RsaPublicKeyComponents { n, e }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    signed,
                    signature,
                )
            }
            "EC" => {
                let (x, y) = (from_base64url(&self.x)?, from_base64url(&self.y)?);
                let point = [&[4], x.as_slice(), &y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            _ => {
                UnparsedPublicKey::new(&ED25519, from_base64url(&self.x)?).verify(signed, signature)
            }
        };
        verified.ok()
    }
}

#[cfg(test)]
mod tests;
