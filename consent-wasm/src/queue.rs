//! Events on their way: what is held, what is under way, and what is left for the next page.
//!
//! It takes what the gate has permitted and nothing else, asks the gate again before anything leaves
//! or is written down, and forgets what the visitor takes back. Sessions and keys are not its own.

use alloc::{string::String, vec::Vec};

use consent_core::{
    event::{MAX_BATCH, Sighting},
    gate::{Gated, Permitted, permit},
    json::push_digits,
    standing::Standing,
    time::{Millis, SECOND},
    wire::{dated, events_json},
};

pub mod properties;

use crate::{asked::Asked, lines::Lines, session::pause};

/// How long the page's first event waits for company, in milliseconds: hardly, so that a session is
/// there when the page goes away.
const FIRST: i64 = 50;
/// How long the first event of another batch waits.
const GATHER: i64 = 1_500;
/// Bytes of the events that are under way at a time, at most: what the collector takes less what goes
/// round them, and no more than a browser carries after the page.
const MAX_BYTES: usize = 60 * 1024;
/// Events that are held, at most, while the collector cannot be reached.
const MAX_HELD: usize = 1_000;
/// Bytes that are left for the next page, at most.
const MAX_KEPT: usize = 128 * 1024;
/// The longest that the collector may ask for before the next try, in seconds.
const MAX_WAIT: u32 = 3_600;

/// What is known at the moment of a call.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// The page's clock.
    pub at: Millis,
    /// The visitor's number that the browser holds; empty where it holds none.
    pub visitor: String,
    /// What the site asks for.
    pub asked: &'a Asked,
    /// Where the visitor stands, by the browser's own copy of the decision.
    pub standing: Standing,
}

impl<'a> Now<'a> {
    /// Asks the gate whether an event of that name and time may be held and sent.
    #[must_use]
    pub fn permit<'b>(&'b self, name: &'b str, at: Millis) -> Option<Permitted<Sighting<'b>>>
    where
        'a: 'b,
    {
        permit(Sighting::under(self.asked, name, at).ok()?, &self.standing, self.at).ok()
    }
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until something happens.
    Rest,
    /// Wake it, under this number, after so many milliseconds.
    Pause(u32, i64),
    /// Send the batch of this number.
    Send(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Waiting,
    Sending,
}

/// An event: the gate has permitted it.
#[derive(Debug)]
struct Held {
    name: String,
    /// By the page's clock.
    at: Millis,
    /// An entry of a batch without its time.
    entry: String,
    /// The batch that it is under way in; 0 for none.
    call: u32,
}

impl Held {
    fn new(seen: &Permitted<Sighting<'_>>, entry: String) -> Self {
        let (name, at) = (seen.action().name().into(), seen.action().at());
        Self { name, at, entry, call: 0 }
    }

