//! The one gate: may this be stored, set, sent or linked under this consent, now?
//!
//! Its yes is a [`Permitted`], which has private fields and no other maker, so that whoever asks
//! for one gets the proof with it. The page asks with the visitor's own copy of the decision to
//! avoid collecting; the collector asks with its own records to decide.
//!
//! A `Permitted` cannot be written down:
//!
//! ```compile_fail,E0451
//! use consent_core::{event::Event, gate::Permitted, ids::ReceiptId};
//! fn forge<'a>(action: Event<'a>, receipt: ReceiptId) -> Permitted<Event<'a>> {
//!     Permitted { action, receipt, grant: 1 }
//! }
//! ```
//!
//! nor read from outside:
//!
//! ```compile_fail,E0277
//! use consent_core::{event::Event, gate::Permitted};
//! let forged: Permitted<Event<'_>> = serde_json::from_str("{}").unwrap();
//! ```
//!
//! nor can what was permitted be exchanged for something else:
//!
//! ```compile_fail,E0616
//! use consent_core::{event::Event, gate::Permitted};
//! fn swap<'a>(mut yes: Permitted<Event<'a>>, other: Event<'a>) -> Permitted<Event<'a>> {
//!     yes.action = other;
//!     yes
//! }
//! ```
//!
//! and an event cannot choose its own purpose:
//!
//! ```compile_fail,E0451
//! use consent_core::{event::Event, ids::PurposeKey};
//! fn relabel<'a>(event: Event<'a>, purpose: &'a PurposeKey) -> Event<'a> {
//!     Event { purpose, ..event }
//! }
//! ```

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PurposeKey, ReceiptId, ServiceKey},
    standing::{Standing, Subject},
    time::{CLOCK_SKEW, EVENT_MAX_AGE, Millis},
};

/// An act that needs consent.
pub trait Gated {
    /// Whose consent it needs.
    fn subject(&self) -> Subject;
    /// For which purpose.
    fn purpose(&self) -> &PurposeKey;
    /// For which service of that purpose; `None` where the purpose has none.
    fn service(&self) -> Option<&ServiceKey>;
    /// Under which policy revision.
    fn revision(&self) -> u32;
    /// When it happened or happens.
    fn at(&self) -> Millis;
}

/// Why the answer is no. A value, not an error: refusing is what the gate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No grant of its purpose and service held at that moment.
    NotGranted,
    /// The site takes no event of that name.
    UnknownEvent,
    /// The consent has run out, or was given under an older policy.
    Expired,
    /// It happened too long ago.
    TooOld,
    /// It lies in the future.
    Future,
    /// It is larger than the limits allow.
    TooLarge,
    /// It cannot be read.
    Malformed,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 7] = [
        Self::NotGranted,
        Self::UnknownEvent,
        Self::Expired,
        Self::TooOld,
        Self::Future,
        Self::TooLarge,
        Self::Malformed,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotGranted => "not_granted",
            Self::UnknownEvent => "unknown_event",
            Self::Expired => "expired",
            Self::TooOld => "too_old",
            Self::Future => "future",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
        }
    }
}

/// A yes of the gate: the act, and the grant that allows it. Only [`permit`] makes one.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Permitted<A> {
    action: A,
    receipt: ReceiptId,
    grant: i64,
}

impl<A> Permitted<A> {
    /// What is permitted.
    pub const fn action(&self) -> &A {
        &self.action
    }

    /// The receipt under which it is.
    pub const fn receipt(&self) -> ReceiptId {
        self.receipt
    }

    /// The collector's row of the grant under which it is; 0 in a page.
    pub const fn grant(&self) -> i64 {
        self.grant
    }
}

/// May `action` be done under `standing`, now?
///
/// # Errors
/// The reason where it may not.
pub fn permit<A: Gated>(
    action: A,
    standing: &Standing,
    now: Millis,
) -> Result<Permitted<A>, Refusal> {
    let (receipt, grant) = decide(&action, standing, now)?;
    Ok(Permitted { action, receipt, grant })
}

