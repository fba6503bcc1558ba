//! What the site asks for, as the loader hands it over.
//!
//! The text that the script hands over is read anew at every turn: tables of it would cost each
//! visitor more bytes than all the turns cost time. It grants nothing: that is the gate's.

use alloc::{string::String, vec::Vec};

use consent_core::{
    ids::{PurposeKey, ServiceKey},
    policy::Purposes,
    standing::Grant,
    text::number,
    time::{DAY, Millis, SECOND},
};

use crate::lines::{Lines, line};

/// What a visitor is asked: the policy's revision, for how many seconds a decision holds, the keys of the
/// purposes that the browser refuses by a signal, the site's key, the banner's version, the language, for how
/// many seconds a visitor's number is held, and then each purpose: its key, its kind, and its services, each
/// followed by `:` and its events with commas between; a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    text: String,
}

/// A purpose, in the site's order.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// Its key.
    pub key: &'a str,
    /// Whether it is asked, and not told only.
    pub is_asked: bool,
    /// Whether it ties the visitor to a lead.
    link: bool,
    /// Its services, each with its events after a colon.
    services: Lines<'a>,
}

impl<'a> Purpose<'a> {
    /// The keys of its services.
    pub fn services(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.services.map(|service| Lines::split(service, b':').text())
    }

    /// Whether it has more services than one, so that each has a switch.
    #[must_use]
    pub fn is_divided(&self) -> bool {
        self.services().nth(1).is_some()
    }
}

/// One thing that is switched on or off by itself: a service, or a purpose without services.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// The purpose.
    pub purpose: &'a str,
    /// The service in it; empty where it has none.
    pub service: &'a str,
    /// Whether the collector must tell this visitor from others to do it.
    needs_visitor: bool,
}

impl Slot<'_> {
    /// Whether it is one of a purpose, or of one service of it where one is named.
    #[must_use]
    pub fn is_of(&self, purpose: &str, service: &str) -> bool {
        self.purpose == purpose && (service.is_empty() || self.service == service)
    }
}

impl Asked {
    /// What this text says. Where it says nothing, nothing is asked.
    #[must_use]
    pub const fn of(text: String) -> Self {
        Self { text }
    }

    fn line(&self, number: usize) -> &str {
        line(&self.text, number)
    }

