//! Elements, made one by one: no text is ever parsed as markup, and the page's texts go from the
//! browser's object into the browser's element without a way through this module's memory.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, Event, EventTarget, window};

/// The document.
pub(super) fn document() -> Option<Document> {
    window()?.document()
}

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
    if let Some(method) = get(of, name).dyn_ref::<js_sys::Function>() {
        let _ = method.call0(of);
    }
}

/// A new element of a class with a text, at the end of another.
pub(super) fn add(parent: &Element, tag: &str, class: &str, text: &JsValue) -> Element {
    let element = make(parent, tag, class, text);
    let _ = parent.append_child(&element);
    element
}

/// A new element of a class with a text, not yet anywhere. In a document that refuses to make it,
/// the one beside which it was to stand takes its place.
pub(super) fn make(near: &Element, tag: &str, class: &str, text: &JsValue) -> Element {
    let made = document().and_then(|document| document.create_element(tag).ok());
    let element = made.unwrap_or_else(|| near.clone());
    if !class.is_empty() {
        element.set_class_name(class);
    }
    if !text.is_undefined() {
        set(&element, "textContent", text);
    }
    element
}

/// Sets an attribute.
pub(super) fn put(element: &Element, name: &str, value: &str) {
    // Every name here is a constant that is a valid one.
    let _ = element.set_attribute(name, value);
}

/// Listens for as long as the page lives.
pub(super) fn listen(target: &EventTarget, name: &str, heard: impl FnMut(Event) + 'static) {
    let heard = Closure::<dyn FnMut(Event)>::new(heard).into_js_value();
    let _ = target.add_event_listener_with_callback(name, heard.unchecked_ref());
}

/// The element of an event, or the nearest around it, that a selector picks.
pub(super) fn closest(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()?
}