/// The receipt and the grant that allow it. One body for all kinds of acts, which a visitor downloads.
fn decide(
    action: &dyn Gated,
    standing: &Standing,
    now: Millis,
) -> Result<(ReceiptId, i64), Refusal> {
    let at = action.at();
    if at > now.plus(CLOCK_SKEW) {
        return Err(Refusal::Future);
    }
    if at < now.plus(-EVENT_MAX_AGE) {
        return Err(Refusal::TooOld);
    }
    if action.subject() != standing.subject() {
        return Err(Refusal::NotGranted);
    }
    let Some(receipt) = standing.receipt() else {
        return Err(Refusal::NotGranted);
    };
    if now >= standing.expires() || action.revision() != standing.revision() {
        return Err(Refusal::Expired);
    }
    match standing.find(action.purpose(), action.service()) {
        Some(grant) if grant.since <= at => Ok((receipt, grant.id)),
        _ => Err(Refusal::NotGranted),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ids::VisitorHash,
        policy::tests::{choices, policy},
        time::DAY,
    };

    #[derive(Clone, Debug)]
    struct Act {
        subject: Subject,
        purpose: PurposeKey,
        service: Option<ServiceKey>,
        revision: u32,
        at: Millis,
    }

    impl Gated for Act {
        fn subject(&self) -> Subject {
            self.subject
        }
        fn purpose(&self) -> &PurposeKey {
            &self.purpose
        }
        fn service(&self) -> Option<&ServiceKey> {
            self.service.as_ref()
        }
        fn revision(&self) -> u32 {
            self.revision
        }
        fn at(&self) -> Millis {
            self.at
        }
    }

    const NOW: Millis = Millis(1_800_000_000_000);
    const RECEIPT: ReceiptId = ReceiptId::from_bytes([1; 16]);

    fn visitor(byte: u8) -> Subject {
        Subject::Visitor(VisitorHash::from_bytes([byte; 16]))
    }

    fn act() -> Act {
        Act {
            subject: visitor(1),
            purpose: "analytics".parse().unwrap(),
            service: Some("ashiato".parse().unwrap()),
            revision: 3,
            at: NOW,
        }
    }

    fn standing(purposes: &[(&str, bool)], services: &[(&str, bool)], at: Millis) -> Standing {
        let choices = choices(purposes, services);
        Standing::none(visitor(1)).decided(&policy(), &choices, RECEIPT, at, NOW.plus(DAY))
    }

    #[test]
    fn nothing_is_permitted_without_a_record() {
        let none = Standing::none(visitor(1));
        assert_eq!(permit(act(), &none, NOW).unwrap_err(), Refusal::NotGranted);
    }

    #[test]
    fn a_grant_permits_its_own_purpose_and_service_only() {
        let granted = standing(&[("analytics", true)], &[("tag", false)], NOW);
        let yes = permit(act(), &granted, NOW).unwrap();
        assert_eq!(yes.receipt(), RECEIPT);
        let other = |purpose: &str, service: Option<&str>| Act {
            purpose: purpose.parse().unwrap(),
            service: service.map(|service| service.parse().unwrap()),
            ..act()
        };
        for act in [
            other("analytics", Some("tag")),
            other("analytics", None),
            other("video", None),
            other("link", None),
            other("video", Some("ashiato")),
        ] {
            assert_eq!(permit(act, &granted, NOW).unwrap_err(), Refusal::NotGranted);
        }
    }

    #[test]
    fn another_visitors_consent_permits_nothing() {
        let granted = standing(&[("analytics", true)], &[], NOW);
        let act = Act { subject: visitor(2), ..act() };
        assert_eq!(permit(act, &granted, NOW).unwrap_err(), Refusal::NotGranted);
    }

    #[test]
    fn what_happened_before_the_grant_is_not_permitted_by_it() {
        let granted = standing(&[("analytics", true)], &[], NOW);
        let early = Act { at: NOW.plus(-1), ..act() };
        assert_eq!(permit(early, &granted, NOW).unwrap_err(), Refusal::NotGranted);
    }

    #[test]
    fn a_renewed_grant_counts_from_its_first_and_a_broken_one_from_its_last() {
        let first = standing(&[("analytics", true)], &[], NOW.plus(-DAY));
        let decide = |standing: &Standing, yes, at| {
            let choices = choices(&[("analytics", yes), ("video", true)], &[]);
            standing.decided(&policy(), &choices, RECEIPT, at, NOW.plus(DAY))
        };
        let renewed = decide(&first, true, NOW);
        assert_eq!(renewed.grants()[0].since, NOW.plus(-DAY));
        let broken = decide(&decide(&first, false, NOW.plus(-5)), true, NOW);
        assert_eq!(broken.grants()[0].since, NOW);
    }

    #[test]
    fn an_older_policy_and_the_end_of_a_consent_end_its_grants() {
        let granted = standing(&[("analytics", true)], &[], NOW);
        let newer = Act { revision: 4, ..act() };
        assert_eq!(permit(newer, &granted, NOW).unwrap_err(), Refusal::Expired);
        let later = Act { at: NOW.plus(DAY), ..act() };
        assert_eq!(permit(later, &granted, NOW.plus(DAY)).unwrap_err(), Refusal::Expired);
    }

    #[test]
    fn the_clock_rules_hold_whatever_is_granted() {
        let granted = standing(&[("analytics", true)], &[], NOW.plus(-30 * DAY));
        let at = |at| permit(Act { at, ..act() }, &granted, NOW).map(|_| ());
        assert_eq!(at(NOW.plus(CLOCK_SKEW)), Ok(()));
        assert_eq!(at(NOW.plus(CLOCK_SKEW + 1)), Err(Refusal::Future));
        assert_eq!(at(NOW.plus(-EVENT_MAX_AGE)), Ok(()));
        assert_eq!(at(NOW.plus(-EVENT_MAX_AGE - 1)), Err(Refusal::TooOld));
        assert_eq!(at(Millis(i64::MAX)), Err(Refusal::Future));
        assert_eq!(at(Millis(i64::MIN)), Err(Refusal::TooOld));
    }

    /// Every combination of what can be chosen against every act: the gate says yes exactly where
    /// the purpose was a yes and the service was not a no.
    #[test]
    fn exhaustively_the_gate_follows_the_choices() {
        let policy = policy();
        let purposes = ["analytics", "video", "link"];
        let services = ["ashiato", "tag"];
        let mut asked = 0;
        for mask in 0_u32..8 {
            for off in 0_u32..4 {
                let chosen: Vec<_> = purposes
                    .iter()
                    .enumerate()
                    .map(|(i, key)| (*key, mask >> i & 1 == 1))
                    .collect();
                let switched: Vec<_> =
                    services.iter().enumerate().map(|(i, key)| (*key, off >> i & 1 == 0)).collect();
                let standing = standing(&chosen, &switched, NOW);
                for slot in policy.slots() {
                    let act = Act {
                        purpose: slot.purpose.clone(),
                        service: slot.service.cloned(),
                        ..act()
                    };
                    let purpose =
                        chosen.iter().any(|(key, yes)| *key == slot.purpose.as_str() && *yes);
                    let service = slot.service.is_none_or(|service| {
                        switched.iter().any(|(key, yes)| *key == service.as_str() && *yes)
                    });
                    assert_eq!(permit(act, &standing, NOW).is_ok(), purpose && service);
                    asked += 1;
                }
            }
        }
        assert_eq!(asked, 8 * 4 * 4);
    }

    proptest! {
        #[test]
        fn a_yes_always_has_a_grant_that_held_then(
            at in -3 * DAY..DAY, since in -3 * DAY..DAY, expires in -DAY..DAY,
            analytics: bool, subject in 1_u8..3, revision in 2_u32..5,
        ) {
            let choices = choices(&[("analytics", analytics)], &[]);
            let standing = Standing::none(visitor(1))
                .decided(&policy(), &choices, RECEIPT, NOW.plus(since), NOW.plus(expires));
            let act = Act { subject: visitor(subject), revision, at: NOW.plus(at), ..act() };
            let expected = analytics && subject == 1 && revision == 3 && since <= at && expires > 0
                && (-EVENT_MAX_AGE..=CLOCK_SKEW).contains(&at);
            prop_assert_eq!(permit(act, &standing, NOW).is_ok(), expected);
        }
    }
}
