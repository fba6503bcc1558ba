//! The part that tells: what the script calls of it, and what it calls of the script (`tell.js`).

use alloc::string::String;

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{clock, cookie, kept};
use crate::{
    asked::Asked,
    choice::text_of,
    client::{Browser, Client, Message},
    session::{Answer, Id},
    signer::{Call, Effect, Signer},
};

#[wasm_bindgen]
extern "C" {
    /// What [`Asked::of`] takes.
    fn page_asked() -> String;
    /// Has [`signed`] called for the client, once this call is over; [`answered`] is called in the end.
    fn call(path: &str, payload: &str, visitor: &str);
    /// Calls the collector; [`replied`] is called with the number and what it says.
    fn carry(number: u32, path: &str, body: &str);
    /// Ends the call of that number: its answer was the last one, or there is none to be had.
    fn end(number: u32);
    /// A random byte.
    fn random() -> u8;
    /// Calls [`wake`] after so many milliseconds.
    fn pause(ms: f64);
    /// Has the part that asks delete what services have kept.
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
    with(|tell| tell.client.follow(&Page(0)));
}

/// The collector answered the client.
#[wasm_bindgen]
pub fn answered(status: u16, text: &str) {
    let answer = Answer::read(status, text);
    let ahead = with(|tell| tell.signer.ahead()).flatten().unwrap_or(0);
    let session = answer.session(clock(), ahead).filter(|_| answer.receipt.is_some());
    tell(Message::Answer(answer));
    if let (Some(session), Some(visitor)) = (session, visitor()) {
        // The session that comes with a receipt is the visitor's own.
        with(|tell| tell.signer.hold(Some(visitor), session));
    }
}

/// A pause is over, or the browser is online again.
#[wasm_bindgen]
pub fn wake() {
    tell(Message::Wake);
}

/// Signs what another part has to say for the visitor, or for nobody in particular, and carries it to
/// the collector. In the last moment of a page there is no time to ask for a session: whether there was one
/// at hand.
#[wasm_bindgen]
#[must_use]
pub fn signed(number: u32, path: &str, payload: String, visitor: &str, at_once: bool) -> bool {
    let call = Call::new(number, path, payload, visitor.parse().ok());
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

/// What the collector's clock is ahead of the page's, in milliseconds; not a number before a session
/// has told it.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "clocks are not 200,000 years apart")]
pub fn ahead() -> f64 {
    with(|tell| tell.signer.ahead()).flatten().map_or(f64::NAN, |ahead| ahead as f64)
}

/// The collector answered the call of that number.
#[wasm_bindgen]
pub fn replied(number: u32, status: u16, text: &str) {
    let answer = Answer::read(status, text);
    act(with(|tell| tell.signer.answered(number, &answer, clock())));
}

fn act(effect: Option<Effect>) {
    match effect {
        Some(Effect::Post(number, path, body)) => carry(number, &path, &body),
        Some(Effect::End(number)) => end(number),
        None => {}
    }
}

fn tell(message: Message<'_>) {
    let update = |tell: &mut Tell| {
        let page = Page(tell.signer.ahead().unwrap_or(0));
        tell.client.update(message, &page)
    };
    if with(update) == Some(true) {
        sync();
    }
}

fn visitor() -> Option<Id> {
    cookie(VISITOR_COOKIE)?.parse().ok()
}

/// The page, and what the collector's clock is ahead of its own.
struct Page(i64);

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
        self.0
    }
    fn call(&self, path: &str, payload: &str, visitor: Option<&Id>) {
        call(path, payload, text_of(visitor));
    }
    #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
    fn pause(&self, ms: i64) {
        pause(ms as f64);
    }
}
