//! What stands in place of a frame that may not run yet: a box of its own size, so that nothing moves
//! when one gives way to the other, with a button that lets it run.

use alloc::string::String;

use consent_core::json::push_digits;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleDeclaration, Element, HtmlElement, Node, ShadowRootInit, ShadowRootMode};

use super::{document, screen};
use crate::lines::Lines;

const PLACE: &str = "ashiato-blocked";

/// Puts a placeholder before each frame that `may` not run, and takes those away that may. `named`
/// is the path of what is marked among the texts; none where the site has none such.
pub(super) fn stand(may: impl Fn(&str) -> bool, named: impl Fn(&str) -> Option<String>) {
    let Some(frames) =
        document().and_then(|page| page.query_selector_all("iframe[data-consent]").ok())
    else {
        return;
    };
    for at in 0..frames.length() {
        let Some(frame) = frames.get(at) else { continue };
        let frame: &HtmlElement = frame.unchecked_ref();
        let mut what = attribute(frame, "data-consent");
        what.push(' ');
        what.push_str(&attribute(frame, "data-service"));
        let before = frame.previous_element_sibling().filter(|place| place.local_name() == PLACE);
        match (may(&what), before) {
            (true, Some(place)) => {
                place.remove();
                // It throws for styles that cannot be set only.
                let _ = style(frame).remove_property("display");
            }
            (false, None) => {
                if let Some(path) = named(&what) {
                    place(frame, &path, &what);
                }
            }
            _ => {}
        }
    }
}

fn attribute(of: &Element, name: &str) -> String {
    of.get_attribute(name).unwrap_or_default()
}

fn style(of: &JsValue) -> CssStyleDeclaration {
    of.unchecked_ref::<HtmlElement>().style()
}

fn place(frame: &HtmlElement, path: &str, what: &str) -> Option<()> {
    let place = document()?.create_element(PLACE).ok()?;
    place.set_class_name(&screen::root().host().class_name());
    let root = place.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).ok()?;
    root.adopted_style_sheets().push(&screen::look());
    let given = "class=blocked;role=group;lang=@language;dir=@direction";
    let block = screen::add(screen::number(&root), "div", given, "");
    let words = screen::element(screen::add(block, "p", "", "blocked"));
    let mut given = String::from("part=unblock;value=");
    given.push_str(what);
    screen::add(block, "button", &given, "unblock");
    let text = screen::words("blocked");
    let mut around = Lines::split(&text, b'{');
    let mut said = String::from(around.text());
    said.push_str(&screen::words(path));
    said.push_str(around.text().strip_prefix("name}").unwrap_or_default());
    words.unchecked_ref::<Node>().set_text_content(Some(&said));
    if let Ok(height @ 1..) = u64::try_from(frame.offset_height()) {
        let width = u64::try_from(frame.offset_width()).unwrap_or_default();
        let mut size = String::from("width:");
        push_digits(&mut size, width, 10);
        size.push_str("px;aspect-ratio:");
        push_digits(&mut size, width, 10);
        size.push('/');
        push_digits(&mut size, height, 10);
        style(&screen::element(block)).set_css_text(&size);
    }
    frame.parent_node()?.insert_before(&place, Some(frame)).ok()?;
    let _ = style(frame).set_property_with_priority("display", "none", "important");
    Some(())
}
