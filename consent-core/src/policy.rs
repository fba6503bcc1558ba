//! What a site asks consent for, as far as the rules need it: purposes, their services, and which
//! event belongs to which.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    choices::{Choices, Method},
    ids::{EventName, PurposeKey, ServiceKey},
    standing::Grant,
    time::Millis,
};

/// How many switches (services, or purposes without one) a site may have: the consent cookie holds
/// a bit for each.
pub const MAX_SLOTS: usize = 120;

/// What kind of purpose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Strictly necessary: told, not asked.
    Necessary,
    /// Asked.
    #[default]
    Optional,
    /// Asked; allows tying the visitor to a lead.
    LeadLink,
}

/// A purpose with its services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// Its key.
    pub key: PurposeKey,
    /// Its kind.
    #[serde(default)]
    pub kind: Kind,
    /// Its services; none for a purpose that is one act by itself.
    #[serde(default)]
    pub services: Vec<Service>,
}

/// A service inside a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its key, unique in the site.
    pub key: ServiceKey,
    /// The events that are taken for it.
    #[serde(default)]
    pub events: Vec<EventName>,
}

/// One thing that is switched on or off by itself: a service, or a purpose without services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The purpose.
    pub purpose: &'a PurposeKey,
    /// The service in it, if it has any.
    pub service: Option<&'a ServiceKey>,
    /// Whether the collector must tell this visitor from others to do it.
    pub needs_visitor: bool,
}

/// Why purposes do not make a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Two purposes, or two services, of one key.
    Twice(String),
    /// An event named by two services: its purpose would be a matter of luck.
    EventTwice(EventName),
    /// More than one purpose of kind lead link.
    TwoLeadLinks,
    /// More than [`MAX_SLOTS`] switches.
    TooManySlots(usize),
}

/// Why choices cannot be a decision under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The site has no such purpose.
    UnknownPurpose(PurposeKey),
    /// The site has no such service.
    UnknownService(ServiceKey),
    /// A necessary purpose cannot be switched off; it is not asked.
    NotAsked(PurposeKey),
    /// The method says one thing and the choices another.
    Method(Method),
}

/// A site's purposes at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    revision: u32,
    purposes: Vec<Purpose>,
    slots: Vec<OwnSlot>,
}

/// What acts are classified by, in whichever form somebody has the site's purposes: the collector as a
/// [`Policy`], a page as the lines that it is handed.
pub trait Purposes {
    /// The policy's revision.
    fn at_revision(&self) -> u32;
    /// What these bits grant, a bit for each switch in order, since then.
    fn grants(&self, bits: u128, since: Millis) -> Vec<Grant>;
    /// Under which purpose and service an event of this name is taken.
    fn taking(&self, event: &str) -> Option<(PurposeKey, ServiceKey)>;
    /// The purpose that allows tying a visitor to a lead, and its service if it has any.
    fn linking(&self) -> Option<(PurposeKey, Option<ServiceKey>)>;
}

/// A [`Slot`] that owns its keys: slots are gone through at every turn, purposes hardly ever.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnSlot {
    purpose: PurposeKey,
    service: Option<ServiceKey>,
    needs_visitor: bool,
}

impl Policy {
    /// A policy of these purposes.
    ///
    /// # Errors
    /// Where keys or events are named twice, or there are too many.
    pub fn new(revision: u32, purposes: Vec<Purpose>) -> Result<Self, Flaw> {
        let services = || purposes.iter().flat_map(|purpose| &purpose.services);
        let events = || services().flat_map(|service| &service.events);
        if let Some(key) = repeated(purposes.iter().map(|purpose| &purpose.key)) {
            return Err(Flaw::Twice(key.as_str().to_owned()));
        }
        if let Some(key) = repeated(services().map(|service| &service.key)) {
            return Err(Flaw::Twice(key.as_str().to_owned()));
        }
        if let Some(event) = repeated(events()) {
            return Err(Flaw::EventTwice(event.clone()));
        }
        let links = |purpose: &&Purpose| purpose.kind == Kind::LeadLink;
        if purposes.iter().filter(links).count() > 1 {
            return Err(Flaw::TwoLeadLinks);
        }
        let policy = Self { revision, slots: slots(&purposes), purposes };
        let slots = policy.slots.len();
        if slots > MAX_SLOTS {
            return Err(Flaw::TooManySlots(slots));
        }
        Ok(policy)
    }

