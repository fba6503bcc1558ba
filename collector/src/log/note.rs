//! Checkpoints: the signed state of the log, as C2SP has it (`tlog-checkpoint`, in a `signed-note`).
//!
//! ```text
//! collector.example/log
//! 1234
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — collector.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe…
//! ```

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::tree::Hash;

/// The signature type of Ed25519 (`signed-note`).
const ED25519: u8 = 1;
/// What stands before a signature: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// The state of the log at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Its leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a text is no checkpoint of that log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It has not the form of one.
    #[error("this is no checkpoint: it has to be three lines, an empty one, and signatures")]
    Form,
    /// It has no signature by the key.
    #[error("the checkpoint is not signed by this key")]
    Unsigned,
    /// It has one that does not hold.
    #[error("the checkpoint's signature does not hold: its text was changed, or it was forged")]
    Forged,
}

impl Checkpoint {
    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root))
    }

    /// The note: the text and its signature by the log's own key.
    #[must_use]
    pub fn note(&self, key: &VerifyingKey, sign: impl FnOnce(&[u8]) -> Signature) -> String {
        let text = self.text();
        let mut signature = key_id(&self.origin, key).to_vec();
        signature.extend(sign(text.as_bytes()).to_bytes());
        format!("{text}\n{MARK}{} {}\n", self.origin, Base64::encode_string(&signature))
    }

    /// Reads a note, and sees to its signature by that key.
    ///
    /// # Errors
    /// Where it is no checkpoint, or not signed by the key.
    pub fn open(note: &str, key: &VerifyingKey) -> Result<Self, NoteError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(NoteError::Form)?;
        let text = format!("{text}\n");
        let checkpoint = Self::parse(&text).ok_or(NoteError::Form)?;
        let id = key_id(&checkpoint.origin, key);
        for line in signatures.lines() {
            let (name, signature) = line
                .strip_prefix(MARK)
                .and_then(|line| line.split_once(' '))
                .ok_or(NoteError::Form)?;
            let bytes = Base64::decode_vec(signature).map_err(|_| NoteError::Form)?;
            let Some(signature) = bytes.strip_prefix(&id).filter(|_| name == checkpoint.origin)
            else {
                continue; // of a witness, or another key
            };
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Forged)?;
            key.verify(text.as_bytes(), &signature).map_err(|_| NoteError::Forged)?;
            return Ok(checkpoint);
        }
        Err(NoteError::Unsigned)
    }

    /// Reads a note without its signatures.
    #[must_use]
    pub fn unverified(note: &str) -> Option<Self> {
        let (text, _) = note.split_once("\n\n")?;
        Self::parse(&format!("{text}\n"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let size = lines.next().filter(|size| *size == "0" || !size.starts_with(['0', '+']))?;
        let root = Base64::decode_vec(lines.next()?).ok()?;
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: root.try_into().ok()?,
        })
    }
}

fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key.as_bytes())
        .finalize();
    let mut id = [0; 4];
    id.copy_from_slice(&hash[..4]);
    id
}

/// The key as those write it who verify: `NAME+ID+KEY` (`signed-note`).
#[must_use]
pub fn verifier(origin: &str, key: &VerifyingKey) -> String {
    let id: String = key_id(origin, key).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = [&[ED25519], key.as_bytes().as_slice()].concat();
    format!("{origin}+{id}+{}", Base64::encode_string(&key))
}

/// Reads a key as [`verifier`] writes it; the name of its log, and the key.
#[must_use]
pub fn read_verifier(text: &str) -> Option<(String, VerifyingKey)> {
    let (name, rest) = text.trim().split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    let bytes = Base64::decode_vec(key).ok()?;
    let key = bytes.strip_prefix(&[ED25519])?;
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    (verifier(name, &key) == text.trim()).then(|| (name.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn signed(key: &SigningKey) -> (Checkpoint, String) {
        let checkpoint =
            Checkpoint { origin: "consent.example/log".to_owned(), size: 7, root: [5; 32] };
        let note = checkpoint.note(&key.verifying_key(), |text| key.sign(text));
        (checkpoint, note)
    }

    /// The example of Go's `golang.org/x/mod/sumdb/note`, which `signed-note` takes up.
    #[test]
    fn a_verifier_is_written_as_elsewhere() {
        let theirs = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let (name, key) = read_verifier(theirs).unwrap();
        assert_eq!(name, "PeterNeumann");
        assert_eq!(verifier(&name, &key), theirs);
        assert!(read_verifier(&theirs.replace("c74f20a3", "c74f20a4")).is_none());
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let (checkpoint, note) = signed(&key);
        assert_eq!(Checkpoint::open(&note, &key.verifying_key()), Ok(checkpoint));
        let witnessed = format!("{note}{MARK}witness.example AAAAAAAA\n");
        assert!(Checkpoint::open(&witnessed, &key.verifying_key()).is_ok(), "others may sign too");
    }

    #[test]
    fn what_was_changed_forged_or_cut_off_is_no_checkpoint() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let (_, note) = signed(&key);
        let open = |note: &str| Checkpoint::open(note, &key.verifying_key());
        assert_eq!(open(&note.replacen("\n7\n", "\n8\n", 1)), Err(NoteError::Forged));
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key();
        assert_eq!(Checkpoint::open(&note, &other), Err(NoteError::Unsigned));
        assert_eq!(open(&note.replacen("consent.", "other.", 1)), Err(NoteError::Unsigned));
        for damaged in ["", "\n\n", "a\n1\nx\n\n", "a\n01\nAAAA\n\n\u{2014} a b\n"] {
            assert_eq!(open(damaged), Err(NoteError::Form), "{damaged:?}");
        }
        assert_eq!(open(&note.replacen("\n7\n", "\n07\n", 1)), Err(NoteError::Form));
    }
}
