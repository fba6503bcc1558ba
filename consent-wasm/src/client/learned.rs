//! What the collector tells of a decision that was made elsewhere: on the visitor's own page, which keeps no cookie here.

use alloc::string::String;

use consent_core::{choices::Method, cookie::ConsentCookie, time::Millis};

use super::{Browser, Client};
use crate::{
    choice::{cookie_of, parts, read, text_of},
    lines::Lines,
};

impl Client {
    /// Obeys what the visitor has decided on their own page, or has had erased there. Only what the collector has
    /// confirmed can be replaced by that: anything else is on its way to it.
    pub(super) fn learned(&mut self, theirs: &str, on: &impl Browser) -> bool {
        let held = on.decision();
        let mine = receipt_of(&held);
        if !self.is_idle() || mine.is_empty() || theirs.ends_with(mine) {
            return false;
        }
        let Some(ConsentCookie { revision, decided, bits, .. }) = read(theirs) else {
            self.forget(on);
            return true;
        };
        // Later than what it replaces, whatever the clocks say.
        let at = decided.plus(-on.ahead()).max(Millis(parts(&held).0 + 1));
        self.replace(cookie_of(revision, at, bits, receipt_of(theirs)), on)
    }

    /// Of a decision that adds to one which the visitor has replaced elsewhere, nothing is told that would bring back
    /// what they took back there.
    pub(super) fn lessen(&mut self, theirs: &str, on: &impl Browser) -> bool {
        let Some(own) = self.current.as_mut().filter(|own| own.is_added()) else {
            return false;
        };
        let bits = own.bits & parts(theirs).1;
        // Without a word of theirs, or where it is what this one was added to, nothing is out of date.
        if theirs.is_empty() || bits == own.bits || theirs.ends_with(text_of(own.previous.as_ref()))
        {
            return false;
        }
        own.bits = bits;
        if bits == 0 {
            own.method = Method::Withdraw;
        }
        let mine = own.to_cookie(None);
        self.replace(mine, on)
    }

    /// Keeps another decision than the one that was held, before which it stands.
    fn replace(&mut self, mine: String, on: &impl Browser) -> bool {
        self.newest = mine;
        self.follow(on);
        on.forget();
        true
    }

    /// Nothing is decided any more, nobody is known, and it is asked again.
    pub(super) fn forget(&self, on: &impl Browser) {
        on.undecide();
        on.hold(None, "");
        on.forget();
    }
}

/// The receipt of a consent cookie; empty where it has none.
fn receipt_of(cookie: &str) -> &str {
    Lines::split(cookie, b'.').nth(3).unwrap_or("")
}
