//! The collector's secrets, and everything that is derived from them. No other module touches a
//! key.
//!
//! | secret | what it makes |
//! |---|---|
//! | session | a session's signing key: HKDF-SHA256 (RFC 5869) with the session's string as info |
//! | visitor | the keyed hash of a visitor id, and new visitor ids |
//! | receipt | Ed25519 signatures of receipts (RFC 8037, alg name of RFC 9864) |
//!
//! The consent log's key is derived from the visitor secret.

mod log;

use std::{fs, io::Write as _, path::Path};

use consent_core::{
    ids::{SiteKey, Uuid7, VisitorHash, VisitorId, base64url, from_base64url},
    jws,
};
use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("cannot {act} the keys file {path}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error(
        "the keys file {path} can be read by others (mode {mode:03o})\n  remedy: chmod 600 {path}"
    )]
    Open {
        /// The file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// It does not say what it should.
    #[error(
        "the keys file {path} is damaged: {reason}\n  remedy: restore it from a backup; with new keys, receipts and visitors of before are not recognised"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    session: String,
    visitor: String,
    receipt: String,
}

/// The keys of one deployment; all of its collectors share them.
pub struct Keys {
    session: [u8; 32],
    visitor: [u8; 32],
    receipt: SigningKey,
    receipt_id: String,
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
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        let name = path.display().to_string();
        let file = |act| {
            let path = name.clone();
            move |source| KeysError::File { act, path, source }
        };
        if !path.try_exists().map_err(file("look for"))? {
            create(path, &name)?;
        }
        check_mode(path, &name)?;
        let text = fs::read_to_string(path).map_err(file("read"))?;
        let damaged = |reason: String| KeysError::Damaged { path: name.clone(), reason };
        let read: File =
            toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
        let secret = |what: &str, text: &str| {
            from_base64url(text)
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or_else(|| damaged(format!("{what} must be 32 bytes in base64url")))
        };
        let session = secret("session", &read.session)?;
        let visitor = secret("visitor", &read.visitor)?;
        let receipt = secret("receipt", &read.receipt)?;
        Ok(Self::of(session, visitor, receipt))
    }

    /// The keys of these secrets.
    #[must_use]
    pub fn of(session: [u8; 32], visitor: [u8; 32], receipt: [u8; 32]) -> Self {
        let receipt = SigningKey::from_bytes(&receipt);
        let receipt_id = thumbprint(receipt.verifying_key().as_bytes());
        Self { session, visitor, receipt, receipt_id }
    }

    /// The signing key of a session. Any change to the string changes the key, so that a session
    /// that was not opened here has no key that verifies.
    #[must_use]
    pub fn session_key(&self, session: &str) -> [u8; 32] {
        let mut key = [0; 32];
        let hkdf = Hkdf::<Sha256>::new(Some(b"ashiato session"), &self.session);
        if hkdf.expand(session.as_bytes(), &mut key).is_err() {
            unreachable!("32 bytes are within what HKDF gives (RFC 5869, section 2.3)");
        }
        key
    }

    /// The hash by which `site` knows the visitor; two sites never share one.
    #[must_use]
    pub fn visitor_hash(&self, site: &SiteKey, visitor: VisitorId) -> VisitorHash {
        let parts: [&[u8]; 4] = [b"hash\0", site.as_str().as_bytes(), b"\0", visitor.as_bytes()];
        VisitorHash::from_bytes(half(jws::mac(&self.visitor, &parts)))
    }

    /// The visitor id that a session's decision makes. It is unguessable like a random one, since
    /// the session's string holds 128 random bits, and the same when an answer was lost and the
    /// decision is sent again.
    #[must_use]
    pub fn new_visitor(&self, session: &str, decision: Uuid7) -> VisitorId {
        let parts: [&[u8]; 4] = [b"new\0", session.as_bytes(), b"\0", decision.as_bytes()];
        VisitorId::from_bytes(half(jws::mac(&self.visitor, &parts)))
    }

    /// A receipt as a compact JWS.
    #[must_use]
    pub fn sign_receipt(&self, payload: &str) -> String {
        let header = format!(
            r#"{{"alg":"Ed25519","kid":"{}","typ":"consent-receipt+json"}}"#,
            self.receipt_id
        );
        let mut jws = base64url(header.as_bytes());
        jws.push('.');
        jws.push_str(&base64url(payload.as_bytes()));
        let signature = self.receipt.sign(jws.as_bytes());
        jws.push('.');
        jws.push_str(&base64url(&signature.to_bytes()));
        jws
    }

    /// The public keys (RFC 7517) by which receipts are verified.
    #[must_use]
    pub fn jwks(&self) -> String {
        serde_json::json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "Ed25519",
            "use": "sig",
            "kid": self.receipt_id,
            "x": base64url(self.receipt.verifying_key().as_bytes()),
        }] })
        .to_string()
    }
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

