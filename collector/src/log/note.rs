//! Checkpoints: the tree's size and root (C2SP tlog-checkpoint) in a signed note (C2SP signed-note).
//!
//! ```text
//! consent.example.com/log
//! 12345
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — consent.example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::tree::Hash;

/// What a note says at most; a checkpoint with many cosignatures has a few kilobytes.
const MAX_NOTE: usize = 64 * 1024;
/// The signature type of Ed25519 (C2SP signed-note).
const ED25519: u8 = 1;

/// Why a note or key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It has not the form of a signed note that holds a checkpoint.
    #[error("it is no checkpoint: {0}")]
    Malformed(&'static str),
    /// It has not the form of a verifier key.
    #[error(
        "{0:?} is no verifier key: it is written NAME+HASH+KEY, as `ashiato log key` prints it"
    )]
    Key(String),
    /// None of its signatures is by the key.
    #[error("it is not signed by {name} with the key {id}")]
    Unsigned {
        /// The key's name.
        name: String,
        /// The key's id, hexadecimal.
        id: String,
    },
    /// The signature is not one of this text.
    #[error("the signature of {name} does not verify: the text is not the one that was signed")]
    Forged {
        /// The key's name.
        name: String,
    },
    /// It is another log's.
    #[error("it is a checkpoint of {found}, not of {expected}")]
    Origin {
        /// The log that was expected.
        expected: String,
        /// The log that it names.
        found: String,
    },
}

/// The size and root of a log at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: an address without its scheme.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { origin, size, root } = self;
        format!("{origin}\n{size}\n{}\n", Base64::encode_string(root))
    }

    /// What a text says; lines after the third are extensions and are passed over.
    fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|origin| !origin.is_empty());
        let origin = origin.ok_or(NoteError::Malformed("the first line names no log"))?;
        let size = lines.next().filter(|size| *size == "0" || !size.starts_with(['0', '+']));
        let size = size.and_then(|size| size.parse().ok());
        let size = size.ok_or(NoteError::Malformed("the second line is no size"))?;
        let root = lines.next().and_then(|root| Base64::decode_vec(root).ok());
        let root = root.and_then(|root| Hash::try_from(root).ok());
        let root = root.ok_or(NoteError::Malformed("the third line is no hash"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// This checkpoint, where it is one of the log of that name.
    ///
    /// # Errors
    /// Where it is another log's.
    pub fn of(self, name: &str) -> Result<Self, NoteError> {
        if self.origin == name {
            return Ok(self);
        }
        Err(NoteError::Origin { expected: name.to_owned(), found: self.origin })
    }

    /// The note of this checkpoint under a signature of [`Checkpoint::to_text`].
    #[must_use]
    pub fn sealed(&self, by: &Verifier, signature: &[u8; 64]) -> String {
        let signature = Base64::encode_string(&[&by.id[..], signature].concat());
        format!("{}\n\u{2014} {} {signature}\n", self.to_text(), by.name)
    }
}

/// A key by which a log's checkpoints are verified, written `NAME+HASH+KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    /// The verifier of a log and its public key.
    #[must_use]
    pub fn new(name: &str, key: VerifyingKey) -> Self {
        Self { name: name.to_owned(), id: key_id(name, &key), key }
    }

    /// The log's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it is published.
    #[must_use]
    pub fn to_text(&self) -> String {
        let key = Base64::encode_string(&[&[ED25519][..], self.key.as_bytes()].concat());
        format!("{}+{}+{key}", self.name, hex(self.id))
    }

    /// The verifier of that text.
    ///
    /// # Errors
    /// Where it is none, or its parts do not belong together.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let text = text.trim();
        let refused = || NoteError::Key(text.chars().take(200).collect());
        let parsed = || {
            // The key, in base64, may hold a plus sign; the name holds none.
            let mut parts = text.splitn(3, '+');
            let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
            let bytes = Base64::decode_vec(key).ok()?;
            let (kind, key) = bytes.split_first()?;
            let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
            let verifier = Self::new(name, key);
            (*kind == ED25519 && valid_name(name) && hex(verifier.id) == id).then_some(verifier)
        };
        parsed().ok_or_else(refused)
    }

    /// What a note says that this key has signed, of the log that has the key's name.
    ///
    /// # Errors
    /// Where it is no checkpoint, of another log, or not signed by the key. Signatures of other
    /// keys are passed over.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let (text, signatures) = parts(note)?;
        let checkpoint = Checkpoint::parse(text)?;
        let checkpoint = checkpoint.of(&self.name)?;
        let ours = signatures
            .into_iter()
            .find(|(name, signature)| *name == self.name && signature.starts_with(&self.id));
        let Some((name, signature)) = ours else {
            return Err(NoteError::Unsigned { name: self.name.clone(), id: hex(self.id) });
        };
        let verified = Signature::from_slice(signature.get(4..).unwrap_or_default())
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok());
        if verified { Ok(checkpoint) } else { Err(NoteError::Forged { name: name.to_owned() }) }
    }
}