    /// The revision: raised by every material change.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// The purposes, in the site's order.
    #[must_use]
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// Every switch of the purposes that are asked, in order. The consent cookie's bits and the
    /// collector's grants follow it.
    pub fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        self.slots.iter().map(|own| Slot {
            purpose: &own.purpose,
            service: own.service.as_ref(),
            needs_visitor: own.needs_visitor,
        })
    }

    /// Under which purpose and service an event of this name is taken. The site's configuration
    /// decides it, never the client.
    #[must_use]
    pub fn event(&self, name: &EventName) -> Option<(&Purpose, &Service)> {
        self.purposes.iter().find_map(|purpose| {
            let mut services = purpose.services.iter();
            let service = services.find(|service| service.events.contains(name))?;
            Some((purpose, service))
        })
    }

    /// The purpose that allows tying a visitor to a lead.
    #[must_use]
    pub fn lead_link(&self) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.kind == Kind::LeadLink)
    }

    /// Checks that choices fit this policy and the method by which they were made.
    ///
    /// # Errors
    /// The first contradiction found.
    pub fn check(&self, method: Method, choices: &Choices) -> Result<(), Contradiction> {
        for (key, yes) in &choices.purposes {
            match self.purposes.iter().find(|purpose| purpose.key == *key) {
                None => return Err(Contradiction::UnknownPurpose(key.clone())),
                Some(purpose) if purpose.kind == Kind::Necessary && !yes => {
                    return Err(Contradiction::NotAsked(key.clone()));
                }
                Some(_) => {}
            }
        }
        for key in choices.services.keys() {
            let mut services = self.purposes.iter().flat_map(|purpose| &purpose.services);
            if !services.any(|service| service.key == *key) {
                return Err(Contradiction::UnknownService(key.clone()));
            }
        }
        let mut slots = self.slots().map(|slot| choices.grant(slot.purpose, slot.service));
        let fits = match method {
            Method::AcceptAll => slots.all(|yes| yes),
            Method::RejectAll | Method::Withdraw => !slots.any(|yes| yes),
            Method::Custom | Method::Gpc => true,
        };
        if fits { Ok(()) } else { Err(Contradiction::Method(method)) }
    }
}

impl Purposes for Policy {
    fn at_revision(&self) -> u32 {
        self.revision
    }

    fn grants(&self, bits: u128, since: Millis) -> Vec<Grant> {
        let slots = self.slots.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        let grant = |own: &OwnSlot| {
            let (purpose, service) = (own.purpose.clone(), own.service.clone());
            Grant { id: 0, purpose, service, since }
        };
        slots.map(|(_, own)| grant(own)).collect()
    }

    fn taking(&self, event: &str) -> Option<(PurposeKey, ServiceKey)> {
        let (purpose, service) = self.event(&event.parse().ok()?)?;
        Some((purpose.key.clone(), service.key.clone()))
    }

    fn linking(&self) -> Option<(PurposeKey, Option<ServiceKey>)> {
        let purpose = self.lead_link()?;
        Some((purpose.key.clone(), purpose.services.first().map(|service| service.key.clone())))
    }
}

/// The switches of purposes, in order.
fn slots(purposes: &[Purpose]) -> Vec<OwnSlot> {
    let mut slots = Vec::new();
    for purpose in purposes {
        let link = purpose.kind == Kind::LeadLink;
        if purpose.kind == Kind::Necessary {
            continue;
        }
        if purpose.services.is_empty() {
            slots.push(OwnSlot {
                purpose: purpose.key.clone(),
                service: None,
                needs_visitor: link,
            });
        }
        for service in &purpose.services {
            slots.push(OwnSlot {
                purpose: purpose.key.clone(),
                service: Some(service.key.clone()),
                needs_visitor: link || !service.events.is_empty(),
            });
        }
    }
    slots
}

