//! The bodies of the visitor-facing calls (`POST /v1/…`). The page writes them by [`Json`], the
//! collector reads them by serde; a test holds the two together.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    choices::{Choices, Method},
    form::Submission,
    gate::Refusal,
    ids::{LeadId, PurposeKey, ReceiptId, ServiceKey, Uuid7, VisitorId},
    json::Json,
    time::Millis,
};

/// Bytes of one body, at most.
pub const MAX_BODY: usize = 64 * 1024;

/// `POST /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// The site's key.
    pub site: String,
    /// The visitor it is to act for.
    #[serde(default)]
    pub visitor: Option<VisitorId>,
}

impl SessionRequest {
    /// As it travels.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::object(|json| {
            json.text("site", &self.site);
            json.maybe("visitor", self.visitor.map(|visitor| visitor.to_text()).as_deref());
        })
    }
}

/// The answer to [`SessionRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionAnswer {
    /// The session's own string: the `kid` of what it signs.
    pub session: String,
    /// Its key: 32 bytes, base64url.
    pub key: String,
    /// Until when it may sign.
    pub expires: Millis,
    /// The collector's clock.
    pub now: Millis,
    /// The policy's current revision.
    pub revision: u32,
    /// What the visitor has decided last, wherever that was, as a consent cookie ([`crate::cookie`]) by the
    /// collector's clock; nothing where that was another policy's or has run out, or the session is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// `POST /v1/consents`: a decision.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// The decision's id: sent again, it is answered again and counts once.
    pub id: Uuid7,
    /// The site's key.
    pub site: String,
    /// The policy revision that was shown.
    pub revision: u32,
    /// The language it was shown in (BCP 47).
    pub language: String,
    /// The address of the page.
    pub page: String,
    /// The version of the banner.
    pub banner: String,
    /// By which act.
    pub method: Method,
    /// When, by the page's clock as corrected by the collector's.
    pub decided_at: Millis,
    /// The receipt of the decision it replaces.
    #[serde(default)]
    pub previous: Option<ReceiptId>,
    /// Yes or no by purpose.
    pub purposes: BTreeMap<PurposeKey, bool>,
    /// Yes or no by service, where it differs from its purpose.
    #[serde(default)]
    pub services: BTreeMap<ServiceKey, bool>,
}

impl ConsentRequest {
    /// What was chosen.
    #[must_use]
    pub fn choices(&self) -> Choices {
        Choices { purposes: self.purposes.clone(), services: self.services.clone() }
    }

    /// As it is signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::object(|json| {
            json.text("id", &self.id.to_text());
            json.text("site", &self.site);
            json.number("revision", i64::from(self.revision));
            json.text("language", &self.language);
            json.text("page", &self.page);
            json.text("banner", &self.banner);
            json.text("method", self.method.as_str());
            json.number("decided_at", self.decided_at.0);
            json.maybe("previous", self.previous.map(|id| id.to_text()).as_deref());
            json.nested("purposes", |json| {
                for (key, yes) in &self.purposes {
                    json.flag(key.as_str(), *yes);
                }
            });
            json.nested("services", |json| {
                for (key, yes) in &self.services {
                    json.flag(key.as_str(), *yes);
                }
            });
        })
    }
}

/// The answer to [`ConsentRequest`]; all null for a first refusal, which is counted without an
/// identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAnswer {
    /// The receipt's id.
    pub receipt_id: Option<ReceiptId>,
    /// The receipt: a compact JWS signed with Ed25519.
    pub receipt: Option<String>,
    /// The visitor id, where something granted needs one.
    pub visitor: Option<VisitorId>,
    /// A session that acts for the visitor.
    pub session: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// Until when it may sign.
    pub expires: Option<Millis>,
}

/// `POST /v1/events`: a batch. Where one of its entries is bad they are read one by one, as texts (`&RawValue`),
/// so that it does not take the others with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsRequest<E> {
    /// The site's key.
    pub site: String,
    /// The visitor.
    pub visitor: VisitorId,
    /// The observations ([`crate::event::Observation`]).
    pub events: Vec<E>,
}

