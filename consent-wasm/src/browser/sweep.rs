//! What services leave in a browser goes with their grant.

use alloc::string::String;

use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::HtmlDocument;

use super::{document, pairs};
use crate::{
    crumbs::{deletions, is_named},
    lines::Lines,
};

#[wasm_bindgen]
extern "C" {
    /// The cookies that the configuration names under a key, one a line.
    fn cookies_of(key: &str) -> String;
    /// Clears what the configuration names of storage under a key.
    fn clear_storage(key: &str);
    /// The page's address without its query.
    fn page_address() -> String;
}

/// Deletes what the configuration names for a service, or for a purpose without one: its cookies and
/// what else it keeps in the browser.
pub(super) fn erase(key: &str) {
    let Some(document) = document() else { return };
    let document: HtmlDocument = document.unchecked_into();
    for pattern in Lines::of(&cookies_of(key)) {
        let jar = document.cookie().unwrap_or_default();
        for name in pairs(&jar).map(|pair| Lines::split(pair, b'=').text()) {
            if is_named(pattern, name) {
                // Where cookies are blocked there are none.
                deletions(name, &page_address(), |line| drop(document.set_cookie(line)));
            }
        }
    }
    clear_storage(key);
}
