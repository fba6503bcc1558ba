//! Lead forms: what somebody sends goes to the collector, then the form goes where it goes without us.
//!
//! Whatever fails, the form goes on: nothing may lose what a person has written.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use consent_core::{jws::sign, wire::SessionRequest};
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, Element, Event, HtmlElement, HtmlFormElement, HtmlInputElement};

use super::{
    answer, callback, clock, decision,
    observe::{listen, plain},
    page_host, property, status, url, visitor, window, with,
};
use crate::{
    lead::{Control, Fault, Outcome, Sent, may_link},
    queue::properties::fields,
    session::Session,
};

/// How long the collector may take, in milliseconds, before the form goes on without it.
const PATIENCE: f64 = 3_000.0;

/// Whether a form is on its way; another one waits for the next press.
static BUSY: AtomicBool = AtomicBool::new(false);
/// Whether a form is going on, and its submission is not ours to hear.
static PASSING: AtomicBool = AtomicBool::new(false);

/// A form on its way.
struct Sending {
    form: HtmlFormElement,
    submitter: JsValue,
    sent: RefCell<Sent>,
    renewed: Cell<bool>,
    /// Whether the form has gone on or is back with its visitor, by whichever way came first.
    done: Cell<bool>,
}

/// Listens for submissions.
pub(super) fn bind() {
    let window = window();
    listen(&window, "submit", false, |event| {
        submitted(event.unchecked_ref());
    });
    // In front of the page's own listeners, so that they hear of a submission once.
    listen(&window, "submit", true, |event| {
        if PASSING.load(Relaxed) {
            event.unchecked_ref::<Event>().stop_immediate_propagation();
        }
    });
}

fn submitted(event: &Event) -> Option<()> {
    let form: HtmlFormElement = property(event, "target").unchecked_into();
    let key = form.get_attribute("data-ashiato-lead")?;
    let forms = Array::from(&property(&page_host(), "config.forms"));
    let ours = forms.includes(&JsValue::from_str(&key), 0);
    if PASSING.load(Relaxed) || event.default_prevented() || !ours {
        return None;
    }
    event.prevent_default();
    if BUSY.load(Relaxed) {
        return None;
    }
    let known = plain(&property(&page_host(), "fields")).map(fields).unwrap_or_default();
    let sent = with(|act| {
        let visitor = visitor().filter(|_| may_link(&act.settings, decision().as_ref(), clock()));
        let url = act.place.clean(&url());
        let mut sent = Sent {
            site: act.settings.site.clone(),
            form: key,
            visitor,
            url,
            fields: Vec::new(),
            agreements: Vec::new(),
            known: Vec::new(),
        };
        sent.fill(controls(&form));
        sent.add(known);
        sent
    })?;
    BUSY.store(true, Relaxed);
    clear(&form);
    let sending = Rc::new(Sending {
        submitter: property(event, "submitter"),
        form,
        sent: RefCell::new(sent),
        renewed: Cell::new(false),
        done: Cell::new(false),
    });
    sending.open();
    page_host().later(&callback(Box::new(move |_, _| sending.go_on())), PATIENCE);
    Some(())
}

/// Every control of a form, as it stands.
fn controls(form: &HtmlFormElement) -> Vec<Control> {
    let mut controls = Vec::new();
    for element in Array::from(&form.elements()).iter() {
        let text = |name| property(&element, name).as_string().unwrap_or_default();
        controls.push(Control {
            name: text("name"),
            kind: text("type"),
            checked: property(&element, "checked").is_truthy(),
            value: text("value"),
        });
    }
    controls
}

impl Sending {
    fn open(self: &Rc<Self>) {
        let Ok(sent) = self.sent.try_borrow() else { return };
        let request = SessionRequest { site: sent.site.clone(), visitor: sent.visitor };
        let own = self.clone();
        let opened = move |status, body| match answer(&status, &body).session(clock(), 0) {
            Some(session) => own.send(&session),
            None => own.go_on(),
        };
        page_host().post("/v1/sessions", &request.to_json(), &callback(Box::new(opened)));
    }

    fn send(self: &Rc<Self>, session: &Session) {
        let at = clock().plus(session.ahead);
        let Ok(sent) = self.sent.try_borrow() else { return };
        let signed = sign(&session.key, &session.id, at, &sent.to_json());
        let own = self.clone();
        let answered = move |status, body| own.answered(&status, &body);
        page_host().post("/v1/leads", &signed, &callback(Box::new(answered)));
    }

