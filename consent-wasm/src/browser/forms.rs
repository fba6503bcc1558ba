//! Lead forms: sends what somebody sends, then lets the form go where it goes without us.
//!
//! Whatever fails, the form is submitted: nothing here may lose what a person has written.

use alloc::{rc::Rc, string::String, vec::Vec};
use core::cell::Cell;

use consent_core::{jws::sign, wire::SessionRequest};
use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, Element, Event, HtmlFormElement, window};

use super::{
    act::Act,
    dom::{get, set},
};
use crate::{
    lead::{Control, Outcome, may_link, payload, words},
    session::Answer,
    settings::Tree,
};

/// How long the collector may take, in milliseconds, before the form goes on without it.
const PATIENCE: i64 = 3_000;

/// A form on its way.
struct Sending {
    act: Rc<Act>,
    form: HtmlFormElement,
    submitter: JsValue,
    payload: String,
    visitor: Option<consent_core::ids::VisitorId>,
    /// Whether the form has gone on, by whichever way came first.
    gone: Cell<bool>,
    renewed: Cell<bool>,
}

/// Listens for submissions.
pub(super) fn bind(act: &Rc<Act>) -> Option<()> {
    let own = act.clone();
    let passing = Rc::new(Cell::new(false));
    let through = passing.clone();
    let window = window()?;
    // In front of the page's own listeners, so that they hear of a submission once.
    let first = wasm_bindgen::closure::Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if through.get() {
            event.stop_immediate_propagation();
        }
    });
    let _ = window.add_event_listener_with_callback_and_bool(
        "submit",
        first.into_js_value().unchecked_ref(),
        true,
    );
    super::dom::listen(&window, "submit", move |event| {
        submitted(&own, &event, &passing);
    });
    Some(())
}

fn submitted(act: &Rc<Act>, event: &Event, passing: &Rc<Cell<bool>>) -> Option<()> {
    let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
    let key = form.get_attribute("data-ashiato-lead")?;
    let known = act.host.config().texts_of("forms").contains(&key);
    if event.default_prevented() || !known {
        return None;
    }
    let may_link = may_link(&act.settings, act.host.decision().as_ref(), act.host.clock());
    let visitor = act.host.visitor().filter(|_| may_link);
    let sending = Rc::new(Sending {
        act: act.clone(),
        submitter: get(event, "submitter"),
        payload: payload(&act.settings, &key, visitor, &act.place.url(), controls(&form)),
        visitor,
        form,
        gone: Cell::new(false),
        renewed: Cell::new(false),
    });
    event.prevent_default();
    sending.clear();
    let own = sending.clone();
    let through = passing.clone();
    act.host.wait(PATIENCE, move || own.go_on(&through));
    sending.open(passing);
    Some(())
}

fn controls(form: &HtmlFormElement) -> Vec<Control> {
    let elements = get(form, "elements");
    let length = elements.whole("length").unwrap_or(0);
    let mut controls = Vec::new();
    for at in 0..u32::try_from(length).unwrap_or(0) {
        let Ok(element) = js_sys::Reflect::get_u32(&elements, at) else {
            continue;
        };
        let text = |name| element.text_of(name).unwrap_or_default();
        controls.push(Control {
            name: text("name"),
            kind: text("type"),
            value: text("value"),
            checked: get(&element, "checked").is_truthy(),
        });
    }
    controls
}

impl Sending {
    fn open(self: Rc<Self>, passing: &Rc<Cell<bool>>) {
        let request =
            SessionRequest { site: self.act.settings.site.clone(), visitor: self.visitor };
        let (own, passing) = (self.clone(), passing.clone());
        self.act.host.call("/v1/sessions", &request.to_json(), move |status, body| {
            let session = Answer::read(status, Some(&body)).session(own.act.host.clock(), 0);
            let Some(session) = session else {
                own.go_on(&passing);
                return;
            };
            let at = own.act.host.clock().plus(session.ahead);
            let body = sign(&session.key, &session.id, at, &own.payload);
            let next = own.clone();
            own.act.host.call("/v1/leads", &body, move |status, body| {
                next.answered(Outcome::read(status, &body), &passing);
            });
        });
    }

