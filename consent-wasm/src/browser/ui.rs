//! The part that asks: what the script calls of it, and what it calls of the script (`ui.js`).
//!
//! Only numbers and texts pass between them, and nothing is kept of the page's: that is what makes
//! both small.

use alloc::string::String;

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::VisitorId,
    time::Millis,
};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{clock, cookie, draw};
use crate::{
    banner::{Surface, Switches, first_layer, method, second_layer},
    client::{Browser, Client, Message},
    lines::Lines,
    session::Answer,
    settings::Settings,
};

#[wasm_bindgen]
extern "C" {
    fn page() -> String;
    /// Keeps one of our two cookies as long as the site says, or deletes it where it has no value;
    /// whether the browser let it.
    fn keep(name: &str, value: &str) -> bool;
    fn post(path: &str, body: &str);
    fn add(parent: u32, tag: &str, given: &str, text: &str) -> u32;
    /// Does what can be said in a word and a number.
    #[wasm_bindgen(js_name = "perform")]
    fn order(order: &str, number: f64);
    fn erase(key: &str);
    fn leave(text: &str);
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

/// Something of ours was pressed: a button by its part, or a switch by the words `purpose service`
/// that is now on or off.
#[wasm_bindgen]
pub fn press(what: &str, on: bool) {
    match what {
        "accept" => accept(""),
        "reject" => refuse(),
        "customise" => open(),
        "close" => {
            with(|ui| close(&mut ui.dialog));
        }
        "save" => {
            if let Some(bits) = with(|ui| ui.switches.bits()) {
                decide(bits, false);
            }
        }
        _ => {
            let mut words = Lines::words(what);
            with(|ui| {
                ui.switches.turn(ui.client.settings(), words.text(), words.text(), on);
                ui.switches.show(&Page, ui.client.settings());
            });
        }
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
        order("saved", 0.0);
    }
}

fn tell(message: Message<'_>) {
    if with(|ui| ui.client.update(message, &Page)) == Some(true) {
        order("sync", 0.0);
    }
}

fn close(layer: &mut u32) {
    if *layer != 0 {
        order("hide", f64::from(*layer));
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

/// The page, by its script.
struct Page;

impl Browser for Page {
    fn now(&self) -> Millis {
        clock()
    }
    fn random(&self) -> [u8; 10] {
        draw()
    }
    fn page(&self) -> String {
        page()
    }
    fn decision(&self) -> Option<ConsentCookie> {
        decision()
    }
    fn visitor(&self) -> Option<VisitorId> {
        cookie(VISITOR_COOKIE)?.parse().ok()
    }
    fn keep(&self, decision: &ConsentCookie) -> bool {
        keep(CONSENT_COOKIE, &decision.to_text())
    }
    fn undecide(&self) {
        keep(CONSENT_COOKIE, "");
    }
    fn hold(&self, visitor: Option<VisitorId>) {
        let text = visitor.map(|visitor| visitor.to_text());
        keep(VISITOR_COOKIE, text.as_deref().unwrap_or(""));
    }
    fn erase(&self, key: &str) {
        erase(key);
    }
    fn leave(&self, text: &str) {
        leave(text);
    }
    fn post(&self, path: &str, body: &str) {
        post(path, body);
    }
    #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
    fn pause(&self, ms: i64) {
        order("pause", ms as f64);
    }
    #[expect(clippy::cast_precision_loss, reason = "clocks are not 200,000 years apart")]
    fn hand_over(&self, ahead: i64) {
        order("hand_over", ahead as f64);
    }
}

impl Surface for Page {
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
        add(parent, tag, given, text)
    }
    fn show(&self, layer: u32) {
        order("show", f64::from(layer));
    }
    fn turn(&self, switch: u32, on: bool) {
        order(if on { "on" } else { "off" }, f64::from(switch));
    }
}
