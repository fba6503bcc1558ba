//! What the browser keeps for us: two cookies and one entry of local storage.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use super::page_cookie;

#[wasm_bindgen]
extern "C" {
    /// What a cookie's line says of the domain on which ours stand; empty where it is the page's host alone.
    fn page_domain() -> String;
    /// Sets a cookie, securely where the page is; nothing is set where the page came over a line that
    /// others can read.
    fn page_bake(line: &str);
    /// Leaves a text in an entry of local storage; nothing removes it.
    pub(super) fn page_leave(entry: &str, text: &str);
}

/// The entry of local storage that holds what the collector has to be told of a withdrawal, from the
/// click until its answer: the only thing that is ever stored outside the two cookies.
const PENDING: &str = "ashiato_pending";

/// Sets a cookie for so many seconds; 0 deletes it.
fn bake(name: &str, value: &str, lifetime: &str, domain: &str) {
    let mut line = String::from(name);
    for part in ["=", value, ";path=/;samesite=lax;max-age=", lifetime, domain] {
        line.push_str(part);
    }
    page_bake(&line);
}

/// Keeps one of our two cookies for so many seconds, or deletes it where it has no value; whether the
/// browser let it.
pub(super) fn keep(name: &str, value: &str, lifetime: &str) -> bool {
    let (lifetime, domain) = (if value.is_empty() { "0" } else { lifetime }, page_domain());
    for _ in 0..3 {
        bake(name, value, lifetime, &domain);
        if page_cookie(name) == value {
            return true;
        }
        // Either one of the page's host alone, from before the collector shared its domain, is read first; or the
        // collector's cookie of an older decision came between the two.
        if !domain.is_empty() {
            bake(name, "", "0", "");
        }
    }
    page_cookie(name) == value
}

/// Leaves for the next page what the collector has to be told of a withdrawal; nothing removes it.
pub(super) fn leave(text: &str) {
    page_leave(PENDING, text);
}
