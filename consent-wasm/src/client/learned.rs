//! What the collector tells of a decision that was made elsewhere: on the visitor's own page, which keeps no cookie here.

use alloc::string::String;

use consent_core::{choices::Method, cookie::ConsentCookie, time::Millis};

use super::{Browser, Client, parts, read};
use crate::{
    choice::{cookie_of, text_of},
    lines::part,
};

impl Client {
    /// Obeys what the visitor has decided on their own page, or has had erased there. Only what the collector has
    /// confirmed can be replaced by that: anything else is on its way to it.
    pub(super) fn learned(&mut self, theirs: &str, on: &impl Browser) -> bool {
        let held = on.decision();
        let (mine, receipt) = (receipt_of(&held), receipt_of(theirs));
        if self.current.is_some() || mine.is_empty() || mine == receipt {
            return false;
        }
        let Some(ConsentCookie { revision, decided, bits, .. }) = read(theirs) else {
            self.forget(on);
            return true;
        };
        // Later than what it replaces, whatever the clocks say.
        let at = decided.plus(-on.ahead()).max(Millis(parts(&held).0 + 1));
        self.replace(cookie_of(revision, at, bits, receipt), bits, on)
    }

    /// Of a decision that adds to one which the visitor has replaced elsewhere, nothing is told that would bring back
    /// what they took back there.
    pub(super) fn lessen(&mut self, theirs: &str, on: &impl Browser) -> bool {
        let Some(own) = self.current.as_mut().filter(|own| own.is_added()) else {
            return false;
        };
        let bits = own.bits & parts(theirs).1;
        if theirs.is_empty()
            || bits == own.bits
            || text_of(own.previous.as_ref()) == receipt_of(theirs)
        {
            return false;
        }
        own.bits = bits;
        if bits == 0 {
            own.method = Method::Withdraw;
        }
        let mine = own.to_cookie(None);
        self.replace(mine, bits, on)
    }

    /// Keeps another decision than the one that was held, with all that follows of it.
    fn replace(&mut self, mine: String, bits: u128, on: &impl Browser) -> bool {
        let kept = on.keep(&mine, self.asked.lifetime());
        if kept {
            self.newest = mine;
            if !self.asked.needs_visitor(bits) {
                on.hold(None, "");
            }
            on.forget();
        }
        kept
    }

    /// Nothing is decided any more, nobody is known, and it is asked again.
    pub(super) fn forget(&mut self, on: &impl Browser) {
        self.newest = String::new();
        on.undecide();
        on.hold(None, "");
        on.forget();
    }
}

/// The receipt of a consent cookie; empty where it has none.
fn receipt_of(cookie: &str) -> &str {
    part(cookie, b'.', 3)
}
