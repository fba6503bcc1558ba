//! Passkeys: what an authenticator says when it makes one, and when it shows one (Web Authentication, Level 3, sections
//! 7.1 and 7.2). Pure: challenges are judged by who made them, and keys are kept by who asks.
//!
//! No attestation is asked for, and none is looked at: which make an authenticator is says nothing about who holds it.
//! That its holder was verified, by a finger, a face or a number, is asked for always.

mod key;

use consent_core::ids::from_base64url;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use self::key::ALGORITHMS;

/// Bytes of a credential's id, at most (section 7.1).
const MOST_ID: usize = 1_023;

/// Where passkeys are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// Its id: a host.
    pub id: String,
    /// The origin of its pages.
    pub origin: String,
}

impl RelyingParty {
    /// The one of that address; none where browsers would let no page of it have passkeys: without TLS, other than on
    /// the machine itself, or by the number of a machine.
    #[must_use]
    pub fn of(public_url: &str) -> Option<Self> {
        let (scheme, host) = public_url.split_once("://")?;
        let id = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_own = id == "localhost" || id.ends_with(".localhost");
        let is_number = id.starts_with('[') || id.parse::<std::net::Ipv4Addr>().is_ok();
        let may = !is_number && (scheme == "https" || is_own);
        may.then(|| Self { id: id.to_owned(), origin: public_url.to_owned() })
    }
}

/// Why what an authenticator says is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error("it cannot be read")]
    Malformed,
    /// It answers another question.
    #[error("it was said of something else")]
    Purpose,
    /// The challenge is not ours, has expired or was answered before.
    #[error("the challenge is not one that waits for an answer")]
    Challenge,
    /// It was said to another page.
    #[error("it was said to a page of another origin")]
    Origin,
    /// It is for another site.
    #[error("it is for another relying party")]
    RelyingParty,
    /// Nobody was there, or it is not known who.
    #[error("the person was not verified")]
    Unverified,
    /// A kind of key that is not asked for.
    #[error("the key is of a kind that is not taken")]
    Key,
    /// The signature is not by the key.
    #[error("the signature does not verify")]
    Signature,
    /// There is no such passkey, or it is of another account.
    #[error("there is no such passkey")]
    Unknown,
    /// It has counted backwards: there are two of it.
    #[error("the counter has not grown: the passkey may have been copied")]
    Counter,
    /// It is there already, or there are too many.
    #[error("the passkey is there already, or the account has too many")]
    Taken,
}

/// What the page's script sends of a passkey that was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// What the page's script sends of a passkey that is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id, which the authenticator gave it.
    pub id: Vec<u8>,
    /// Its public key (COSE, RFC 9052).
    pub key: Vec<u8>,
    /// The authenticator's counter.
    pub counter: u32,
    /// Whether it may be on several machines.
    pub backup_eligible: bool,
    /// The challenge that it answers.
    pub challenge: Vec<u8>,
}

/// What is known of a passkey that is shown once its signature is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The authenticator's counter.
    pub counter: u32,
    /// Whether it may be on several machines.
    pub backup_eligible: bool,
    /// The challenge that it answers.
    pub challenge: Vec<u8>,
}

impl Made {
    /// Reads what a script sent.
    ///
    /// # Errors
    /// Where it is no such text.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|_| Refusal::Malformed)
    }

    /// The passkey that was made, where it answers a challenge that waits.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn verify(
        &self,
        party: &RelyingParty,
        waits: impl FnOnce(&[u8]) -> bool,
    ) -> Result<New, Refusal> {
        let client_data = bytes(&self.client_data)?;
        let challenge = ClientData::read(&client_data, "webauthn.create", party, waits)?;
        let object: ciborium::Value = whole(&bytes(&self.attestation_object)?)?;
        let entries = object.as_map().ok_or(Refusal::Malformed)?;
        let data = entries.iter().find(|(name, _)| name.as_text() == Some("authData"));
        let data = data.and_then(|(_, value)| value.as_bytes()).ok_or(Refusal::Malformed)?;
        let (said, rest) = AuthenticatorData::read(data, party)?;
        if !said.has(ATTESTED) {
            return Err(Refusal::Malformed);
        }
        // Sixteen bytes that name the make, then the id with its length (section 6.5.1).
        let (_, rest) = rest.split_first_chunk::<16>().ok_or(Refusal::Malformed)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Refusal::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > MOST_ID || length > rest.len() {
            return Err(Refusal::Malformed);
        }
        let (id, after) = rest.split_at(length);
        let mut rest = after;
        let _: ciborium::Value = one(&mut rest)?;
        let key = &after[..after.len() - rest.len()];
        said.only_extensions(rest)?;
        key::check(key)?;
        Ok(New {
            id: id.to_vec(),
            key: key.to_vec(),
            counter: said.counter,
            backup_eligible: said.has(BACKUP_ELIGIBLE),
            challenge,
        })
    }
}

