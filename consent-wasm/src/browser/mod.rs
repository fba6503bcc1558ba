//! The shell between the pure parts and the page. Only here is the page touched, and nothing here
//! decides: it reads what a part has to know and does what the part answers.
//!
//! What the browser lacks is `None` or passed over; nothing here panics.

use alloc::string::String;

use consent_core::time::Millis;
use wasm_bindgen::prelude::*;

#[cfg(feature = "act")]
pub(crate) mod act;
#[cfg(feature = "ui")]
pub(crate) mod ui;

// `part.js`, for both.
#[wasm_bindgen]
extern "C" {
    fn now() -> f64;
    fn random() -> u64;
    fn cookie(name: &str) -> Option<String>;
}

/// The page's clock.
#[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
fn clock() -> Millis {
    Millis(now() as i64)
}

/// Fresh random bits.
fn draw() -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = random().to_le_bytes();
    let [i, j, ..] = random().to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j]
}
