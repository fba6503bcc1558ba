//! What is shown: elements known by their numbers, made one by one. No text is ever parsed as markup.

use alloc::string::String;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::{
    CssStyleSheet, Element, HtmlDialogElement, HtmlElement, HtmlInputElement, Node, ShadowRoot,
};

use super::document;
use crate::lines::Lines;

#[wasm_bindgen]
extern "C" {
    /// Everything that we show stands under this root.
    #[wasm_bindgen(js_name = page_root)]
    pub(super) fn root() -> ShadowRoot;
    /// A text of the language by its path ([`consent_core::client::Texts`]), a list with a line for each
    /// entry; empty where there is none.
    #[wasm_bindgen(js_name = page_words)]
    pub(super) fn words(path: &str) -> String;
    /// The elements, by number.
    #[wasm_bindgen(js_name = page_elements)]
    fn elements() -> Array;
    /// How everything looks.
    #[wasm_bindgen(js_name = page_look)]
    pub(super) fn look() -> CssStyleSheet;
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
    let own = if text.is_empty() { String::new() } else { words(text) };
    if tag == "dd" {
        facts(&parent, text, &own);
        return 0;
    }
    if tag == "a" {
        // Without the space the link runs into the text before it.
        make(&parent, "span", " ");
    }
    let Some(made) = make(&parent, tag, &own) else { return 0 };
    for pair in Lines::split(given, b';') {
        let mut pair = Lines::split(pair, b'=');
        let (name, value) = (pair.text(), pair.text());
        if !name.is_empty() {
            let named = value.strip_prefix('@').map(words);
            // The names are ours and good.
            let _ = made.set_attribute(name, named.as_deref().unwrap_or(value));
        }
    }
    number(&made)
}

/// What is said under a label, a line for each entry; nothing where there is none.
fn facts(list: &Node, path: &str, entries: &str) {
    if !entries.is_empty() {
        let mut label = String::from(Lines::split(path, b'.').last().unwrap_or(path));
        label.push_str("_label");
        make(list, "dt", &words(&label));
        for entry in Lines::of(entries) {
            make(list, "dd", entry);
        }
    }
}

/// Shows a layer in the page's top layer; a dialog takes the rest of the page away meanwhile.
pub(super) fn show(layer: u32, is_dialog: bool) {
    let layer = element(layer);
    if is_dialog {
        // It throws where it is shown already.
        let _ = layer.unchecked_ref::<HtmlDialogElement>().show_modal();
        return;
    }
    let layer: &HtmlElement = layer.unchecked_ref();
    // Browsers without popovers show it by its style alone.
    let _ = layer.show_popover();
    // As high as it may become: to ask how high it is costs the browser a layout.
    room("50vh");
}

/// Takes a layer away. A dialog gives the focus back as it closes.
pub(super) fn hide(layer: u32, is_dialog: bool) {
    let layer = element(layer);
    if is_dialog {
        layer.unchecked_ref::<HtmlDialogElement>().close();
    } else {
        room("");
    }
    layer.unchecked_ref::<Element>().remove();
}

/// Room for what has the focus: the first layer must not hide it (WCAG 2.2, 2.4.11).
fn room(height: &str) {
    let page = document().and_then(|document| document.document_element());
    if let Some(page) = page {
        let style = page.unchecked_ref::<HtmlElement>().style();
        let _ = style.set_property("scroll-padding-bottom", height);
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
