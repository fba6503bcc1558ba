//! The part that asks: carries messages to [`Client`] and its effects into the page.

use alloc::{rc::Rc, string::String};
use core::cell::RefCell;

use wasm_bindgen::JsValue;
use web_sys::{Event, window};

use super::{
    banner::View,
    cookie,
    dom::{closest, get, listen},
    frames,
    host::{Host, address, clock, later, random},
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
    texts: JsValue,
    style: String,
    theme: String,
    settings: Settings,
    client: RefCell<Client>,
    view: RefCell<View>,
    switches: RefCell<Switches>,
}

impl core::fmt::Debug for Ui {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ui")
    }
}

impl Ui {
    /// Starts the part; `None` where the configuration or the texts cannot be read.
    pub(crate) fn start(host: Host, texts: JsValue, style: String) -> Option<Rc<Self>> {
        let config = host.config();
        let settings = host.settings()?;
        let root = host.root();
        let view = View::new(root.clone(), texts.clone(), &config, &style)?;
        let ui = Rc::new(Self {
            client: RefCell::new(Client::new(settings.clone())),
            view: RefCell::new(view),
            switches: RefCell::new(Switches::of(0)),
            theme: get(&config, "banner").text_of("theme").unwrap_or_default(),
            host,
            texts,
            style,
            settings,
        });
        let own = ui.clone();
        listen(&root, "click", move |event| {
            own.clicked(&event);
        });
        let own = ui.clone();
        let window = window()?;
        listen(&window, "online", move |_| own.tell(Message::Wake));
        Some(ui)
    }

    fn now() -> Now {
        Now {
            at: clock(),
            random: random(),
            cookie: cookie::decision(),
            visitor: cookie::visitor(),
            page: address(),
        }
    }

    fn granted(&self) -> u128 {
        self.settings.granted(cookie::decision().as_ref(), clock())
    }

    /// Shows the first layer where a decision is due.
    pub(crate) fn ask(&self) {
        let decided = cookie::decision().is_some_and(|own| {
            own.is_current(&self.settings.policy, self.settings.consent_days, clock())
        });
        if let (false, Ok(mut view)) = (decided, self.view.try_borrow_mut()) {
            view.ask();
        }
    }

    /// Shows the second layer with the standing decision.
    pub(crate) fn open(&self) {
        let switches = Switches::of(self.granted());
        self.switches.replace(switches);
        if let Ok(mut view) = self.view.try_borrow_mut() {
            view.open(&self.settings, switches);
        }
    }

    /// Decides.
    pub(crate) fn decide(self: &Rc<Self>, bits: u128, everything: bool) {
        let method = method(everything, self.granted(), bits);
        self.tell(Message::Decide { bits, method });
    }

    /// Grants these purposes beside what is granted; without any, everything.
    pub(crate) fn accept(self: &Rc<Self>, purposes: &[String]) {
        let everything = purposes.is_empty();
        let more =
            purposes.iter().fold(0, |bits, purpose| bits | self.settings.bits_of(purpose, None));
        let bits = if everything { self.settings.all() } else { self.granted() | more };
        self.decide(bits, everything);
    }

    /// Follows a decision made elsewhere.
    pub(crate) fn sync(&self) {
        let decided = cookie::decision().is_some_and(|own| {
            own.is_current(&self.settings.policy, self.settings.consent_days, clock())
        });
        if let (true, Ok(mut view)) = (decided, self.view.try_borrow_mut()) {
            view.asked();
        }
    }

    /// Whether what is marked so may run.
    pub(crate) fn may(&self, purpose: &str, service: Option<&str>) -> bool {
        may_run(&self.settings, cookie::decision().as_ref(), purpose, service, clock())
    }

    /// Puts placeholders in front of blocked frames.
    pub(crate) fn place(self: &Rc<Self>) {
        let ui = self.clone();
        let grant = move |purpose: &str, service: Option<&str>| {
            ui.decide(ui.granted() | ui.settings.bits_of(purpose, service), false);
        };
        frames::place(
            &self.texts,
            &self.style,
            &self.theme,
            |purpose, service| self.may(purpose, service),
            grant,
        );
    }

    /// Tells the collector what an earlier page could not.
    pub(crate) fn resume(self: &Rc<Self>, left: Option<String>) {
        self.tell(Message::Resume(left));
    }

    fn clicked(self: &Rc<Self>, event: &Event) -> Option<()> {
        let pressed = closest(event, "button,input")?;
        let part = pressed.get_attribute("part")?;
        match part.split(' ').next()? {
            "accept" => self.decide(self.settings.all(), true),
            "reject" => self.decide(0, false),
            "customise" => self.open(),
            "save" => {
                let bits = self.switches.try_borrow().ok()?.bits();
                self.decide(bits, false);
            }
            "close" => self.view.try_borrow_mut().ok()?.close(),
            "toggle" | "service" => {
                let mut switches = self.switches.try_borrow_mut().ok()?;
                let purpose = pressed.get_attribute("data-purpose")?;
                let service = pressed.get_attribute("data-service");
                let on = get(&pressed, "checked").is_truthy();
                switches.turn(&self.settings, &purpose, service.as_deref(), on);
                self.view.try_borrow().ok()?.turn(&self.settings, *switches);
            }
            _ => {}
        }
        Some(())
    }

    fn tell(self: &Rc<Self>, message: Message) {
        let deciding = matches!(message, Message::Decide { .. });
        let effects = match self.client.try_borrow_mut() {
            Ok(mut client) => client.update(message, &Self::now()),
            Err(_) => return,
        };
        for effect in effects {
            if !self.act(effect) {
                break;
            }
        }
        if let (true, Ok(mut view)) = (deciding, self.view.try_borrow_mut()) {
            view.saved();
        }
    }

    /// Does one effect; whether those after it still make sense.
    fn act(self: &Rc<Self>, effect: Effect) -> bool {
        match effect {
            Effect::Keep(value) => return cookie::keep(&value, &self.settings),
            Effect::Hold(visitor) => cookie::hold(&visitor, &self.settings),
            Effect::Undecide => cookie::undecide(),
            Effect::Erase { visitor, cookies } => cookie::erase(visitor, &cookies),
            Effect::Leave(text) => cookie::leave(text.as_deref()),
            Effect::Announce => self.host.sync(),
            Effect::Post(path, body) => {
                let ui = self.clone();
                self.host.call(path, &body, move |status, body| {
                    ui.tell(Message::Answer(Answer::read(status, Some(&body))));
                });
            }
            Effect::Pause(ms) => {
                let ui = self.clone();
                later(ms, move || ui.tell(Message::Wake));
            }
            Effect::Session(session) => self.host.hand_over(&session),
        }
        true
    }
}