    /// What it takes of a batch: it is sent with its time, and a comma.
    const fn bytes(&self) -> usize {
        self.entry.len() + 32
    }
}

/// Events on their way.
#[derive(Debug)]
pub struct Queue {
    stage: Stage,
    /// Tries that have failed, one after another.
    tries: u32,
    /// Seconds that the collector has asked to be left alone for.
    wait: u32,
    /// Whether a batch has been taken.
    opened: bool,
    /// Whose the events are: nothing of one visitor's is sent as another's.
    visitor: String,
    /// In the order in which they happened.
    held: Vec<Held>,
    calls: u32,
    pauses: u32,
}

impl Queue {
    /// Nothing is on its way.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stage: Stage::Idle,
            tries: 0,
            wait: 0,
            opened: false,
            visitor: String::new(),
            held: Vec::new(),
            calls: 0,
            pauses: 0,
        }
    }

    /// Takes an event along, with its entry of a batch.
    pub fn push(&mut self, seen: &Permitted<Sighting<'_>>, entry: String) {
        if self.held.len() < MAX_HELD {
            self.held.push(Held::new(seen, entry));
        }
    }

    /// Follows a decision: forgets what is no longer permitted. What happened before the collector had
    /// confirmed the first grant belongs to the visitor that it then names.
    pub fn follow(&mut self, now: &Now<'_>) {
        if self.visitor != now.visitor {
            if !self.visitor.is_empty() {
                self.held.clear();
            }
            self.visitor.clone_from(&now.visitor);
        }
        self.sift(&mut |held| now.permit(&held.name, held.at).is_some());
    }

    /// What is to be done now. To be asked after every other call; `random` spreads the tries.
    pub fn next(&mut self, random: u8) -> Next {
        if self.visitor.is_empty() || self.stage != Stage::Idle || self.held.is_empty() {
            return Next::Rest;
        }
        self.stage = Stage::Waiting;
        self.pauses += 1;
        let ms = match self.tries {
            0 if self.held.len() >= MAX_BATCH => 0,
            0 if self.opened => GATHER,
            0 => FIRST,
            tries => pause(tries, random).max(i64::from(self.wait) * SECOND),
        };
        Next::Pause(self.pauses, ms)
    }

    /// A pause is over: its own, or whichever there is (0) where the browser is online again. The batch
    /// that is to be sent.
    pub fn woke(&mut self, number: u32, now: &Now<'_>) -> Next {
        if self.stage != Stage::Waiting || (number != 0 && number != self.pauses) {
            return Next::Rest;
        }
        self.stage = Stage::Idle;
        match self.start(now) {
            0 => Next::Rest,
            call => {
                self.stage = Stage::Sending;
                Next::Send(call)
            }
        }
    }

    /// Whether so many are held that they need not wait any longer.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.tries == 0 && self.held.len() >= MAX_BATCH
    }

    /// The page is hidden or goes away: the number of a batch that may be sent now, 0 for none. Where
    /// the last try failed the next page may try.
    pub fn leave(&mut self, now: &Now<'_>) -> u32 {
        if self.tries == 0 { self.start(now) } else { 0 }
    }

    /// Forgets what is not to be kept.
    fn sift(&mut self, keep: &mut dyn FnMut(&Held) -> bool) {
        self.held.retain(keep);
    }

    /// Puts a batch on its way.
    fn start(&mut self, now: &Now<'_>) -> u32 {
        self.follow(now);
        if self.visitor.is_empty() {
            return 0;
        }
        let call = self.calls + 1;
        let mut bytes: usize =
            self.held.iter().filter(|held| held.call != 0).map(Held::bytes).sum();
        let mut count = 0;
        for held in self.held.iter_mut().filter(|held| held.call == 0) {
            bytes += held.bytes();
            if count == MAX_BATCH || bytes > MAX_BYTES {
                break;
            }
            held.call = call;
            count += 1;
        }
        if count == 0 {
            return 0;
        }
        self.calls = call;
        call
    }

    /// A batch as it is signed, once it is known what the collector's clock is ahead; empty where the
    /// visitor has taken back all of it.
    #[must_use]
    pub fn batch(&self, site: &str, call: u32, ahead: i64) -> String {
        if !self.held.iter().any(|held| held.call == call) {
            return String::new();
        }
        let own = self.held.iter().filter(|held| held.call == call);
        let entries = own.map(|held| dated(&held.entry, held.at.plus(ahead)));
        events_json(site, &self.visitor, entries)
    }

    /// The collector has answered to a batch, or nobody has (status 0); `wait` are the seconds that it
    /// asks to be left alone for.
    pub fn answered(&mut self, call: u32, status: u32, wait: u32) {
        let may_pass = matches!(status, 0 | 401 | 408 | 429 | 500..);
        if !self.held.iter().any(|held| held.call == call) {
            // Whatever it was, the visitor has taken it back.
        } else if may_pass {
            // An event that is sent again keeps its id, so that it counts once.
            self.back(call);
            self.tries += 1;
            self.wait = wait.min(MAX_WAIT);
        } else {
            self.sift(&mut |held| held.call != call);
            self.opened = true;
            self.tries = 0;
        }
        if self.stage == Stage::Sending && !self.held.iter().any(|held| held.call != 0) {
            self.stage = Stage::Idle;
        }
    }

    /// A batch could not be sent.
    pub fn back(&mut self, call: u32) {
        for held in &mut self.held {
            if held.call == call {
                held.call = 0;
            }
        }
    }

    /// What is left for the next page, beside what is there already: all that is not under way, and
    /// where the page goes for good (`all`) what has not been answered either. It is not held any more.
    pub fn leave_behind(&mut self, there: &str, all: bool, now: &Now<'_>) -> String {
        let mut text = self.visitor.clone();
        let mut lines = Lines::of(there);
        if lines.text() == text {
            for line in lines {
                text.push('\n');
                text.push_str(line);
            }
        }
        self.sift(&mut |held| {
            if held.call != 0 && !all {
                return true;
            }
            if text.len() + held.bytes() < MAX_KEPT && now.permit(&held.name, held.at).is_some() {
                text.push('\n');
                push_digits(&mut text, u64::try_from(held.at.0).unwrap_or(0), 10);
                text.push(' ');
                text.push_str(&held.name);
                text.push(' ');
                text.push_str(&held.entry);
            }
            false
        });
        if self.stage == Stage::Waiting {
            self.stage = Stage::Idle;
        }
        text
    }

    /// Whether anything would be left for the next page.
    #[must_use]
    pub fn has_more(&self, all: bool) -> bool {
        !self.visitor.is_empty() && self.held.iter().any(|held| all || held.call == 0)
    }

    /// Takes up what an earlier page has left: what of it is the same visitor's, and still permitted.
    pub fn take_up(&mut self, left: &str, now: &Now<'_>) {
        let mut lines = Lines::of(left);
        if lines.text() != now.visitor || now.visitor.is_empty() {
            return;
        }
        for line in lines {
            let mut words = Lines::words(line);
            let (at, name) = (words.number().map(Millis), words.text());
            if let Some(at) = at
                && let Some(seen) = now.permit(name, at)
            {
                self.push(&seen, words.rest().unwrap_or("").into());
            }
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
