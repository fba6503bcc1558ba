//! The part that acts: what its script calls of it, and what it borrows of the script (`act.js`).
//!
//! Nothing is decided here: what the browser tells goes to the [`Watch`], what that wants of the browser
//! comes back through [`Page`]. Of the page's objects nothing is kept.

mod forms;

use alloc::string::String;

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    time::Millis,
};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{
    clock, cookie,
    kept::page_leave,
    page_asked,
    tell::{ahead, signed},
};
use crate::{
    asked::Asked,
    blocked::may_run,
    lead::Sending,
    lines::Lines,
    queue::properties::Properties,
    signer::Call,
    view::Place,
    watch::{Page, Watch},
};

#[wasm_bindgen]
extern "C" {
    /// What stands under a path, from `document`, `location` or `host`, as text; empty where nothing is.
    fn page_text(path: &str) -> String;
    /// Fills with random bytes.
    fn page_draw(bytes: &mut [u8]);
    /// A part of a query without its escapes.
    fn page_plain(text: &str) -> String;
    /// What an earlier page has left.
    fn page_left() -> String;
    /// Tells of this pause's end after so many milliseconds.
    fn rest(number: u32, ms: f64);
    /// Asks for a batch to be sent, a moment later.
    fn send(call: u32, visitor: &str);
    /// A number for a call of the collector: its answer is told as that to a batch. With a visitor, it is what
    /// the batch waits for, which is asked for once more.
    fn awaits(call: u32, visitor: &str) -> u32;
    /// Says a word to the page's owner.
    fn warn(name: &str, why: &str);
}

const EVENTS: &str = "/v1/events";
/// The entry of local storage that holds what is left for the next page.
const QUEUE: &str = "ashiato_queue";

struct Act {
    watch: Watch,
    /// Of the event that the script is telling of.
    properties: Properties,
    lead: Option<Sending>,
}

/// The part, once it has been started. What it calls of the script meanwhile does not call back at
/// once.
static ACT: Mutex<Option<Act>> = Mutex::new(None);

fn with<R>(action: impl FnOnce(&mut Act) -> R) -> Option<R> {
    ACT.try_lock()?.as_mut().map(action)
}

/// The page that this runs in.
struct Here;

#[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
const fn millis(ms: f64) -> i64 {
    ms as i64
}

impl Page for Here {
    fn address(&self) -> String {
        page_text("location.href")
    }
    fn title(&self) -> String {
        page_text("document.title")
    }
    fn is_seen(&self) -> bool {
        page_text("document.visibilityState") == "visible"
    }
    fn clock(&self) -> Millis {
        clock()
    }
    fn draw(&self) -> [u8; 10] {
        let mut drawn = [0; 10];
        page_draw(&mut drawn);
        drawn
    }
    fn decision(&self) -> Option<ConsentCookie> {
        cookie(CONSENT_COOKIE)?.parse().ok()
    }
    fn visitor(&self) -> String {
        cookie(VISITOR_COOKIE).unwrap_or_default()
    }
    fn left(&self) -> String {
        page_left()
    }
    fn leave(&self, text: &str) {
        page_leave(QUEUE, text);
    }
    fn plain(&self, text: &str) -> String {
        page_plain(text)
    }
    #[expect(clippy::cast_precision_loss, reason = "a pause is an hour at most")]
    fn pause(&self, number: u32, ms: i64) {
        rest(number, ms as f64);
    }
    fn send(&self, call: u32, visitor: &str) {
        send(call, visitor);
    }
    fn ahead(&self) -> i64 {
        ahead().unwrap_or(0)
    }
    fn flush(&self, call: u32, payload: String, visitor: &str) -> bool {
        page_text("navigator.onLine") == "true"
            && say(awaits(call, ""), EVENTS, payload, visitor, true)
    }
}

/// Has something signed for a visitor and carried to the collector; whether that could be done.
fn say(number: u32, path: &'static str, payload: String, visitor: &str, at_once: bool) -> bool {
    signed(Call::new(number, path, payload, visitor.parse().ok()), at_once)
}

/// Starts the part with the site's configuration.
#[wasm_bindgen]
pub fn act_start() {
    if let Some(mut act) = ACT.try_lock() {
        let place =
            Place::new(page_text("host.config.url_parameters"), &page_text("document.referrer"));
        *act = Some(Act {
            watch: Watch::new(Asked::of(page_asked()), place),
            properties: Properties::default(),
            lead: None,
        });
    }
}

/// What the script tells, by the numbers that it has names for (`act.js`): a number and a text, as far
/// as there is something to them. Answers a number. One way in for everything, for each would cost a
/// hundred bytes.
#[wasm_bindgen]
#[must_use]
pub fn act_tell(what: u8, number: f64, text: &str) -> f64 {
    with(|act| f64::from(act.told(what, number, text))).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are small")]
const fn small(number: f64) -> u32 {
    number as u32
}

impl Act {
    fn told(&mut self, what: u8, number: f64, text: &str) -> u32 {
        let watch = &mut self.watch;
        let mut lines = Lines::of(text);
        match what {
            // What is marked with a purpose, and perhaps a service after a space: whether it may run.
            0 => {
                let mut words = Lines::words(text);
                let (purpose, service) = (words.text(), words.text());
                let decision = Here.decision();
                let may = may_run(&watch.asked, decision.as_ref(), purpose, service, Here.clock());
                return u32::from(may);
            }
            // A decision may have changed.
            1 => watch.follow(&Here),
            // The address may be another one.
            2 => watch.view(&Here),
            // The page came back from the back/forward cache.
            3 => watch.again(&Here),
            // Somebody looks at the page (1), or nobody does (0).
            4 => watch.look(&Here, number != 0.0),
            // The page is hidden (0), or goes away for good (1).
            5 => watch.left(&Here, number != 0.0),
            // The page has been read to so many per cent.
            6 => watch.read(&Here, number),
            // A link was pressed; 1 where the page says that it leads to a file.
            7 => watch.press(&Here, text, number != 0.0),
            // A property of the event that is told next: the name of its value's type, its own name, and
            // its value as text, a line each.
            8 => {
                let (kind, name) = (lines.text(), lines.text());
                self.properties.add(name, kind, lines.rest().unwrap_or(""));
            }
            // An event of that name, at that time.
            9 => {
                let properties = core::mem::take(&mut self.properties);
                if let Err(why) = watch.track(&Here, text, properties, Millis(millis(number))) {
                    warn(text, why);
                }
            }
            // The pause of that number is over, or the browser is online again (0).
            10 => watch.woke(&Here, small(number)),
            // A batch is to be sent (0), or this has been asked for once more (1): its number and its
            // visitor, a line each. Whether something is on its way.
            11 => {
                let (call, visitor) = (call(&mut lines), lines.text());
                let (path, payload, again) = match ahead() {
                    Some(ahead) => (EVENTS, watch.batch(call, ahead), ""),
                    None => ("", String::new(), visitor),
                };
                let is_due = if path.is_empty() { number == 0.0 } else { !payload.is_empty() };
                return u32::from(
                    is_due && say(awaits(call, again), path, payload, visitor, false),
                );
            }
            // What has come of a batch: its number, and the seconds for which the collector asks to be
            // left alone, a line each; the status, 0 for no answer.
            12 => {
                let (call, wait) = (call(&mut lines), call(&mut lines));
                watch.answered(&Here, call, small(number), wait);
            }
            _ => return self.told_of_lead(what, small(number), lines),
        }
        0
    }
}

/// A number in the next line.
fn call(lines: &mut Lines<'_>) -> u32 {
    lines.number().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}
