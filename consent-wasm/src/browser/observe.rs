//! What is observed of the page: views, presses of what is marked, and what the page itself reports.

use alloc::{collections::BTreeMap, rc::Rc, string::String, vec::Vec};
use core::cell::RefCell;

use consent_core::{
    event::{Event, MAX_VALUE, Observation, Page, Value},
    gate::{Permitted, permit},
    ids::Uuid7,
    page::Address,
    standing::{Standing, Subject},
    time::Millis,
};
use wasm_bindgen::JsCast;
use web_sys::{Document, window};

use super::{
    act::Act,
    dom::{closest, get, listen},
    host::Host,
};
use crate::settings::Settings;

/// Where the page stands.
#[derive(Debug)]
pub(super) struct Place {
    /// Query parameters that may be kept.
    url_parameters: Vec<String>,
    /// The address of the view that was counted last, without its fragment.
    counted: RefCell<String>,
    /// The address that led to the current one.
    referrer: RefCell<String>,
}

impl Place {
    pub(super) fn new(url_parameters: Vec<String>) -> Self {
        let referrer = document().map(|document| document.referrer());
        Self {
            url_parameters,
            counted: RefCell::default(),
            referrer: RefCell::new(referrer.unwrap_or_default()),
        }
    }

    /// Whether this is a view that has not been counted; from now on it has.
    pub(super) fn arrive(&self) -> bool {
        let url = address();
        let url = url.split('#').next().unwrap_or_default();
        let (Ok(mut counted), Ok(mut referrer)) =
            (self.counted.try_borrow_mut(), self.referrer.try_borrow_mut())
        else {
            return false;
        };
        if *counted == url {
            return false;
        }
        if !counted.is_empty() {
            referrer.clone_from(&counted);
        }
        url.clone_into(&mut counted);
        true
    }

    /// Counts the view again, as on a return from the back/forward cache.
    pub(super) fn again(&self) {
        self.counted.replace(String::new());
    }

    /// The page's address, cleaned.
    pub(super) fn url(&self) -> String {
        self.clean(&address())
    }

    fn clean(&self, url: &str) -> String {
        Address::parse(url)
            .map_or_else(String::new, |page| short(page.cleaned(&self.url_parameters)))
    }

    /// An event that happened here, if the gate lets it be.
    pub(super) fn event(
        &self,
        settings: &Settings,
        host: &Host,
        name: &str,
        properties: BTreeMap<String, Value>,
        at: Millis,
        standing: &Standing,
    ) -> Option<Permitted<Event>> {
        let observation = Observation {
            id: Uuid7::new(at, &host.draw()),
            name: name.parse().ok()?,
            at,
            page: Page {
                url: self.url(),
                title: short(document()?.title()),
                referrer: self.clean(&self.referrer.try_borrow().ok()?),
            },
            properties,
        };
        if !observation.fits() {
            return None;
        }
        let event = Event::under(&settings.policy, Subject::ThisBrowser, observation).ok()?;
        permit(event, standing, host.clock()).ok()
    }
}

fn document() -> Option<Document> {
    window()?.document()
}

fn address() -> String {
    window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// A text as far as the wire takes it.
fn short(mut text: String) -> String {
    let mut end = text.len().min(MAX_VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// Listens to the page.
pub(super) fn observe(act: &Rc<Act>) -> Option<()> {
    let window = window()?;
    let document = document()?;
    let own = act.clone();
    listen(&window, "click", move |event| {
        if let Some(name) = closest(&event, "[data-ashiato-event]")
            .and_then(|marked| marked.get_attribute("data-ashiato-event"))
        {
            own.track(&name, BTreeMap::new(), own.host.clock());
        }
    });
    let own = act.clone();
    listen(&window, "pageshow", move |event| {
        if get(&event, "persisted").is_truthy() {
            own.returned();
        }
    });
    let own = act.clone();
    listen(&window, "pagehide", move |_| own.leave());
    let own = act.clone();
    listen(&window, "online", move |_| own.wake());
    let own = act.clone();
    listen(&document, "visibilitychange", move |_| {
        if self::document().is_some_and(|document| document.hidden()) {
            own.leave();
        }
    });
    let own = act.clone();
    let navigation = get(&window, "navigation");
    if let Some(navigation) = navigation.dyn_ref() {
        listen(navigation, "currententrychange", move |_| own.view());
    } else {
        follow_history(own);
    }
    Some(())
}

/// Browsers without the Navigation API say nothing of `pushState`: it is looked at after every press
/// and every step through the history.
fn follow_history(act: Rc<Act>) {
    let Some(window) = window() else {
        return;
    };
    for name in ["popstate", "click", "submit"] {
        let own = act.clone();
        listen(&window, name, move |_| {
            let next = own.clone();
            own.host.wait(0, move || next.view());
        });
    }
}
