//! The collector's secrets, and what is derived from them. No other module touches a key; none is shown, logged or printed.
//!
//! | secret | what it makes |
//! |---|---|
//! | session | a session's signing key: HKDF-SHA256 (RFC 5869) with the session's string as info |
//! | visitor | the keyed hash of a visitor id, and new visitor ids |
//! | visitor, again | the secrets of webhooks, each with a salt of its own ([`webhooks`]); what second factors rest on ([`factors`]) |
//! | visitor, again | the Ed25519 key of the consent log: derived, so that it lasts as long as the log does |
//! | receipt | Ed25519 signatures of receipts (RFC 8037, alg name of RFC 9864) |
//! | visitor, a third time | the links in mail, and by what an address is known that has said stop ([`mail`]) or asked ([`mail::requests`]) |
//! | lead | wraps the key under which a lead is sealed ([`leads`]) |
//! | dkim | RSA signatures of mail ([`dkim`]) |
//!
//! Session, receipt and lead keys are exchanged by `ashiato keys rotate` ([`rotate`]), and running
//! collectors take up the changed file ([`Keys::reload`]). The visitor key stays what it is: the
//! hashes in the database rest on it, and with another one no visitor would be known any more.

pub mod dkim;
pub mod factors;
mod file;
pub mod leads;
mod log;
pub mod mail;
mod ring;
mod rotation;
mod sign_on;
#[cfg(test)]
mod tests;
pub mod webhooks;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use consent_core::{
    ids::{SiteKey, Uuid7, VisitorHash, VisitorId, base64url},
    jws,
    time::Millis,
};
use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use self::ring::Entry;
pub use self::{
    ring::{Purpose, State},
    rotation::{Listed, list, rotate},
    sign_on::secret,
};
use crate::session::{self, Session};

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("cannot {act} the file {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("the file {path} can be read by others (mode {mode:03o})\n  remedy: chmod 600 {path}")]
    Open {
        /// The file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// It does not say what it should.
    #[error(
        "the keys in {place} are damaged: {reason}\n  remedy: restore them from a backup; with new keys, receipts and visitors of before are not recognised"
    )]
    Damaged {
        /// The file, or the environment variable.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A changed file would make strangers of all visitors.
    #[error(
        "the keys file {path} has another visitor key than before: no visitor would be known any more\n  remedy: put the visitor key of before back; where visitors are meant to be forgotten, start the collector anew"
    )]
    OtherVisitors {
        /// The file.
        path: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// A key from which the keys of sessions are derived.
struct SessionKey {
    id: String,
    secret: [u8; 32],
    from: Millis,
}

/// A key that signs receipts.
struct ReceiptKey {
    /// Its thumbprint (RFC 7638).
    id: String,
    key: SigningKey,
    from: Millis,
}

/// The keys as they stand in one state of the file, each purpose's in the order of their signing.
struct Held {
    sessions: Vec<SessionKey>,
    visitor: [u8; 32],
    receipts: Vec<ReceiptKey>,
    leads: Vec<leads::LeadKey>,
    mail: Vec<dkim::MailKey>,
}

impl Held {
    fn read(text: &str, place: &str) -> Result<Self, KeysError> {
        let mail = file::parse_mail(text, place)?;
        Ok(Self { mail, ..Self::of(&file::parse(text, place)?) })
    }

    fn of(entries: &[Entry]) -> Self {
        let of = |purpose: Purpose| {
            entries.iter().filter(move |entry| entry.purpose == purpose.as_str())
        };
        let sessions = of(Purpose::Session).map(|&Entry { secret, from, .. }| SessionKey {
            id: short_id(&secret),
            secret,
            from,
        });
        let receipts = of(Purpose::Receipt).map(|&Entry { secret, from, .. }| {
            let key = SigningKey::from_bytes(&secret);
            ReceiptKey { id: thumbprint(key.verifying_key().as_bytes()), key, from }
        });
        Self {
            sessions: sessions.collect(),
            // There is one: `file::parse` sees to it.
            visitor: of(Purpose::Visitor).next().map_or([0; 32], |entry| entry.secret),
            receipts: receipts.collect(),
            leads: of(Purpose::Lead).map(leads::LeadKey::of).collect(),
            mail: Vec::new(),
        }
    }

    fn signing_session(&self, now: Millis) -> &SessionKey {
        &self.sessions[ring::signing(self.sessions.iter().map(|key| key.from), now)]
    }

    fn signing_receipt(&self, now: Millis) -> &ReceiptKey {
        &self.receipts[ring::signing(self.receipts.iter().map(|key| key.from), now)]
    }
}

/// Where keys were read, to see whether they have changed.
struct Source {
    path: PathBuf,
    seen: Mutex<Option<file::Stamp>>,
}

/// The keys of one deployment; all of its collectors share them.
pub struct Keys {
    held: RwLock<Arc<Held>>,
    source: Option<Source>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// The keys in `path`, which is made (mode 0600) where it does not exist.
    ///
    /// # Errors
    /// Where the file cannot be read or made, is open to others, or is damaged.
    pub fn open(path: &Path, now: Millis) -> Result<Self, KeysError> {
        if !path.try_exists().map_err(file::failed("look for", path))? {
            file::create(path, now)?;
        }
        // Looked at before it is read: a change in between is found by the next look.
        let stamp = file::stamp(path).map_err(file::failed("look at", path))?;
        let held = Held::read(&file::read(path)?, &path.display().to_string())?;
        let source = Source { path: path.to_owned(), seen: Mutex::new(Some(stamp)) };
        Ok(Self { source: Some(source), ..Self::holding(held) })
    }

    /// The keys in a text, the content of a keys file; `place` says in errors where it stood.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeysError> {
        Ok(Self::holding(Held::read(text, place)?))
    }

    /// The keys of these secrets, which sign from the beginning.
    #[must_use]
    pub fn of(session: [u8; 32], visitor: [u8; 32], receipt: [u8; 32]) -> Self {
        let secrets = [session, visitor, receipt, leads::first(&visitor)];
        let entries = Purpose::ALL.into_iter().zip(secrets).map(|(purpose, secret)| Entry {
            purpose: purpose.as_str().to_owned(),
            secret,
            made: Millis(0),
            from: Millis(0),
        });
        Self::holding(Held::of(&entries.collect::<Vec<_>>()))
    }

    fn holding(held: Held) -> Self {
        Self { held: RwLock::new(Arc::new(held)), source: None }
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes up a file that has changed since it was last looked at; whether it had.
    ///
    /// # Errors
    /// Where the changed file cannot be used; the keys stay what they were. The same state of the
    /// file is an error once.
    pub fn reload(&self) -> Result<bool, KeysError> {
        let Some(Source { path, seen }) = &self.source else { return Ok(false) };
        let stamp = file::stamp(path);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == stamp.as_ref().ok().copied() {
            return Ok(false);
        }
        *seen = stamp.as_ref().ok().copied();
        stamp.map_err(file::failed("look at", path))?;
        let name = path.display().to_string();
        let held = Held::read(&file::read(path)?, &name)?;
        if !bool::from(held.visitor.ct_eq(&self.held().visitor)) {
            return Err(KeysError::OtherVisitors { path: name });
        }
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
        Ok(true)
    }

    /// Opens a session: its string, made unique by `random`, and its signing key.
    #[must_use]
    pub fn open_session(
        &self,
        session: &Session,
        random: &[u8; 16],
        now: Millis,
    ) -> (String, [u8; 32]) {
        let held = self.held();
        let key = held.signing_session(now);
        let text = session.to_text(&key.id, random);
        let signing = derive(&key.secret, &text);
        (text, signing)
    }

    /// The signing key of a session; none where its string rests on a key that is not known here,
    /// or that was replaced so long ago that every session has ended which it opened. Any change to
    /// the string changes the key, so that a session that was not opened here has no key that
    /// verifies.
    #[must_use]
    pub fn session_key(&self, text: &str, now: Millis) -> Option<[u8; 32]> {
        let held = self.held();
        let at = match session::key_of(text) {
            Some(id) => held.sessions.iter().position(|key| key.id == id)?,
            None => 0,
        };
        // Who learns a key that was replaced must not be able to write sessions without end.
        let ended =
            held.sessions.get(at + 1).is_some_and(|next| now >= ring::last_session(next.from));
        (!ended).then(|| derive(&held.sessions[at].secret, text))
    }

    /// The hash by which `site` knows the visitor; two sites never share one.
    #[must_use]
    pub fn visitor_hash(&self, site: &SiteKey, visitor: VisitorId) -> VisitorHash {
        let parts: [&[u8]; 4] = [b"hash\0", site.as_str().as_bytes(), b"\0", visitor.as_bytes()];
        VisitorHash::from_bytes(half(jws::mac(&self.held().visitor, &parts)))
    }

    /// Whether `hash` is the one by which `site` knows the visitor, compared in constant time.
    #[must_use]
    pub fn is_visitor(&self, site: &SiteKey, visitor: VisitorId, hash: &VisitorHash) -> bool {
        self.visitor_hash(site, visitor).as_bytes().ct_eq(hash.as_bytes()).into()
    }

    /// By what failed log-ins of an address are counted, whether or not it has an account.
    #[must_use]
    pub fn log_in_digest(&self, email: &str) -> [u8; 32] {
        jws::mac(&self.held().visitor, &[b"log-in\0", email.as_bytes()])
    }

    /// The visitor id that a session's decision makes. It is unguessable like a random one, since
    /// the session's string holds 128 random bits, and the same when an answer was lost and the
    /// decision is sent again.
    #[must_use]
    pub fn new_visitor(&self, session: &str, decision: Uuid7) -> VisitorId {
        let parts: [&[u8]; 4] = [b"new\0", session.as_bytes(), b"\0", decision.as_bytes()];
        VisitorId::from_bytes(half(jws::mac(&self.held().visitor, &parts)))
    }

    /// What proves that a session of a visitor's own page was opened here.
    #[must_use]
    pub fn own_page(&self, session: &str) -> [u8; 32] {
        jws::mac(&self.held().visitor, &[b"own page\0", session.as_bytes()])
    }

    /// A receipt as a compact JWS.
    #[must_use]
    pub fn sign_receipt(&self, payload: &str, now: Millis) -> String {
        let held = self.held();
        let ReceiptKey { id, key, .. } = held.signing_receipt(now);
        let header = format!(r#"{{"alg":"Ed25519","kid":"{id}","typ":"consent-receipt+json"}}"#);
        let mut jws = base64url(header.as_bytes());
        jws.push('.');
        jws.push_str(&base64url(payload.as_bytes()));
        let signature = key.sign(jws.as_bytes());
        jws.push('.');
        jws.push_str(&base64url(&signature.to_bytes()));
        jws
    }

    /// The public keys (RFC 7517) by which receipts are verified: every one that has ever signed,
    /// and one that is about to. The newest is the first.
    #[must_use]
    pub fn jwks(&self) -> String {
        let held = self.held();
        let keys = held.receipts.iter().rev().map(|ReceiptKey { id, key, .. }| {
            serde_json::json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "Ed25519",
                "use": "sig",
                "kid": id,
                "x": base64url(key.verifying_key().as_bytes()),
            })
        });
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    }
}

