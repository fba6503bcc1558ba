//! Events on their way: messages in, effects out.
//!
//! It takes what the gate has permitted and nothing else, asks the gate again before anything leaves,
//! holds everything in memory only, and forgets what the visitor takes back.

use alloc::{string::String, vec::Vec};

use consent_core::{
    event::{Event, MAX_BATCH},
    gate::{Gated, Permitted, permit},
    ids::{PurposeKey, ServiceKey, VisitorId},
    jws::sign,
    standing::{Standing, Subject},
    time::{Millis, SECOND},
    wire::{Outgoing, SessionRequest, events_json},
};

pub mod properties;

use crate::session::{Answer, Session, pause};

/// How long the first event waits for company, in milliseconds.
const GATHER: i64 = 1_500;
/// Bytes of the events in one batch, at most: what the collector takes less what goes round them,
/// and little enough for a browser to carry after the page.
const MAX_BYTES: usize = 60 * 1024;
/// Events that are held, at most, while the collector cannot be reached.
const MAX_HELD: usize = 1_000;
/// A session is not used any more this close to its end, in milliseconds.
const MARGIN: i64 = 30 * SECOND;

/// What is known at the moment of a message.
#[derive(Clone, Debug)]
pub struct Now {
    /// The page's clock.
    pub at: Millis,
    /// A random byte.
    pub random: u8,
    /// The visitor's number that the browser holds.
    pub visitor: Option<VisitorId>,
    /// Where the visitor stands, by the browser's own copy of the decision.
    pub standing: Standing,
}

/// What happened.
#[derive(Debug)]
pub enum Message {
    /// The gate has permitted an event; its properties are a JSON object, or nothing.
    Event(Permitted<Event>, Option<String>),
    /// The visitor decided, here or in another tab; perhaps a session came of it.
    Decided(Option<Session>),
    /// The collector answered to the call of that number.
    Answer(u32, Answer),
    /// A pause is over, or the browser is online again.
    Wake,
    /// The page is going away.
    Leave,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the collector, and bring its answer under the call's number.
    Post(u32, &'static str, String),
    /// Wake after so many milliseconds.
    Pause(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Gathering,
    Opening,
    Sending,
    Pausing,
}

/// An event, and its properties as the page's own JSON: the gate does not ask for them.
#[derive(Debug)]
struct Held {
    event: Permitted<Event>,
    properties: Option<String>,
}

impl Held {
    fn is_permitted(&self, now: &Now) -> bool {
        permit(Again(self.event.action()), &now.standing, now.at).is_ok()
    }
}

/// An event that the gate is asked for once more, without a copy of it.
struct Again<'a>(&'a Event);

impl Gated for Again<'_> {
    fn subject(&self) -> Subject {
        self.0.subject()
    }
    fn purpose(&self) -> &PurposeKey {
        self.0.purpose()
    }
    fn service(&self) -> Option<&ServiceKey> {
        self.0.service()
    }
    fn revision(&self) -> u32 {
        self.0.revision()
    }
    fn at(&self) -> Millis {
        self.0.at()
    }
}

/// Events on their way.
#[derive(Debug)]
pub struct Queue {
    site: String,
    stage: Stage,
    tries: u32,
    session: Option<Session>,
    /// Whose the events and the session are: nothing of one visitor's is sent as another's.
    visitor: Option<VisitorId>,
    held: Vec<Held>,
    /// What was sent, each with the number of its call: a page that goes away sends while an answer is
    /// still awaited, and one of the two may fail.
    flying: Vec<(u32, Held)>,
    calls: u32,
}

impl Queue {
    /// Of a site.
    #[must_use]
    pub const fn new(site: String) -> Self {
        Self {
            site,
            stage: Stage::Idle,
            tries: 0,
            session: None,
            visitor: None,
            held: Vec::new(),
            flying: Vec::new(),
            calls: 0,
        }
    }

    /// What a message leads to.
    pub fn update(&mut self, message: Message, now: &Now) -> Vec<Effect> {
        match message {
            Message::Event(event, properties) => self.push(Held { event, properties }, now),
            Message::Decided(session) => self.decided(session, now),
            Message::Answer(call, answer) => self.answered(call, &answer, now),
            Message::Wake if matches!(self.stage, Stage::Gathering | Stage::Pausing) => {
                self.send(now)
            }
            Message::Wake => Vec::new(),
            Message::Leave => self.leave(now),
        }
    }

    fn push(&mut self, event: Held, now: &Now) -> Vec<Effect> {
        if self.held.len() < MAX_HELD {
            self.held.push(event);
        }
        match self.stage {
            Stage::Idle => self.begin(now),
            Stage::Gathering if self.held.len() >= MAX_BATCH => self.send(now),
            _ => Vec::new(),
        }
    }

