//! What the loader lends to the modules, and what every module reads of the browser.

use alloc::{string::String, vec::Vec};

use consent_core::{ids::base64url, time::Millis};
use js_sys::{Array, Date, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{ShadowRoot, window};

use super::dom::set;
use crate::{
    session::{Answer, Session},
    settings::{Settings, Tree},
};

#[wasm_bindgen]
extern "C" {
    /// The loader's own object (`host` in `loader.js`).
    #[derive(Clone, Debug)]
    pub type Host;

    #[wasm_bindgen(method, getter)]
    pub(super) fn config(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn language(this: &Host) -> String;
    #[wasm_bindgen(method)]
    fn post(this: &Host, path: &str, body: &str, reply: &JsValue);
    /// The shadow root of everything we show.
    #[wasm_bindgen(method)]
    pub(super) fn root(this: &Host) -> ShadowRoot;
    /// Lets everybody see a changed decision.
    #[wasm_bindgen(method)]
    pub(super) fn sync(this: &Host);
    /// The texts, or nothing where they cannot be had.
    #[wasm_bindgen(method)]
    fn say(this: &Host, reply: &JsValue);
}

impl Host {
    /// The site's settings.
    pub(super) fn settings(&self) -> Option<Settings> {
        Settings::read(&self.config(), self.language())
    }

    /// Hands a session to the part that acts, which would have to open one of its own otherwise.
    #[cfg(feature = "ui")]
    pub(super) fn hand_over(&self, session: &Session) {
        let given = Object::new();
        set(&given, "session", &session.id.as_str().into());
        set(&given, "key", &base64url(&session.key).into());
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a date are far below 2^53")]
        for (name, ms) in [("expires", session.expires.0 as f64), ("ahead", session.ahead as f64)] {
            set(&given, name, &ms.into());
        }
        set(self, "session", &given);
    }

    /// Takes the session that was handed over, if one was.
    #[cfg(feature = "act")]
    pub(super) fn take_session(&self) -> Option<Session> {
        let given = self.member("session")?;
        set(self, "session", &JsValue::UNDEFINED);
        Answer::read(200, Some(&given)).session(clock(), given.whole("ahead")?)
    }

    /// Fetches the texts. The reply always comes.
    #[cfg(feature = "act")]
    pub(super) fn words(&self, reply: impl FnOnce(Option<JsValue>) + 'static) {
        let reply = Closure::once_into_js(move |texts: JsValue| {
            reply((!texts.is_undefined()).then_some(texts))
        });
        self.say(&reply);
    }

    /// Calls the collector. The reply always comes.
    pub(super) fn call(&self, path: &str, body: &str, reply: impl FnOnce(u16, JsValue) + 'static) {
        let reply = Closure::once_into_js(move |status: u16, body: JsValue| reply(status, body));
        self.post(path, body, &reply);
    }
}

impl Tree for JsValue {
    fn member(&self, name: &str) -> Option<Self> {
        let member = Reflect::get(self, &name.into()).ok()?;
        (!member.is_null() && !member.is_undefined()).then_some(member)
    }

    fn items(&self) -> Vec<Self> {
        self.dyn_ref::<Array>().map(|items| items.iter().collect()).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        self.dyn_ref::<Object>()
            .map(|object| Object::keys(object).iter().filter_map(|name| name.as_string()).collect())
            .unwrap_or_default()
    }

    fn text(&self) -> Option<String> {
        self.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn flag(&self) -> bool {
        self.is_truthy()
    }
}

/// The page's clock.
pub(super) fn clock() -> Millis {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a date's milliseconds are whole and far below 2^53"
    )]
    Millis(Date::now() as i64)
}

/// Ten fresh random bytes.
pub(super) fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    if let Some(crypto) = window().and_then(|window| window.crypto().ok()) {
        // Without random bits the id is one of the time alone: it may collide, it reveals nothing.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// The page's address.
pub(super) fn address() -> String {
    window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// Calls `action` after so many milliseconds.
pub(super) fn later(ms: i64, action: impl FnOnce() + 'static) {
    let action = Closure::once_into_js(action);
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    if let Some(window) = window() {
        // Where there are no timers, nothing is tried again.
        let _ = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(action.unchecked_ref(), ms);
    }
}
