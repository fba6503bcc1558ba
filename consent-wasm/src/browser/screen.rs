//! What is shown: elements known by their numbers, made one by one. No text is ever parsed as markup.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::{
    CssStyleSheet, Element, HtmlAnchorElement, HtmlDialogElement, HtmlElement, HtmlInputElement,
    Node, ShadowRoot,
};

use super::{document, property};
use crate::lines::Lines;

#[wasm_bindgen]
extern "C" {
    /// Everything that we show stands under this root.
    #[wasm_bindgen(js_name = page_root)]
    pub(super) fn root() -> ShadowRoot;
    /// The texts of the language ([`consent_core::client::Texts`]).
    #[wasm_bindgen(js_name = page_texts)]
    pub(super) fn texts() -> JsValue;
    /// The elements, by number.
    #[wasm_bindgen(js_name = page_elements)]
    fn elements() -> Array;
    /// How everything looks.
    #[wasm_bindgen(js_name = page_look)]
    pub(super) fn look() -> CssStyleSheet;
}

/// A text by its path; empty where there is none.
pub(super) fn words(path: &str) -> alloc::string::String {
    property(&texts(), path).as_string().unwrap_or_default()
}

/// A new element at the end of another, with its words.
fn make(parent: &Node, tag: &str, words: &str) -> Option<Element> {
    let element = document()?.create_element(tag).ok()?;
    if !words.is_empty() {
        element.set_text_content(Some(words));
    }
    parent.append_child(&element).ok()?;
    Some(element)
}

/// The number of an element.
pub(super) fn number(element: &JsValue) -> u32 {
    elements().push(element) - 1
}

/// The element of a number.
pub(super) fn element(number: u32) -> JsValue {
    elements().get(number)
}

/// As [`crate::banner::Surface::add`] has it.
pub(super) fn add(parent: u32, tag: &str, given: &str, text: &str) -> u32 {
    let parent: Node = element(parent).unchecked_into();
    if tag == "dd" {
        facts(&parent, text);
        return 0;
    }
    let own = if text.is_empty() { alloc::string::String::new() } else { words(text) };
    if tag == "a"
        && let Some(space) = document().map(|document| document.create_text_node(" "))
    {
        // Without the space the link runs into the text before it.
        let _ = parent.append_child(&space);
    }
    let Some(made) = make(&parent, tag, &own) else { return 0 };
    for pair in Lines::split(given, b';') {
        let mut pair = Lines::split(pair, b'=');
        let (name, value) = (pair.text(), pair.text());
        if name.is_empty() {
            continue;
        }
        let named = value.strip_prefix('@').map(words);
        // The names are ours and good.
        let _ = made.set_attribute(name, named.as_deref().unwrap_or(value));
    }
    if tag == "a" {
        made.unchecked_ref::<HtmlAnchorElement>().set_href(&words("policy_url"));
    }
    number(&made)
}

/// What is said of a service under a label, in one line or several, where there is anything to say.
fn facts(list: &Node, path: &str) {
    let said = property(&texts(), path);
    let mut label = alloc::string::String::from(Lines::split(path, b'.').last().unwrap_or(path));
    label.push_str("_label");
    let lines = if said.is_string() { Array::of1(&said) } else { said.unchecked_into() };
    for (at, line) in lines.iter().enumerate() {
        let line = line.as_string().unwrap_or_default();
        if !line.is_empty() {
            if at == 0 {
                make(list, "dt", &words(&label));
            }
            make(list, "dd", &line);
        }
    }
}

/// Shows a layer: a dialog, or what stands in the page's top layer.
pub(super) fn show(layer: u32) {
    let layer = element(layer);
    if let Some(dialog) = layer.dyn_ref::<HtmlDialogElement>() {
        // It throws where it is shown already.
        let _ = dialog.show_modal();
        return;
    }
    let layer: HtmlElement = layer.unchecked_into();
    // Browsers without popovers show it by its style alone.
    if !property(&layer, "showPopover").is_undefined() {
        let _ = layer.show_popover();
    }
    let mut height = alloc::string::String::new();
    let taken = u64::try_from(layer.offset_height()).unwrap_or(0);
    consent_core::json::push_digits(&mut height, taken + 16, 10);
    height.push_str("px");
    room(&height);
}

/// Takes a layer away.
pub(super) fn hide(layer: u32) {
    let layer = element(layer);
    match layer.dyn_ref::<HtmlDialogElement>() {
        Some(dialog) => dialog.close(),
        None => room(""),
    }
    layer.unchecked_ref::<Element>().remove();
}

/// Room for what has the focus: the first layer must not hide it (WCAG 2.2, 2.4.11).
fn room(height: &str) {
    let page = document().and_then(|document| document.document_element());
    if let Some(page) = page {
        let _ = page
            .unchecked_ref::<HtmlElement>()
            .style()
            .set_property("scroll-padding-bottom", height);
    }
}

/// Turns a switch, by its place among all.
pub(super) fn turn(switch: u32, on: bool) {
    let switches = root().query_selector_all("input");
    if let Some(switch) = switches.ok().and_then(|switches| switches.get(switch)) {
        switch.unchecked_ref::<HtmlInputElement>().set_checked(on);
    }
}

/// Says that a decision was kept, to those who cannot see that the banner went.
pub(super) fn say_saved() {
    element(1).unchecked_ref::<Node>().set_text_content(Some(&words("saved")));
}
