//! Sessions, and how the collector's answers to them and to decisions are read.

use alloc::string::String;
use core::str::FromStr;

use consent_core::{
    ids::{Invalid, from_base64url},
    time::{Millis, SECOND},
};

use crate::lines::{Lines, line};

/// The longest pause between two tries, in milliseconds.
const LONGEST_PAUSE: i64 = 64 * SECOND;

/// A session that the collector opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its own string.
    pub id: String,
    /// Its key.
    pub key: [u8; 32],
    /// Until when it may sign, by the collector's clock.
    pub expires: Millis,
    /// What the collector's clock is ahead of the page's.
    pub ahead: i64,
}

/// What the collector answered to a session or a decision; status 0 where it did not. Its text has a line each
/// for session, key, expires, now, revision, receipt's id, visitor, and what the visitor has decided last, empty where
/// it is not there, and is read as far as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// What was answered.
    pub text: &'a str,
}

/// The text of an id of 128 bits, in base64url: a visitor's number, or a receipt's. The page hands it on and
/// never needs its bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Id {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.len() == 22 && text.bytes().all(is_digit) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid { expected: "128 bits in base64url" })
        }
    }
}

impl Answer<'_> {
    /// The session in it, where there is one.
    #[must_use]
    pub fn session(&self, at: Millis, ahead: i64) -> Option<Session> {
        let mut lines = Lines::of(self.text);
        let id = lines.text();
        let key = from_base64url(lines.text())?.try_into().ok()?;
        let expires = Millis(lines.number()?);
        let ahead = lines.number().map_or(ahead, |now| now.saturating_sub(at.0));
        (!id.is_empty()).then(|| Session { id: id.into(), key, expires, ahead })
    }

    /// The policy's current revision.
    #[must_use]
    pub fn revision(&self) -> Option<i64> {
        Lines::of(line(self.text, 4)).number()
    }

    /// The receipt's id.
    #[must_use]
    pub fn receipt(&self) -> Option<Id> {
        line(self.text, 5).parse().ok()
    }

    /// The visitor's number.
    #[must_use]
    pub fn visitor(&self) -> Option<Id> {
        line(self.text, 6).parse().ok()
    }

    /// What the visitor has decided last, wherever that was: a consent cookie by the collector's clock.
    #[must_use]
    pub fn decision(&self) -> &str {
        line(self.text, 7)
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self.status, 0 | 401 | 408 | 429 | 500..)
    }
}

/// How long to wait after so many tries: twice as long each time, spread by chance so that a
/// collector that comes back is not met by everybody at once.
#[must_use]
pub fn pause(tries: u32, random: u8) -> i64 {
    let longest = (SECOND << tries.min(6)).min(LONGEST_PAUSE);
    longest / 2 + longest * i64::from(random) / 512
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_session_is_read_with_the_collectors_clock() {
        let text = ["s1\n", &"A".repeat(43), "\n9000\n5000\n3\n\n"].concat();
        let session = Answer { status: 200, text: &text }.session(Millis(4_000), 0).unwrap();
        assert_eq!((session.ahead, session.expires, session.key), (1_000, Millis(9_000), [0; 32]));
    }

    #[test]
    fn an_answer_without_a_key_is_no_session() {
        for text in ["", "s1", "s1\nshort\n1\n1\n1", "\n\n\n\n\n\n"] {
            assert_eq!(Answer { status: 200, text }.session(Millis(0), 0), None);
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let passes = |status| Answer { status, ..Answer::default() }.may_pass();
        assert!([0, 401, 408, 429, 500, 503].into_iter().all(passes));
        assert!(![200, 201, 400, 403, 404, 409, 413, 415, 422].into_iter().any(passes));
    }

    #[test]
    fn an_id_has_22_digits() {
        let id = |text: &str| text.parse::<Id>().is_ok();
        assert!(id("CQkJCQkJCQkJCQkJCQkJ-_"));
        assert!(!id("") && !id("CQkJCQkJCQkJCQkJCQkJC") && !id("CQkJCQkJCQkJCQkJCQkJC;"));
    }

    proptest! {
        #[test]
        fn pauses_grow_and_stay_bounded(tries in 0_u32..100, random: u8) {
            let pause = pause(tries, random);
            prop_assert!((SECOND / 2..=LONGEST_PAUSE).contains(&pause));
        }

        #[test]
        fn no_answer_makes_reading_panic(status: u16, text in any::<String>()) {
            let answer = Answer { status, text: &text };
            let _ = (answer.session(Millis(i64::MIN), i64::MAX), answer.revision());
            let _ = (answer.receipt(), answer.visitor());
        }
    }
}
