//! What the loader lends to the modules (`host` in `loader.js`), and what every module reads by it.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    ids::VisitorId,
    time::Millis,
};
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::ShadowRoot;

use crate::{
    session::Session,
    settings::{Settings, Tree},
};

#[wasm_bindgen]
extern "C" {
    /// The loader's own object.
    #[derive(Clone, Debug)]
    pub type Host;

    #[wasm_bindgen(method, getter)]
    pub(super) fn config(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn language(this: &Host) -> String;
    #[wasm_bindgen(method)]
    fn cookie(this: &Host, name: &str) -> Option<String>;
    #[wasm_bindgen(method)]
    fn post(this: &Host, path: &str, body: &str, reply: &JsValue);
    #[wasm_bindgen(method)]
    fn later(this: &Host, action: &JsValue, ms: f64);
    #[wasm_bindgen(method)]
    fn now(this: &Host) -> f64;
    #[wasm_bindgen(method)]
    fn random(this: &Host) -> u64;

    /// The page's address without its query.
    #[wasm_bindgen(method)]
    pub(super) fn page(this: &Host) -> String;
    /// The shadow root of everything we show.
    #[wasm_bindgen(method)]
    pub(super) fn root(this: &Host) -> ShadowRoot;
    /// Lets everybody see a changed decision.
    #[wasm_bindgen(method)]
    pub(super) fn sync(this: &Host);
    /// Calls back with the texts, or with nothing where they cannot be had.
    #[wasm_bindgen(method)]
    fn say(this: &Host, reply: &JsValue);

    /// Keeps a cookie; whether the browser let it.
    #[wasm_bindgen(method)]
    pub(super) fn keep(this: &Host, name: &str, value: &str, days: u32) -> bool;
    /// Deletes the cookies of a service or purpose.
    #[wasm_bindgen(method)]
    pub(super) fn erase(this: &Host, key: &str);
    /// Leaves what has to be told of a withdrawal, or removes it.
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Host, text: Option<&str>);
}

impl Host {
    /// The site's settings.
    pub(super) fn settings(&self) -> Option<Settings> {
        Settings::read(&self.config(), self.language())
    }

    /// The decision that the browser holds.
    pub(super) fn decision(&self) -> Option<ConsentCookie> {
        self.cookie(CONSENT_COOKIE)?.parse().ok()
    }

    /// The visitor's number that the browser holds.
    pub(super) fn visitor(&self) -> Option<VisitorId> {
        self.cookie(VISITOR_COOKIE)?.parse().ok()
    }

    /// The page's clock.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a date's milliseconds are whole and far below 2^53"
    )]
    pub(super) fn clock(&self) -> Millis {
        Millis(self.now() as i64)
    }

    /// Fresh random bytes.
    pub(super) fn draw(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&self.random().to_le_bytes());
        second.copy_from_slice(&self.random().to_le_bytes()[..2]);
        bytes
    }

    /// Calls the collector. The reply always comes.
    pub(super) fn call(&self, path: &str, body: &str, reply: impl FnOnce(u16, JsValue) + 'static) {
        let reply = Closure::once_into_js(move |status: u16, body: JsValue| reply(status, body));
        self.post(path, body, &reply);
    }

    /// Calls `action` after so many milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a pause is a minute at most")]
    pub(super) fn wait(&self, ms: i64, action: impl FnOnce() + 'static) {
        self.later(&Closure::once_into_js(action), ms as f64);
    }

    /// Hands a session to the part that acts, which would have to open one of its own otherwise.
    #[cfg(feature = "ui")]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a date are far below 2^53")]
    pub(super) fn hand_over(&self, session: &Session) {
        let given = Array::of3(
            &session.id.as_str().into(),
            &consent_core::ids::base64url(&session.key).into(),
            &(session.expires.0 as f64).into(),
        );
        given.push(&(session.ahead as f64).into());
        super::dom::set(self, "session", &given);
    }

    /// Takes the session that was handed over, if one was.
    #[cfg(feature = "act")]
    pub(super) fn take_session(&self) -> Option<Session> {
        let given = self.member("session")?.items();
        super::dom::set(self, "session", &JsValue::UNDEFINED);
        let key = given.get(1)?.text()?;
        Some(Session {
            id: given.first()?.text()?,
            key: consent_core::ids::from_base64url(&key)?.try_into().ok()?,
            expires: Millis(given.get(2)?.as_whole()?),
            ahead: given.get(3)?.as_whole()?,
        })
    }

    /// Fetches the texts. The reply always comes.
    #[cfg(feature = "act")]
    pub(super) fn words(&self, reply: impl FnOnce(Option<JsValue>) + 'static) {
        let reply = Closure::once_into_js(move |texts: JsValue| {
            reply((!texts.is_undefined()).then_some(texts));
        });
        self.say(&reply);
    }
}

impl Tree for JsValue {
    fn member(&self, name: &str) -> Option<Self> {
        let member = Reflect::get(self, &name.into()).ok()?;
        (!member.is_null() && !member.is_undefined()).then_some(member)
    }

    fn items(&self) -> Vec<Self> {
        let mut items = Vec::new();
        if Array::is_array(self) {
            let array: &Array = self.unchecked_ref();
            for at in 0..array.length() {
                items.push(array.get(at));
            }
        }
        items
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
