//! What is observed of the page: views, presses of what is marked, and what the page itself reports.

use alloc::{boxed::Box, string::String, vec::Vec};

use js_sys::{Number, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, EventTarget};

use super::{again, callback, document, page_host, property, record, tell, view, window};
use crate::queue::{Message, properties::Plain};

/// Listens for as long as the page lives; `first` is before everything else on the page.
pub(super) fn listen(target: &EventTarget, name: &str, first: bool, heard: fn(&JsValue)) {
    let heard = callback(Box::new(move |event, _| heard(&event)));
    // It throws for what is no function only.
    let _ = target.add_event_listener_with_callback_and_bool(name, &heard, first);
}

/// Listens to the page.
pub(super) fn observe() {
    let window = window();
    listen(&window, "click", false, pressed);
    listen(&window, "pageshow", false, |event| {
        if property(event, "persisted").is_truthy() {
            again();
        }
    });
    listen(&window, "pagehide", false, |_| tell(Message::Leave));
    listen(&window, "online", false, |_| tell(Message::Wake));
    if let Some(document) = document() {
        listen(&document, "visibilitychange", false, |event| {
            if property(event, "target.hidden").is_truthy() {
                tell(Message::Leave);
            }
        });
    }
    let navigation = property(&window, "navigation");
    if navigation.is_truthy() {
        listen(navigation.unchecked_ref(), "currententrychange", false, |_| view());
        return;
    }
    // Nothing tells of `pushState` here: it is looked at after every press and step through the history.
    for name in ["popstate", "click", "submit"] {
        listen(&window, name, false, |_| {
            page_host().later(&callback(Box::new(|_, _| view())), 0.0);
        });
    }
}

/// An event of what is marked as one, or of what stands in it.
fn pressed(event: &JsValue) {
    const MARK: &str = "data-ashiato-event";
    let target: Element = property(event, "target").unchecked_into();
    // The document itself can be pressed, and has nothing around it.
    let marked = target.closest("[data-ashiato-event]").ok().flatten();
    if let Some(name) = marked.and_then(|marked| marked.get_attribute(MARK)) {
        record(&name, None, super::clock());
    }
}

/// The page's own object as plain values; `None` where anything else is in it.
pub(super) fn plain(object: &JsValue) -> Option<Vec<(String, Plain)>> {
    let mut properties = Vec::new();
    if object.is_falsy() {
        return Some(properties);
    }
    for name in Object::keys(object.unchecked_ref::<Object>()).iter() {
        let value = Reflect::get(object, &name).ok()?;
        let value = if let Some(yes) = value.as_bool() {
            Plain::Flag(yes)
        } else if let Some(text) = value.as_string() {
            Plain::Text(text)
        } else if Number::is_finite(&value) {
            Plain::Number(value.unchecked_into::<Number>().to_string_with_radix(10).ok()?.into())
        } else {
            return None;
        };
        properties.push((name.as_string()?, value));
    }
    Some(properties)
}
