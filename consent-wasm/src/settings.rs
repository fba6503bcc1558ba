//! The site's configuration, as the loader hands it over.

use alloc::{string::String, vec::Vec};

use consent_core::{
    cookie::ConsentCookie,
    ids::ServiceKey,
    policy::{Kind, Policy, Purpose, Service, Slot},
    time::Millis,
};

use crate::lines::Lines;

/// What of the configuration the parts go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The site's key.
    pub site: String,
    /// Its purposes at their revision.
    pub policy: Policy,
    /// Days that a decision holds.
    pub consent_days: u32,
    /// The banner's version.
    pub banner: String,
    /// The language that is shown.
    pub language: String,
}

impl Settings {
    /// Reads the configuration: site, revision, days of consent, banner's version,
    /// language; then a line for each purpose: its key, kind, and services, each followed
    /// by `:` and its events with commas between. `None` where it is not one: then nothing is shown
    /// and nothing granted.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = Lines::of(text);
        let site = lines.text();
        let revision = u32::try_from(lines.number()?).ok()?;
        let consent_days = u32::try_from(lines.number()?).ok()?;
        let banner = lines.text();
        let language = lines.text();
        let mut purposes = Vec::new();
        for line in lines {
            purposes.push(purpose(Lines::words(line))?);
        }
        Some(Self {
            site: site.into(),
            policy: Policy::received(revision, purposes),
            consent_days,
            banner: banner.into(),
            language: language.into(),
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

    /// The bits of a purpose, or of one service of it where one is named; 0 where the site has no
    /// such thing.
    #[must_use]
    pub fn bits_of(&self, purpose: &str, service: &str) -> u128 {
        self.bits(|slot| is(slot, purpose, service))
    }

    /// Names every service and purpose that is asked and that these bits do not grant at all: their
    /// cookies have to go.
    pub fn beyond(&self, bits: u128, mut name: impl FnMut(&str)) {
        for slot in self.policy.slots() {
            let purpose = slot.purpose.as_str();
            for (key, service) in [(purpose, ""), service_of(slot)] {
                if bits & self.bits_of(purpose, service) == 0 {
                    name(key);
                }
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

fn service_of(slot: Slot<'_>) -> (&str, &str) {
    let service = slot.service.map_or("", ServiceKey::as_str);
    (service, service)
}

/// Whether a switch is one of a purpose, or of one service of it where one is named.
#[must_use]
pub fn is(slot: Slot<'_>, purpose: &str, service: &str) -> bool {
    slot.purpose.as_str() == purpose
        && (service.is_empty() || slot.service.is_some_and(|own| own.as_str() == service))
}

fn purpose(mut words: Lines<'_>) -> Option<Purpose> {
    let key = words.parse()?;
    let kind = match words.text() {
        "necessary" => Kind::Necessary,
        "optional" => Kind::Optional,
        "lead_link" => Kind::LeadLink,
        _ => return None,
    };
    let mut services = Vec::new();
    for word in words {
        services.push(service(word)?);
    }
    Some(Purpose { key, kind, services })
}

fn service(word: &str) -> Option<Service> {
    let mut parts = Lines::split(word, b':');
    let key = parts.parse()?;
    let mut events = Vec::new();
    for event in Lines::split(parts.text(), b',') {
        if !event.is_empty() {
            events.push(event.parse().ok()?);
        }
    }
    Some(Service { key, events })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// analytics {ashiato: `page_view` `click`; tag}, video, link (a lead link), necessary.
    pub(crate) const CONFIG: &str = "shop\n3\n180\ndefault\nja\nnecessary necessary choice:\n\
        analytics optional ashiato:page_view,click tag:\nvideo optional\nlink lead_link";

    pub(crate) fn settings() -> Settings {
        Settings::read(CONFIG).unwrap()
    }

    #[test]
    fn a_configuration_is_read_whole() {
        let settings = settings();
        assert_eq!((settings.site.as_str(), settings.policy.revision()), ("shop", 3));
        assert_eq!(settings.consent_days, 180);
        assert_eq!((settings.banner.as_str(), settings.language.as_str()), ("default", "ja"));
        let purposes = settings.policy.purposes();
        let again = Policy::new(3, purposes.to_vec()).unwrap();
        assert_eq!(settings.policy, again);
        assert_eq!(purposes[1].services[0].events.len(), 2);
        assert_eq!(purposes[1].services[1].events.len(), 0);
        assert_eq!(purposes[3].kind, Kind::LeadLink);
    }

    #[test]
    fn what_is_not_a_configuration_is_none() {
        for text in ["", "shop", "shop\nx\n180\nd\nja", "shop\n3\n-1\nd\nja"] {
            assert_eq!(Settings::read(text), None, "{text}");
        }
        for line in ["video implied", "Video optional", "video", "", "v optional a:Bad b"] {
            let text = [CONFIG, "\n", line].concat();
            assert_eq!(Settings::read(&text), None, "{line}");
        }
    }

    #[test]
    fn bits_follow_the_switches() {
        let settings = settings();
        assert_eq!(settings.all(), 0b1111);
        assert_eq!(settings.bits_of("analytics", ""), 0b11);
        assert_eq!(settings.bits_of("analytics", "tag"), 0b10);
        assert_eq!(settings.bits_of("video", "tag"), 0);
        assert_eq!(settings.bits_of("necessary", ""), 0);
        assert!(settings.needs_visitor(0b1) && settings.needs_visitor(0b1000));
        assert!(!settings.needs_visitor(0b110));
    }

    #[test]
    fn cookies_of_what_is_not_granted_have_to_go() {
        let settings = settings();
        let beyond = |bits| {
            let mut keys = Vec::new();
            settings.beyond(bits, |key| keys.push(String::from(key)));
            keys.retain(|key| !key.is_empty());
            keys.sort();
            keys.dedup();
            keys
        };
        assert_eq!(beyond(0b1111), [""; 0]);
        assert_eq!(beyond(0b101), ["link", "tag"]);
        assert_eq!(beyond(0b1100), ["analytics", "ashiato", "tag"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,60}", line in 0_usize..9) {
            let mut lines: Vec<&str> = CONFIG.split('\n').collect();
            lines[line] = &text;
            let _ = Settings::read(&lines.join("\n"));
            let _ = Settings::read(&text);
        }
    }
}