    fn answered(self: &Rc<Self>, given: &JsValue, body: &JsValue) {
        if self.done.get() {
            return;
        }
        let faults = faults(body);
        // What the page knows and the site does not ask for is left out.
        if self.sent.try_borrow_mut().is_ok_and(|mut sent| sent.forget(&faults)) {
            self.open();
            return;
        }
        match Outcome::read(status(given), faults) {
            Outcome::Renew if !self.renewed.replace(true) => self.open(),
            Outcome::Kept => {
                self.announce(body);
                self.go_on();
            }
            Outcome::Faults(faults) => self.show(faults),
            Outcome::Renew | Outcome::PassedOver => self.go_on(),
        }
    }

    /// Whether this is the first way that the form goes.
    fn ends(&self) -> bool {
        let first = !self.done.replace(true);
        if first {
            BUSY.store(false, Relaxed);
        }
        first
    }

    /// Submits the form as its owner wrote it, by the button that was pressed.
    fn go_on(&self) {
        if !self.ends() {
            return;
        }
        PASSING.store(true, Relaxed);
        let button: Option<&HtmlElement> = property(&self.submitter, "isConnected")
            .is_truthy()
            .then(|| self.submitter.unchecked_ref());
        let gone = self.form.request_submit_with_submitter(button);
        PASSING.store(false, Relaxed);
        if gone.is_err() {
            // By its own name, which the form may have given to one of its controls.
            let submit: Function =
                property(&window(), "HTMLFormElement.prototype.submit").unchecked_into();
            let _ = submit.call0(&self.form);
        }
    }

    /// Tells the page.
    fn announce(&self, body: &JsValue) {
        let (detail, init) = (Object::new(), Object::new());
        let form = JsValue::from(self.form.get_attribute("data-ashiato-lead"));
        for (of, name, value) in [
            (&detail, "form", &form),
            (&detail, "lead", &property(body, "lead")),
            (&detail, "linked", &property(body, "linked")),
            (&init, "detail", &detail),
            (&init, "bubbles", &JsValue::TRUE),
        ] {
            // A new object takes everything.
            let _ = Reflect::set(of, &JsValue::from_str(name), value);
        }
        let init = init.unchecked_ref();
        if let Ok(event) = CustomEvent::new_with_event_init_dict("ashiato:lead", init) {
            // What a listener throws is reported by the browser as the listener's own.
            let _ = self.form.dispatch_event(&event);
        }
    }

    /// Says what has to be mended beside each field, in the site's own words where it has some.
    fn show(self: &Rc<Self>, faults: Vec<Fault>) {
        if !self.ends() {
            return;
        }
        let own = self.clone();
        let show = move |texts: JsValue, _| {
            let mut first = None;
            for fault in &faults {
                let words = property(&property(&texts, "faults"), &fault.code).as_string();
                let words = words.as_deref().unwrap_or(&fault.message);
                let place = own.named("data-error-for", &fault.field);
                if let Some(place) = &place {
                    place.set_text_content(Some(words));
                }
                if let Some(control) = own.named("name", &fault.field) {
                    let _ = control.set_attribute("aria-invalid", "true");
                    let control: HtmlInputElement = control.unchecked_into();
                    if place.is_none() {
                        bubble(&control, words);
                    }
                    first = first.or(Some(control));
                }
            }
            if let Some(first) = first {
                let _ = first.focus();
            }
        };
        page_host().say(&callback(Box::new(show)));
    }

    /// What has this name. No name of the site's configuration has a quotation mark in it; with one this
    /// is no selector, and there is nothing of that name.
    fn named(&self, attribute: &str, name: &str) -> Option<Element> {
        let mut selector = String::from("[");
        for part in [attribute, "=\"", name, "\"]"] {
            selector.push_str(part);
        }
        self.form.query_selector(&selector).ok()?
    }
}

/// The browser's own message, until the field is changed.
fn bubble(control: &HtmlInputElement, words: &str) {
    control.set_custom_validity(words);
    let own = control.clone();
    let mended = callback(Box::new(move |_, _| own.set_custom_validity("")));
    let _ = control.add_event_listener_with_callback("input", &mended);
    control.report_validity();
}

/// Takes away what an earlier try said.
fn clear(form: &Element) {
    const INVALID: &str = "aria-invalid";
    let Ok(found) = form.query_selector_all("[data-error-for],[aria-invalid]") else { return };
    for element in Array::from(&found).iter() {
        let element: Element = element.unchecked_into();
        if element.get_attribute(INVALID).is_none() {
            element.set_text_content(None);
        }
        // It throws for a name that is none only.
        let _ = element.remove_attribute(INVALID);
    }
}

/// What has to be mended, by the collector's answer.
fn faults(body: &JsValue) -> Vec<Fault> {
    let mut faults = Vec::new();
    let errors = property(body, "errors");
    if errors.is_truthy() {
        for error in Array::from(&errors).iter() {
            let text = |name| property(&error, name).as_string().unwrap_or_default();
            faults.push(Fault {
                field: text("field"),
                code: text("code"),
                message: text("message"),
            });
        }
    }
    faults
}
