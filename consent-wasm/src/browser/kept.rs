//! What the browser keeps: cookies, and the one entry of local storage.

use alloc::string::String;

use consent_core::json::push_digits;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlDocument;

use super::{cookie, document, pairs, property, window};
use crate::{
    crumbs::{domains, is_named},
    lines::Lines,
};

/// The entry of local storage that holds what the collector has to be told of a withdrawal, from the
/// click until its answer: the only thing that is ever stored outside the two cookies.
const PENDING: &str = "ashiato_pending";

/// Sets a cookie for so many days; 0 deletes it. A browser without cookies is left as it is.
fn bake(name: &str, value: &str, days: u32, domain: &str) {
    let location = window().location();
    let is = |part: Result<String, JsValue>, own: &str| part.is_ok_and(|part| part == own);
    let local = is(location.hostname(), "localhost") || is(location.hostname(), "127.0.0.1");
    let mut text = String::from(name);
    text.push('=');
    text.push_str(value);
    text.push_str(";path=/;samesite=lax;max-age=");
    push_digits(&mut text, u64::from(days) * 86_400, 10);
    if !domain.is_empty() {
        text.push_str(";domain=");
        text.push_str(domain);
    }
    if !(local && is(location.protocol(), "http:")) {
        text.push_str(";secure");
    }
    if let Some(document) = document() {
        // Whether it was kept is seen by reading it.
        let _ = document.unchecked_into::<HtmlDocument>().set_cookie(&text);
    }
}

/// Keeps one of our two cookies for so many days, or deletes it where it has no value; whether the
/// browser let it.
pub(super) fn keep(name: &str, value: &str, days: u32) -> bool {
    bake(name, value, if value.is_empty() { 0 } else { days }, "");
    cookie(name).unwrap_or_default() == value
}

/// Deletes the cookies that the configuration names for a service, or for a purpose without one, on
/// the host and every domain above it: a script may have set them on any.
pub(super) fn erase(config: &JsValue, key: &str) {
    let cookies = property(&property(config, "cookies"), key);
    let host = window().location().hostname().unwrap_or_default();
    let jar =
        document().and_then(|document| document.unchecked_into::<HtmlDocument>().cookie().ok());
    let jar = jar.unwrap_or_default();
    // Most services have none to delete.
    let Some(cookies) = cookies.dyn_ref::<Array>() else { return };
    for pattern in cookies.iter() {
        let Some(pattern) = pattern.as_string() else { continue };
        for name in pairs(&jar).map(|pair| Lines::split(pair, b'=').text()) {
            if is_named(&pattern, name) {
                bake(name, "", 0, "");
                for domain in domains(&host) {
                    bake(name, "", 0, domain);
                }
            }
        }
    }
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