/// The first item that is there twice. A site has a few dozen of each at most, so that looking
/// through them again costs less than any table.
fn repeated<'a, T: PartialEq>(items: impl Iterator<Item = &'a T> + Clone) -> Option<&'a T> {
    let earlier = items.clone();
    let mut items = items.enumerate();
    items
        .find(|(at, item)| earlier.clone().take(*at).any(|before| before == *item))
        .map(|(_, item)| item)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// analytics {ashiato: `page_view`; tag}, video, link (a lead link), necessary.
    pub(crate) fn policy() -> Policy {
        let service = |key: &str, events: &[&str]| Service {
            key: key.parse().unwrap(),
            events: events.iter().map(|event| event.parse().unwrap()).collect(),
        };
        let purpose =
            |key: &str, kind, services| Purpose { key: key.parse().unwrap(), kind, services };
        let purposes = vec![
            purpose("necessary", Kind::Necessary, vec![service("choice", &[])]),
            purpose(
                "analytics",
                Kind::Optional,
                vec![service("ashiato", &["page_view", "click"]), service("tag", &[])],
            ),
            purpose("video", Kind::Optional, vec![]),
            purpose("link", Kind::LeadLink, vec![]),
        ];
        Policy::new(3, purposes).unwrap()
    }

    pub(crate) fn choices(purposes: &[(&str, bool)], services: &[(&str, bool)]) -> Choices {
        Choices {
            purposes: purposes.iter().map(|(key, yes)| (key.parse().unwrap(), *yes)).collect(),
            services: services.iter().map(|(key, yes)| (key.parse().unwrap(), *yes)).collect(),
        }
    }

    #[test]
    fn a_slot_is_a_service_or_a_purpose_without_one() {
        let policy = policy();
        let slots: Vec<_> = policy
            .slots()
            .map(|slot| {
                (slot.purpose.as_str(), slot.service.map(ServiceKey::as_str), slot.needs_visitor)
            })
            .collect();
        assert_eq!(
            slots,
            [
                ("analytics", Some("ashiato"), true),
                ("analytics", Some("tag"), false),
                ("video", None, false),
                ("link", None, true),
            ]
        );
    }

    #[test]
    fn the_configuration_says_which_purpose_an_event_has() {
        let policy = policy();
        let (purpose, service) = policy.event(&"click".parse().unwrap()).unwrap();
        assert_eq!((purpose.key.as_str(), service.key.as_str()), ("analytics", "ashiato"));
        assert_eq!(policy.event(&"unheard_of".parse().unwrap()), None);
    }

    #[test]
    fn choices_must_fit_their_method() {
        let policy = policy();
        let all = choices(&[("analytics", true), ("video", true), ("link", true)], &[]);
        let some = choices(&[("analytics", true)], &[("tag", false)]);
        let none = choices(&[("analytics", false)], &[]);
        assert_eq!(policy.check(Method::AcceptAll, &all), Ok(()));
        assert!(policy.check(Method::AcceptAll, &some).is_err());
        assert_eq!(policy.check(Method::Custom, &some), Ok(()));
        assert_eq!(policy.check(Method::RejectAll, &none), Ok(()));
        for method in [Method::RejectAll, Method::Withdraw] {
            assert_eq!(policy.check(method, &some), Err(Contradiction::Method(method)));
        }
    }

    #[test]
    fn unknown_keys_and_a_refused_necessary_purpose_are_contradictions() {
        let policy = policy();
        let check = |choices| policy.check(Method::Custom, &choices);
        assert!(matches!(
            check(choices(&[("ads", true)], &[])),
            Err(Contradiction::UnknownPurpose(_))
        ));
        assert!(matches!(
            check(choices(&[], &[("ads", true)])),
            Err(Contradiction::UnknownService(_))
        ));
        assert!(matches!(
            check(choices(&[("necessary", false)], &[])),
            Err(Contradiction::NotAsked(_))
        ));
        assert_eq!(check(choices(&[("necessary", true)], &[])), Ok(()));
    }

    #[test]
    fn nothing_is_named_twice() {
        let base = policy().purposes().to_vec();
        let twice = [base.clone(), vec![base[1].clone()]].concat();
        assert!(matches!(Policy::new(1, twice), Err(Flaw::Twice(_))));
        let mut link = base[3].clone();
        link.key = "link_again".parse().unwrap();
        assert_eq!(Policy::new(1, [base.clone(), vec![link]].concat()), Err(Flaw::TwoLeadLinks));
        let mut events = base;
        events[1].services[1].events = vec!["click".parse().unwrap()];
        assert!(matches!(Policy::new(1, events), Err(Flaw::EventTwice(_))));
    }
}
