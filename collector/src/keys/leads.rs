//! What people wrote, sealed (AES-256-GCM, NIST SP 800-38D).
//!
//! Each lead has a data key of its own, drawn for it alone; the keys file's lead key wraps it. Whoever
//! destroys the wrapped key has destroyed what was sealed by it. Nonces are 96 random bits: a data key
//! seals a lead's few fields, and a lead key is good for 2^32 leads.
//!
//! A ciphertext is bound to its place: the associated data is the site's key, the lead's id, the field's
//! name and the lead's version, each with its length before it, so that no two places are written alike. Moved
//! to another place it does not open.
//!
//! People are found again by a blind index: an HMAC of their normalised address under a key of the site,
//! which is derived from the secret that is never exchanged.

use std::collections::BTreeMap;

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use consent_core::{
    contact::Contact,
    ids::{LeadId, SiteKey},
    jws,
    time::Millis,
};
use zeroize::Zeroizing;

use super::{Keys, ring, ring::Entry, short_id};

/// Bytes of a nonce, which stands in front of its ciphertext.
const NONCE: usize = 12;
/// Names what is sealed, and how, in the associated data.
const FIELD: &[u8] = b"ashiato lead field 1";
const KEY: &[u8] = b"ashiato lead key 1";
/// Names what is hashed of a call.
const CALL: &[u8] = b"ashiato lead call 1";

/// A lead's data key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The id of the lead key that wraps it.
    pub kek: String,
    /// Nonce, ciphertext and tag.
    pub wrapped: Vec<u8>,
}

/// A field, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedField {
    /// Its name.
    pub field: String,
    /// The lead's version at which it was sealed.
    pub version: i64,
    /// Nonce, ciphertext and tag.
    pub value: Vec<u8>,
}

/// What a lead holds, sealed: what the database has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its data key. A lead in which nothing was filled in may have none.
    pub key: Option<WrappedKey>,
    /// Its fields.
    pub fields: Vec<SealedField>,
}

/// What was filled in, by field.
pub type Fields = BTreeMap<String, String>;

/// Why something cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadKeyError {
    /// The keys file has not the key.
    #[error(
        "a lead's key was wrapped by the lead key {kek}, which is not among the keys\n  remedy: put it back into the keys file from a copy; `ashiato keys list` shows those that are there"
    )]
    UnknownKey {
        /// The id of the lead key.
        kek: String,
    },
    /// What is stored was not sealed there.
    #[error(
        "what is stored of a lead does not open: it was changed, moved or cut\n  remedy: restore the lead from a backup of the database"
    )]
    Altered,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A key that wraps data keys.
pub(super) struct LeadKey {
    id: String,
    cipher: Aes256Gcm,
    from: Millis,
}

impl LeadKey {
    pub(super) fn of(entry: &Entry) -> Self {
        let Entry { secret, from, .. } = entry;
        Self { id: short_id(secret), cipher: cipher(secret), from: *from }
    }
}

/// The lead key of a deployment whose keys were made before there were any: derived, so that every copy
/// of them has the same one and nobody has to write a file. The next rotation makes a random one.
pub(super) fn first(visitor: &[u8; 32]) -> [u8; 32] {
    super::expand(b"ashiato lead", visitor, b"first")
}

