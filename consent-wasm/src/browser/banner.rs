//! What the visitor sees: the first layer, which is a region of the page and not in its way, and
//! the second, a dialog with a card for each purpose.

use alloc::string::String;

use consent_core::policy::{Kind, Policy};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, ShadowRoot};

use super::dom::{add, call, get, make, put, set};
use crate::{
    banner::Switches,
    settings::{Settings, Tree},
};

/// Everything we show, in the shadow root.
#[derive(Debug)]
pub(super) struct View {
    root: ShadowRoot,
    texts: JsValue,
    theme: String,
    layout: String,
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
        let sheet = web_sys::CssStyleSheet::new().ok()?;
        sheet.replace_sync(style).ok()?;
        get(&root, "adoptedStyleSheets").dyn_into::<Array>().ok()?.push(&sheet);
        let banner = get(config, "banner");
        let near = root.host();
        let status = make(&near, "p", "unseen", &JsValue::UNDEFINED);
        put(&status, "role", "status");
        root.append_child(&status).ok()?;
        set(&near, "lang", &get(&texts, "language"));
        set(&near, "dir", &get(&texts, "direction"));
        Some(Self {
            theme: banner.text_of("theme")?,
            layout: banner.text_of("layout")?,
            root,
            texts,
            status,
            panel: None,
            dialog: None,
        })
    }

    fn text(&self, name: &str) -> JsValue {
        get(&self.texts, name)
    }

    /// A part at the end of the root.
    fn part(&self, tag: &str, class: &str, label: &str) -> Element {
        let part = make(
            &self.status,
            tag,
            &[class, " ", &self.theme, " ", &self.layout].concat(),
            &JsValue::UNDEFINED,
        );
        put(&part, "aria-labelledby", label);
        part
    }

    fn button(&self, parent: &Element, part: &str, text: &str) -> Element {
        let button = add(parent, "button", "", &self.text(text));
        put(&button, "part", part);
        button
    }

    fn policy(&self, parent: &Element) {
        let link = add(parent, "a", "", &self.text("policy"));
        put(&link, "part", "policy");
        put(&link, "target", "_blank");
        set(&link, "href", &self.text("policy_url"));
    }

    /// Shows the first layer.
    pub(super) fn ask(&mut self) {
        if self.panel.is_some() {
            return;
        }
        let panel = self.part("section", "panel", "ask");
        put(&panel, "role", "region");
        put(&panel, "popover", "manual");
        let words = add(&panel, "div", "words", &JsValue::UNDEFINED);
        put(&add(&words, "h2", "", &self.text("title")), "id", "ask");
        let text = add(&words, "p", "", &self.text("body"));
        let _ = text.append_with_str_1(" ");
        self.policy(&text);
        let row = add(&panel, "div", "row", &JsValue::UNDEFINED);
        self.button(&row, "accept", "accept");
        self.button(&row, "reject", "reject");
        self.button(&row, "customise", "customise");
        let _ = self.root.insert_before(&panel, self.root.first_child().as_ref());
        call(&panel, "showPopover");
        self.room(Some(&panel));
        self.panel = Some(panel);
    }

    /// Keeps what has the focus out from under the panel (WCAG 2.2, 2.4.11).
    fn room(&self, panel: Option<&Element>) {
        let height =
            panel.and_then(|panel| panel.dyn_ref::<HtmlElement>()).map(HtmlElement::offset_height);
        let mut room = String::new();
        if let Some(height) = height.and_then(|height| u64::try_from(height).ok()) {
            consent_core::json::push_digits(&mut room, height + 16, 10);
            room.push_str("px");
        }
        let page = super::dom::document().and_then(|document| document.document_element());
        if let Some(page) = page {
            set(&get(&page, "style"), "scrollPaddingBottom", &room.into());
        }
    }

    /// Takes the first layer away.
    pub(super) fn asked(&mut self) {
        if let Some(panel) = self.panel.take() {
            panel.remove();
            self.room(None);
        }
    }

    /// Closes the second layer; says that the decision has been kept.
    pub(super) fn saved(&mut self) {
        self.asked();
        self.close();
        set(&self.status, "textContent", &self.text("saved"));
    }

    /// Closes the second layer.
    pub(super) fn close(&mut self) {
        if let Some(dialog) = self.dialog.take() {
            call(&dialog, "close");
            dialog.remove();
        }
    }

    /// Shows the second layer.
    pub(super) fn open(&mut self, settings: &Settings, switches: Switches) {
        self.close();
        set(&self.status, "textContent", &JsValue::from_str(""));
        let dialog = self.part("dialog", "sheet", "choose");
        let head = add(&dialog, "header", "", &JsValue::UNDEFINED);
        put(&add(&head, "h2", "", &self.text("preferences")), "id", "choose");
        let close = add(&head, "button", "", &JsValue::UNDEFINED);
        put(&close, "part", "close");
        set(&close, "ariaLabel", &self.text("close"));
        let body = add(&dialog, "div", "body", &JsValue::UNDEFINED);
        let text = add(&body, "p", "", &self.text("preferences_body"));
        let _ = text.append_with_str_1(" ");
        self.policy(&text);
        for purpose in self.texts.items_of("purposes") {
            self.card(&body, &purpose, &settings.policy);
        }
        let row = add(&dialog, "footer", "row", &JsValue::UNDEFINED);
        self.button(&row, "save", "save");
        self.button(&row, "accept second", "accept");
        self.button(&row, "reject second", "reject");
        let _ = self.root.append_child(&dialog);
        call(&dialog, "showModal");
        self.dialog = Some(dialog);
        self.turn(settings, switches);
    }

    fn card(&self, body: &Element, purpose: &JsValue, policy: &Policy) {
        let key = purpose.text_of("key").unwrap_or_default();
        let known = policy.purposes().iter().find(|own| own.key.as_str() == key);
        let asked = known.is_some_and(|known| known.kind != Kind::Necessary);
        let card = add(body, "section", "card", &JsValue::UNDEFINED);
        let services = purpose.items_of("services");
        if asked {
            self.toggle(&card, "h3", purpose, &key, None);
        } else {
            let line = add(&card, "div", "line", &JsValue::UNDEFINED);
            add(&line, "h3", "", &get(purpose, "name"));
            add(&line, "span", "always", &self.text("always_on"));
        }
        add(&card, "p", "", &get(purpose, "use"));
        if services.is_empty() {
            return;
        }
        let details = add(&card, "details", "", &JsValue::UNDEFINED);
        add(&details, "summary", "", &self.text("details"));
        for service in &services {
            let of = add(&details, "div", "service", &JsValue::UNDEFINED);
            if asked && services.len() > 1 {
                let own = service.text_of("key").unwrap_or_default();
                self.toggle(&of, "h4", service, &key, Some(&own));
            } else {
                add(&of, "h4", "", &get(service, "name"));
            }
            let facts = add(&of, "dl", "", &JsValue::UNDEFINED);
            for fact in ["provider", "sends", "use", "retention"] {
                let label = [fact, "_label"].concat();
                self.fact(&facts, &label, &[get(service, fact)]);
            }
            self.fact(&facts, "cookies_label", &service.items_of("cookies"));
        }
    }

    fn fact(&self, facts: &Element, label: &str, values: &[JsValue]) {
        if !values.is_empty() {
            add(facts, "dt", "", &self.text(label));
        }
        for value in values {
            add(facts, "dd", "", value);
        }
    }

    /// A heading with its switch: one label, so that the whole line can be pressed.
    fn toggle(
        &self,
        parent: &Element,
        heading: &str,
        named: &JsValue,
        purpose: &str,
        service: Option<&str>,
    ) {
        let line = add(parent, heading, "", &JsValue::UNDEFINED);
        let label = add(&line, "label", "line", &JsValue::UNDEFINED);
        add(&label, "span", "", &get(named, "name"));
        let input = add(&label, "input", "", &JsValue::UNDEFINED);
        put(&input, "type", "checkbox");
        put(&input, "role", "switch");
        put(&input, "part", if service.is_some() { "service" } else { "toggle" });
        put(&input, "data-purpose", purpose);
        if let Some(service) = service {
            put(&input, "data-service", service);
        }
    }

    /// Sets every switch as the decision has it.
    pub(super) fn turn(&self, settings: &Settings, switches: Switches) {
        let inputs = self.root.query_selector_all("input").ok();
        for input in
            inputs.iter().flat_map(|inputs| (0..inputs.length()).filter_map(|at| inputs.get(at)))
        {
            if let Some(input) = input.dyn_ref::<Element>() {
                let purpose = input.get_attribute("data-purpose").unwrap_or_default();
                let service = input.get_attribute("data-service");
                let on = switches.is_on(settings, &purpose, service.as_deref());
                set(input, "checked", &on.into());
            }
        }
    }
}
