//! The shell between the pure parts and the page. Only here is the page touched, and nothing here
//! decides: it reads what a part has to know and does what the part answers.
//!
//! What the browser lacks is `None` or passed over; nothing here panics.

use alloc::string::String;

#[cfg(any(feature = "tell", feature = "act"))]
use consent_core::time::Millis;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Document, Window};

#[cfg(any(feature = "ui", feature = "act"))]
use crate::lines::Lines;

#[cfg(feature = "act")]
pub(crate) mod act;
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

#[wasm_bindgen]
extern "C" {
    /// The page's window. Asked of the script: `js_sys::global` has to try four names for it.
    #[wasm_bindgen(js_name = page_window)]
    fn window() -> Window;
    /// A cookie of that name; empty where there is none.
    fn page_cookie(name: &str) -> String;
}

fn document() -> Option<Document> {
    window().document()
}

/// A property, by a path with points; undefined where there is none.
#[cfg(feature = "act")]
fn property(of: &wasm_bindgen::JsValue, path: &str) -> wasm_bindgen::JsValue {
    Lines::split(path, b'.').fold(of.clone(), |of, name| {
        js_sys::Reflect::get(&of, &name.into()).unwrap_or(wasm_bindgen::JsValue::UNDEFINED)
    })
}

/// The page's clock.
#[cfg(any(feature = "tell", feature = "act"))]
#[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
fn clock() -> Millis {
    Millis(js_sys::Date::now() as i64)
}

/// Fresh random bits; zeros where the browser has none, which no browser with modules lacks.
#[cfg(feature = "act")]
fn draw() -> [u8; 10] {
    let mut drawn = [0; 10];
    if let Ok(crypto) = window().crypto() {
        // It throws for more than 65,536 bytes only.
        let _ = crypto.get_random_values_with_u8_array(&mut drawn);
    }
    drawn
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
