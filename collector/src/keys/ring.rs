//! Which key is used when: by purpose, each from its own moment on.
//!
//! A new key signs only some seconds after it was made, so that every collector that shares the file
//! can verify by it before the first of them signs. The key before it verifies on: session keys until
//! the last session that they can have opened has ended, receipt keys for good.

use consent_core::time::{Millis, SIGNATURE_TOLERANCE};
use zeroize::Zeroize as _;

use crate::session;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The signing keys of sessions are derived from it.
    Session,
    /// Visitors are known by it. It is never exchanged: the hashes that are stored rest on it.
    Visitor,
    /// It signs receipts.
    Receipt,
    /// It wraps the keys under which leads are sealed. What is true of signing below is true of
    /// wrapping, and of opening what of verifying.
    Lead,
}

impl Purpose {
    /// Every purpose that a deployment needs a key for.
    pub const ALL: [Self; 4] = [Self::Session, Self::Visitor, Self::Receipt, Self::Lead];

    /// Its name in the keys file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Visitor => "visitor",
            Self::Receipt => "receipt",
            Self::Lead => "lead",
        }
    }
}

/// A key as the file has it.
#[derive(Clone)]
pub(super) struct Entry {
    /// What it is for; a purpose that this build does not know is kept as it is.
    pub(super) purpose: String,
    /// The secret.
    pub(super) secret: [u8; 32],
    /// When it was made; a key of before that was written down says 0.
    pub(super) made: Millis,
    /// From when on it signs.
    pub(super) from: Millis,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will sign from then on; until then it verifies.
    Waiting(Millis),
    /// It signs.
    Signs,
    /// It verifies until then.
    VerifiesUntil(Millis),
    /// It verifies for good.
    Verifies,
    /// It is of no use any more; the next rotation drops it.
    Ended,
}

/// The last moment at which a session can be valid that was opened before `end`, by clocks that
/// are a little off.
pub(super) const fn last_session(end: Millis) -> Millis {
    end.plus(session::LIFETIME + SIGNATURE_TOLERANCE)
}

/// The place of the key that signs at `now`, of those which sign from these moments on, in order. A
/// clock that was set back to before all of them is given the first.
pub(super) fn signing(
    from: impl DoubleEndedIterator<Item = Millis> + ExactSizeIterator,
    now: Millis,
) -> usize {
    from.enumerate().rev().find(|(_, from)| *from <= now).map_or(0, |(at, _)| at)
}

/// How each of a purpose's keys stands at `now`; `from` is in order.
pub(super) fn states(purpose: Purpose, from: &[Millis], now: Millis) -> Vec<State> {
    let signing = signing(from.iter().copied(), now);
    let state = |at: usize| match (at.cmp(&signing), purpose) {
        (std::cmp::Ordering::Equal, _) => State::Signs,
        (std::cmp::Ordering::Greater, _) => State::Waiting(from[at]),
        (std::cmp::Ordering::Less, Purpose::Session) => {
            let end = last_session(from[at + 1]);
            if now < end { State::VerifiesUntil(end) } else { State::Ended }
        }
        (std::cmp::Ordering::Less, _) => State::Verifies,
    };
    (0..from.len()).map(state).collect()
}
