//! What is shown: pieces are written down one a line, and the script makes elements of all of them at once,
//! since every call between the two costs the page time. No text is ever parsed as markup.

use alloc::string::String;
use core::cell::RefCell;

use consent_core::json::push_digits;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, Node, ShadowRoot};

use super::document;
use crate::banner::Surface;

#[wasm_bindgen]
extern "C" {
    /// Everything that we show stands under this root.
    #[wasm_bindgen(js_name = page_root)]
    fn root() -> ShadowRoot;
    /// A text of the language by its path ([`consent_core::client::Texts`]); empty where there is none.
    #[wasm_bindgen(js_name = page_words)]
    fn words(path: &str) -> String;
    /// Makes elements of pieces under the root of that number, as [`Surface::add`] has it: a line for each, of
    /// the number of the one that it stands under, its tag, what is given and where its text is found, with
    /// tabs between. Answers by which number the element of the first is known.
    #[wasm_bindgen(js_name = page_make)]
    fn make(root: u32, pieces: &str) -> u32;
    /// The element of a number.
    #[wasm_bindgen(js_name = page_element)]
    fn element(number: u32) -> JsValue;
}

/// What is being put together under the root of a number; 0 is the one of everything that we show.
pub(super) struct Page {
    root: u32,
    pieces: RefCell<Pieces>,
}

#[derive(Default)]
struct Pieces {
    lines: String,
    count: u32,
}

impl Page {
    /// Nothing yet.
    pub(super) fn at(root: u32) -> Self {
        Self { root, pieces: RefCell::default() }
    }

    /// Puts the pieces into the page; answers the number of the first of them.
    pub(super) fn make(&self) -> u32 {
        make(self.root, &self.pieces.borrow().lines)
    }
}

impl Surface for Page {
    fn add(&self, parent: u32, tag: &str, given: &str, text: &str) -> u32 {
        let pieces = &mut *self.pieces.borrow_mut();
        if pieces.count > 0 {
            pieces.lines.push('\n');
        }
        push_digits(&mut pieces.lines, parent.into(), 10);
        for part in [tag, given, text] {
            pieces.lines.push('\t');
            pieces.lines.push_str(part);
        }
        pieces.count += 1;
        pieces.count
    }

    fn show(&self, is_dialog: bool) -> u32 {
        let number = self.make();
        let layer = element(number);
        if is_dialog {
            // It throws where it is shown already.
            let _ = layer.unchecked_ref::<HtmlDialogElement>().show_modal();
        } else {
            // Browsers without popovers show it by its style alone.
            let _ = layer.unchecked_ref::<HtmlElement>().show_popover();
            // As high as it may become: to ask how high it is costs the browser a layout.
            room("50vh");
        }
        number
    }

    /// A switch is known by its place among all.
    fn turn(&self, switch: u32, on: bool) {
        let switches = root().query_selector_all("input");
        if let Some(switch) = switches.ok().and_then(|switches| switches.get(switch)) {
            switch.unchecked_ref::<HtmlInputElement>().set_checked(on);
        }
    }
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

/// Says that a decision was kept, to those who cannot see that the banner went.
pub(super) fn say_saved() {
    element(1).unchecked_ref::<Node>().set_text_content(Some(&words("saved")));
}