impl Keys {
    /// Seals what a lead holds under a data key that is drawn for it.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal_lead(
        &self,
        site: &SiteKey,
        lead: LeadId,
        version: i64,
        fields: &Fields,
        now: Millis,
    ) -> Result<Sealed, LeadKeyError> {
        let fields = fields.iter().map(|(field, value)| (field.as_str(), value.as_str()));
        self.seal_lead_with(site, (lead, version), fields, now)
    }

    /// The same of values in their order, in which they come back; several may have one name.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn seal_lead_with<'f>(
        &self,
        site: &SiteKey,
        (lead, version): (LeadId, i64),
        fields: impl Iterator<Item = (&'f str, &'f str)>,
        now: Millis,
    ) -> Result<Sealed, LeadKeyError> {
        let mut data = Zeroizing::new([0; 32]);
        getrandom::fill(data.as_mut_slice()).map_err(|_| LeadKeyError::Random)?;
        let (held, own) = (self.held(), cipher(&data));
        let key = wrap(current(&held.leads, now), site, lead, data.as_slice())?;
        let seal = |(field, value): (&str, &str)| {
            let value = seal(&own, value.as_bytes(), &of_field(site, lead, field, version))?;
            Ok(SealedField { field: field.to_owned(), version, value })
        };
        Ok(Sealed { key: Some(key), fields: fields.map(seal).collect::<Result<_, _>>()? })
    }

    /// Opens what a lead holds: whoever calls this has seen to it that it may be read.
    ///
    /// # Errors
    /// Where the key is not there, or what is stored was not sealed for this lead.
    pub fn open_lead(
        &self,
        site: &SiteKey,
        lead: LeadId,
        sealed: &Sealed,
    ) -> Result<Fields, LeadKeyError> {
        let Some(key) = &sealed.key else {
            return if sealed.fields.is_empty() {
                Ok(Fields::new())
            } else {
                Err(LeadKeyError::Altered)
            };
        };
        let data = cipher(&*self.unwrap(site, lead, key)?);
        let open = |SealedField { field, version, value }: &SealedField| {
            let opened = open(&data, value, &of_field(site, lead, field, *version))?;
            let text = std::str::from_utf8(&opened).map_err(|_| LeadKeyError::Altered)?;
            Ok((field.clone(), text.to_owned()))
        };
        sealed.fields.iter().map(open).collect()
    }

    /// Seals something more under the data key that a lead has.
    ///
    /// # Errors
    /// Where the key is not there, or the system gives no random numbers.
    pub fn seal_beside(
        &self,
        site: &SiteKey,
        lead: LeadId,
        key: &WrappedKey,
        (field, version): (&str, i64),
        text: &str,
    ) -> Result<SealedField, LeadKeyError> {
        let data = cipher(&*self.unwrap(site, lead, key)?);
        let value = seal(&data, text.as_bytes(), &of_field(site, lead, field, version))?;
        Ok(SealedField { field: field.to_owned(), version, value })
    }

    /// The same data key under the lead key that wraps now; none where it rests on that already.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn rewrap_lead(
        &self,
        site: &SiteKey,
        lead: LeadId,
        key: &WrappedKey,
        now: Millis,
    ) -> Result<Option<WrappedKey>, LeadKeyError> {
        let held = self.held();
        let current = current(&held.leads, now);
        if current.id == key.kek {
            return Ok(None);
        }
        let data = self.unwrap(site, lead, key)?;
        wrap(current, site, lead, data.as_slice()).map(Some)
    }

    fn unwrap(
        &self,
        site: &SiteKey,
        lead: LeadId,
        key: &WrappedKey,
    ) -> Result<Zeroizing<[u8; 32]>, LeadKeyError> {
        let held = self.held();
        let kek = held.leads.iter().find(|kek| kek.id == key.kek);
        let kek = kek.ok_or_else(|| LeadKeyError::UnknownKey { kek: key.kek.clone() })?;
        let opened = open(&kek.cipher, &key.wrapped, &of_key(site, lead, &kek.id))?;
        let mut data = Zeroizing::new([0; 32]);
        if opened.len() != data.len() {
            return Err(LeadKeyError::Altered);
        }
        data.copy_from_slice(&opened);
        Ok(data)
    }

    /// The ids of the lead keys that wrap nothing new any more, and may still be rested on.
    #[must_use]
    pub fn earlier_lead_keys(&self, now: Millis) -> Vec<String> {
        let held = self.held();
        let current = ring::signing(held.leads.iter().map(|key| key.from), now);
        held.leads[..current].iter().map(|key| key.id.clone()).collect()
    }

    /// By what a row of a list is known when it comes again: a keyed hash of what it says.
    #[must_use]
    pub fn import_request(&self, site: &SiteKey, form: &str, fields: &Fields) -> [u8; 32] {
        let mut parts: Vec<&[u8]> =
            vec![b"import\0", site.as_str().as_bytes(), b"\0", form.as_bytes(), b"\0"];
        for (field, value) in fields {
            parts.extend([field.as_bytes(), b"\0", value.as_bytes(), b"\0"]);
        }
        jws::mac(&self.held().visitor, &parts)
    }

    /// By what a call is known when it comes again, or what was sent with it: a keyed hash of these parts.
    #[must_use]
    pub fn lead_call(&self, site: &SiteKey, parts: &[&str]) -> [u8; 32] {
        let mut all: Vec<&[u8]> = vec![CALL, site.as_str().as_bytes()];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        jws::mac(&self.held().visitor, &[&place(&all)])
    }

    /// By what a person is found again at that site: a keyed hash of their address or number.
    #[must_use]
    pub fn lead_digest(&self, site: &SiteKey, contact: &Contact) -> [u8; 32] {
        let mut info = b"1|".to_vec();
        info.extend_from_slice(site.as_str().as_bytes());
        let key: Zeroizing<[u8; 32]> =
            Zeroizing::new(super::expand(b"ashiato blind index", &self.held().visitor, &info));
        let kind = contact.kind().as_str().as_bytes();
        jws::mac(key.as_slice(), &[kind, b"\0", contact.value().as_bytes()])
    }
}

fn current(keys: &[LeadKey], now: Millis) -> &LeadKey {
    &keys[ring::signing(keys.iter().map(|key| key.from), now)]
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

fn wrap(
    kek: &LeadKey,
    site: &SiteKey,
    lead: LeadId,
    data: &[u8],
) -> Result<WrappedKey, LeadKeyError> {
    let wrapped = seal(&kek.cipher, data, &of_key(site, lead, &kek.id))?;
    Ok(WrappedKey { kek: kek.id.clone(), wrapped })
}

/// The associated data of a field.
fn of_field(site: &SiteKey, lead: LeadId, field: &str, version: i64) -> Vec<u8> {
    let site = site.as_str().as_bytes();
    place(&[FIELD, site, lead.as_bytes(), field.as_bytes(), &version.to_be_bytes()])
}

/// The associated data of a data key.
fn of_key(site: &SiteKey, lead: LeadId, kek: &str) -> Vec<u8> {
    place(&[KEY, site.as_str().as_bytes(), lead.as_bytes(), kek.as_bytes()])
}

/// Parts, each after its length: no two lists of parts give the same bytes.
fn place(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Nonce, ciphertext and tag.
pub(super) fn seal(cipher: &Aes256Gcm, text: &[u8], place: &[u8]) -> Result<Vec<u8>, LeadKeyError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| LeadKeyError::Random)?;
    let payload = Payload { msg: text, aad: place };
    let Ok(sealed) = cipher.encrypt(&nonce.into(), payload) else {
        unreachable!("AES-GCM takes texts of up to 64 GiB (NIST SP 800-38D, section 5.2.1.1)")
    };
    Ok([&nonce[..], &sealed].concat())
}

/// What [`seal`] sealed at that place.
pub(super) fn open(
    cipher: &Aes256Gcm,
    sealed: &[u8],
    place: &[u8],
) -> Result<Zeroizing<Vec<u8>>, LeadKeyError> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(LeadKeyError::Altered)?;
    let opened = cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: place });
    opened.map(Zeroizing::new).map_err(|_| LeadKeyError::Altered)
}

#[cfg(test)]
mod tests;
