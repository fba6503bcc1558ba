//! The part that asks: what the script calls of it, and what it calls of the script (`ui.js`).
//!
//! It keeps a decision and hands it on; that it is told is for another part. Nothing is kept of the
//! page's here but numbers: elements are looked up by them.

use alloc::string::String;

use consent_core::{
    choices::Method,
    cookie::{CONSENT_COOKIE, VISITOR_COOKIE},
};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{frames, kept, screen};
use crate::{
    asked::Asked,
    banner::{Surface, Switches, first_layer, method, name_of, notice, second_layer},
    choice::Moment,
    lines::Lines,
};

#[wasm_bindgen]
extern "C" {
    /// The site's configuration ([`consent_core::client::Config`]).
    fn page_config() -> JsValue;
    /// What [`Moment::read`] takes.
    fn moment() -> String;
    /// Whether what is marked so may run, by the part that asks the gate; no where it is not there.
    fn may(what: &str) -> bool;
    /// Tells the page, the other parts and the collector of a decision.
    fn decided(decision: &str);
}

struct Ui {
    asked: Asked,
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

/// Starts the part with the site's configuration and the purposes that the browser refuses by a signal;
/// whether it could.
#[wasm_bindgen]
#[must_use]
pub fn start(config: &str, refused: &str) -> bool {
    let (Some(asked), Some(mut ui)) = (Asked::read(config, refused), UI.try_lock()) else {
        return false;
    };
    *ui = Some(Ui { asked, switches: Switches::of(0), panel: 0, dialog: 0 });
    // Number 1: what is said to those who cannot see that the banner went.
    screen::add(0, "p", "class=unseen;role=status", "");
    true
}

/// Shows the first layer.
#[wasm_bindgen]
pub fn ask() {
    with(|ui| {
        if ui.panel == 0 {
            ui.panel = first_layer(&Page, &ui.asked);
        }
    });
}

/// Shows the second layer with the standing decision.
#[wasm_bindgen]
pub fn open() {
    with(|ui| {
        close(&mut ui.dialog, true);
        ui.switches = Switches::of(granted(&moment()));
        ui.dialog = second_layer(&Page, &ui.asked, ui.switches);
    });
}

/// Closes the second layer without deciding.
#[wasm_bindgen]
pub fn shut() {
    with(|ui| close(&mut ui.dialog, true));
}

/// Closes what stands in the page: the first layer, or a notice.
#[wasm_bindgen]
pub fn dismiss() {
    with(|ui| close(&mut ui.panel, false));
}

/// A switch, by the words `purpose service`, was turned on or off.
#[wasm_bindgen]
pub fn press(what: &str, on: bool) {
    let mut words = Lines::words(what);
    with(|ui| {
        ui.switches.turn(&ui.asked, words.text(), words.text(), on);
        ui.switches.show(&Page, &ui.asked);
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
/// Nothing named is everything that the browser does not refuse by a signal.
#[wasm_bindgen]
pub fn accept(what: &str) {
    let mut bits = granted(&moment());
    with(|ui| {
        if what.is_empty() {
            bits = ui.asked.all() & !ui.asked.refused();
        } else {
            for line in Lines::of(what) {
                let mut words = Lines::words(line);
                bits |= ui.asked.bits_of(words.text(), words.text());
            }
        }
    });
    decide(bits, what.is_empty());
}

/// Grants nothing any more.
#[wasm_bindgen]
pub fn refuse() {
    decide(0, false);
}

/// Takes back what the browser refuses by a signal, where it was granted before there was one.
#[wasm_bindgen]
pub fn honour() {
    if let Some(refused) = with(|ui| ui.asked.refused()) {
        decide(granted(&moment()) & !refused, true);
    }
}

/// Puts placeholders before frames that may not run, and takes those away that may.
#[wasm_bindgen]
pub fn place() {
    let named = |what: &str| {
        let mut words = Lines::words(what);
        let (purpose, service) = (words.text(), words.text());
        with(|ui| name_of(&ui.asked, purpose, service)).flatten()
    };
    frames::stand(may, named);
}

/// Says that what was withdrawn goes on until the page is loaded again.
#[wasm_bindgen]
pub fn warn() {
    with(|ui| {
        close(&mut ui.panel, false);
        ui.panel = notice(&Page);
    });
}

fn granted(moment: &str) -> u128 {
    Moment::read(moment).bits.unwrap_or(0)
}

/// Makes a decision. Where nothing is kept, nothing is granted.
#[inline(never)]
fn decide(bits: u128, everything: bool) {
    let text = moment();
    let moment = Moment::read(&text);
    let mut decision = String::new();
    with(|ui| {
        let asked = &ui.asked;
        let method = method(everything, asked.refused(), moment.bits.unwrap_or(0), bits);
        let cookie = moment.cookie(asked, bits);
        if kept::keep(CONSENT_COOKIE, &cookie, asked.days) {
            decision = keep(asked, &moment, bits, method);
        }
    });
    shut();
    dismiss();
    if !decision.is_empty() {
        decided(&decision);
        screen::say_saved();
    }
}

/// Takes away what is no longer granted; the decision, to be handed on.
fn keep(asked: &Asked, moment: &Moment<'_>, bits: u128, method: Method) -> String {
    let config = page_config();
    asked.beyond(bits, &mut |key| kept::erase(&config, key));
    let decision = moment.decision(asked, bits, method);
    if moment.has_visitor() && !asked.needs_visitor(bits) {
        kept::keep(VISITOR_COOKIE, "", 0);
        kept::leave(&decision);
    }
    decision
}

fn close(layer: &mut u32, is_dialog: bool) {
    if *layer != 0 {
        screen::hide(*layer, is_dialog);
        *layer = 0;
    }
}

/// The page.
struct Page;

impl Surface for Page {
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
        screen::add(parent, tag, given, text)
    }
    fn show(&self, layer: u32, is_dialog: bool) {
        screen::show(layer, is_dialog);
    }
    fn turn(&self, switch: u32, on: bool) {
        screen::turn(switch, on);
    }
}
