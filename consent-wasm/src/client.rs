//! A decision and its way to the collector: messages in, effects out.
//!
//! It must never let anything be granted before the visitor's own act, never set the visitor's
//! number before the collector has recorded a grant that needs one, and never keep that number
//! longer than it takes to tell the collector of its withdrawal.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use consent_core::{
    choices::Method,
    cookie::ConsentCookie,
    ids::{ReceiptId, Uuid7, VisitorId},
    jws::sign,
    time::{Millis, SECOND},
    wire::{OutgoingDecision, SessionRequest},
};

use crate::{
    banner,
    session::{Answer, Session, pause},
    settings::Settings,
};

/// What is known at the moment of a message.
#[derive(Clone, Debug)]
pub struct Now {
    /// The page's clock.
    pub at: Millis,
    /// Fresh random bits.
    pub random: [u8; 10],
    /// The decision that the browser holds.
    pub cookie: Option<ConsentCookie>,
    /// The visitor's number that the browser holds.
    pub visitor: Option<VisitorId>,
    /// The page's address without its query.
    pub page: String,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// The visitor decided.
    Decide {
        /// What is granted.
        bits: u128,
        /// By which act.
        method: Method,
    },
    /// An earlier page did not get its decision through: what it left to be told under a visitor
    /// whose number is no longer held, or else what the cookie says.
    Resume(Option<String>),
    /// The collector answered.
    Answer(Answer),
    /// A pause is over, or the browser is online again.
    Wake,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Keep the decision in its cookie.
    Keep(ConsentCookie),
    /// Hold the visitor's number in its cookie.
    Hold(VisitorId),
    /// Delete the decision's cookie: it is not one to go by.
    Undecide,
    /// Delete the cookie of the visitor's number.
    Release,
    /// Delete the cookies of everything that these bits do not grant.
    Erase(u128),
    /// Leave what the collector has to be told of a withdrawal, for the next page if need be; or
    /// remove it.
    Leave(Option<String>),
    /// The decision changed: release or stop what depends on it, and tell the page.
    Announce,
    /// Call the collector.
    Post(&'static str, String),
    /// Wake after so many milliseconds.
    Pause(i64),
    /// The session that the collector has just answered with can sign events; its clock is so far
    /// ahead of the page's.
    Session(i64),
}

/// A decision on its way.
#[derive(Clone, Debug)]
struct Decision {
    /// The decision itself, or what an earlier page left of it.
    content: Result<Fresh, String>,
    /// Under whose number it is told.
    visitor: Option<VisitorId>,
    /// The receipt of what it replaces.
    previous: Option<ReceiptId>,
    /// Whether it was left for the next page.
    left: bool,
}

#[derive(Clone, Debug)]
struct Fresh {
    id: Uuid7,
    at: Millis,
    bits: u128,
    method: Method,
    page: String,
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
    settings: Settings,
    stage: Stage,
    tries: u32,
    session: Option<Session>,
    /// On its way.
    current: Option<Decision>,
    /// To follow it. Decisions are told one after another, so that what was decided last stands.
    next: Option<Decision>,
}

impl Client {
    /// Of a site.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings, stage: Stage::Pausing, tries: 0, session: None, current: None, next: None }
    }

    /// The site's settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a message leads to.
    pub fn update(&mut self, message: Message, now: &Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        match message {
            Message::Decide { bits, method } => self.decide(bits, method, now, &mut effects),
            Message::Resume(left) => self.resume(left, now, &mut effects),
            Message::Answer(answer) => self.answered(answer, now, &mut effects),
            Message::Wake if self.stage == Stage::Pausing => self.send(now, &mut effects),
            Message::Wake => {}
        }
        effects
    }

    fn decide(&mut self, bits: u128, method: Method, now: &Now, effects: &mut Vec<Effect>) {
        let held = now.visitor.is_some();
        let keeps = self.settings.needs_visitor(bits);
        effects.push(Effect::Keep(self.cookie(bits, now.at, None)));
        if held && !keeps {
            effects.push(Effect::Release);
        }
        effects.push(Effect::Erase(bits));
        let decision = Decision {
            content: Ok(Fresh {
                id: Uuid7::new(now.at, &now.random),
                at: now.at,
                bits,
                method,
                page: now.page.clone(),
            }),
            visitor: now.visitor,
            previous: now.cookie.and_then(|cookie| cookie.receipt),
            left: held && !keeps,
        };
        self.leave(&decision, effects);
        effects.push(Effect::Announce);
        if self.current.is_some() {
            self.next = Some(decision);
        } else {
            self.begin(decision, now, effects);
        }
    }

    /// A grant without a receipt was made on a page that was left before the collector answered.
    /// It is told again, as a decision of its own: the first, if it arrived, has no holder.
    fn resume(&mut self, left: Option<String>, now: &Now, effects: &mut Vec<Effect>) {
        if self.current.is_some() {
            return;
        }
        let left = left.as_deref().and_then(|text| text.split_once('\n'));
        if let Some((visitor, payload)) = left {
            let decision = Decision {
                content: Err(payload.to_owned()),
                visitor: visitor.parse().ok(),
                previous: None,
                left: true,
            };
            self.begin(decision, now, effects);
        }
        let bits = self.settings.decided(now.cookie.as_ref(), now.at).unwrap_or(0);
        let (Some(cookie), true) =
            (now.cookie.filter(|cookie| cookie.receipt.is_none()), bits != 0)
        else {
            return;
        };
        let method = banner::method(bits == self.settings.all(), 0, bits);
        let decision = Decision {
            content: Ok(Fresh {
                id: Uuid7::new(now.at, &now.random),
                at: cookie.decided,
                bits,
                method,
                page: now.page.clone(),
            }),
            visitor: now.visitor,
            previous: None,
            left: false,
        };
        if self.current.is_some() {
            self.next = Some(decision);
        } else {
            self.begin(decision, now, effects);
        }
    }