/// The text of the keys file at `path`.
///
/// # Errors
/// Where it cannot be read or is open to others.
pub fn read(path: &Path) -> Result<String, KeysError> {
    file::read(path)
}

fn id_of(entry: &Entry) -> String {
    if entry.purpose == Purpose::Receipt.as_str() {
        thumbprint(SigningKey::from_bytes(&entry.secret).verifying_key().as_bytes())
    } else {
        short_id(&entry.secret)
    }
}

/// The id of a key that has no public part. It says nothing about the secret.
fn short_id(secret: &[u8; 32]) -> String {
    base64url(&expand::<6>(b"ashiato key id", secret, b""))
}

/// The signing key of a session.
fn derive(secret: &[u8; 32], session: &str) -> [u8; 32] {
    expand(b"ashiato session", secret, session.as_bytes())
}

fn expand<const N: usize>(salt: &[u8], secret: &[u8; 32], info: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    if Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut key).is_err() {
        unreachable!("so few bytes are within what HKDF gives (RFC 5869, section 2.3)");
    }
    key
}

/// The thumbprint of an Ed25519 key (RFC 7638; members of RFC 8037, section 2).
fn thumbprint(public: &[u8]) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(public));
    base64url(&Sha256::digest(canonical))
}

fn half(tag: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&tag[..16]);
    half
}

/// Random bytes from the system.
///
/// # Errors
/// Where it has none.
pub fn random<const N: usize>() -> Result<[u8; N], KeysError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(KeysError::Random)?;
    Ok(bytes)
}
