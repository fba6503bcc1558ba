//! Elements and properties, one by one: no text is ever parsed as markup.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, EventTarget};

/// A property.
pub(super) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property.
pub(super) fn set(of: &JsValue, name: &str, value: &JsValue) {
    // What cannot be set is not shown.
    let _ = Reflect::set(of, &name.into(), value);
}

/// Calls a method without arguments, where there is one.
pub(super) fn call(of: &JsValue, name: &str) {
    let method = get(of, name);
    if method.is_function() {
        // A method that throws has not done what it was called for; nothing depends on it.
        let _ = method.unchecked_ref::<Function>().call0(of);
    }
}

/// Listens for as long as the page lives.
pub(super) fn listen(target: &EventTarget, name: &str, heard: impl FnMut(Event) + 'static) {
    let heard = Closure::<dyn FnMut(Event)>::new(heard).into_js_value();
    let _ = target.add_event_listener_with_callback(name, heard.unchecked_ref());
}

/// The element of an event, or the nearest around it, that a selector picks.
pub(super) fn closest(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.unchecked_into();
    // The document itself can be pressed, and has nothing around it.
    if !get(&target, "closest").is_function() {
        return None;
    }
    target.closest(selector).ok()?
}