/// What a note says, whoever has signed it.
///
/// # Errors
/// Where it is no checkpoint.
pub fn unverified(note: &str) -> Result<Checkpoint, NoteError> {
    Checkpoint::parse(parts(note)?.0)
}

type Signatures<'a> = Vec<(&'a str, Vec<u8>)>;

/// A note's text, with its last line feed, and the names and bytes of its signatures.
fn parts(note: &str) -> Result<(&str, Signatures<'_>), NoteError> {
    if note.len() > MAX_NOTE {
        return Err(NoteError::Malformed("it is too long"));
    }
    let Some((at, _)) = note.rmatch_indices("\n\n").next() else {
        return Err(NoteError::Malformed("no empty line divides its text from its signatures"));
    };
    let (text, lines) = (&note[..=at], &note[at + 2..]);
    let signatures: Option<Vec<_>> = lines
        .lines()
        .map(|line| {
            let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            Some((name, Base64::decode_vec(signature).ok()?))
        })
        .collect();
    match signatures {
        Some(signatures) if !signatures.is_empty() && lines.ends_with('\n') => {
            Ok((text, signatures))
        }
        _ => Err(NoteError::Malformed("its last lines are no signatures")),
    }
}

/// Whether a log may be called so: no white space and no plus sign (C2SP signed-note).
#[must_use]
pub fn valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// SHA-256 of name, line feed, signature type and public key, its first four bytes.
fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.chain_update(key.as_bytes()).finalize());
    [a, b, c, d]
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use proptest::prelude::*;
    use signed_note::{Note, StandardVerifier, VerifierList};

    use super::*;

    const ORIGIN: &str = "consent.example.com/log";

    fn signer() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn verifier() -> Verifier {
        Verifier::new(ORIGIN, signer().verifying_key())
    }

    fn sealed(checkpoint: &Checkpoint) -> String {
        let signature = signer().sign(checkpoint.to_text().as_bytes()).to_bytes();
        checkpoint.sealed(&verifier(), &signature)
    }

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint { origin: ORIGIN.to_owned(), size, root: [9; 32] }
    }

    proptest! {
        #[test]
        fn others_read_what_is_signed_here(size in 0..u64::MAX, root: [u8; 32]) {
            let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root };
            let note = sealed(&checkpoint);
            prop_assert_eq!(verifier().open(&note), Ok(checkpoint.clone()));
            prop_assert_eq!(unverified(&note), Ok(checkpoint));

            let theirs = StandardVerifier::new(&verifier().to_text()).unwrap();
            let read = Note::from_bytes(note.as_bytes()).unwrap();
            let (verified, _) = read.verify(&VerifierList::new(vec![Box::new(theirs)])).unwrap();
            prop_assert_eq!(verified.len(), 1);
            let said = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
            prop_assert_eq!((said.origin(), said.size(), said.hash().0), (ORIGIN, size, root));
        }

        #[test]
        fn no_text_is_read_with_a_panic(text in "(?s).{0,200}", tail in "[—a-z0-9 \n+=/]{0,80}") {
            let _ = unverified(&format!("{text}\n\n{tail}"));
            let _ = verifier().open(&text);
            let _ = Verifier::parse(&text);
        }
    }

    #[test]
    fn a_verifier_key_is_read_as_it_is_written() {
        let text = verifier().to_text();
        assert!(text.starts_with("consent.example.com/log+"), "{text}");
        assert_eq!(Verifier::parse(&text), Ok(verifier()));
        let other = text.replacen("consent", "content", 1);
        assert!(matches!(Verifier::parse(&other), Err(NoteError::Key(_))), "its hash is another's");
        for bad in ["", "a", "a+b", "a+00000000+AAAA"] {
            assert!(Verifier::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_changed_note_is_not_taken() {
        let note = sealed(&checkpoint(12));
        let changed = note.replacen("\n12\n", "\n13\n", 1);
        assert_eq!(verifier().open(&changed), Err(NoteError::Forged { name: ORIGIN.to_owned() }));
        let other = Verifier::new(ORIGIN, SigningKey::from_bytes(&[8; 32]).verifying_key());
        assert!(matches!(other.open(&note), Err(NoteError::Unsigned { .. })));
        let other = Verifier::new("other.example/log", signer().verifying_key());
        assert!(matches!(other.open(&note), Err(NoteError::Origin { .. })));
        for cut in 0..note.len() - 1 {
            if let Some(shorter) = note.get(..cut) {
                assert!(verifier().open(shorter).is_err(), "{shorter:?}");
            }
        }
    }

    #[test]
    fn signatures_of_others_are_passed_over() {
        let witness = "\u{2014} witness.example AAAAAAAA\n";
        let note = format!("{}{witness}", sealed(&checkpoint(1)));
        assert_eq!(verifier().open(&note), Ok(checkpoint(1)));
    }

    #[test]
    fn a_name_has_neither_space_nor_plus() {
        assert!(valid_name("localhost:8080/log"));
        for bad in ["", "a b", "a+b", "a\n"] {
            assert!(!valid_name(bad), "{bad:?}");
        }
    }
}
