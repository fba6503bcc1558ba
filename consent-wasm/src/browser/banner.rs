//! What the visitor sees: the first layer, which is a region of the page and not in its way, and
//! the second, a dialog with a card for each purpose.
//!
//! Texts go from the browser's object into the browser's elements without a way through this
//! module's memory.

use alloc::string::String;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleSheet, Document, Element, HtmlElement, ShadowRoot};

use super::dom::{call, get, set};
use crate::{
    banner::Switches,
    settings::{Settings, Tree},
};

/// Everything we show, in the shadow root.
#[derive(Debug)]
pub(super) struct View {
    document: Document,
    root: ShadowRoot,
    texts: JsValue,
    /// The classes that say how the site wants it.
    look: String,
    status: Element,
    panel: Option<Element>,
    dialog: Option<Element>,
}

impl View {
    /// In a shadow root, with the look of the site's banner.
    pub(super) fn new(
        root: ShadowRoot,
        texts: JsValue,
        config: &JsValue,
        style: &str,
    ) -> Option<Self> {
        let sheet = CssStyleSheet::new().ok()?;
        sheet.replace_sync(style).ok()?;
        get(&root, "adoptedStyleSheets").unchecked_ref::<js_sys::Array>().push(&sheet);
        let document = root.owner_document()?;
        let host = root.host();
        set(&host, "lang", &get(&texts, "language"));
        set(&host, "dir", &get(&texts, "direction"));
        let status = document.create_element("p").ok()?;
        put(&status, "class", "unseen");
        put(&status, "role", "status");
        root.append_child(&status).ok()?;
        let banner = config.member("banner")?;
        let mut look = banner.text_of("theme")?;
        look.push(' ');
        look.push_str(&banner.text_of("layout")?);
        Some(Self { document, root, texts, look, status, panel: None, dialog: None })
    }

    fn text(&self, name: &str) -> JsValue {
        get(&self.texts, name)
    }

    /// A new element with a text and a class, at the end of another.
    fn add(&self, parent: &Element, tag: &str, class: &str, text: &JsValue) -> Element {
        let Ok(element) = self.document.create_element(tag) else {
            // No document refuses to make these; should one, the parent carries the rest.
            return parent.clone();
        };
        if !class.is_empty() {
            put(&element, "class", class);
        }
        if !text.is_undefined() {
            set(&element, "textContent", text);
        }
        let _ = parent.append_child(&element);
        element
    }

    /// One of the two layers, at the end of the root, with its heading in it.
    fn layer(&self, tag: &str, class: &str) -> Element {
        let layer = self.add(self.root.unchecked_ref(), tag, class, &JsValue::UNDEFINED);
        let mut classes = String::from(class);
        classes.push(' ');
        classes.push_str(&self.look);
        put(&layer, "class", &classes);
        put(&layer, "aria-labelledby", class);
        layer
    }

    fn heading(&self, parent: &Element, id: &str, text: &str) {
        put(&self.add(parent, "h2", "", &self.text(text)), "id", id);
    }

    fn button(&self, parent: &Element, part: &str, text: &str) {
        put(&self.add(parent, "button", "", &self.text(text)), "part", part);
    }

    /// A paragraph with the link to the policy at its end.
    fn paragraph(&self, parent: &Element, text: &str) {
        let paragraph = self.add(parent, "p", "", &self.text(text));
        let _ = paragraph.append_with_str_1(" ");
        let link = self.add(&paragraph, "a", "", &self.text("policy"));
        put(&link, "part", "policy");
        put(&link, "target", "_blank");
        set(&link, "href", &self.text("policy_url"));
    }

    /// Shows the first layer.
    pub(super) fn ask(&mut self) {
        if self.panel.is_some() {
            return;
        }
        let panel = self.layer("section", "panel");
        put(&panel, "role", "region");
        put(&panel, "popover", "manual");
        let words = self.add(&panel, "div", "words", &JsValue::UNDEFINED);
        self.heading(&words, "panel", "title");
        self.paragraph(&words, "body");
        let row = self.add(&panel, "div", "row", &JsValue::UNDEFINED);
        for part in ["accept", "reject", "customise"] {
            self.button(&row, part, part);
        }
        call(&panel, "showPopover");
        let height = panel.unchecked_ref::<HtmlElement>().offset_height();
        self.room(height + 16);
        self.panel = Some(panel);
    }

    /// Keeps what has the focus out from under the panel (WCAG 2.2, 2.4.11).
    fn room(&self, pixels: i32) {
        let mut room = String::new();
        if let Ok(pixels) = u64::try_from(pixels) {
            consent_core::json::push_digits(&mut room, pixels, 10);
            room.push_str("px");
        }
        if let Some(page) = self.document.document_element() {
            set(&get(&page, "style"), "scrollPaddingBottom", &room.into());
        }
    }

