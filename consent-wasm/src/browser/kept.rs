//! What the browser keeps for us: two cookies and one entry of local storage.

use alloc::string::String;

use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::HtmlDocument;

use super::{document, page_cookie, window};

#[wasm_bindgen]
extern "C" {
    /// The domain on which our cookies stand; empty where it is the page's host alone.
    fn page_domain() -> String;
}

/// The entry of local storage that holds what the collector has to be told of a withdrawal, from the
/// click until its answer: the only thing that is ever stored outside the two cookies.
const PENDING: &str = "ashiato_pending";

/// Sets a cookie for so many seconds; 0 deletes it. A browser without cookies is left as it is, and so is
/// one whose page came over a line that others can read.
fn bake(name: &str, value: &str, lifetime: &str, domain: &str) {
    let window = window();
    let mut text = String::from(name);
    text.push('=');
    text.push_str(value);
    text.push_str(";path=/;samesite=lax;max-age=");
    text.push_str(lifetime);
    if !domain.is_empty() {
        text.push_str(";domain=");
        text.push_str(domain);
    }
    // Without TLS only the machine itself is a secure context.
    if window.location().protocol().is_ok_and(|protocol| protocol == "https:") {
        text.push_str(";secure");
    }
    if let Some(document) = document().filter(|_| window.is_secure_context()) {
        // Whether it was kept is seen by reading it.
        let _ = document.unchecked_into::<HtmlDocument>().set_cookie(&text);
    }
}

/// Keeps one of our two cookies for so many seconds, or deletes it where it has no value; whether the
/// browser let it.
pub(super) fn keep(name: &str, value: &str, lifetime: &str) -> bool {
    bake(name, value, if value.is_empty() { "0" } else { lifetime }, &page_domain());
    if page_cookie(name) != value {
        // One of the page's host alone, from before the collector shared its domain, is read first.
        bake(name, "", "0", "");
    }
    page_cookie(name) == value
}

/// Leaves for the next page what the collector has to be told of a withdrawal; nothing removes it.
pub(super) fn leave(text: &str) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    // Where storage is full or blocked, this page alone can tell the collector.
    let _ = if text.is_empty() {
        storage.remove_item(PENDING)
    } else {
        storage.set_item(PENDING, text)
    };
}
