//! The part that asks: what the script calls of it, and what it calls of the script (`ui.js`).
//!
//! It keeps a decision and hands it on; that it is told is for another part. Nothing is kept of the
//! page's here but numbers: elements are looked up by them.

use alloc::string::String;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{kept, page_asked, screen, screen::Page, sweep};
use crate::{
    asked::Asked,
    banner::{Surface, Switches, first_layer, method, notice, placeholder, second_layer},
    choice::Moment,
    lines::Lines,
};

#[wasm_bindgen]
extern "C" {
    /// What [`Moment::of`] takes.
    fn moment() -> String;
    /// Tells the page, the other parts and the collector of a decision.
    fn decided(decision: &str);
}

/// The switches, as bits of the consent cookie.
static SWITCHES: Mutex<Switches> = Mutex::new(Switches::of(0));
/// What stands in the page, and what stands before it; 0 where nothing does.
static PANEL: AtomicU32 = AtomicU32::new(0);
/// The notice that the page has to be loaded again: a decision in the first layer's place does not end it.
static NOTICE: AtomicU32 = AtomicU32::new(0);
static DIALOG: AtomicU32 = AtomicU32::new(0);

fn asked() -> Asked {
    Asked::of(page_asked())
}

/// Starts the part.
#[wasm_bindgen]
pub fn start() {
    // Number 1: what is said to those who cannot see that the banner went.
    let page = Page::at(0);
    page.add(0, "p", "class=unseen;role=status", "");
    page.make();
}

/// Shows the first layer.
#[wasm_bindgen]
pub fn ask() {
    if PANEL.load(Relaxed) == 0 {
        PANEL.store(first_layer(&Page::at(0), &asked()), Relaxed);
    }
}

/// Shows the second layer with the standing decision.
#[wasm_bindgen]
pub fn open() {
    shut();
    let switches = Switches::of(Moment::of(&moment()).granted());
    *SWITCHES.lock() = switches;
    DIALOG.store(second_layer(&Page::at(0), &asked(), switches), Relaxed);
}

/// Closes the second layer without deciding.
#[wasm_bindgen]
pub fn shut() {
    close(&DIALOG, true);
}

/// Closes the first layer.
#[wasm_bindgen]
pub fn dismiss() {
    close(&PANEL, false);
}

/// A switch, by the words `purpose service`, was turned on or off.
#[wasm_bindgen]
pub fn press(what: &str, on: bool) {
    let mut words = Lines::words(what);
    let mut switches = SWITCHES.lock();
    switches.turn(&asked(), words.text(), words.text(), on);
    switches.show(&Page::at(0), &asked());
}

/// Decides as the switches are.
#[wasm_bindgen]
pub fn save() {
    let bits = SWITCHES.lock().bits();
    decide(bits, false);
}

/// Grants what is named beside what is granted: a line for each purpose, or purpose and service.
/// Nothing named is everything that the browser does not refuse by a signal.
#[wasm_bindgen]
pub fn accept(what: &str) {
    let asked = asked();
    let mut bits = Moment::of(&moment()).granted();
    for line in Lines::of(what) {
        let mut words = Lines::words(line);
        bits |= asked.bits_of(words.text(), words.text());
    }
    if what.is_empty() {
        bits = asked.all() & !asked.refused();
    }
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
    decide(Moment::of(&moment()).granted() & !asked().refused(), true);
}

/// Deletes once more what belongs to nothing that is granted: what runs already may have set it again.
#[wasm_bindgen]
pub fn sweep() {
    erase(Moment::of(&moment()).granted());
}

/// Fills a placeholder, by the number of its root, for what is marked with `purpose service`.
#[wasm_bindgen]
pub fn fill(root: u32, what: &str) {
    let page = Page::at(root);
    placeholder(&page, what);
    page.make();
}

/// Says that what was withdrawn goes on until the page is loaded again.
#[wasm_bindgen]
pub fn warn() {
    later();
    NOTICE.store(notice(&Page::at(0)), Relaxed);
}

/// Closes the notice.
#[wasm_bindgen]
pub fn later() {
    close(&NOTICE, false);
}

/// Makes a decision. Where nothing is kept, nothing is granted.
#[inline(never)]
fn decide(bits: u128, everything: bool) {
    let (asked, text) = (asked(), moment());
    let bits = asked.kept(bits);
    let moment = Moment::of(&text);
    let kept = kept::keep(CONSENT_COOKIE, &moment.cookie(&asked, bits), asked.lifetime());
    shut();
    dismiss();
    later();
    if !kept {
        return;
    }
    erase(bits);
    let method = method(everything, asked.refused(), moment.granted(), bits);
    let decision = moment.decision(&asked, bits, method);
    if moment.has_visitor() && !asked.needs_visitor(bits) {
        kept::keep(VISITOR_COOKIE, "", "0");
    }
    if moment.granted() & !bits != 0 {
        // What is taken back is told by the next page where this one is left: the visitor's number may be
        // held nowhere now, and a yes on its way may come back over it.
        kept::leave(&decision);
    }
    decided(&decision);
    screen::say_saved();
}

fn erase(bits: u128) {
    asked().beyond(bits, &mut sweep::erase);
}

fn close(layer: &AtomicU32, is_dialog: bool) {
    let number = layer.swap(0, Relaxed);
    if number != 0 {
        screen::hide(number, is_dialog);
    }
}
