//! The part that acts: what the script calls of it, and what it calls of the script (`act.js`).

use alloc::string::String;

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::VisitorId,
    jws::sign,
    standing::{Standing, Subject},
    time::Millis,
    wire::SessionRequest,
};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{clock, cookie, draw};
use crate::{
    blocked::may_run,
    lead::{MARK, Outcome, may_link, payload},
    lines::Lines,
    queue::{Effect, Message, Now, Queue},
    session::Answer,
    settings::Settings,
    view::{Place, Seen},
};

#[wasm_bindgen]
extern "C" {
    fn url() -> String;
    fn title() -> String;
    fn referrer() -> String;
    fn session() -> String;
    fn post(path: &str, body: &str);
    fn pause(ms: f64);
    fn post_lead(path: &str, body: &str);
    fn kept(lead: &str, linked: bool);
    fn faults(lines: &str);
    fn go_on();
}

struct Act {
    settings: Settings,
    queue: Queue,
    place: Place,
    form: Option<Form>,
}

/// A form on its way.
struct Form {
    payload: String,
    visitor: Option<VisitorId>,
    sent: bool,
    renewed: bool,
}

/// The part, once it has been started. It is never locked while the script is called that may call
/// back.
static ACT: Mutex<Option<Act>> = Mutex::new(None);

fn with<R>(action: impl FnOnce(&mut Act) -> R) -> Option<R> {
    ACT.try_lock()?.as_mut().map(action)
}

/// Starts the part with the site's configuration and, after a mark, the query parameters that may be
/// kept, one a line; whether it could.
#[wasm_bindgen]
#[must_use]
pub fn start(config: &str) -> bool {
    let mut parts = Lines::split(config, MARK);
    let (Some(settings), Some(mut act)) = (Settings::read(parts.text()), ACT.try_lock()) else {
        return false;
    };
    let parameters = Lines::of(parts.text()).map(String::from).collect();
    *act = Some(Act {
        queue: Queue::new(settings.site.clone()),
        settings,
        place: Place::new(parameters, &referrer()),
        form: None,
    });
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
    let handed = session();
    let mut lines = Lines::of(&handed);
    let answer = Answer::read(200, &handed);
    let ahead = (lines.nth(3), lines.number()).1.unwrap_or(0);
    let session = answer.session(clock(), ahead);
    tell(Message::Decided(session));
    view();
}

/// Counts the view, once.
#[wasm_bindgen]
pub fn view() {
    let new = with(|act| act.standing().receipt().is_some() && act.place.arrive(&url()));
    if new == Some(true) {
        track("page_view", None, super::now());
    }
}

/// The page came back from the back/forward cache.
#[wasm_bindgen]
pub fn again() {
    with(|act| act.place.again());
    follow();
}

/// Records an event, if its purpose is granted; its properties are a JSON object.
#[wasm_bindgen]
pub fn track(name: &str, properties: Option<String>, at: f64) {
    let event = with(|act| {
        #[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
        let at = Millis(at as i64);
        let seen = Seen { name, at, random: &draw(), url: &url(), title: &title() };
        act.place.observe(&act.settings.policy, seen, &act.standing(), clock())
    });
    if let Some(Some(event)) = event {
        tell(Message::Event(event, properties));
    }
}

/// The collector answered to events.
#[wasm_bindgen]
pub fn answered(status: u16, text: &str) {
    tell(Message::Answer(Answer::read(status, text)));
}

/// A pause is over, or the browser is online again.
#[wasm_bindgen]
pub fn wake() {
    tell(Message::Wake);
}

/// The page goes away.
#[wasm_bindgen]
pub fn leave() {
    tell(Message::Leave);
}

/// Somebody sends a form: its key, then its controls as [`payload`] takes them.
#[wasm_bindgen]
pub fn submit(text: &str) {
    let mut controls = Lines::split(text, MARK);
    let form = controls.text();
    let opening = with(|act| {
        let visitor = visitor().filter(|_| may_link(&act.settings, decision().as_ref(), clock()));
        let url = act.place.clean(&url());
        let payload = payload(&act.settings, form, visitor, &url, controls);
        act.form = Some(Form { payload, visitor, sent: false, renewed: false });
        SessionRequest { site: act.settings.site.clone(), visitor }.to_json()
    });
    if let Some(opening) = opening {
        post_lead("/v1/sessions", &opening);
    }
}

/// The collector answered to a form: as to a session, or as [`Outcome::read`] takes it.
#[wasm_bindgen]
pub fn lead_answered(status: u16, text: &str) {
    let next = with(|act| {
        let form = act.form.as_mut()?;
        if form.sent {
            let outcome = Outcome::read(status, text);
            if outcome != Outcome::Renew || form.renewed {
                return Some(Err(outcome));
            }
            (form.sent, form.renewed) = (false, true);
            let site = act.settings.site.clone();
            let request = SessionRequest { site, visitor: form.visitor };
            return Some(Ok(("/v1/sessions", request.to_json())));
        }
        let Some(session) = Answer::read(status, text).session(clock(), 0) else {
            return Some(Err(Outcome::PassedOver));
        };
        form.sent = true;
        let at = clock().plus(session.ahead);
        Some(Ok(("/v1/leads", sign(&session.key, &session.id, at, &form.payload))))
    });
    match next.flatten() {
        Some(Ok((path, body))) => post_lead(path, &body),
        Some(Err(Outcome::Kept { lead, linked })) => kept(&lead, linked),
        Some(Err(Outcome::Faults(lines))) => faults(&lines),
        Some(Err(Outcome::Renew | Outcome::PassedOver)) | None => go_on(),
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
            Effect::Post(path, body) => post(path, &body),
            #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
            Effect::Pause(ms) => pause(ms as f64),
        }
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