    /// The policy's revision.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.line(0)
    }

    /// For how many seconds a decision holds.
    #[must_use]
    pub fn lifetime(&self) -> &str {
        self.line(1)
    }

    /// The same in days; none where that cannot be read.
    #[must_use]
    pub fn consent_days(&self) -> u32 {
        let days = number(self.lifetime(), 10).map(|seconds| seconds / (DAY / SECOND));
        days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0)
    }

    /// The site's key.
    #[must_use]
    pub fn site(&self) -> &str {
        self.line(3)
    }

    /// The banner's version.
    #[must_use]
    pub fn banner(&self) -> &str {
        self.line(4)
    }

    /// The language that is shown.
    #[must_use]
    pub fn language(&self) -> &str {
        self.line(5)
    }

    /// For how many seconds a visitor's number is held.
    #[must_use]
    pub fn visitor_lifetime(&self) -> &str {
        self.line(6)
    }

    /// The purposes, in the site's order.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose<'_>> {
        Lines::of(&self.text).skip(7).map(|line| {
            let mut words = Lines::words(line);
            let (key, kind) = (words.text(), words.text());
            Purpose {
                key,
                is_asked: kind != "necessary",
                link: kind == "lead_link",
                services: words,
            }
        })
    }

    /// Calls with each switch and its bit, in the order of the consent cookie's bits.
    pub fn slots(&self, action: &mut dyn FnMut(Slot<'_>, u128)) {
        let mut bit = 1;
        for purpose in self.purposes().filter(|purpose| purpose.is_asked) {
            let mut services = purpose.services;
            // A purpose without services is one switch by itself.
            let mut service = services.text();
            loop {
                let mut parts = Lines::split(service, b':');
                let slot = Slot {
                    purpose: purpose.key,
                    service: parts.text(),
                    needs_visitor: purpose.link || !parts.text().is_empty(),
                };
                action(slot, bit);
                bit <<= 1;
                match services.next() {
                    Some(next) => service = next,
                    None => break,
                }
            }
        }
    }

    fn bits(&self, meant: &dyn Fn(Slot<'_>) -> bool) -> u128 {
        let mut bits = 0;
        self.slots(&mut |slot, bit| {
            if meant(slot) {
                bits |= bit;
            }
        });
        bits
    }

    /// The bits of everything that can be granted.
    #[must_use]
    pub fn all(&self) -> u128 {
        self.bits(&|_| true)
    }

    /// Whether these bits grant something that the visitor's number is needed for.
    #[must_use]
    pub fn needs_visitor(&self, bits: u128) -> bool {
        bits & self.bits(&|slot| slot.needs_visitor) != 0
    }

    /// The bits of a purpose, or of one service of it where one is named; 0 where the site has no
    /// such thing.
    #[must_use]
    pub fn bits_of(&self, purpose: &str, service: &str) -> u128 {
        self.bits(&|slot| slot.is_of(purpose, service))
    }

    /// The bits of what the browser refuses by a signal (Global Privacy Control).
    #[must_use]
    pub fn refused(&self) -> u128 {
        self.bits(&|slot| self.is_refused(slot.purpose))
    }

    /// Whether the browser refuses a purpose by a signal.
    #[must_use]
    pub fn is_refused(&self, purpose: &str) -> bool {
        !purpose.is_empty() && Lines::words(self.line(2)).any(|own| own == purpose)
    }

    /// The bits as a decision keeps them: with one more above all switches where something is granted by
    /// hand that the browser refuses by a signal, so that the signal is not honoured over it later.
    #[must_use]
    pub fn kept(&self, bits: u128) -> u128 {
        let all = self.all();
        let by_hand = if bits & self.refused() == 0 { 0 } else { all + 1 };
        bits & all | by_hand
    }

    /// Names every purpose and service that is asked and that these bits do not grant at all: what it
    /// keeps has to go.
    pub fn beyond(&self, bits: u128, name: &mut dyn FnMut(&str)) {
        self.slots(&mut |slot, bit| {
            if bits & bit == 0 {
                name(slot.service);
            }
            if bits & self.bits_of(slot.purpose, "") == 0 {
                name(slot.purpose);
            }
        });
    }
}

/// What cannot be read grants nothing, nor takes anything.
impl Purposes for Asked {
    fn at_revision(&self) -> u32 {
        let revision = number(self.revision(), 10);
        revision.and_then(|revision| u32::try_from(revision).ok()).unwrap_or(0)
    }

    fn grants(&self, bits: u128, since: Millis) -> Vec<Grant> {
        let mut grants = Vec::new();
        self.slots(&mut |slot, bit| {
            if let (true, Ok(purpose)) = (bits & bit != 0, slot.purpose.parse()) {
                grants.push(Grant { id: 0, purpose, service: slot.service.parse().ok(), since });
            }
        });
        grants
    }

    fn taking(&self, event: &str) -> Option<(PurposeKey, ServiceKey)> {
        for purpose in self.purposes() {
            for service in purpose.services {
                let mut parts = Lines::split(service, b':');
                let (service, events) = (parts.text(), parts.text());
                if !event.is_empty() && Lines::split(events, b',').any(|own| own == event) {
                    return Some((purpose.key.parse().ok()?, service.parse().ok()?));
                }
            }
        }
        None
    }

    fn linking(&self) -> Option<(PurposeKey, Option<ServiceKey>)> {
        let purpose = self.purposes().find(|purpose| purpose.link)?;
        let service = purpose.services().next().and_then(|service| service.parse().ok());
        Some((purpose.key.parse().ok()?, service))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use consent_core::{
        ids::EventName,
        policy::{Kind, Policy, Purpose as Named, Service},
    };

    use super::*;

    /// analytics {ashiato: `page_view` `click`; tag}, video, link (a lead link), necessary.
    pub(crate) const PURPOSES: &str = "necessary necessary choice:\n\
        analytics optional ashiato:page_view,click tag:\nvideo optional\nlink lead_link";

    /// The same as the collector has it.
    pub(crate) fn policy() -> Policy {
        let service = |key: &str, events: &[&str]| Service {
            key: key.parse().unwrap(),
            events: events.iter().map(|event| event.parse::<EventName>().unwrap()).collect(),
        };
        let purpose =
            |key: &str, kind, services| Named { key: key.parse().unwrap(), kind, services };
        let analytics = vec![service("ashiato", &["page_view", "click"]), service("tag", &[])];
        let purposes = vec![
            purpose("necessary", Kind::Necessary, vec![service("choice", &[])]),
            purpose("analytics", Kind::Optional, analytics),
            purpose("video", Kind::Optional, vec![]),
            purpose("link", Kind::LeadLink, vec![]),
        ];
        Policy::new(3, purposes).unwrap()
    }

    pub(crate) fn asked_of(refused: &str, purposes: &str) -> Asked {
        let head = format!("3\n15552000\n{refused}\nshop\ndefault\nja\n31536000\n");
        Asked::of(head + purposes)
    }

    /// What is asked, with purposes refused by a signal.
    pub(crate) fn asked_but(refused: &str) -> Asked {
        asked_of(refused, PURPOSES)
    }

    pub(crate) fn asked() -> Asked {
        asked_but("")
    }

    #[test]
    fn it_is_read_whole() {
        let asked = asked();
        assert_eq!((asked.revision(), asked.lifetime()), ("3", "15552000"));
        assert_eq!((asked.site(), asked.banner(), asked.language()), ("shop", "default", "ja"));
        assert_eq!((asked.visitor_lifetime(), asked.consent_days()), ("31536000", 180));
        assert_eq!(asked.all(), 0b1111);
        assert_eq!(asked.bits_of("analytics", ""), 0b11);
        assert_eq!(asked.bits_of("analytics", "tag"), 0b10);
        for (purpose, service) in [("video", "tag"), ("necessary", ""), ("unheard_of", "")] {
            assert_eq!(asked.bits_of(purpose, service), 0, "{purpose} {service}");
        }
        assert!(asked.needs_visitor(0b1) && asked.needs_visitor(0b1000));
        assert!(!asked.needs_visitor(0b110) && !asked.needs_visitor(0));
    }

    #[test]
    fn acts_are_classified_as_by_the_policy() {
        let (asked, policy) = (asked(), policy());
        assert_eq!(asked.at_revision(), policy.at_revision());
        assert_eq!(asked.linking(), policy.linking());
        for event in ["page_view", "click", "tag", "ashiato", "choice", "", "page_view,click"] {
            assert_eq!(asked.taking(event), policy.taking(event), "{event}");
        }
        for bits in 0..16 {
            let since = Millis(5);
            assert_eq!(asked.grants(bits, since), policy.grants(bits, since), "{bits}");
        }
    }

    #[test]
    fn what_cannot_be_read_grants_nothing() {
        assert_eq!(Asked::of(String::new()).grants(u128::MAX, Millis(0)), []);
        assert_eq!(asked_of("", "Video optional\nlink lead_link").grants(1, Millis(0)), []);
    }

    #[test]
    fn what_is_not_granted_has_to_go() {
        let beyond = |bits| {
            let mut keys = Vec::new();
            asked().beyond(bits, &mut |key| keys.push(key.to_owned()));
            keys.retain(|key| !key.is_empty());
            keys.sort();
            keys.dedup();
            keys
        };
        assert_eq!(beyond(0b1111), [""; 0]);
        assert_eq!(beyond(0b101), ["link", "tag"]);
        assert_eq!(beyond(0b1100), ["analytics", "ashiato", "tag"]);
    }

    #[test]
    fn a_signal_refuses_whole_purposes() {
        let asked = asked_but("analytics unheard_of");
        assert_eq!(asked.refused(), 0b11);
        assert!(
            asked.is_refused("analytics") && !asked.is_refused("video") && !asked.is_refused("")
        );
        assert_eq!(asked_but("").refused(), 0);
        assert_eq!(asked.kept(0b01), 0b1_0001, "granted by hand all the same");
        assert_eq!(asked.kept(0b1_1100), 0b1100);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in any::<String>(), line in 0_usize..11) {
            let asked = asked();
            let mut lines: Vec<&str> = asked.text.split('\n').collect();
            lines[line] = &text;
            for text in [lines.join("\n"), text.clone()] {
                let asked = Asked::of(text);
                asked.beyond(asked.refused(), &mut |_| {});
                let _ = (asked.grants(u128::MAX, Millis(0)), asked.linking(), asked.taking("a"));
            }
        }
    }
}
