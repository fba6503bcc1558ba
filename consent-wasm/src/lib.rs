//! The browser modules of Ashiato.
//!
//! This crate is built twice: with the feature `ui` into the module that asks, and with `act` into
//! the one that does what only a grant or a lead form needs. What is decided is decided in plain
//! Rust, tested natively; only `browser` touches the page. What is exported here is called by the
//! loader script and by nothing else.

// Without the standard library there is no machinery for panic messages in the module that asks: half
// of its bytes otherwise. The module that acts has it by what it reads objects with.
#![cfg_attr(not(any(test, feature = "act")), no_std)]

extern crate alloc;

pub mod banner;
pub mod blocked;
#[cfg(target_arch = "wasm32")]
mod browser;
pub mod client;
pub mod lead;
pub mod queue;
pub mod session;
pub mod settings;

#[cfg(all(target_arch = "wasm32", feature = "ui"))]
pub use asking::{Asking, start_asking};
#[cfg(target_arch = "wasm32")]
pub use browser::Host;

#[cfg(all(target_arch = "wasm32", feature = "act"))]
pub use acting::{Acting, start_acting};

/// A visitor downloads the allocator too: this one is a tenth of the usual one's size, and made for
/// modules that live in small, short allocations as these do.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// Nothing here panics on purpose. Should anything, the call ends, the loader catches what the
/// browser makes of it, and the page goes on.
#[cfg(all(target_arch = "wasm32", not(feature = "act")))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(all(target_arch = "wasm32", feature = "ui"))]
mod asking {
    //! What the loader calls of the module that asks.

    use alloc::{rc::Rc, string::String};

    use wasm_bindgen::prelude::*;

    use crate::{
        browser::{Host, ui::Ui},
        client::Message,
    };

    /// The part that asks.
    #[wasm_bindgen]
    #[derive(Debug)]
    pub struct Asking(Rc<Ui>);

    /// Starts the part; nothing where the configuration or the texts cannot be read.
    #[wasm_bindgen(js_name = "start")]
    #[must_use]
    pub fn start_asking(host: Host, texts: JsValue, style: &str) -> Option<Asking> {
        Ui::start(host, texts, style).map(Asking)
    }

    #[wasm_bindgen]
    impl Asking {
        /// Shows the first layer where a decision is due.
        pub fn ask(&self) {
            self.0.ask();
        }

        /// Shows the second layer.
        pub fn open(&self) {
            self.0.open();
        }

        /// Grants what is named beside what is granted: purposes, or pairs of a purpose and a
        /// service. Nothing named is everything.
        pub fn accept(&self, what: &JsValue) {
            self.0.accept(what);
        }

        /// Grants nothing any more.
        pub fn refuse(&self) {
            self.0.decide(0, false);
        }

        /// Whether what is marked with a purpose, and perhaps a service, may run.
        #[must_use]
        pub fn may(&self, purpose: &str, service: Option<String>) -> bool {
            self.0.may(purpose, service.as_deref())
        }

        /// Follows a decision made elsewhere.
        pub fn sync(&self) {
            self.0.sync();
        }

        /// Tells the collector what an earlier page could not.
        pub fn confirm(&self, left: Option<String>) {
            self.0.tell(Message::Resume(left));
        }

        /// The browser is online again.
        pub fn wake(&self) {
            self.0.tell(Message::Wake);
        }
    }
}

#[cfg(all(target_arch = "wasm32", feature = "act"))]
mod acting {
    //! What the loader calls of the module that acts.

    use alloc::{collections::BTreeMap, rc::Rc, string::String};

    use consent_core::{event::Value, time::Millis};
    use wasm_bindgen::prelude::*;

    use crate::browser::{Host, act::Act};

    /// The part that acts.
    #[wasm_bindgen]
    #[derive(Debug)]
    pub struct Acting(Rc<Act>);

    /// Starts the part; nothing where the configuration cannot be read.
    #[wasm_bindgen(js_name = "start")]
    #[must_use]
    pub fn start_acting(host: Host) -> Option<Acting> {
        Act::start(host).map(Acting)
    }

    #[wasm_bindgen]
    impl Acting {
        /// Records an event of the page's own, if its purpose is granted. Properties that are not
        /// plain texts, numbers and truth values are the page's mistake: the event is dropped.
        pub fn track(&self, name: &str, properties: JsValue, at: f64) {
            let properties = if properties.is_undefined() {
                Ok(BTreeMap::new())
            } else {
                serde_wasm_bindgen::from_value::<BTreeMap<String, Value>>(properties)
            };
            #[expect(clippy::cast_possible_truncation, reason = "a date's milliseconds are whole")]
            if let Ok(properties) = properties {
                self.0.track(name, properties, Millis(at as i64));
            }
        }

        /// Whether what is marked with a purpose, and perhaps a service, may run.
        #[must_use]
        pub fn may(&self, purpose: &str, service: Option<String>) -> bool {
            self.0.may(purpose, service.as_deref())
        }

        /// Follows a decision.
        pub fn sync(&self) {
            self.0.sync();
        }
    }
}
