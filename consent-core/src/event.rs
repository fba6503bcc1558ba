//! Behaviour events: as a page observes them, and as the policy classifies them.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String};
use core::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};

use crate::{
    gate::{Gated, Refusal},
    ids::{EventName, PurposeKey, ServiceKey, Uuid7},
    policy::{Policy, Purposes},
    standing::Subject,
    time::Millis,
};

/// Events in one batch, at most.
pub const MAX_BATCH: usize = 100;
/// Properties of one event, at most.
pub const MAX_PROPERTIES: usize = 32;
/// Bytes of one value (a property's, an address, a title), at most.
pub const MAX_VALUE: usize = 1024;
/// Bytes of a property's name, at most.
pub const MAX_PROPERTY_NAME: usize = 64;

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A number as JSON writes it.
    Number(serde_json::Number),
    /// A text of at most [`MAX_VALUE`] bytes.
    Text(String),
}

/// Read as it comes: `untagged` would try one kind after the other, and write an error's text for each.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl Visitor<'_> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, a number, or a text")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        let finite = serde_json::Number::from_f64(number);
        finite.map(Value::Number).ok_or_else(|| E::custom("a number is finite"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }
}

/// The page an event was observed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The address that led to it.
    #[serde(default)]
    pub referrer: String,
}

/// What a page observed: one entry of a batch (`POST /v1/events`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Counts once per site, forever.
    pub id: Uuid7,
    /// What happened.
    pub name: EventName,
    /// When.
    pub at: Millis,
    /// Where.
    pub page: Page,
    /// More about it.
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
}

/// The id alone, of an entry that cannot be read as a whole.
#[derive(Deserialize)]
struct Named {
    id: Uuid7,
}

/// An observation that cannot be taken, with its id where that much could be read.
pub type Unreadable = (Option<Uuid7>, Refusal);

impl Observation {
    /// Reads one entry of a batch.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] or [`Refusal::TooLarge`].
    pub fn parse(json: &str) -> Result<Self, Unreadable> {
        let Ok(observation) = serde_json::from_str::<Self>(json) else {
            let id = serde_json::from_str::<Named>(json).ok().map(|named| named.id);
            return Err((id, Refusal::Malformed));
        };
        observation.within()
    }

    /// The observation, where it is within the limits.
    ///
    /// # Errors
    /// Its id, and [`Refusal::TooLarge`].
    pub fn within(self) -> Result<Self, Unreadable> {
        if self.fits() { Ok(self) } else { Err((Some(self.id), Refusal::TooLarge)) }
    }

    /// Whether every part keeps its limit.
    #[must_use]
    pub fn fits(&self) -> bool {
        let texts = [&self.page.url, &self.page.title, &self.page.referrer];
        let property = |(name, value): (&String, &Value)| {
            let value = match value {
                Value::Text(text) => text.len(),
                Value::Number(_) | Value::Flag(_) => 0,
            };
            name.len() <= MAX_PROPERTY_NAME && value <= MAX_VALUE
        };
        texts.iter().all(|text| text.len() <= MAX_VALUE)
            && self.properties.len() <= MAX_PROPERTIES
            && self.properties.iter().all(property)
    }
}

/// An observation under the purpose that the site's policy gives its name. [`Event::under`] is the
/// only way to one: neither a client nor a caller chooses the purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    observation: &'a Observation,
    purpose: &'a PurposeKey,
    service: &'a ServiceKey,
    subject: Subject,
    revision: u32,
}

impl<'a> Event<'a> {
    /// Classifies what `subject` did.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`] where no service of the policy takes events of that name.
    pub fn under(
        policy: &'a Policy,
        subject: Subject,
        observation: &'a Observation,
    ) -> Result<Self, Refusal> {
        let (purpose, service) = policy.event(&observation.name).ok_or(Refusal::UnknownEvent)?;
        Ok(Self {
            purpose: &purpose.key,
            service: &service.key,
            subject,
            revision: policy.revision(),
            observation,
        })
    }

    /// What was observed.
    #[must_use]
    pub const fn observation(&self) -> &'a Observation {
        self.observation
    }
}

impl Gated for Event<'_> {
    fn subject(&self) -> Subject {
        self.subject
    }

    fn purpose(&self) -> &PurposeKey {
        self.purpose
    }

    fn service(&self) -> Option<&ServiceKey> {
        Some(self.service)
    }

    fn revision(&self) -> u32 {
        self.revision
    }

    fn at(&self) -> Millis {
        self.observation.at
    }
}

/// What a page sees happen, as far as the gate asks about it. Like an [`Event`] it has its purpose from
/// the policy alone; what else it says is for the collector to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting<'a> {
    name: &'a str,
    purpose: PurposeKey,
    service: ServiceKey,
    revision: u32,
    at: Millis,
}

