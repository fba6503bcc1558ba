//! The part that asks: what the script calls of it, and what it calls of the script (`ui.js`).
//!
//! Nothing is kept of the page's here but numbers: elements are looked up by them.

use alloc::string::String;

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::VisitorId,
    time::Millis,
};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{clock, cookie, draw, frames, kept, property, screen, window};
use crate::{
    banner::{Surface, Switches, first_layer, method, name_of, second_layer},
    blocked::may_run,
    client::{Browser, Client, Message},
    lines::Lines,
    session::Answer,
    settings::Settings,
};

#[wasm_bindgen]
extern "C" {
    /// The site's configuration ([`consent_core::client::Config`]).
    fn page_config() -> JsValue;
    /// Calls the collector; [`answered`] is called with what it says.
    fn post(path: &str, body: &str);
    /// Calls [`wake`] after so many milliseconds.
    fn pause(ms: f64);
    /// Tells the page and the other parts that the decision changed.
    fn sync();
    /// Hands the last session to the part that acts, which would have to open one of its own.
    fn hand_over(ahead: f64);
}

struct Ui {
    client: Client,
    switches: Switches,
    panel: u32,
    dialog: u32,
}

/// The part, once it has been started. It is never locked while the script is called that may call
/// back.
static UI: Mutex<Option<Ui>> = Mutex::new(None);

fn with<R>(action: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    UI.try_lock()?.as_mut().map(action)
}

/// Starts the part with the site's configuration; whether it could.
#[wasm_bindgen]
#[must_use]
pub fn start(config: &str) -> bool {
    let (Some(settings), Some(mut ui)) = (Settings::read(config), UI.try_lock()) else {
        return false;
    };
    *ui =
        Some(Ui { client: Client::new(settings), switches: Switches::of(0), panel: 0, dialog: 0 });
    // Number 1: what is said to those who cannot see that the banner went.
    screen::add(0, "p", "class=unseen;role=status", "");
    true
}

/// Shows the first layer where a decision is due.
#[wasm_bindgen]
pub fn ask() {
    with(|ui| {
        if ui.decided().is_none() && ui.panel == 0 {
            ui.panel = first_layer(&Page);
        }
    });
}

/// Shows the second layer with the standing decision.
#[wasm_bindgen]
pub fn open() {
    with(|ui| {
        close(&mut ui.dialog);
        ui.switches = Switches::of(ui.granted());
        ui.dialog = second_layer(&Page, ui.client.settings(), ui.switches);
    });
}

/// Closes the second layer without deciding.
#[wasm_bindgen]
pub fn shut() {
    with(|ui| close(&mut ui.dialog));
}

/// A switch, by the words `purpose service`, was turned on or off.
#[wasm_bindgen]
pub fn press(what: &str, on: bool) {
    let mut words = Lines::words(what);
    with(|ui| {
        ui.switches.turn(ui.client.settings(), words.text(), words.text(), on);
        ui.switches.show(&Page, ui.client.settings());
    });
}

/// Decides as the switches are.
#[wasm_bindgen]
pub fn save() {
    if let Some(bits) = with(|ui| ui.switches.bits()) {
        decide(bits, false);
    }
}

/// Grants what is named beside what is granted: a line for each purpose, or purpose and service.
/// Nothing named is everything.
#[wasm_bindgen]
pub fn accept(what: &str) {
    let bits = with(|ui| {
        if what.is_empty() {
            return ui.client.settings().all();
        }
        let mut bits = ui.granted();
        for line in Lines::of(what) {
            let mut words = Lines::words(line);
            bits |= ui.client.settings().bits_of(words.text(), words.text());
        }
        bits
    });
    if let Some(bits) = bits {
        decide(bits, what.is_empty());
    }
}

/// Grants nothing any more.
#[wasm_bindgen]
pub fn refuse() {
    decide(0, false);
}

