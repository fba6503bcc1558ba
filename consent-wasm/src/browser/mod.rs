//! The shell between the pure parts and the page. Only here is the page touched, and nothing here
//! decides: it reads what a part has to know and does what the part answers.
//!
//! What the browser lacks is `None` or passed over; nothing here panics.

#[cfg(any(feature = "ui", feature = "tell"))]
use alloc::string::String;

#[cfg(feature = "tell")]
use consent_core::time::Millis;
#[cfg(any(feature = "ui", feature = "tell"))]
use wasm_bindgen::prelude::wasm_bindgen;
#[cfg(feature = "ui")]
use web_sys::{Document, Window};

#[cfg(feature = "ui")]
use crate::lines::Lines;

#[cfg(feature = "act")]
pub(crate) mod act;
#[cfg(feature = "form")]
pub(crate) mod form;
#[cfg(any(feature = "ui", feature = "tell"))]
mod kept;
#[cfg(feature = "ui")]
mod screen;
#[cfg(feature = "ui")]
mod sweep;
#[cfg(feature = "tell")]
pub(crate) mod tell;
#[cfg(feature = "ui")]
pub(crate) mod ui;

#[cfg(feature = "ui")]
#[wasm_bindgen]
extern "C" {
    /// The page's window. Asked of the script: `js_sys::global` has to try four names for it.
    #[wasm_bindgen(js_name = page_window)]
    fn window() -> Window;
}

#[cfg(any(feature = "ui", feature = "tell"))]
#[wasm_bindgen]
extern "C" {
    /// A cookie of that name; empty where there is none.
    fn page_cookie(name: &str) -> String;
    /// What [`crate::asked::Asked::of`] takes.
    fn page_asked() -> String;
    /// The page's clock.
    fn page_clock() -> f64;
}

#[cfg(feature = "ui")]
fn document() -> Option<Document> {
    window().document()
}

/// The page's clock.
#[cfg(feature = "tell")]
#[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
fn clock() -> Millis {
    Millis(page_clock() as i64)
}

/// A cookie of that name; none where cookies may not be read.
#[cfg(any(feature = "tell", feature = "act"))]
fn cookie(name: &str) -> Option<String> {
    let own = page_cookie(name);
    (!own.is_empty()).then_some(own)
}

/// The pairs `NAME=VALUE` of a page's cookies.
#[cfg(feature = "ui")]
fn pairs(cookies: &str) -> impl Iterator<Item = &str> {
    Lines::split(cookies, b';').map(|pair| pair.strip_prefix(' ').unwrap_or(pair))
}