    /// Takes the first layer away.
    pub(super) fn asked(&mut self) {
        if let Some(panel) = self.panel.take() {
            panel.remove();
            self.room(-1);
        }
    }

    /// Closes everything; says that the decision has been kept.
    pub(super) fn saved(&mut self) {
        self.asked();
        self.close();
        set(&self.status, "textContent", &self.text("saved"));
    }

    /// Closes the second layer. The dialog gives the focus back by itself.
    pub(super) fn close(&mut self) {
        if let Some(dialog) = self.dialog.take() {
            call(&dialog, "close");
            dialog.remove();
        }
    }

    /// Shows the second layer.
    pub(super) fn open(&mut self, settings: &Settings, switches: Switches) {
        self.close();
        set(&self.status, "textContent", &JsValue::NULL);
        let dialog = self.layer("dialog", "sheet");
        let head = self.add(&dialog, "header", "", &JsValue::UNDEFINED);
        self.heading(&head, "sheet", "preferences");
        let close = self.add(&head, "button", "", &JsValue::UNDEFINED);
        put(&close, "part", "close");
        set(&close, "ariaLabel", &self.text("close"));
        let body = self.add(&dialog, "div", "body", &JsValue::UNDEFINED);
        self.paragraph(&body, "preferences_body");
        for purpose in self.texts.items_of("purposes") {
            self.card(&body, &purpose, settings);
        }
        let row = self.add(&dialog, "footer", "row", &JsValue::UNDEFINED);
        self.button(&row, "save", "save");
        self.button(&row, "accept second", "accept");
        self.button(&row, "reject second", "reject");
        call(&dialog, "showModal");
        self.dialog = Some(dialog);
        self.turn(settings, switches);
    }

    fn card(&self, body: &Element, purpose: &JsValue, settings: &Settings) {
        let key = purpose.text_of("key").unwrap_or_default();
        let asked = settings.bits_of(&key, None) != 0;
        let card = self.add(body, "section", "card", &JsValue::UNDEFINED);
        let services = purpose.items_of("services");
        self.line(&card, "h3", purpose, &key, None, asked);
        self.add(&card, "p", "", &get(purpose, "use"));
        if services.is_empty() {
            return;
        }
        let details = self.add(&card, "details", "", &JsValue::UNDEFINED);
        self.add(&details, "summary", "", &self.text("details"));
        for service in &services {
            let of = self.add(&details, "div", "service", &JsValue::UNDEFINED);
            let own = service.text_of("key").unwrap_or_default();
            self.line(&of, "h4", service, &key, Some(&own), asked && services.len() > 1);
            let facts = self.add(&of, "dl", "", &JsValue::UNDEFINED);
            for fact in ["provider", "sends", "use", "retention", "cookies"] {
                let value = get(service, fact);
                let mut values = value.items();
                if value.is_string() {
                    values.push(value);
                }
                if !values.is_empty() {
                    let mut label = String::from(fact);
                    label.push_str("_label");
                    self.add(&facts, "dt", "", &self.text(&label));
                }
                for value in values {
                    self.add(&facts, "dd", "", &value);
                }
            }
        }
    }

    /// A heading, with its switch where it is asked: one label, so that the whole line can be pressed.
    fn line(
        &self,
        parent: &Element,
        heading: &str,
        named: &JsValue,
        purpose: &str,
        service: Option<&str>,
        asked: bool,
    ) {
        let heading = self.add(parent, heading, "", &JsValue::UNDEFINED);
        let line =
            self.add(&heading, if asked { "label" } else { "div" }, "line", &JsValue::UNDEFINED);
        self.add(&line, "span", "", &get(named, "name"));
        if asked {
            let input = self.add(&line, "input", "", &JsValue::UNDEFINED);
            put(&input, "type", "checkbox");
            put(&input, "role", "switch");
            put(&input, "data-purpose", purpose);
            put(&input, "part", if service.is_some() { "service" } else { "toggle" });
            if let Some(service) = service {
                put(&input, "data-service", service);
            }
        } else if service.is_none() {
            self.add(&line, "span", "always", &self.text("always_on"));
        }
    }

    /// Sets every switch as the decision has it.
    pub(super) fn turn(&self, settings: &Settings, switches: Switches) {
        let Ok(inputs) = self.root.query_selector_all("input") else {
            return;
        };
        for at in 0..inputs.length() {
            if let Some(input) = inputs.get(at) {
                let input: &Element = input.unchecked_ref();
                let purpose = input.get_attribute("data-purpose").unwrap_or_default();
                let service = input.get_attribute("data-service");
                let on = switches.is_on(settings, &purpose, service.as_deref());
                set(input, "checked", &on.into());
            }
        }
    }
}

/// Sets an attribute.
fn put(element: &Element, name: &str, value: &str) {
    // Every name here is a constant that is a valid one.
    let _ = element.set_attribute(name, value);
}
