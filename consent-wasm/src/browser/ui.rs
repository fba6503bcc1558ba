//! The module of the part that asks: what the script calls of it, and what it calls of the script (`ui.js`).
//!
//! It is not there before somebody can reach for a button: what is shown first, the script shows. It
//! keeps a decision and hands it on; that it is told is for another part.

use alloc::string::String;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
use spin::Mutex;
use wasm_bindgen::prelude::*;

use super::{kept, page_asked, screen, sweep};
use crate::{
    asked::Asked,
    banner::{Switches, method, second_layer},
    choice::Moment,
    lines::Lines,
};

#[wasm_bindgen]
extern "C" {
    /// What [`Moment::of`] takes.
    fn moment() -> String;
    /// Takes away what is shown in the page: what somebody saw there is answered.
    fn page_clear();
    /// Tells the page, the other parts and the collector of a decision.
    fn decided(decision: &str);
}

/// The switches, as bits of the consent cookie.
static SWITCHES: Mutex<Switches> = Mutex::new(Switches::of(0));
/// The second layer; 0 where it is not shown.
static DIALOG: AtomicU32 = AtomicU32::new(0);

fn asked() -> Asked {
    Asked::of(page_asked())
}

/// Shows the second layer with the standing decision.
#[wasm_bindgen]
pub fn open() {
    shut();
    let (asked, switches) = (asked(), Switches::of(Moment::of(&moment()).granted()));
    *SWITCHES.lock() = switches;
    DIALOG.store(screen::show(second_layer(&asked)), Relaxed);
    screen::turn(switches, &asked);
}

/// Closes the second layer without deciding.
#[wasm_bindgen]
pub fn shut() {
    let number = DIALOG.swap(0, Relaxed);
    if number != 0 {
        screen::hide(number);
    }
}

/// A switch, by the words `purpose service`, was turned on or off.
#[wasm_bindgen]
pub fn press(what: &str, on: bool) {
    let (asked, mut words) = (asked(), Lines::words(what));
    let mut switches = SWITCHES.lock();
    switches.turn(&asked, words.text(), words.text(), on);
    screen::turn(*switches, &asked);
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

/// Makes a decision. Where nothing is kept, nothing is granted.
#[inline(never)]
fn decide(bits: u128, everything: bool) {
    let (asked, text) = (asked(), moment());
    let bits = asked.kept(bits);
    let moment = Moment::of(&text);
    let kept = kept::keep(CONSENT_COOKIE, &moment.cookie(&asked, bits), asked.lifetime());
    shut();
    page_clear();
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
}

fn erase(bits: u128) {
    asked().beyond(bits, &mut sweep::erase);
}
