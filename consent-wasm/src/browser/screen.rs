//! The second layer as the page has it. The script makes elements of all its pieces at once, since every call between
//! the two costs the page time.

use wasm_bindgen::{JsCast, JsValue, prelude::*};
use web_sys::{Element, HtmlDialogElement, HtmlInputElement, ShadowRoot};

use crate::{
    asked::Asked,
    banner::{Pieces, Switches},
};

#[wasm_bindgen]
extern "C" {
    /// Everything that we show stands under this root.
    #[wasm_bindgen(js_name = page_root)]
    fn root() -> ShadowRoot;
    /// Makes elements of pieces under the root, as [`Pieces`] has them. Answers by which number the element of the
    /// first is known.
    #[wasm_bindgen(js_name = page_add)]
    fn add(pieces: &str) -> u32;
    /// The element of a number.
    #[wasm_bindgen(js_name = page_element)]
    fn element(number: u32) -> JsValue;
}

/// Shows a dialog; answers its number.
pub(super) fn show(dialog: Pieces) -> u32 {
    let number = add(&dialog.into_lines());
    // It throws where it is shown already.
    let _ = element(number).unchecked_ref::<HtmlDialogElement>().show_modal();
    number
}

/// Takes a dialog away. It gives the focus back as it closes.
pub(super) fn hide(number: u32) {
    let dialog = element(number);
    dialog.unchecked_ref::<HtmlDialogElement>().close();
    dialog.unchecked_ref::<Element>().remove();
}

/// Turns the switches that are shown: each is known by its place among all.
pub(super) fn turn(switches: Switches, asked: &Asked) {
    let Ok(shown) = root().query_selector_all("input") else { return };
    let mut number = 0;
    switches.show(asked, |on| {
        if let Some(switch) = shown.get(number) {
            switch.unchecked_ref::<HtmlInputElement>().set_checked(on);
        }
        number += 1;
    });
}