    /// Follows a decision: forgets what is no longer permitted, and goes on with what is.
    fn decided(&mut self, session: Option<Session>, now: &Now) -> Vec<Effect> {
        if session.is_some() {
            self.session = session;
        }
        if now.visitor.is_none() || (self.visitor.is_some() && self.visitor != now.visitor) {
            // Another visitor, or none: a session of the last one's must sign nothing for this one.
            self.session =
                self.session.take().filter(|_| self.visitor.is_none() && now.visitor.is_some());
            self.flying.clear();
            if self.visitor.is_some() {
                self.held.clear();
            }
        }
        self.visitor = now.visitor;
        self.held.retain(|held| held.is_permitted(now));
        if self.stage == Stage::Idle && !self.held.is_empty() {
            return self.begin(now);
        }
        Vec::new()
    }

    /// The page is going away: what can be signed is sent now.
    fn leave(&mut self, now: &Now) -> Vec<Effect> {
        if self.usable(now).is_some() && self.stage != Stage::Opening {
            self.send(now)
        } else {
            Vec::new()
        }
    }

    fn answered(&mut self, call: u32, answer: &Answer, now: &Now) -> Vec<Effect> {
        if self.stage == Stage::Opening && call == self.calls {
            self.session = answer.session(now.at, 0);
            if self.session.is_none() {
                return self.wait(now);
            }
            self.stage = Stage::Gathering;
            return [Effect::Pause(GATHER)].into();
        }
        let mut own = Vec::new();
        for (number, held) in core::mem::take(&mut self.flying) {
            if number == call {
                own.push(held);
            } else {
                self.flying.push((number, held));
            }
        }
        if answer.may_pass() {
            if answer.status == 401 {
                self.session = None;
            }
            if !own.is_empty() {
                // An event that is sent again keeps its id, so that it counts once.
                own.append(&mut self.held);
                self.held = own;
                return self.wait(now);
            }
        } else {
            self.tries = 0;
        }
        if self.stage != Stage::Sending || !self.flying.is_empty() {
            return Vec::new();
        }
        self.stage = Stage::Idle;
        if self.held.is_empty() { Vec::new() } else { self.begin(now) }
    }

    fn wait(&mut self, now: &Now) -> Vec<Effect> {
        self.stage = Stage::Pausing;
        self.tries += 1;
        [Effect::Pause(pause(self.tries, now.random))].into()
    }

    fn call(&mut self, path: &'static str, body: String) -> Vec<Effect> {
        self.calls += 1;
        [Effect::Post(self.calls, path, body)].into()
    }

    /// Something is held: a session is opened at once, so that the page can go away at any time.
    fn begin(&mut self, now: &Now) -> Vec<Effect> {
        self.visitor = self.visitor.or(now.visitor);
        if now.visitor.is_none() {
            // The collector has not confirmed the grant yet; its answer comes by `decided`.
            return Vec::new();
        }
        if self.usable(now).is_some() {
            self.stage = Stage::Gathering;
            return [Effect::Pause(GATHER)].into();
        }
        self.send(now)
    }

    fn usable(&self, now: &Now) -> Option<&Session> {
        self.session
            .as_ref()
            .filter(|session| now.at.plus(session.ahead + MARGIN) < session.expires)
    }

    fn send(&mut self, now: &Now) -> Vec<Effect> {
        self.held.retain(|held| held.is_permitted(now));
        self.stage = if self.flying.is_empty() { Stage::Idle } else { Stage::Sending };
        let (Some(visitor), false) = (now.visitor, self.held.is_empty()) else {
            return Vec::new();
        };
        let Some(session) = self.usable(now).cloned() else {
            self.stage = Stage::Opening;
            let request = SessionRequest { site: self.site.clone(), visitor: Some(visitor) };
            return self.call("/v1/sessions", request.to_json());
        };
        let mut entries = Vec::new();
        let mut bytes = 0;
        for event in self.held.iter().take(MAX_BATCH) {
            let entry = entry(event, session.ahead);
            bytes += entry.len() + 1;
            if bytes > MAX_BYTES && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        for (at, held) in core::mem::take(&mut self.held).into_iter().enumerate() {
            if at < entries.len() {
                self.flying.push((self.calls + 1, held));
            } else {
                self.held.push(held);
            }
        }
        self.stage = Stage::Sending;
        let payload = events_json(&self.site, visitor, entries.iter().map(String::as_str));
        let body = sign(&session.key, &session.id, now.at.plus(session.ahead), &payload);
        self.call("/v1/events", body)
    }
}

/// An event as it is sent, its time by the collector's clock.
fn entry(held: &Held, ahead: i64) -> String {
    let seen = held.event.action().observation();
    let outgoing = Outgoing {
        id: seen.id,
        name: seen.name.as_str(),
        at: seen.at.plus(ahead),
        url: &seen.page.url,
        title: &seen.page.title,
        referrer: &seen.page.referrer,
        properties: held.properties.as_deref(),
    };
    outgoing.to_json()
}

#[cfg(test)]
mod tests;
