//! The site's configuration, read from the object that the loader carries.
//!
//! A browser's objects are read through [`Tree`], so that the same code is tested natively, and so
//! that no JSON parser has to be downloaded: the browser has one.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::ConsentCookie,
    ids::ServiceKey,
    policy::{Kind, Policy, Purpose, Service, Slot},
    time::Millis,
};

/// Something like JSON that can be looked into.
pub trait Tree: Sized {
    /// The member of that name; `None` where there is none, or it is null.
    fn member(&self, name: &str) -> Option<Self>;
    /// The entries of an array; none of anything else.
    fn items(&self) -> Vec<Self>;
    /// A text.
    fn text(&self) -> Option<String>;
    /// A number.
    fn number(&self) -> Option<f64>;
    /// Whether it is true.
    fn flag(&self) -> bool;

    /// The text of a member.
    fn text_of(&self, name: &str) -> Option<String> {
        self.member(name)?.text()
    }

    /// A whole number, of milliseconds, days or the like.
    fn as_whole(&self) -> Option<i64> {
        let number = self.number()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` saturates, and a number beyond 2^63 is as wrong as the greatest below it"
        )]
        Some(number as i64)
    }

    /// The whole number of a member.
    fn whole(&self, name: &str) -> Option<i64> {
        self.member(name)?.as_whole()
    }

    /// The entries of a member.
    fn items_of(&self, name: &str) -> Vec<Self> {
        self.member(name).map(|member| member.items()).unwrap_or_default()
    }

    /// The texts of a member.
    fn texts_of(&self, name: &str) -> Vec<String> {
        self.items_of(name).iter().filter_map(Self::text).collect()
    }
}

/// What of the configuration the parts go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The site's key.
    pub site: String,
    /// Its purposes at their revision.
    pub policy: Policy,
    /// Days that a decision holds.
    pub consent_days: u32,
    /// Days that the visitor cookie lives.
    pub visitor_days: u32,
    /// The banner's version.
    pub banner: String,
    /// The language that is shown.
    pub language: String,
}

impl Settings {
    /// Reads the configuration. `None` where it is not one: then nothing is shown and nothing granted.
    pub fn read(config: &impl Tree, language: String) -> Option<Self> {
        let number = |name| u32::try_from(config.whole(name)?).ok();
        let mut purposes = Vec::new();
        for given in config.items_of("purposes") {
            purposes.push(purpose(&given)?);
        }
        Some(Self {
            site: config.text_of("site")?,
            policy: Policy::received(number("revision")?, purposes),
            consent_days: number("consent_days")?,
            visitor_days: number("visitor_days")?,
            banner: config.member("banner")?.text_of("version")?,
            language,
        })
    }

    /// The bits of those switches that `meant` picks.
    fn bits(&self, meant: impl Fn(Slot<'_>) -> bool) -> u128 {
        let mut bits = 0;
        let mut bit = 1;
        for slot in self.policy.slots() {
            if meant(slot) {
                bits |= bit;
            }
            bit <<= 1;
        }
        bits
    }

    /// The bits of everything that can be granted.
    #[must_use]
    pub fn all(&self) -> u128 {
        self.bits(|_| true)
    }

    /// Whether these bits grant something that the visitor's number is needed for.
    #[must_use]
    pub fn needs_visitor(&self, bits: u128) -> bool {
        bits & self.bits(|slot| slot.needs_visitor) != 0
    }

    /// The bits of a purpose, or of one service of it; 0 where the site has no such thing.
    #[must_use]
    pub fn bits_of(&self, purpose: &str, service: Option<&str>) -> u128 {
        self.bits(|slot| is(slot, purpose, service))
    }

    /// Names every service and purpose that is asked and that these bits do not grant at all: their
    /// cookies have to go.
    pub fn beyond(&self, bits: u128, mut name: impl FnMut(&str)) {
        for slot in self.policy.slots() {
            let purpose = slot.purpose.as_str();
            let service = slot.service.map(ServiceKey::as_str);
            if bits & self.bits_of(purpose, service) == 0 {
                service.map(&mut name);
            }
            if bits & self.bits_of(purpose, None) == 0 {
                name(purpose);
            }
        }
    }

    /// The bits of a decision where it is current; `None` where it is not.
    #[must_use]
    pub fn decided(&self, cookie: Option<&ConsentCookie>, now: Millis) -> Option<u128> {
        let cookie = cookie?;
        let current = cookie.is_current(&self.policy, self.consent_days, now);
        current.then_some(cookie.bits)
    }
}

/// Whether a switch is one of a purpose, or of one service of it.
#[must_use]
pub fn is(slot: Slot<'_>, purpose: &str, service: Option<&str>) -> bool {
    slot.purpose.as_str() == purpose
        && service.is_none_or(|service| slot.service.is_some_and(|own| own.as_str() == service))
}

fn purpose(given: &impl Tree) -> Option<Purpose> {
    let mut services = Vec::new();
    for given in given.items_of("services") {
        services.push(service(&given)?);
    }
    let kind = match given.text_of("kind")?.as_str() {
        "necessary" => Kind::Necessary,
        "optional" => Kind::Optional,
        "lead_link" => Kind::LeadLink,
        _ => return None,
    };
    Some(Purpose { key: given.text_of("key")?.parse().ok()?, kind, services })
}

fn service(given: &impl Tree) -> Option<Service> {
    let mut events = Vec::new();
    for event in given.items_of("events") {
        events.push(event.text()?.parse().ok()?);
    }
    Some(Service { key: given.text_of("key")?.parse().ok()?, events })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    impl Tree for Value {
        fn member(&self, name: &str) -> Option<Self> {
            self.get(name).filter(|member| !member.is_null()).cloned()
        }
        fn items(&self) -> Vec<Self> {
            self.as_array().cloned().unwrap_or_default()
        }
        fn text(&self) -> Option<String> {
            self.as_str().map(str::to_owned)
        }
        fn number(&self) -> Option<f64> {
            self.as_f64()
        }
        fn flag(&self) -> bool {
            self.as_bool() == Some(true)
        }
    }

    /// analytics {ashiato: `page_view` `click`; tag}, video, link (a lead link), necessary.
    pub(crate) fn config() -> Value {
        json!({
            "site": "shop", "revision": 3, "consent_days": 180, "visitor_days": 365,
            "languages": ["ja", "en"],
            "purposes": [
                {"key": "necessary", "kind": "necessary", "services": [{"key": "choice", "events": []}]},
                {"key": "analytics", "kind": "optional", "services": [
                    {"key": "ashiato", "events": ["page_view", "click"]}, {"key": "tag", "events": []}]},
                {"key": "video", "kind": "optional", "services": []},
                {"key": "link", "kind": "lead_link", "services": []},
            ],
            "url_parameters": ["utm_source"],
            "cookies": {"choice": ["ashiato_consent"], "ashiato": ["ashiato_visitor"], "tag": ["_tag", "_tag_*"], "video": ["v"]},
            "forms": ["contact"], "banner": {"version": "default", "layout": "bar", "theme": "auto"},
            "assets": {},
        })
    }

    pub(crate) fn settings() -> Settings {
        Settings::read(&config(), "ja".to_owned()).unwrap()
    }

    #[test]
    fn what_the_collector_writes_is_read() {
        let config: consent_core::client::Config = serde_json::from_value(config()).unwrap();
        let written = serde_json::to_value(&config).unwrap();
        let read = Settings::read(&written, "ja".to_owned()).unwrap();
        assert_eq!(read, settings());
        assert_eq!(read.policy, Policy::new(3, config.purposes).unwrap());
    }

    #[test]
    fn no_configuration_without_each_of_its_parts() {
        for part in ["site", "revision", "consent_days", "visitor_days", "banner"] {
            let mut config = config();
            config.as_object_mut().unwrap().remove(part);
            assert_eq!(Settings::read(&config, String::new()), None, "{part}");
        }
    }

    #[test]
    fn a_purpose_of_a_kind_unheard_of_is_not_taken_for_another() {
        let mut config = config();
        config["purposes"][1]["kind"] = json!("implied");
        assert_eq!(Settings::read(&config, String::new()), None);
    }

    #[test]
    fn bits_follow_the_switches() {
        let settings = settings();
        assert_eq!(settings.all(), 0b1111);
        assert_eq!(settings.bits_of("analytics", None), 0b11);
        assert_eq!(settings.bits_of("analytics", Some("tag")), 0b10);
        assert_eq!(settings.bits_of("video", Some("tag")), 0);
        assert_eq!(settings.bits_of("necessary", None), 0);
        assert!(settings.needs_visitor(0b1) && settings.needs_visitor(0b1000));
        assert!(!settings.needs_visitor(0b110));
    }

    #[test]
    fn cookies_of_what_is_not_granted_have_to_go() {
        let settings = settings();
        let beyond = |bits| {
            let mut keys = Vec::new();
            settings.beyond(bits, |key| keys.push(key.to_owned()));
            keys
        };
        assert_eq!(beyond(0b1111), [""; 0]);
        assert_eq!(beyond(0b101), ["tag", "link"]);
        assert_eq!(beyond(0b1100), ["ashiato", "analytics", "tag", "analytics"]);
    }

    proptest! {
        #[test]
        fn no_object_makes_reading_panic(text in "\\PC{0,60}", number: f64, part in 0_usize..6) {
            let names = ["site", "revision", "purposes", "cookies", "banner", "consent_days"];
            for value in [json!(text), json!(number), json!([text]), json!({ text.clone(): number }), Value::Null] {
                let mut config = config();
                config[names[part]] = value;
                let _ = Settings::read(&config, String::new());
            }
        }
    }
}
