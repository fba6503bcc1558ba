//! Sessions and what is signed under them.

use consent_core::{
    ids::{Uuid7, from_base64url},
    jws,
    time::Millis,
};
use serde_json::{Value, json};

use crate::Collector;

/// A session as the collector opened it. Its `now` is the test's clock.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its string.
    pub text: String,
    /// Its key.
    pub key: [u8; 32],
    /// The collector's clock when it was opened.
    pub now: Millis,
    /// The site's policy revision.
    pub revision: u64,
}

impl Session {
    /// Opens one for the shop, and for a visitor where there is one.
    ///
    /// # Panics
    /// Where the collector opens none.
    #[must_use]
    pub fn open(collector: &Collector, visitor: Option<&str>) -> Self {
        let body = json!({"site": "shop", "visitor": visitor});
        let answer = collector.post("/v1/sessions", body.to_string()).expect(200);
        Self {
            text: text(&answer["session"]),
            key: key(&answer["key"]),
            now: Millis(answer["now"].as_i64().expect("`now` is a number")),
            revision: answer["revision"].as_u64().expect("`revision` is a number"),
        }
    }

    /// The session that the answer to a decision holds.
    ///
    /// # Panics
    /// Where it holds none.
    #[must_use]
    pub fn continued(&self, answer: &Value) -> Self {
        Self { text: text(&answer["session"]), key: key(&answer["key"]), ..self.clone() }
    }

    /// A signed body.
    #[must_use]
    pub fn sign(&self, payload: &Value) -> String {
        self.sign_at(self.now, payload)
    }

    /// A body that says it was signed at another time.
    #[must_use]
    pub fn sign_at(&self, at: Millis, payload: &Value) -> String {
        jws::sign(&self.key, &self.text, at, &payload.to_string())
    }

    /// A decision: the named purposes are granted, all others are not.
    #[must_use]
    pub fn decision(&self, method: &str, granted: &[&str]) -> Value {
        let purposes = ["functional", "analytics", "marketing", "lead_link"];
        let purposes: serde_json::Map<_, _> = purposes
            .iter()
            .map(|purpose| ((*purpose).to_owned(), granted.contains(purpose).into()))
            .collect();
        json!({
            "id": self.fresh_id(),
            "site": "shop",
            "revision": self.revision,
            "language": "ja",
            "page": "https://shop.example/",
            "banner": "default",
            "method": method,
            "decided_at": self.now,
            "previous": null,
            "purposes": purposes,
            "services": {},
        })
    }

    /// A contact form that is filled in well.
    #[must_use]
    pub fn lead(&self, visitor: Option<&str>) -> Value {
        json!({
            "site": "shop",
            "form": "contact",
            "visitor": visitor,
            "page": {"url": "https://shop.example/contact"},
            "fields": {"name": "足跡 花子", "email": "hanako@example.jp", "message": "こんにちは"},
            "agreements": {"email_marketing": true},
        })
    }

    /// A UUIDv7 of the session's time that nobody has used.
    ///
    /// # Panics
    /// Where the system gives no random numbers.
    #[must_use]
    pub fn fresh_id(&self) -> String {
        let mut random = [0; 10];
        getrandom::fill(&mut random).expect("random numbers");
        Uuid7::new(self.now, &random).to_text()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn key(value: &Value) -> [u8; 32] {
    let bytes = from_base64url(value.as_str().expect("the key is text"));
    bytes.and_then(|bytes| bytes.try_into().ok()).expect("the key is base64url of 32 bytes")
}
