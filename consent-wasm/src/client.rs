//! A decision's way to the collector, once it is made (see [`crate::choice`]).
//!
//! It must never set the visitor's number before the collector has recorded a grant that needs one,
//! and never keep that number longer than it takes to tell the collector of its withdrawal. It grants
//! nothing, and lets no older decision take a newer one's place.

mod learned;

use alloc::{boxed::Box, string::String};

use consent_core::{choices::Method, policy::Purposes as _, time::Millis};

use crate::{
    asked::Asked,
    banner,
    choice::{Decision, Moment, parts},
    session::{Answer, Id, pause},
};

/// What is asked of the browser. Everything that a message leads to is one of these calls.
pub trait Browser {
    /// A random byte.
    fn random(&self) -> u8;
    /// The consent cookie that is held ([`consent_core::cookie`]); empty where none is.
    fn decision(&self) -> String;
    /// The visitor's number that is held.
    fn visitor(&self) -> Option<Id>;
    /// Keeps a decision in the consent cookie for so many seconds; whether the browser let it.
    fn keep(&self, cookie: &str, lifetime: &str) -> bool;
    /// Deletes the decision's cookie: it is not one to go by.
    fn undecide(&self);
    /// Holds the visitor's number in its cookie for so many seconds, or deletes it.
    fn hold(&self, visitor: Option<&Id>, lifetime: &str);
    /// Deletes what services and purposes have kept in the page beyond what is granted, and asks where nothing is
    /// decided.
    fn forget(&self);
    /// Leaves what the collector has to be told of a withdrawal, for the next page if need be;
    /// nothing: removes it.
    fn leave(&self, text: &str);
    /// What the collector's clock is ahead of the page's.
    fn ahead(&self) -> i64;
    /// Has something signed and carried to the collector ([`crate::signer`]); without a path a session is
    /// opened, which tells its clock. Answered by [`Message::Answer`], but not within this call.
    fn call(&self, path: &'static str, payload: String, visitor: Option<&Id>);
    /// Wakes the client after so many milliseconds.
    fn pause(&self, ms: i64);
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// The visitor decided, here or on an earlier page that did not get it through
    /// ([`Decision::read`]).
    Decided(&'a str),
    /// A grant is held without a receipt: the page that it was made on was left before the collector
    /// answered. What is known of it ([`Moment::of`]).
    Resume(&'a str),
    /// The collector answered.
    Answer(Answer<'a>),
    /// What the visitor has decided last, as the collector knows it ([`Answer::decision`]), told under the decision that
    /// is still held; empty where it does not know the visitor any more.
    Learned(&'a str),
    /// A pause is over, or the browser is online again.
    Wake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Sending,
    Pausing,
}

/// Decides, and tells the collector.
#[derive(Debug)]
pub struct Client {
    asked: Asked,
    stage: Stage,
    tries: u32,
    /// On its way.
    current: Option<Box<Decision>>,
    /// To follow it. Decisions are told one after another, so that what was decided last stands.
    next: Option<Box<Decision>>,
    /// The newest consent cookie that was seen.
    newest: String,
}

impl Client {
    /// Of a site.
    #[must_use]
    pub const fn new(asked: Asked) -> Self {
        Self {
            asked,
            stage: Stage::Pausing,
            tries: 0,
            current: None,
            next: None,
            newest: String::new(),
        }
    }

    /// Whether nothing is on its way: what is has to be told to its end under one session.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.current.is_none()
    }

    /// Does what a message leads to; whether the decision changed by it, so that what depends on it
    /// has to be released or stopped, and the page told.
    pub fn update(&mut self, message: Message<'_>, on: &impl Browser) -> bool {
        match message {
            Message::Decided(text) => self.decided(text, on),
            Message::Resume(text) => self.resume(&Moment::of(text), on),
            Message::Answer(answer) => return self.answered(answer, on),
            Message::Learned(theirs) => return self.learned(theirs, on),
            Message::Wake if self.stage == Stage::Pausing => self.send(on),
            Message::Wake => {}
        }
        false
    }

    fn decided(&mut self, text: &str, on: &impl Browser) {
        let Some(mut decision) = Decision::read(text).map(Box::new) else {
            // Nothing can be told of it, now or ever.
            on.leave("");
            return;
        };
        if decision.revision != self.asked.at_revision() {
            // It was made under another policy, whose switches these are not: of what it said, only the no
            // still means something.
            decision.bits = 0;
            decision.method = Method::Withdraw;
        }
        let held = on.decision();
        let mine = decision.to_cookie(None);
        if decision.is_in(&held) {
            self.newest = held;
        } else if !held.is_empty()
            && !stands_before(&held, &mine)
            && on.keep(&mine, self.asked.lifetime())
        {
            // The answer to an older yes came back over it after the page was left, or that to the one before
            // while this one was made.
            self.newest = mine;
            if !self.asked.needs_visitor(decision.bits) {
                decision.visitor = decision.visitor.or_else(|| on.visitor());
                on.hold(None, "");
            }
        }
        self.queue(decision, on);
    }

    /// A grant without a receipt is told again, as a decision of its own: the first, if it arrived, has no
    /// holder.
    fn resume(&mut self, moment: &Moment<'_>, on: &impl Browser) {
        let bits = moment.granted();
        if self.current.is_none() && bits != 0 {
            let everything = bits == self.asked.all();
            let method = banner::method(everything, self.asked.refused(), 0, bits);
            let text = moment.decision(&self.asked, bits, method);
            self.decided(&text, on);
        }
    }

    /// Follows the cookie. An older decision may have come back over a newer one, with the answer to a call
    /// that took its time: the newer one stands.
    pub fn follow(&mut self, on: &impl Browser) {
        let held = on.decision();
        if held.is_empty() {
            return;
        }
        if stands_before(&held, &self.newest) {
            self.newest = held;
        } else if on.keep(&self.newest, self.asked.lifetime())
            && !self.asked.needs_visitor(parts(&self.newest).1)
        {
            on.hold(None, "");
        }
    }

    /// Sends a decision, or lets it wait for the one on its way.
    fn queue(&mut self, decision: Box<Decision>, on: &impl Browser) {
        if self.current.is_some() {
            self.next = Some(decision);
            return;
        }
        self.tries = 0;
        self.current = Some(decision);
        self.send(on);
    }

    fn send(&mut self, on: &impl Browser) {
        if let Some(decision) = &self.current {
            self.stage = Stage::Opening;
            on.call("", String::new(), decision.visitor.as_ref());
        }
    }

    fn answered(&mut self, answer: Answer<'_>, on: &impl Browser) -> bool {
        // The collector may have set the cookie.
        self.follow(on);
        let Some(decision) = &self.current else {
            return false;
        };
        let good = matches!(answer.status, 200..300);
        if good && self.stage == Stage::Sending {
            return self.recorded(answer, on);
        }
        let grants = decision.bits != 0;
        let current = i64::from(self.asked.at_revision());
        let newer = answer.revision().is_some_and(|revision| revision != current);
        // Only a yes depends on the policy it was given to: a no is taken under any.
        // Whom the collector does not know any more has had all of it erased, and what is added to that would
        // bring it back.
        let unknown = answer.status == 401 && self.stage == Stage::Opening;
        if grants && (newer || unknown || answer.status == 422) {
            return self.outdated(on);
        }
        if good && self.is_overtaken(on) {
            // Nothing has been told of it yet, and the one that overtook it is told by its own page.
            self.go_on(Answer::default(), on);
        } else if good {
            // Under the same session a decision that arrived, but whose answer was lost, is answered
            // again.
            self.stage = Stage::Sending;
            let changed = self.lessen(answer.decision(), on);
            if let Some(decision) = &self.current {
                let payload = decision.to_json(&self.asked, on.ahead());
                on.call("/v1/consents", payload, decision.visitor.as_ref());
            }
            return changed;
        } else if !unknown && answer.may_pass() {
            self.stage = Stage::Pausing;
            self.tries += 1;
            on.pause(pause(self.tries, on.random()));
        } else {
            self.go_on(Answer::default(), on);
        }
        false
    }

    /// What was granted was granted to another policy, or cannot be recorded: it is asked again. A
    /// decision made in another tab meanwhile is left as it is.
    fn outdated(&mut self, on: &impl Browser) -> bool {
        if !self.stands(on) {
            self.go_on(Answer::default(), on);
            return false;
        }
        self.current = None;
        self.next = None;
        on.leave("");
        self.forget(on);
        true
    }

    /// Whether the decision on its way is still the one that the browser holds.
    fn stands(&self, on: &impl Browser) -> bool {
        self.current.as_ref().is_some_and(|decision| decision.is_in(&on.decision()))
    }

    /// Whether another tab has decided since: then a yes is no yes any more, and a no without a visitor says
    /// nothing. One that was tried already may have arrived, and is told to its end.
    fn is_overtaken(&self, on: &impl Browser) -> bool {
        let says_something = |own: &Decision| own.bits == 0 && own.visitor.is_some();
        self.tries == 0
            && self.next.is_none()
            && !on.decision().is_empty()
            && !self.stands(on)
            && !self.current.as_deref().is_some_and(says_something)
    }

    fn recorded(&mut self, answer: Answer<'_>, on: &impl Browser) -> bool {
        let mut changed = false;
        let visitor = answer.visitor();
        // Another tab may have decided otherwise meanwhile, or the visitor once more in this one.
        let stands = self.stands(on);
        if let Some(decision) = self.current.as_ref().filter(|own| own.bits != 0)
            && stands
        {
            let mine = decision.to_cookie(answer.receipt().as_ref());
            // Where the collector set the cookies itself, they are there, and last longer than ours would.
            changed = on.decision() == mine || on.keep(&mine, self.asked.lifetime());
            if self.asked.needs_visitor(decision.bits)
                && visitor.is_some()
                && on.visitor() != visitor
            {
                on.hold(visitor.as_ref(), self.asked.visitor_lifetime());
            }
        } else if let Some(decision) = self.current.as_ref().filter(|own| own.bits != 0)
            && visitor.is_some()
            && self.next.is_none()
        {
            // The collector has made a visitor of a yes that another tab has overtaken. Nobody else knows the
            // number: it is told here what holds now.
            let (then, bits) = parts(&on.decision());
            if !self.asked.needs_visitor(bits) {
                let mut random = decision.random;
                random.reverse();
                let at = Millis(then).max(decision.at);
                let method = banner::method(false, 0, 1, bits);
                let page = decision.page.clone();
                let revision = decision.revision;
                let (visitor, previous) = (None, None);
                let own = Decision { revision, random, at, bits, method, page, visitor, previous };
                self.next = Some(Box::new(own));
            }
        }
        self.go_on(answer, on);
        changed
    }

    /// The decision that was on its way has been dealt with: the one after it follows, under the
    /// visitor that the first one may have made.
    fn go_on(&mut self, answer: Answer<'_>, on: &impl Browser) {
        let told = self.current.take();
        let Some(mut next) = self.next.take() else {
            // What an earlier page has left is told now. A first answer was left by none.
            if told.is_some_and(|own| !matches!(own.method, Method::AcceptAll | Method::RejectAll))
            {
                on.leave("");
            }
            return;
        };
        next.visitor = next.visitor.or_else(|| answer.visitor());
        next.previous = next.previous.or_else(|| answer.receipt());
        if told.is_some_and(|own| own.bits & !next.bits != 0) {
            on.leave(&next.to_text());
        }
        self.queue(next, on);
    }
}

/// Whether the decision of a cookie stands, and not that of the other: it is newer, or the same. Of two that two
/// tabs made in the same millisecond the one does that grants less, so that pages cannot disagree.
fn stands_before(one: &str, other: &str) -> bool {
    let ((then, granted), (other, others)) = (parts(one), parts(other));
    then > other || (then == other && granted <= others)
}

#[cfg(test)]
mod tests;