impl<E> EventsRequest<E> {
    /// The same batch, each of its entries read.
    #[must_use]
    pub fn map<T>(self, read: impl FnMut(E) -> T) -> EventsRequest<T> {
        let Self { site, visitor, events } = self;
        EventsRequest { site, visitor, events: events.into_iter().map(read).collect() }
    }
}

/// A batch of observations that are JSON already, as it is signed.
#[must_use]
pub fn events_json<T: AsRef<str>>(
    site: &str,
    visitor: &str,
    events: impl IntoIterator<Item = T>,
) -> String {
    Json::object(|json| {
        json.text("site", site);
        json.text("visitor", visitor);
        json.list("events", events);
    })
}

/// What a page observed, on its way out. `properties` is a JSON object already: the page's own
/// object as the browser wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The event's id.
    pub id: Uuid7,
    /// Its name.
    pub name: &'a str,
    /// The page's address, cleaned.
    pub url: &'a str,
    /// The page's title.
    pub title: &'a str,
    /// The address that led there, cleaned.
    pub referrer: &'a str,
    /// A JSON object; empty where there are none.
    pub properties: &'a str,
}

impl Outgoing<'_> {
    /// An entry of a batch, but for its time: [`dated`] adds that when it is sent, for only then is it
    /// certain what the collector's clock is ahead.
    #[must_use]
    pub fn undated(&self) -> String {
        Json::object(|json| {
            json.text("id", &self.id.to_text());
            json.text("name", self.name);
            json.nested("page", |json| {
                json.text("url", self.url);
                json.text("title", self.title);
                json.text("referrer", self.referrer);
            });
            if !self.properties.is_empty() {
                json.raw("properties", self.properties);
            }
        })
    }
}

/// An entry of a batch: what [`Outgoing::undated`] wrote, and when it happened by the collector's clock.
#[must_use]
pub fn dated(undated: &str, at: Millis) -> String {
    let mut entry = Json::object(|json| json.number("at", at.0));
    entry.pop();
    entry.push(',');
    entry.push_str(undated.get(1..).unwrap_or("}"));
    entry
}

/// The answer to a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsAnswer {
    /// Events stored by this call.
    pub stored: usize,
    /// Events whose ids had been stored before.
    pub duplicate: usize,
    /// Events that may not be stored.
    pub refused: Vec<RefusedEvent>,
}

/// One event that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEvent {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Its id, where it could be read.
    pub id: Option<Uuid7>,
    /// Why.
    pub reason: Refusal,
}

/// `POST /v1/leads`: a form that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadRequest {
    /// The site's key.
    pub site: String,
    /// The form's key.
    pub form: String,
    /// The visitor, where lead linking is granted.
    #[serde(default)]
    pub visitor: Option<VisitorId>,
    /// The page it was sent from.
    pub page: LeadPage,
    /// What was filled in, and under reserved keys what the page tells of that ([`crate::form::Spam`]).
    pub fields: BTreeMap<String, String>,
    /// What was agreed to.
    #[serde(default)]
    pub agreements: BTreeMap<String, bool>,
}

/// The page a form was sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadPage {
    /// Its address.
    pub url: String,
}

impl LeadRequest {
    /// What was sent, for [`crate::form::Form::accept`].
    #[must_use]
    pub fn submission(&self) -> Submission {
        Submission { fields: self.fields.clone(), agreements: self.agreements.clone() }
    }

    /// As it is signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::object(|json| {
            json.text("site", &self.site);
            json.text("form", &self.form);
            json.maybe("visitor", self.visitor.map(|visitor| visitor.to_text()).as_deref());
            json.nested("page", |json| json.text("url", &self.page.url));
            json.nested("fields", |json| {
                for (name, value) in &self.fields {
                    json.text(name, value);
                }
            });
            json.nested("agreements", |json| {
                for (name, yes) in &self.agreements {
                    json.flag(name, *yes);
                }
            });
        })
    }
}

/// The answer to [`LeadRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadAnswer {
    /// The lead's id.
    pub lead: LeadId,
    /// Whether it is tied to the visitor.
    pub linked: bool,
}

#[cfg(test)]
mod tests;
