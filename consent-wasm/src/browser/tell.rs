//! The part that tells: what the script calls of it, and what it calls of the script (`tell.js`).

use alloc::string::String;
use core::cell::Cell;

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{clock, cookie, kept, page_asked};
use crate::{
    asked::Asked,
    choice::text_of,
    client::{Browser, Client, Message},
    session::{Answer, Id},
    signer::{Call, Effect, Signer},
};

#[wasm_bindgen]
extern "C" {
    /// A number for a call of the client's; [`answered`] is called in the end.
    fn awaits_decision() -> u32;
    /// Calls the collector; [`replied`] is called with the number and what it says.
    fn carry(number: u32, path: &str, body: &str);
    /// Ends the call of that number: its answer was the last one, or there is none to be had.
    fn end(number: u32);
    /// A random byte.
    fn random() -> u8;
    /// Calls [`wake`] after so many milliseconds.
    fn pause(ms: f64);
    /// Has the part that asks delete what services have kept beyond what is granted, and ask where nothing is decided.
    fn forget();
    /// Tells the page and the other parts that the decision changed.
    fn sync();
}

struct Tell {
    client: Client,
    signer: Signer,
}

/// The part, once it has been started. It is never locked while the script is called that may call
/// back.
static TELL: Mutex<Option<Tell>> = Mutex::new(None);

fn with<R>(action: impl FnOnce(&mut Tell) -> R) -> Option<R> {
    TELL.try_lock()?.as_mut().map(action)
}

/// Starts the part with the site's configuration.
#[wasm_bindgen]
pub fn start() {
    if let Some(mut tell) = TELL.try_lock() {
        let asked = Asked::of(page_asked());
        let signer = Signer::new(asked.site().into());
        *tell = Some(Tell { client: Client::new(asked), signer });
    }
}

/// Tells a decision, made on this page or left by an earlier one.
#[wasm_bindgen]
pub fn decided(decision: &str) {
    tell(Message::Decided(decision));
}

/// Tells a grant that has no receipt.
#[wasm_bindgen]
pub fn resume(moment: &str) {
    tell(Message::Resume(moment));
}

/// Follows the cookie, whoever changed it.
#[wasm_bindgen]
pub fn follow() {
    with(|tell| tell.client.follow(&Page { ahead: 0, call: Cell::new(None) }));
}

/// The collector answered the client.
#[wasm_bindgen]
pub fn answered(status: u16, text: &str) {
    tell(Message::Answer(Answer { status, text }));
}

/// Has what opens the visitor's own page signed, and handed over by [`carry`] as `me`; without it, has a session opened
/// that tells whether they have decided anything there.
#[wasm_bindgen]
pub fn show_own(number: u32, payload: &str) {
    let path = if payload.is_empty() { "" } else { "me" };
    with(|tell| {
        if path.is_empty() && tell.client.is_idle() {
            tell.signer.renew();
        }
    });
    signed(Call::new(number, path, payload.into(), visitor()), false);
}

/// The collector told, under the decision that is still held, what the visitor has decided last, as a consent cookie by
/// its clock; nothing: it does not know them any more.
#[wasm_bindgen]
pub fn learned(decision: &str) {
    tell(Message::Learned(decision));
}

/// A pause is over, or the browser is online again.
#[wasm_bindgen]
pub fn wake() {
    tell(Message::Wake);
}

/// Signs what another part has to say for the visitor, or for nobody in particular, and carries it to
/// the collector; without a path only a session is opened. In the last moment of a page there is no time to ask
/// for one: whether there was one at hand.
#[inline(never)]
pub(super) fn signed(call: Call, at_once: bool) -> bool {
    let effect = with(|tell| {
        if at_once {
            tell.signer.at_once(call, clock())
        } else {
            Some(tell.signer.submit(call, clock()))
        }
    });
    let effect = effect.flatten();
    let sent = effect.is_some();
    act(effect);
    sent
}

/// What the collector's clock is ahead of the page's, once a session has told it.
#[cfg(feature = "act")]
pub(super) fn ahead() -> Option<i64> {
    with(|tell| tell.signer.ahead())?
}

/// The collector answered the call of that number.
#[wasm_bindgen]
pub fn replied(number: u32, status: u16, text: &str) {
    let answer = Answer { status, text };
    act(with(|tell| tell.signer.answered(number, answer, clock())));
}

fn act(effect: Option<Effect>) {
    match effect {
        Some(Effect::Post(number, path, body)) => carry(number, path, &body),
        Some(Effect::End(number)) => end(number),
        None => {}
    }
}

/// Tells the client, and does what that leads to.
fn tell(message: Message<'_>) {
    let told = with(|tell| {
        let page = Page { ahead: tell.signer.ahead().unwrap_or(0), call: Cell::new(None) };
        let changed = tell.client.update(message, &page);
        // A session that comes with a receipt is the visitor's own.
        if let Message::Answer(answer) = message
            && answer.receipt().is_some()
            && let Some(session) = answer.session(clock(), page.ahead)
            && let Some(visitor) = visitor()
        {
            tell.signer.hold(Some(visitor), session);
        }
        (changed, page.call.take())
    });
    let Some((changed, call)) = told else { return };
    if changed {
        sync();
    }
    if let Some((path, payload, visitor)) = call {
        signed(Call::new(awaits_decision(), path, payload, visitor), false);
    }
}

fn visitor() -> Option<Id> {
    cookie(VISITOR_COOKIE)?.parse().ok()
}

/// The page, at the time of a message.
struct Page {
    /// What the collector's clock is ahead of its own.
    ahead: i64,
    /// What the client has to say, once it has been told.
    call: Cell<Option<(&'static str, String, Option<Id>)>>,
}

impl Browser for Page {
    fn random(&self) -> u8 {
        random()
    }
    fn decision(&self) -> String {
        cookie(CONSENT_COOKIE).unwrap_or_default()
    }
    fn visitor(&self) -> Option<Id> {
        visitor()
    }
    fn keep(&self, cookie: &str, lifetime: &str) -> bool {
        kept::keep(CONSENT_COOKIE, cookie, lifetime)
    }
    fn undecide(&self) {
        kept::keep(CONSENT_COOKIE, "", "0");
    }
    fn hold(&self, visitor: Option<&Id>, lifetime: &str) {
        kept::keep(VISITOR_COOKIE, text_of(visitor), lifetime);
    }
    fn forget(&self) {
        forget();
    }
    fn leave(&self, text: &str) {
        kept::leave(text);
    }
    fn ahead(&self) -> i64 {
        self.ahead
    }
    fn call(&self, path: &'static str, payload: String, visitor: Option<&Id>) {
        self.call.set(Some((path, payload, visitor.cloned())));
    }
    #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
    fn pause(&self, ms: i64) {
        pause(ms as f64);
    }
}
