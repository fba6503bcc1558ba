//! The part that acts: carries what is observed to the [`Queue`] and its effects to the collector.

use alloc::{collections::BTreeMap, rc::Rc, string::String};
use core::cell::RefCell;

use consent_core::{
    event::Value,
    standing::{Standing, Subject},
    time::Millis,
};

use super::{
    forms,
    host::Host,
    observe::{Place, observe},
};
use crate::{
    blocked::may_run,
    queue::{Effect, Message, Now, Queue},
    session::Answer,
    settings::{Settings, Tree},
};

/// The part, once it has been started.
pub(crate) struct Act {
    pub(super) host: Host,
    pub(super) settings: Settings,
    queue: RefCell<Queue>,
    pub(super) place: Place,
}

impl core::fmt::Debug for Act {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Act")
    }
}

impl Act {
    /// Starts the part; `None` where the configuration cannot be read.
    pub(crate) fn start(host: Host) -> Option<Rc<Self>> {
        let settings = host.settings()?;
        let act = Rc::new(Self {
            queue: RefCell::new(Queue::new(settings.site.clone())),
            place: Place::new(host.config().texts_of("url_parameters")),
            host,
            settings,
        });
        observe(&act)?;
        forms::bind(&act)?;
        act.sync();
        Some(act)
    }

    fn now(&self) -> Now {
        let standing = self.host.decision().map_or(Standing::none(Subject::ThisBrowser), |own| {
            own.standing(&self.settings.policy, self.settings.consent_days)
        });
        Now {
            at: self.host.clock(),
            random: self.host.draw()[0],
            visitor: self.host.visitor(),
            standing,
        }
    }

    /// Whether what is marked so may run.
    pub(crate) fn may(&self, purpose: &str, service: Option<&str>) -> bool {
        may_run(&self.settings, self.host.decision().as_ref(), purpose, service, self.host.clock())
    }

    /// Follows a decision, and counts the view that it lets be counted.
    pub(crate) fn sync(self: &Rc<Self>) {
        let session = self.host.take_session();
        self.tell(Message::Decided(session));
        self.view();
    }

    /// Counts the view, once.
    pub(super) fn view(self: &Rc<Self>) {
        let standing = self.now().standing;
        if standing.receipt().is_some() && self.place.arrive() {
            self.track("page_view", BTreeMap::new(), self.host.clock());
        }
    }

    /// The page came back from the cache: a view of its own.
    pub(super) fn returned(self: &Rc<Self>) {
        self.place.again();
        self.sync();
    }

    /// Records an event, if its purpose is granted.
    pub(crate) fn track(
        self: &Rc<Self>,
        name: &str,
        properties: BTreeMap<String, Value>,
        at: Millis,
    ) {
        let standing = self.now().standing;
        if let Some(event) =
            self.place.event(&self.settings, &self.host, name, properties, at, &standing)
        {
            self.tell(Message::Event(event));
        }
    }

    /// The browser is online again.
    pub(super) fn wake(self: &Rc<Self>) {
        self.tell(Message::Wake);
    }

    /// The page goes away.
    pub(super) fn leave(self: &Rc<Self>) {
        self.tell(Message::Leave);
    }

    fn tell(self: &Rc<Self>, message: Message) {
        let now = self.now();
        let effects = match self.queue.try_borrow_mut() {
            Ok(mut queue) => queue.update(message, &now),
            Err(_) => return,
        };
        for effect in effects {
            let own = self.clone();
            match effect {
                Effect::Post(path, body) => self.host.call(path, &body, move |status, body| {
                    own.tell(Message::Answer(Answer::read(status, Some(&body))));
                }),
                Effect::Pause(ms) => self.host.wait(ms, move || own.tell(Message::Wake)),
            }
        }
    }
}
