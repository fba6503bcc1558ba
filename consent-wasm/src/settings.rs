//! The site's configuration, read from the object that the loader carries.
//!
//! A browser's objects are read through [`Tree`], so that the same code is tested natively, and so
//! that no JSON parser has to be downloaded: the browser has one.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::{CONSENT_COOKIE, ConsentCookie, VISITOR_COOKIE},
    policy::{Kind, Policy, Purpose, Service},
    time::Millis,
};

/// Something like JSON that can be looked into.
pub trait Tree: Sized {
    /// The member of that name; `None` where there is none, or it is null.
    fn member(&self, name: &str) -> Option<Self>;
    /// The entries of an array; none of anything else.
    fn items(&self) -> Vec<Self>;
    /// The names of an object's members.
    fn names(&self) -> Vec<String>;
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

    /// The number of a member, as a whole number of milliseconds, days or the like.
    fn whole(&self, name: &str) -> Option<i64> {
        let number = self.member(name)?.number()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` saturates, and a number beyond 2^63 is as wrong as the greatest below it"
        )]
        Some(number as i64)
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
    /// Query parameters that may be kept.
    pub url_parameters: Vec<String>,
    /// Cookies to delete, by the service or purpose that set them.
    pub cookies: Vec<(String, Vec<String>)>,
    /// The banner's version.
    pub banner: String,
    /// The language that is shown.
    pub language: String,
}

impl Settings {
    /// Reads the configuration. `None` where it is not one: then nothing is shown and nothing granted.
    pub fn read(config: &impl Tree, language: String) -> Option<Self> {
        let number = |name| u32::try_from(config.whole(name)?).ok();
        let purposes: Option<Vec<_>> = config.items_of("purposes").iter().map(purpose).collect();
        let cookies = config.member("cookies");
        let cookies = cookies.map(|cookies| {
            let names = cookies.names();
            let list = |name: String| {
                let list = cookies.texts_of(&name);
                (name, list)
            };
            names.into_iter().map(list).collect()
        });
        Some(Self {
            site: config.text_of("site")?,
            policy: Policy::new(number("revision")?, purposes?).ok()?,
            consent_days: number("consent_days")?,
            visitor_days: number("visitor_days")?,
            url_parameters: config.texts_of("url_parameters"),
            cookies: cookies.unwrap_or_default(),
            banner: config.member("banner")?.text_of("version")?,
            language,
        })
    }

    /// The bits of everything that can be granted.
    #[must_use]
    pub fn all(&self) -> u128 {
        (1 << self.policy.slots().count()) - 1
    }

    /// Whether these bits grant something that the visitor's number is needed for.
    #[must_use]
    pub fn needs_visitor(&self, bits: u128) -> bool {
        let mut slots = self.policy.slots().enumerate();
        slots.any(|(at, slot)| slot.needs_visitor && bits >> at & 1 == 1)
    }

    /// The bits of a purpose, or of one service of it; 0 where the site has no such thing.
    #[must_use]
    pub fn bits_of(&self, purpose: &str, service: Option<&str>) -> u128 {
        self.policy.slots().enumerate().fold(0, |bits, (at, slot)| {
            let same = slot.purpose.as_str() == purpose
                && service
                    .is_none_or(|service| slot.service.is_some_and(|own| own.as_str() == service));
            bits | u128::from(same) << at
        })
    }

    /// Cookies (names, or patterns with `*`) of what is asked and these bits do not grant. The two
    /// of our own are not among them: they follow rules of their own.
    #[must_use]
    pub fn cookies_beyond(&self, bits: u128) -> Vec<&str> {
        let mut names = Vec::new();
        for (owner, cookies) in &self.cookies {
            let mut owned = 0;
            for (at, slot) in self.policy.slots().enumerate() {
                let service = slot.service.is_some_and(|key| key.as_str() == owner);
                owned |= u128::from(service || slot.purpose.as_str() == owner) << at;
            }
            if owned != 0 && bits & owned == 0 {
                names.extend(cookies.iter().map(String::as_str));
            }
        }
        names.retain(|name| *name != CONSENT_COOKIE && *name != VISITOR_COOKIE);
        names
    }

    /// The bits of a decision where it is current, and none where it is not.
    #[must_use]
    pub fn granted(&self, cookie: Option<&ConsentCookie>, now: Millis) -> u128 {
        cookie
            .filter(|cookie| cookie.is_current(&self.policy, self.consent_days, now))
            .map_or(0, |cookie| cookie.bits)
    }
}

fn purpose(purpose: &impl Tree) -> Option<Purpose> {
    let services: Option<Vec<_>> = purpose.items_of("services").iter().map(service).collect();
    let kind = match purpose.text_of("kind").as_deref() {
        Some("necessary") => Kind::Necessary,
        Some("optional") | None => Kind::Optional,
        Some("lead_link") => Kind::LeadLink,
        Some(_) => return None,
    };
    Some(Purpose { key: purpose.text_of("key")?.parse().ok()?, kind, services: services? })
}

fn service(service: &impl Tree) -> Option<Service> {
    let events = service.texts_of("events");
    let events: Result<_, _> = events.iter().map(|event| event.parse()).collect();
    Some(Service { key: service.text_of("key")?.parse().ok()?, events: events.ok()? })
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
        fn names(&self) -> Vec<String> {
            self.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
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
        assert_eq!(settings.cookies_beyond(0b1111), [""; 0]);
        assert_eq!(settings.cookies_beyond(0b101), ["_tag", "_tag_*"]);
        assert_eq!(settings.cookies_beyond(0b1110), [""; 0]);
        assert_eq!(settings.cookies_beyond(0), ["_tag", "_tag_*", "v"]);
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