impl Shown {
    /// Reads what a script sent.
    ///
    /// # Errors
    /// Where it is no such text.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|_| Refusal::Malformed)
    }

    /// The id by which the passkey is known.
    ///
    /// # Errors
    /// Where it is none.
    pub fn id(&self) -> Result<Vec<u8>, Refusal> {
        bytes(&self.id)
    }

    /// Whose the authenticator says that it is.
    #[must_use]
    pub fn user_handle(&self) -> Option<Vec<u8>> {
        self.user_handle.as_deref().and_then(from_base64url)
    }

    /// Whether that key signed an answer to a challenge that waits.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn verify(
        &self,
        party: &RelyingParty,
        key: &[u8],
        waits: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Verified, Refusal> {
        let client_data = bytes(&self.client_data)?;
        let challenge = ClientData::read(&client_data, "webauthn.get", party, waits)?;
        let data = bytes(&self.authenticator_data)?;
        let (said, rest) = AuthenticatorData::read(&data, party)?;
        if said.has(ATTESTED) {
            return Err(Refusal::Malformed);
        }
        said.only_extensions(rest)?;
        let signed = [&data[..], &Sha256::digest(&client_data)[..]].concat();
        key::verify(key, &signed, &bytes(&self.signature)?)?;
        let backup_eligible = said.has(BACKUP_ELIGIBLE);
        Ok(Verified { counter: said.counter, backup_eligible, challenge })
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Refusal> {
    from_base64url(text).ok_or(Refusal::Malformed)
}

/// The value that stands first, and is taken off.
fn one(bytes: &mut &[u8]) -> Result<ciborium::Value, Refusal> {
    ciborium::from_reader(bytes).map_err(|_| Refusal::Malformed)
}

/// The value that is all there is.
fn whole(bytes: &[u8]) -> Result<ciborium::Value, Refusal> {
    let mut rest = bytes;
    let value = one(&mut rest)?;
    if rest.is_empty() { Ok(value) } else { Err(Refusal::Malformed) }
}

/// What the browser says (section 5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

impl ClientData {
    /// The challenge, where everything else is as it should be.
    fn read(
        bytes: &[u8],
        purpose: &str,
        party: &RelyingParty,
        waits: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Refusal> {
        let said: Self = serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed)?;
        if said.r#type != purpose {
            return Err(Refusal::Purpose);
        }
        let challenge = from_base64url(&said.challenge).ok_or(Refusal::Challenge)?;
        if !waits(&challenge) {
            return Err(Refusal::Challenge);
        }
        if said.origin != party.origin || said.cross_origin {
            return Err(Refusal::Origin);
        }
        Ok(challenge)
    }
}

/// Flags of an authenticator (section 6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// What the authenticator says (section 6.1).
struct AuthenticatorData {
    flags: u8,
    counter: u32,
}

impl AuthenticatorData {
    /// What stands first in it, for that relying party and of somebody who was verified; and the rest.
    fn read<'b>(bytes: &'b [u8], party: &RelyingParty) -> Result<(Self, &'b [u8]), Refusal> {
        let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(Refusal::Malformed)?;
        let (&flags, rest) = rest.split_first().ok_or(Refusal::Malformed)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(Refusal::Malformed)?;
        if hash[..] != Sha256::digest(&party.id)[..] {
            return Err(Refusal::RelyingParty);
        }
        let said = Self { flags, counter: u32::from_be_bytes(*counter) };
        if !said.has(PRESENT) || !said.has(VERIFIED) {
            return Err(Refusal::Unverified);
        }
        if said.has(BACKED_UP) && !said.has(BACKUP_ELIGIBLE) {
            return Err(Refusal::Malformed);
        }
        Ok((said, rest))
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the rest is what extensions say, which nobody asked for, or nothing.
    fn only_extensions(&self, rest: &[u8]) -> Result<(), Refusal> {
        match (self.has(EXTENSIONS), rest) {
            (false, []) => Ok(()),
            (false, _) => Err(Refusal::Malformed),
            (true, _) => whole(rest)?.as_map().map(drop).ok_or(Refusal::Malformed),
        }
    }
}

#[cfg(test)]
mod tests;