fn create(path: &Path, name: &str) -> Result<(), KeysError> {
    let file = |source| KeysError::File { act: "make", path: name.to_owned(), source };
    let secret = || random::<32>().map(|bytes| base64url(&bytes));
    let text = format!(
        "# The keys of this Ashiato deployment. Keep a copy where the database's copies are not.\n\
         session = \"{}\"\nvisitor = \"{}\"\nreceipt = \"{}\"\n",
        secret()?,
        secret()?,
        secret()?
    );
    // Written beside it and linked into place: whoever sees the file sees all of it, and of several
    // collectors that start at once one makes it.
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", base64url(&random::<6>()?)));
    let beside = Path::new(&beside);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut keys = options.open(beside).map_err(file)?;
    let made = keys
        .write_all(text.as_bytes())
        .and_then(|()| keys.sync_all())
        .and_then(|()| fs::hard_link(beside, path));
    fs::remove_file(beside).map_err(file)?;
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(file(error)),
        _ => sync_folder(path).map_err(file),
    }
}

/// Makes the name last as the content does.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path, name: &str) -> Result<(), KeysError> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = |source| KeysError::File { act: "look at", path: name.to_owned(), source };
    let mode = fs::metadata(path).map_err(file)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::Open { path: name.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &str) -> Result<(), KeysError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn keys() -> Keys {
        Keys::of([1; 32], [2; 32], [3; 32])
    }

    #[test]
    fn hkdf_answers_as_rfc_5869_says() {
        let mut okm = [0; 42];
        Hkdf::<Sha256>::new(Some(&hex("000102030405060708090a0b0c")), &[0x0b; 22])
            .expand(&hex("f0f1f2f3f4f5f6f7f8f9"), &mut okm)
            .unwrap();
        let expected =
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(okm.to_vec(), hex(expected));
    }

    /// RFC 8037, appendices A.3 and A.4.
    #[test]
    fn signatures_and_thumbprints_are_those_of_rfc_8037() {
        let secret = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let keys = Keys::of([0; 32], [0; 32], secret.try_into().unwrap());
        assert_eq!(keys.receipt_id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(base64url(&keys.receipt.sign(signed).to_bytes()), expected);
    }

    #[test]
    fn a_changed_session_has_another_key() {
        let key = keys().session_key("1.shop.abc.def");
        assert_ne!(key, keys().session_key("1.shop.abc.deg"));
        assert_ne!(key, Keys::of([9; 32], [2; 32], [3; 32]).session_key("1.shop.abc.def"));
    }

    #[test]
    fn two_sites_do_not_share_a_visitors_hash() {
        let visitor = VisitorId::from_bytes([5; 16]);
        let hash = |site: &str| keys().visitor_hash(&site.parse().unwrap(), visitor);
        assert_ne!(hash("a"), hash("b"));
        assert_eq!(hash("a"), hash("a"));
    }

    #[test]
    fn keys_are_made_once_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let first = Keys::open(&path).unwrap();
        let again = Keys::open(&path).unwrap();
        assert_eq!(first.session_key("s"), again.session_key("s"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            let error = Keys::open(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn collectors_that_start_at_once_share_the_keys_that_one_of_them_makes() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("keys.toml");
            let barrier = std::sync::Barrier::new(8);
            let open = || {
                barrier.wait();
                Keys::open(&path).unwrap().session_key("s")
            };
            let keys: std::collections::BTreeSet<_> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert_eq!(keys.len(), 1);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        }
    }

    #[test]
    fn a_damaged_or_unreachable_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Keys::open(&folder.path().join("no/keys.toml")).unwrap_err().to_string();
        assert!(error.contains("cannot make the keys file"), "{error}");
        let path = folder.path().join("keys.toml");
        Keys::open(&path).unwrap();
        fs::write(&path, "session = \"short\"\nvisitor = \"\"\nreceipt = \"\"\n").unwrap();
        let error = Keys::open(&path).unwrap_err().to_string();
        assert!(error.contains("session must be 32 bytes"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", keys()), "Keys(…)");
    }
}
