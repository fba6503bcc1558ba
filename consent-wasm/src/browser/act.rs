//! The part that acts: what the loader calls of it, and what it borrows of the loader.
//!
//! It carries what is observed to the [`Queue`] and its effects to the collector.

mod forms;
mod observe;

use alloc::{boxed::Box, string::String};

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::{VisitorId, from_base64url},
    standing::{Standing, Subject},
    time::Millis,
};
use js_sys::{Array, Function, Reflect};
use spin::Mutex;
use wasm_bindgen::{closure::Closure, prelude::*};

use super::{clock, cookie, document, draw, property, window};
use crate::{
    blocked::may_run,
    lines::Lines,
    queue::{Effect, Message, Now, Queue, properties::written},
    session::{Answer, Session},
    settings::Settings,
    view::{Place, Seen},
};

#[wasm_bindgen]
extern "C" {
    /// What the loader lends to its parts.
    type Host;
    /// The loader's own.
    fn page_host() -> Host;
    /// Calls the collector; `reply` is called with a status and an object, or with status 0.
    #[wasm_bindgen(method)]
    fn post(this: &Host, path: &str, body: &str, reply: &Function);
    /// Calls after so many milliseconds.
    #[wasm_bindgen(method)]
    fn later(this: &Host, action: &Function, ms: f64);
    /// Calls with the texts of the language, or with undefined.
    #[wasm_bindgen(method)]
    fn say(this: &Host, reply: &Function);
    /// A function that throws nothing.
    fn quiet(action: &JsValue) -> Function;
}

struct Act {
    settings: Settings,
    queue: Queue,
    place: Place,
}

/// The part, once it has been started. It is never locked while something is called that may call
/// back.
static ACT: Mutex<Option<Act>> = Mutex::new(None);

fn with<R>(action: impl FnOnce(&mut Act) -> R) -> Option<R> {
    ACT.try_lock()?.as_mut().map(action)
}

/// What the browser is to call. There is one type for all of them, whatever they are called with: each
/// type costs a hundred bytes.
type Action = Box<dyn FnMut(JsValue, JsValue)>;

fn callback(action: Action) -> Function {
    quiet(&Closure::wrap(action).into_js_value())
}

/// Starts the part with the site's configuration; whether it could.
#[wasm_bindgen]
#[must_use]
pub fn start(config: &str) -> bool {
    let Some(settings) = Settings::read(config) else {
        return false;
    };
    let mut parameters = alloc::vec::Vec::new();
    for name in Array::from(&property(&page_host(), "config.url_parameters")).iter() {
        parameters.extend(name.as_string());
    }
    let referrer = document().map(|page| page.referrer()).unwrap_or_default();
    match ACT.try_lock() {
        Some(mut act) => {
            *act = Some(Act {
                queue: Queue::new(settings.site.clone()),
                settings,
                place: Place::new(parameters, &referrer),
            });
        }
        None => return false,
    }
    observe::observe();
    forms::bind();
    follow();
    true
}

/// Whether what is marked with a purpose, and perhaps a service after a space, may run.
#[wasm_bindgen]
#[must_use]
pub fn may(what: &str) -> bool {
    let mut words = Lines::words(what);
    let (purpose, service) = (words.text(), words.text());
    let may =
        |act: &mut Act| may_run(&act.settings, decision().as_ref(), purpose, service, clock());
    with(may).unwrap_or(false)
}

/// Follows a decision, and counts the view that it lets be counted.
#[wasm_bindgen]
pub fn follow() {
    let host = page_host();
    let handed = property(&host, "session").as_string().unwrap_or_default();
    // It is handed over once.
    let _ = Reflect::set(&host, &JsValue::from_str("session"), &JsValue::UNDEFINED);
    tell(Message::Decided(session(&handed)));
    view();
}

/// The session that the part that asks handed over: its string, its key, its end, nothing, and what the
/// collector's clock is ahead.
fn session(handed: &str) -> Option<Session> {
    let mut lines = Lines::of(handed);
    let (id, key, expires) = (lines.text().into(), lines.text(), lines.number()?);
    let key = from_base64url(key)?.try_into().ok()?;
    lines.text();
    Some(Session { id, key, expires: Millis(expires), ahead: lines.number().unwrap_or(0) })
}

/// Counts the view, once.
fn view() {
    let new = with(|act| act.standing().receipt().is_some() && act.place.arrive(&url()));
    if new == Some(true) {
        record("page_view", None, clock());
    }
}

/// The page came back from the back/forward cache.
fn again() {
    with(|act| act.place.again());
    follow();
}

/// Records an event of the page's own, if its purpose is granted.
#[wasm_bindgen]
pub fn track(name: &str, properties: &JsValue, at: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
    let at = Millis(at as i64);
    let read = observe::plain(properties).ok_or("a property is a text, a number or a boolean");
    match read.and_then(|properties| written(&properties)) {
        Ok(properties) => record(name, properties, at),
        Err(why) => {
            web_sys::console::warn_3(&"ashiato dropped".into(), &name.into(), &why.into());
        }
    }
}

/// Records an event, if its purpose is granted; its properties are a JSON object.
fn record(name: &str, properties: Option<String>, at: Millis) {
    let title = document().map(|page| page.title()).unwrap_or_default();
    let event = with(|act| {
        let seen = Seen { name, at, random: &draw(), url: &url(), title: &title };
        act.place.observe(&act.settings.policy, seen, &act.standing(), clock())
    });
    if let Some(Some(event)) = event {
        tell(Message::Event(event, properties));
    }
}

fn tell(message: Message) {
    let effects = with(|act| {
        let now =
            Now { at: clock(), random: draw()[0], visitor: visitor(), standing: act.standing() };
        act.queue.update(message, &now)
    });
    for effect in effects.unwrap_or_default() {
        match effect {
            Effect::Post(call, path, body) => {
                let reply = move |status: JsValue, body: JsValue| {
                    tell(Message::Answer(call, answer(&status, &body)));
                };
                page_host().post(path, &body, &callback(Box::new(reply)));
            }
            #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
            Effect::Pause(ms) => {
                page_host().later(&callback(Box::new(|_, _| tell(Message::Wake))), ms as f64);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "three digits")]
fn status(given: &JsValue) -> u16 {
    given.as_f64().unwrap_or(0.0) as u16
}

/// What the collector answered of a session.
fn answer(given: &JsValue, body: &JsValue) -> Answer {
    let text = |name| property(body, name).as_string();
    #[expect(clippy::cast_possible_truncation, reason = "the collector's milliseconds are whole")]
    let number = |name| property(body, name).as_f64().map(|number| number as i64);
    Answer {
        status: status(given),
        session: text("session"),
        key: text("key").and_then(|key| from_base64url(&key)?.try_into().ok()),
        expires: number("expires"),
        now: number("now"),
        ..Answer::default()
    }
}

impl Act {
    fn standing(&self) -> Standing {
        decision().map_or(Standing::none(Subject::ThisBrowser), |own| {
            own.standing(&self.settings.policy, self.settings.consent_days)
        })
    }
}

fn decision() -> Option<ConsentCookie> {
    cookie(CONSENT_COOKIE)?.parse().ok()
}

fn visitor() -> Option<VisitorId> {
    cookie(VISITOR_COOKIE)?.parse().ok()
}

fn url() -> String {
    window().location().href().unwrap_or_default()
}
