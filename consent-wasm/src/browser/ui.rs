//! The part that asks: carries messages to [`Client`] and its effects into the page.

use alloc::{rc::Rc, string::String};
use core::cell::RefCell;

use consent_core::cookie::{CONSENT_COOKIE, VISITOR_COOKIE};
use wasm_bindgen::JsValue;
use web_sys::Event;

use super::{
    banner::View,
    dom::{closest, get, listen},
    host::Host,
};
use crate::{
    banner::{Switches, method},
    blocked::may_run,
    client::{Client, Effect, Message, Now},
    session::Answer,
    settings::{Settings, Tree},
};

/// The part, once it has been started.
pub(crate) struct Ui {
    host: Host,
    settings: Rc<Settings>,
    client: RefCell<Client>,
    shown: RefCell<(View, Switches)>,
}

impl core::fmt::Debug for Ui {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ui")
    }
}

impl Ui {
    /// Starts the part; `None` where the configuration or the texts cannot be read.
    pub(crate) fn start(host: Host, texts: JsValue, style: &str) -> Option<Rc<Self>> {
        let settings = Rc::new(host.settings()?);
        let root = host.root();
        let view = View::new(root.clone(), texts, &host.config(), style)?;
        let ui = Rc::new(Self {
            host,
            client: RefCell::new(Client::new(settings.clone())),
            shown: RefCell::new((view, Switches::of(0))),
            settings,
        });
        let own = ui.clone();
        listen(&root, "click", move |event| {
            own.clicked(&event);
        });
        Some(ui)
    }

    fn decided(&self) -> Option<u128> {
        self.settings.decided(self.host.decision().as_ref(), self.host.clock())
    }

    fn granted(&self) -> u128 {
        self.decided().unwrap_or(0)
    }

    /// Shows the first layer where a decision is due.
    pub(crate) fn ask(&self) {
        if let (None, Ok(mut shown)) = (self.decided(), self.shown.try_borrow_mut()) {
            shown.0.ask();
        }
    }

    /// Shows the second layer with the standing decision.
    pub(crate) fn open(&self) {
        if let Ok(mut shown) = self.shown.try_borrow_mut() {
            shown.1 = Switches::of(self.granted());
            let switches = shown.1;
            shown.0.open(&self.settings, switches);
        }
    }

    /// Decides.
    pub(crate) fn decide(self: &Rc<Self>, bits: u128, everything: bool) {
        let method = method(everything, self.granted(), bits);
        self.tell(Message::Decide { bits, method });
    }

    /// Grants what is named beside what is granted: purposes, or pairs of a purpose and a service.
    /// Nothing named is everything.
    pub(crate) fn accept(self: &Rc<Self>, what: &JsValue) {
        let named = what.items();
        let mut bits = self.granted();
        for name in &named {
            bits |= match name.items().as_slice() {
                [purpose, service] => self
                    .settings
                    .bits_of(&purpose.text().unwrap_or_default(), service.text().as_deref()),
                _ => self.settings.bits_of(&name.text().unwrap_or_default(), None),
            };
        }
        if named.is_empty() {
            bits = self.settings.all();
        }
        self.decide(bits, named.is_empty());
    }

    /// Follows a decision made elsewhere.
    pub(crate) fn sync(&self) {
        if let (Some(_), Ok(mut shown)) = (self.decided(), self.shown.try_borrow_mut()) {
            shown.0.asked();
        }
    }

    /// Whether what is marked so may run.
    pub(crate) fn may(&self, purpose: &str, service: Option<&str>) -> bool {
        may_run(&self.settings, self.host.decision().as_ref(), purpose, service, self.host.clock())
    }

    fn clicked(self: &Rc<Self>, event: &Event) -> Option<()> {
        let pressed = closest(event, "button,input")?;
        match pressed.get_attribute("part")?.as_str() {
            "accept" | "accept second" => self.decide(self.settings.all(), true),
            "reject" | "reject second" => self.decide(0, false),
            "customise" => self.open(),
            "save" => {
                let bits = self.shown.try_borrow().ok()?.1.bits();
                self.decide(bits, false);
            }
            "close" => self.shown.try_borrow_mut().ok()?.0.close(),
            "toggle" | "service" => {
                let mut shown = self.shown.try_borrow_mut().ok()?;
                let purpose = pressed.get_attribute("data-purpose")?;
                let service = pressed.get_attribute("data-service");
                let on = get(&pressed, "checked").is_truthy();
                shown.1.turn(&self.settings, &purpose, service.as_deref(), on);
                shown.0.turn(&self.settings, shown.1);
            }
            _ => {}
        }
        Some(())
    }

    /// Passes a message on, and does what it leads to.
    pub(crate) fn tell(self: &Rc<Self>, message: Message) {
        let deciding = matches!(message, Message::Decide { .. });
        let now = Now {
            at: self.host.clock(),
            random: self.host.draw(),
            cookie: self.host.decision(),
            visitor: self.host.visitor(),
            page: self.host.page(),
        };
        let effects = match self.client.try_borrow_mut() {
            Ok(mut client) => client.update(message, &now),
            Err(_) => return,
        };
        for effect in effects {
            if !self.act(effect) {
                break;
            }
        }
        if let (true, Ok(mut shown)) = (deciding, self.shown.try_borrow_mut()) {
            shown.0.saved();
        }
    }

    /// Does one effect; whether those after it still make sense.
    fn act(self: &Rc<Self>, effect: Effect) -> bool {
        let host = &self.host;
        match effect {
            Effect::Keep(value) => {
                return host.keep(CONSENT_COOKIE, &value, self.settings.consent_days);
            }
            Effect::Hold(visitor) => {
                host.keep(VISITOR_COOKIE, &visitor, self.settings.visitor_days);
            }
            Effect::Undecide => {
                host.keep(CONSENT_COOKIE, "", 0);
            }
            Effect::Release => {
                host.keep(VISITOR_COOKIE, "", 0);
            }
            Effect::Erase(bits) => self.settings.beyond(bits, |key| host.erase(key)),
            Effect::Leave(text) => host.leave(text.as_deref()),
            Effect::Announce => host.sync(),
            Effect::Post(path, body) => {
                let ui = self.clone();
                host.call(path, &body, move |status, body| {
                    ui.tell(Message::Answer(Answer::read(status, Some(&body))));
                });
            }
            Effect::Pause(ms) => {
                let ui = self.clone();
                host.wait(ms, move || ui.tell(Message::Wake));
            }
            Effect::Session(session) => host.hand_over(&session),
        }
        true
    }
}
