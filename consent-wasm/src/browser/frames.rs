//! What stands in place of a frame that is not granted: what it is, and a button that grants it.

use alloc::{string::String, vec::Vec};

use consent_core::json::push_digits;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, ShadowRootInit, ShadowRootMode};

use super::dom::{add, document, get, listen, make, put, set};
use crate::settings::Tree;

const PLACE: &str = "ashiato-blocked";

/// Puts a placeholder in front of every blocked frame, and takes it away from every other.
pub(super) fn place(
    texts: &JsValue,
    style: &str,
    theme: &str,
    may: impl Fn(&str, Option<&str>) -> bool,
    grant: impl Fn(&str, Option<&str>) + Clone + 'static,
) {
    let Some(frames) =
        document().and_then(|document| document.query_selector_all("iframe[data-consent]").ok())
    else {
        return;
    };
    for frame in (0..frames.length()).filter_map(|at| frames.get(at)) {
        let Ok(frame) = frame.dyn_into::<HtmlElement>() else {
            continue;
        };
        let purpose = frame.get_attribute("data-consent").unwrap_or_default();
        let service = frame.get_attribute("data-service");
        let before = frame.previous_element_sibling().filter(|before| before.local_name() == PLACE);
        let Some(name) = name(texts, &purpose, service.as_deref()) else {
            continue;
        };
        match (may(&purpose, service.as_deref()), before) {
            (true, Some(before)) => {
                before.remove();
                let _ = frame.style().remove_property("display");
            }
            (false, None) => {
                let grant = grant.clone();
                let _ = show(&frame, texts, style, theme, &name, move || {
                    grant(&purpose, service.as_deref())
                });
            }
            _ => {}
        }
    }
}

/// A placeholder of the frame's own size, so that nothing moves when one gives way to the other.
fn show(
    frame: &HtmlElement,
    texts: &JsValue,
    style: &str,
    theme: &str,
    name: &str,
    grant: impl Fn() + 'static,
) -> Result<(), JsValue> {
    let place = make(frame, PLACE, "", &JsValue::UNDEFINED);
    let root = place.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open))?;
    let sheet = web_sys::CssStyleSheet::new()?;
    sheet.replace_sync(style)?;
    get(&root, "adoptedStyleSheets").unchecked_ref::<js_sys::Array>().push(&sheet);
    let (width, height) = (frame.offset_width(), frame.offset_height());
    let inside = make(frame, "div", &["blocked ", theme].concat(), &JsValue::UNDEFINED);
    if width > 0 && height > 0 {
        let size = get(&inside, "style");
        let mut pixels = String::new();
        push_digits(&mut pixels, u64::try_from(width).unwrap_or(0), 10);
        pixels.push_str("px");
        set(&size, "width", &pixels.into());
        set(&size, "aspectRatio", &JsValue::from_f64(f64::from(width) / f64::from(height)));
    }
    put(&inside, "role", "group");
    set(&inside, "lang", &get(texts, "language"));
    set(&inside, "dir", &get(texts, "direction"));
    let text = texts.text_of("blocked").unwrap_or_default().replace("{name}", name);
    add(&inside, "p", "", &text.into());
    let button = add(&inside, "button", "", &get(texts, "unblock"));
    put(&button, "part", "unblock");
    listen(&button, "click", move |_| grant());
    root.append_child(&inside)?;
    if let Some(parent) = frame.parent_node() {
        parent.insert_before(&place, Some(frame))?;
        frame.style().set_property_with_priority("display", "none", "important")?;
    }
    Ok(())
}

/// The name of a service, or of a purpose; `None` where the site has no such thing.
fn name(texts: &JsValue, purpose: &str, service: Option<&str>) -> Option<String> {
    let with_key = |list: Vec<JsValue>, key: &str| {
        list.into_iter().find(|item| item.text_of("key").as_deref() == Some(key))
    };
    let purpose = with_key(texts.items_of("purposes"), purpose)?;
    match service {
        Some(service) => with_key(purpose.items_of("services"), service)?.text_of("name"),
        None => purpose.text_of("name"),
    }
}