    fn answered(self: Rc<Self>, outcome: Outcome, passing: &Rc<Cell<bool>>) {
        match outcome {
            Outcome::Renew if !self.renewed.replace(true) => self.open(passing),
            Outcome::Kept { lead, linked } => {
                self.announce(&lead, linked);
                self.go_on(passing);
            }
            Outcome::Faults(faults) if !self.gone.replace(true) => self.show(faults),
            Outcome::Faults(_) | Outcome::Renew | Outcome::PassedOver => self.go_on(passing),
        }
    }

    /// Submits the form as its owner wrote it, with the button that was pressed.
    fn go_on(&self, passing: &Rc<Cell<bool>>) {
        if self.gone.replace(true) {
            return;
        }
        passing.set(true);
        let submitter = self.submitter.dyn_ref().filter(|button: &&Element| button.is_connected());
        let done = match submitter {
            Some(button) => self.form.request_submit_with_submitter(Some(button.unchecked_ref())),
            None => self.form.request_submit(),
        };
        passing.set(false);
        if done.is_err() {
            let _ = self.form.submit();
        }
    }

    fn announce(&self, lead: &str, linked: bool) {
        let detail = Object::new();
        let form = self.form.get_attribute("data-ashiato-lead").unwrap_or_default();
        set(&detail, "form", &form.into());
        set(&detail, "lead", &lead.into());
        set(&detail, "linked", &linked.into());
        let init = CustomEventInit::new();
        init.set_detail(&detail);
        init.set_bubbles(true);
        if let Ok(event) = CustomEvent::new_with_event_init_dict("ashiato:lead", &init) {
            let _ = self.form.dispatch_event(&event);
        }
    }

    /// Takes away what an earlier try said.
    fn clear(&self) {
        let named = self.form.query_selector_all("[data-error-for]").ok();
        for at in 0..named.as_ref().map_or(0, web_sys::NodeList::length) {
            if let Some(place) = named.as_ref().and_then(|named| named.get(at)) {
                place.set_text_content(None);
            }
        }
    }

    /// Says what has to be mended, beside each field, in the visitor's language.
    fn show(self: Rc<Self>, faults: Vec<(String, String, String)>) {
        let own = self.clone();
        self.act.host.words(move |texts| {
            let mut first = None;
            for (name, code, message) in &faults {
                let words = words(texts.as_ref(), code, message);
                let control = own.control(name);
                let place = own.place(name);
                if let Some(place) = &place {
                    set(place, "textContent", &words.as_str().into());
                }
                if let Some(control) = control {
                    let _ = control.set_attribute("aria-invalid", "true");
                    if place.is_none() {
                        bubble(&control, &words);
                    }
                    first = first.or(Some(control));
                }
            }
            if let Some(first) = first {
                super::dom::call(&first, "focus");
            }
        });
    }

    /// Every field whose name is this one's: names come from the collector, so none is put into a
    /// selector.
    fn control(&self, name: &str) -> Option<Element> {
        self.named("[name]", "name", name)
    }

    fn place(&self, name: &str) -> Option<Element> {
        self.named("[data-error-for]", "data-error-for", name)
    }

    fn named(&self, selector: &str, attribute: &str, name: &str) -> Option<Element> {
        let found = self.form.query_selector_all(selector).ok()?;
        (0..found.length())
            .filter_map(|at| found.get(at)?.dyn_into::<Element>().ok())
            .find(|element| element.get_attribute(attribute).as_deref() == Some(name))
    }
}

/// The browser's own message, until the field is changed.
fn bubble(control: &Element, words: &str) {
    let validity = |text: &str| {
        let method = get(control, "setCustomValidity");
        if let Some(method) = method.dyn_ref::<js_sys::Function>() {
            let _ = method.call1(control, &text.into());
        }
    };
    validity(words);
    super::dom::call(control, "reportValidity");
    // The message has been shown; kept on the field it would block the next try.
    validity("");
}
