//! The keys by which mail is signed (DKIM, RFC 6376; RSA-SHA256 of 2048 bits, which every receiver verifies, RFC 8301).
//!
//! In the keys file they are tables `[[dkim]]` with `selector`, `key` (PKCS#1, PEM), `made` and `signs_from`. One key
//! serves every domain that mail is sent from: each publishes the same record under the same selector.

use std::path::Path;

use base64ct::{Base64, Encoding as _};
use consent_core::time::Millis;
use lettre::{
    Message,
    message::{
        dkim::{
            DkimCanonicalization, DkimCanonicalizationType::Relaxed, DkimConfig,
            DkimSigningAlgorithm::Rsa, DkimSigningKey,
        },
        header::HeaderName,
    },
};
use rsa::{
    RsaPrivateKey,
    pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, LineEnding},
    pkcs8::EncodePublicKey as _,
    rand_core::OsRng,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Keys, KeysError, file, ring};

/// Bits of a new key.
const BITS: usize = 2_048;
/// What a signature covers; of RFC 8058 the last two must be. What a mail has not is signed as missing. Not the
/// content type of several parts, which lettre writes after it has signed.
const HEADERS: [&str; 10] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// A key as the file has it.
#[derive(Clone)]
pub(super) struct MailKey {
    /// Names it in the DNS.
    pub(super) selector: String,
    /// PKCS#1, PEM.
    pub(super) pem: Zeroizing<String>,
    pub(super) made: Millis,
    pub(super) from: Millis,
}

/// A key as it is published: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its record is at `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// What the record (TXT) says.
    pub record: String,
    /// When the key was made.
    pub made: Millis,
    /// From when on it signs.
    pub from: Millis,
    /// Whether mail is signed by it now.
    pub signs: bool,
}

/// Mail cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no DKIM key, or it is damaged\n  remedy: `ashiato keys dkim` makes one and says what to publish"
)]
pub struct Unsigned;

impl MailKey {
    /// A new key. It takes a second to find.
    fn new(now: Millis, from: Millis) -> Result<Self, KeysError> {
        let failed = || KeysError::Random(getrandom::Error::UNEXPECTED);
        let key = RsaPrivateKey::new(&mut OsRng, BITS).map_err(|_| failed())?;
        let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(|_| failed())?;
        let public = key.to_public_key().to_public_key_der().map_err(|_| failed())?;
        let hash = Sha256::digest(public.as_bytes());
        let selector =
            hash[..5].iter().fold("a".to_owned(), |all, byte| format!("{all}{byte:02x}"));
        Ok(Self { selector, pem, made: now, from })
    }

    fn record(&self) -> Option<String> {
        let key = RsaPrivateKey::from_pkcs1_pem(&self.pem).ok()?;
        let public = key.to_public_key().to_public_key_der().ok()?;
        Some(format!("v=DKIM1; k=rsa; p={}", Base64::encode_string(public.as_bytes())))
    }
}

/// What is to be published of the keys in a text, the content of a keys file; oldest first.
///
/// # Errors
/// Where it is damaged.
pub fn published(text: &str, place: &str, now: Millis) -> Result<Vec<Published>, KeysError> {
    let keys = file::parse_mail(text, place)?;
    let signing = ring::signing(keys.iter().map(|key| key.from), now);
    let one = |(at, key): (usize, &MailKey)| {
        let record = key.record().ok_or_else(|| KeysError::Damaged {
            place: place.to_owned(),
            reason: format!("the DKIM key {} is no RSA key in PKCS#1 PEM", key.selector),
        })?;
        let (made, from) = (key.made, key.from);
        Ok(Published { selector: key.selector.clone(), record, made, from, signs: at == signing })
    };
    keys.iter().enumerate().map(one).collect()
}

/// Adds a key to the file at `path` that signs `after` milliseconds from now on; the first one signs at once. With
/// `only_first`, none is added where there is one.
///
/// # Errors
/// Where the file is not there, open to others or damaged, or cannot be written.
pub fn make(path: &Path, only_first: bool, now: Millis, after: i64) -> Result<(), KeysError> {
    let path = path.canonicalize().map_err(file::failed("find", path))?;
    let _locked = file::lock(&path)?;
    let (text, name) = (file::read(&path)?, path.display().to_string());
    let (entries, mut mail) = (file::parse(&text, &name)?, file::parse_mail(&text, &name)?);
    let from = match mail.last() {
        Some(_) if only_first => return Ok(()),
        Some(last) => now.plus(after).max(last.from.plus(1)),
        None => now,
    };
    mail.push(MailKey::new(now, from)?);
    file::replace(&path, &entries, &mail)
}

impl Keys {
    /// Whether there is a key to sign mail by.
    #[must_use]
    pub fn signs_mail(&self) -> bool {
        !self.held().mail.is_empty()
    }

    /// Signs a mail for the domain that it is from.
    ///
    /// # Errors
    /// Where there is no key.
    pub fn sign_mail(&self, mail: &mut Message, domain: &str, now: Millis) -> Result<(), Unsigned> {
        let held = self.held();
        let key = held.mail.get(ring::signing(held.mail.iter().map(|key| key.from), now));
        let MailKey { selector, pem, .. } = key.ok_or(Unsigned)?;
        let key = DkimSigningKey::new(pem, Rsa).map_err(|_| Unsigned)?;
        let headers = HEADERS.map(HeaderName::new_from_ascii_str).to_vec();
        let relaxed = DkimCanonicalization { header: Relaxed, body: Relaxed };
        mail.sign(&DkimConfig::new(selector.clone(), domain.to_owned(), key, headers, relaxed));
        Ok(())
    }
}