    fn begin(&mut self, decision: Decision, now: &Now, effects: &mut Vec<Effect>) {
        self.session = None;
        self.tries = 0;
        self.current = Some(decision);
        self.send(now, effects);
    }

    fn send(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        let Some(decision) = &self.current else {
            return;
        };
        if let Some(session) = &self.session {
            self.stage = Stage::Sending;
            let payload = match &decision.content {
                Ok(fresh) => self.payload(fresh, decision.previous, session.ahead),
                Err(left) => left.clone(),
            };
            let at = now.at.plus(session.ahead);
            let body = sign(&session.key, &session.id, at, &payload);
            effects.push(Effect::Post("/v1/consents", body));
        } else {
            self.stage = Stage::Opening;
            let request =
                SessionRequest { site: self.settings.site.clone(), visitor: decision.visitor };
            effects.push(Effect::Post("/v1/sessions", request.to_json()));
        }
    }

    fn answered(&mut self, answer: Answer, now: &Now, effects: &mut Vec<Effect>) {
        let good = matches!(answer.status, 200..300);
        match self.stage {
            _ if answer.may_pass() => self.pause(now, effects),
            Stage::Opening if good => {
                let older = i64::from(self.settings.policy.revision());
                if answer.revision.is_some_and(|revision| revision != older) {
                    self.outdated(effects);
                } else if let Some(session) = answer.session(now.at, 0) {
                    self.session = Some(session);
                    self.send(now, effects);
                } else {
                    self.pause(now, effects);
                }
            }
            Stage::Sending if good => self.recorded(&answer, now, effects),
            Stage::Sending if answer.status == 409 => self.outdated(effects),
            Stage::Opening | Stage::Sending => self.follow(None, None, now, effects),
            Stage::Pausing => {}
        }
    }

    fn pause(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        self.stage = Stage::Pausing;
        self.session = None;
        self.tries += 1;
        effects.push(Effect::Pause(pause(self.tries, now.random[9])));
    }

    /// The policy changed while the page was open: what was granted was granted to another policy.
    fn outdated(&mut self, effects: &mut Vec<Effect>) {
        self.current = None;
        self.next = None;
        effects.extend([
            Effect::Undecide,
            Effect::Release,
            Effect::Erase(0),
            Effect::Leave(None),
            Effect::Announce,
        ]);
    }

    fn recorded(&mut self, answer: &Answer, now: &Now, effects: &mut Vec<Effect>) {
        let fresh = self
            .current
            .as_ref()
            .and_then(|decision| decision.content.as_ref().ok())
            .map(|fresh| self.cookie(fresh.bits, fresh.at, answer.receipt));
        // Only where it still stands: another tab may have decided otherwise meanwhile.
        let stands = fresh.filter(|mine| {
            let standing = now.cookie.as_ref();
            standing.is_some_and(|own| (own.bits, own.decided) == (mine.bits, mine.decided))
        });
        if let (Some(cookie), None) = (stands, &self.next)
            && cookie.bits != 0
        {
            effects.push(Effect::Keep(cookie));
            if let Some(visitor) =
                answer.visitor.filter(|_| self.settings.needs_visitor(cookie.bits))
            {
                effects.push(Effect::Hold(visitor));
                let ahead = self.session.as_ref().map_or(0, |session| session.ahead);
                effects.push(Effect::Session(ahead));
            }
            effects.push(Effect::Announce);
        }
        self.follow(answer.visitor, answer.receipt, now, effects);
    }

    /// The decision that was on its way has been dealt with: the one after it follows, under the
    /// visitor that the first one may have made.
    fn follow(
        &mut self,
        visitor: Option<VisitorId>,
        receipt: Option<ReceiptId>,
        now: &Now,
        effects: &mut Vec<Effect>,
    ) {
        if self.current.take().is_some_and(|decision| decision.left) {
            effects.push(Effect::Leave(None));
        }
        if let Some(mut next) = self.next.take() {
            if let (None, Some(visitor), Ok(fresh)) = (next.visitor, visitor, &next.content) {
                next.left = !self.settings.needs_visitor(fresh.bits);
                next.visitor = Some(visitor);
            }
            next.previous = next.previous.or(receipt);
            self.leave(&next, effects);
            self.begin(next, now, effects);
        }
    }

    fn leave(&self, decision: &Decision, effects: &mut Vec<Effect>) {
        if let (true, Some(visitor), Ok(fresh)) =
            (decision.left, decision.visitor, &decision.content)
        {
            let mut text = visitor.to_text();
            text.push('\n');
            text.push_str(&self.payload(fresh, decision.previous, 0));
            effects.push(Effect::Leave(Some(text)));
        }
    }

    fn payload(&self, fresh: &Fresh, previous: Option<ReceiptId>, ahead: i64) -> String {
        let decision = OutgoingDecision {
            id: fresh.id,
            site: &self.settings.site,
            policy: &self.settings.policy,
            bits: fresh.bits,
            language: &self.settings.language,
            page: &fresh.page,
            banner: &self.settings.banner,
            method: fresh.method,
            decided_at: fresh.at.plus(ahead),
            previous,
        };
        decision.to_json()
    }

    fn cookie(&self, bits: u128, at: Millis, receipt: Option<ReceiptId>) -> ConsentCookie {
        ConsentCookie {
            revision: self.settings.policy.revision(),
            decided: Millis(at.seconds() * SECOND),
            bits,
            receipt: receipt.filter(|_| bits != 0),
        }
    }
}

#[cfg(test)]
mod tests;