/// Puts placeholders before frames that may not run, and takes those away that may.
#[wasm_bindgen]
pub fn place() {
    let may = |what: &str| {
        let mut words = Lines::words(what);
        let (purpose, service) = (words.text(), words.text());
        let may = |ui: &mut Ui| {
            may_run(ui.client.settings(), decision().as_ref(), purpose, service, clock())
        };
        with(may).unwrap_or(false)
    };
    let named = |what: &str| {
        let mut words = Lines::words(what);
        let (purpose, service) = (words.text(), words.text());
        with(|ui| name_of(ui.client.settings(), purpose, service)).flatten()
    };
    frames::stand(may, named);
}

/// Follows a decision made elsewhere.
#[wasm_bindgen]
pub fn follow() {
    with(|ui| {
        if ui.decided().is_some() {
            close(&mut ui.panel);
        }
    });
}

/// Tells the collector what an earlier page could not.
#[wasm_bindgen]
pub fn confirm(left: &str) {
    tell(Message::Resume(left));
}

/// The collector answered.
#[wasm_bindgen]
pub fn answered(status: u16, text: &str) {
    tell(Message::Answer(Answer::read(status, text)));
}

/// A pause is over, or the browser is online again.
#[wasm_bindgen]
pub fn wake() {
    tell(Message::Wake);
}

fn decide(bits: u128, everything: bool) {
    if let Some(before) = with(|ui| ui.granted()) {
        tell(Message::Decide { bits, method: method(everything, before, bits) });
        with(|ui| {
            close(&mut ui.panel);
            close(&mut ui.dialog);
        });
        screen::say_saved();
    }
}

fn tell(message: Message<'_>) {
    if with(|ui| ui.client.update(message, &Page)) == Some(true) {
        sync();
    }
}

fn close(layer: &mut u32) {
    if *layer != 0 {
        screen::hide(*layer);
        *layer = 0;
    }
}

impl Ui {
    fn decided(&self) -> Option<u128> {
        self.client.settings().decided(decision().as_ref(), clock())
    }

    fn granted(&self) -> u128 {
        self.decided().unwrap_or(0)
    }
}

fn decision() -> Option<ConsentCookie> {
    cookie(CONSENT_COOKIE)?.parse().ok()
}

/// A number of days of the configuration.
fn days(name: &str) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "400 at most")]
    property(&page_config(), name).as_f64().map_or(0, |days| days as u32)
}

/// The page.
struct Page;

impl Browser for Page {
    fn now(&self) -> Millis {
        clock()
    }
    fn random(&self) -> [u8; 10] {
        draw()
    }
    /// Where the visitor is, without what a query may tell of them.
    fn page(&self) -> String {
        let location = window().location();
        let mut page = location.origin().unwrap_or_default();
        page.push_str(&location.pathname().unwrap_or_default());
        page
    }
    fn decision(&self) -> Option<ConsentCookie> {
        decision()
    }
    fn visitor(&self) -> Option<VisitorId> {
        cookie(VISITOR_COOKIE)?.parse().ok()
    }
    fn keep(&self, decision: &ConsentCookie) -> bool {
        kept::keep(CONSENT_COOKIE, &decision.to_text(), days("consent_days"))
    }
    fn undecide(&self) {
        kept::keep(CONSENT_COOKIE, "", 0);
    }
    fn hold(&self, visitor: Option<VisitorId>) {
        let text = visitor.map(|visitor| visitor.to_text());
        kept::keep(VISITOR_COOKIE, text.as_deref().unwrap_or(""), days("visitor_days"));
    }
    fn erase(&self, key: &str) {
        kept::erase(&page_config(), key);
    }
    fn leave(&self, text: &str) {
        kept::leave(text);
    }
    fn post(&self, path: &str, body: &str) {
        post(path, body);
    }
    #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
    fn pause(&self, ms: i64) {
        pause(ms as f64);
    }
    #[expect(clippy::cast_precision_loss, reason = "clocks are not 200,000 years apart")]
    fn hand_over(&self, ahead: i64) {
        hand_over(ahead as f64);
    }
}

impl Surface for Page {
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
        screen::add(parent, tag, given, text)
    }
    fn show(&self, layer: u32) {
        screen::show(layer);
    }
    fn turn(&self, switch: u32, on: bool) {
        screen::turn(switch, on);
    }
}