impl<'a> Sighting<'a> {
    /// Classifies what happened in this browser.
    ///
    /// # Errors
    /// [`Refusal::UnknownEvent`] where no service of the policy takes events of that name.
    pub fn under(policy: &impl Purposes, name: &'a str, at: Millis) -> Result<Self, Refusal> {
        let (purpose, service) = policy.taking(name).ok_or(Refusal::UnknownEvent)?;
        Ok(Self { name, purpose, service, revision: policy.at_revision(), at })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }
}

impl Gated for Sighting<'_> {
    fn subject(&self) -> Subject {
        Subject::ThisBrowser
    }

    fn purpose(&self) -> &PurposeKey {
        &self.purpose
    }

    fn service(&self) -> Option<&ServiceKey> {
        Some(&self.service)
    }

    fn revision(&self) -> u32 {
        self.revision
    }

    fn at(&self) -> Millis {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::tests::policy;

    const GOOD: &str = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","name":"page_view","at":5,
        "page":{"url":"https://a.example/","title":"a"},"properties":{"plan":"pro","n":1.5,"b":true}}"#;

    #[test]
    fn an_observation_is_read_with_its_properties() {
        let observation = Observation::parse(GOOD).unwrap();
        assert_eq!(observation.properties["plan"], Value::Text("pro".to_owned()));
        assert_eq!(observation.properties["b"], Value::Flag(true));
        assert_eq!(observation.page.referrer, "");
    }

    #[test]
    fn what_cannot_be_read_keeps_its_id() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad91".parse().unwrap();
        let cases = [
            (r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","name":"Page View"}"#, Some(id)),
            (&GOOD.replace("\"pro\"", "{\"deep\":1}"), Some(id)),
            (&GOOD.replace("\"pro\"", "null"), Some(id)),
            (&GOOD.replace("\"at\":5", "\"at\":\"5\""), Some(id)),
            (&GOOD.replace("\"at\":5", "\"at\":5,\"purpose\":\"analytics\""), Some(id)),
            (&GOOD.replace("0190163d", "x"), None),
            ("[]", None),
            ("", None),
        ];
        for (json, id) in cases {
            assert_eq!(Observation::parse(json), Err((id, Refusal::Malformed)), "{json}");
        }
    }

    #[test]
    fn limits_are_on_values_names_and_numbers_of_properties() {
        let long = "x".repeat(MAX_VALUE + 1);
        let many: Vec<_> = (0..=MAX_PROPERTIES).map(|n| format!("\"p{n}\":1")).collect();
        let just: Vec<_> = (0..MAX_PROPERTIES).map(|n| format!("\"p{n}\":1")).collect();
        let with = |properties: &str| {
            let json =
                GOOD.replace(r#"{"plan":"pro","n":1.5,"b":true}"#, &format!("{{{properties}}}"));
            Observation::parse(&json).map(|_| ()).map_err(|(_, refusal)| refusal)
        };
        assert_eq!(with(&format!("\"plan\":\"{long}\"")), Err(Refusal::TooLarge));
        assert_eq!(with(&format!("\"plan\":\"{}\"", &long[1..])), Ok(()));
        assert_eq!(with(&many.join(",")), Err(Refusal::TooLarge));
        assert_eq!(with(&just.join(",")), Ok(()));
        assert_eq!(with(&format!("\"{}\":1", "n".repeat(65))), Err(Refusal::TooLarge));
        let title = GOOD.replace("\"title\":\"a\"", &format!("\"title\":\"{long}\""));
        assert!(matches!(Observation::parse(&title), Err((Some(_), Refusal::TooLarge))));
    }

    #[test]
    fn a_name_that_the_site_does_not_take_is_unknown() {
        let json = GOOD.replace("page_view", "page_vieu");
        let observation = Observation::parse(&json).unwrap();
        assert_eq!(
            Event::under(&policy(), Subject::ThisBrowser, &observation),
            Err(Refusal::UnknownEvent)
        );
    }

    #[test]
    fn what_a_page_sees_is_classified_as_the_collector_will() {
        let policy = policy();
        for name in ["page_view", "click", "page_vieu", "tag", ""] {
            let seen = Sighting::under(&policy, name, Millis(5));
            let json = GOOD.replace("page_view", name);
            let Ok(read) = Observation::parse(&json) else {
                assert_eq!(seen, Err(Refusal::UnknownEvent));
                continue;
            };
            let event = Event::under(&policy, Subject::ThisBrowser, &read);
            let parts = |gated: &dyn Gated| {
                (gated.purpose().clone(), gated.service().cloned(), gated.revision(), gated.at())
            };
            assert_eq!(
                seen.as_ref().map(|seen| parts(seen)).ok(),
                event.as_ref().map(|event| parts(event)).ok()
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(json in any::<String>()) {
            let _ = Observation::parse(&json);
        }
    }
}
