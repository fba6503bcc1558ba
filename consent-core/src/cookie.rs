//! The `ashiato_consent` cookie: what was decided, in at most 60 bytes or so.
//!
//! `REVISION.TIME.BITS[.RECEIPT]`: the policy's revision in decimal, the time of the decision in
//! milliseconds since 1970 in base 36, and a bit for each switch of the policy (the first switch is the lowest bit)
//! in hexadecimal. `0` bits are a refusal, which carries no identifier. Of two decisions the later one stands; a
//! browser dates none earlier than the one that it replaces.
//!
//! The bit after the last switch says that the visitor granted, by hand and under a Global Privacy
//! Control signal, something that the signal alone refuses. It grants nothing by itself, and a policy
//! has at most [`MAX_SLOTS`](crate::policy::MAX_SLOTS) switches, so that there is always room for it.

use alloc::{string::String, vec::Vec};
use core::str::FromStr;

use crate::{
    choices::Choices,
    ids::{Invalid, PurposeKey, ReceiptId},
    json::push_digits,
    policy::{Kind, Policy, Purposes},
    standing::{Standing, Subject},
    text::{next_part, number},
    time::{DAY, Millis},
};

/// The cookie's name.
pub const CONSENT_COOKIE: &str = "ashiato_consent";
/// The name of the cookie that holds the visitor id.
pub const VISITOR_COOKIE: &str = "ashiato_visitor";

/// A decision as the visitor's browser keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentCookie {
    /// The policy's revision.
    pub revision: u32,
    /// When it was decided.
    pub decided: Millis,
    /// A bit for each switch of that revision, in [`Policy::slots`]' order, and the one after them:
    /// see [`by_hand`].
    pub bits: u128,
    /// The receipt, where something was granted and the collector has confirmed it.
    pub receipt: Option<ReceiptId>,
}

/// The bit that stands after the switches of a policy: something that a Global Privacy Control signal
/// refuses was granted by hand while the browser sent that signal.
#[must_use]
pub fn by_hand(policy: &Policy) -> u128 {
    1 << policy.slots().count()
}

impl ConsentCookie {
    /// The cookie of these choices.
    #[must_use]
    pub fn of(
        policy: &Policy,
        choices: &Choices,
        decided: Millis,
        receipt: Option<ReceiptId>,
    ) -> Self {
        let bits = policy.slots().enumerate().fold(0, |bits, (at, slot)| {
            bits | u128::from(choices.grant(slot.purpose, slot.service)) << at
        });
        let receipt = receipt.filter(|_| bits != 0);
        Self { revision: policy.revision(), decided, bits, receipt }
    }

    /// The same, decided while the browser sent a Global Privacy Control signal that refuses these
    /// purposes: where one of them is granted nevertheless, it says so.
    #[must_use]
    pub fn under_signal(mut self, policy: &Policy, refused: &[PurposeKey]) -> Self {
        let overruled = policy
            .slots()
            .enumerate()
            .any(|(at, slot)| self.bits >> at & 1 == 1 && refused.contains(slot.purpose));
        if overruled {
            self.bits |= by_hand(policy);
        }
        self
    }

    /// Whether it was granted by hand under such a signal, which therefore does not refuse it again.
    #[must_use]
    pub fn is_by_hand(&self, policy: &Policy) -> bool {
        self.revision == policy.revision() && self.bits & by_hand(policy) != 0
    }

    /// Its value.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        push_digits(&mut text, u64::from(self.revision), 10);
        text.push('.');
        push_digits(&mut text, u64::try_from(self.decided.0).unwrap_or(0), 36);
        text.push('.');
        push_bits(&mut text, self.bits);
        if let Some(receipt) = self.receipt {
            text.push('.');
            text.push_str(&receipt.to_text());
        }
        text
    }

    /// Whether it answers what is asked now: of the current revision and not run out.
    #[must_use]
    pub fn is_current(&self, policy: &Policy, consent_days: u32, now: Millis) -> bool {
        self.revision == policy.revision() && now < self.expires(consent_days)
    }

    /// When it runs out.
    #[must_use]
    pub fn expires(&self, consent_days: u32) -> Millis {
        self.decided.plus(i64::from(consent_days) * DAY)
    }

    /// What was chosen, by purpose and service.
    #[must_use]
    pub fn choices(&self, policy: &Policy) -> Choices {
        let mut choices = Choices::default();
        if self.revision != policy.revision() {
            return choices;
        }
        for purpose in policy.purposes().iter().filter(|purpose| purpose.kind != Kind::Necessary) {
            choices.purposes.insert(purpose.key.clone(), false);
        }
        for (at, slot) in policy.slots().enumerate() {
            let yes = self.bits >> at & 1 == 1;
            if yes {
                choices.purposes.insert(slot.purpose.clone(), true);
            } else if let Some(service) = slot.service {
                choices.services.insert(service.clone(), false);
            }
        }
        let refused: Vec<_> = policy
            .slots()
            .filter(|slot| choices.purposes.get(slot.purpose) == Some(&false))
            .filter_map(|slot| slot.service)
            .collect();
        for service in refused {
            choices.services.remove(service);
        }
        choices
    }

    /// The page's own copy of where the visitor stands. A decision that the collector has not yet
    /// confirmed permits what stays in the page; its receipt is all zeros until then.
    #[must_use]
    pub fn standing(&self, policy: &impl Purposes, consent_days: u32) -> Standing {
        if self.revision != policy.at_revision() || self.bits == 0 {
            return Standing::none(Subject::ThisBrowser);
        }
        let grants = policy.grants(self.bits, self.decided);
        let receipt = self.receipt.unwrap_or(ReceiptId::from_bytes([0; 16]));
        let expires = self.expires(consent_days);
        Standing::recorded(Subject::ThisBrowser, self.revision, receipt, expires, grants)
    }
}

/// Writes bits in hexadecimal, without zeros in front.
pub fn push_bits(text: &mut String, bits: u128) {
    let digits = (128 - bits.leading_zeros()).div_ceil(4).max(1);
    for at in (0..digits).rev() {
        let [byte, ..] = bits.unbounded_shr(4 * at).to_le_bytes();
        push_digits(text, u64::from(byte & 15), 16);
    }
}

/// Reads bits in hexadecimal; `None` where that is not what it is, or more than 128.
#[must_use]
pub fn bits_of(text: &str) -> Option<u128> {
    if !(1..=32).contains(&text.len()) {
        return None;
    }
    let mut bits = 0;
    for byte in text.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        bits = bits << 4 | u128::from(digit);
    }
    Some(bits)
}

impl FromStr for ConsentCookie {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        read(text).ok_or(Invalid { expected: "REVISION.TIME.BITS[.RECEIPT]" })
    }
}

fn read(text: &str) -> Option<ConsentCookie> {
    let mut rest = Some(text);
    let mut part = || next_part(&mut rest, b'.');
    let revision = u32::try_from(number(part()?, 10)?).ok()?;
    let decided = Millis(number(part()?, 36)?);
    let bits = bits_of(part()?)?;
    let receipt = match part() {
        Some(receipt) if bits != 0 => Some(receipt.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    // There is nothing after a receipt.
    rest.is_none().then_some(ConsentCookie { revision, decided, bits, receipt })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{
        MAX_SLOTS,
        tests::{choices, policy},
    };

    const NOW: Millis = Millis(1_800_000_000_000);

    #[test]
    fn a_decision_comes_back_as_it_was() {
        let policy = policy();
        let receipt = Some(ReceiptId::from_bytes([9; 16]));
        for (purposes, services) in [
            (vec![("analytics", true), ("video", false), ("link", true)], vec![("tag", false)]),
            (vec![("analytics", true), ("video", true), ("link", true)], vec![]),
            (vec![("analytics", false), ("video", true), ("link", false)], vec![]),
        ] {
            let chosen = choices(&purposes, &services);
            let cookie = ConsentCookie::of(&policy, &chosen, NOW, receipt);
            let text = cookie.to_text();
            assert!(text.len() + CONSENT_COOKIE.len() < 60, "{text}");
            let read: ConsentCookie = text.parse().unwrap();
            assert_eq!(read, cookie);
            assert_eq!(read.choices(&policy), chosen);
        }
    }

    #[test]
    fn a_refusal_carries_no_identifier() {
        let refused = choices(&[("analytics", false)], &[]);
        let cookie =
            ConsentCookie::of(&policy(), &refused, NOW, Some(ReceiptId::from_bytes([9; 16])));
        assert_eq!(cookie.receipt, None);
        assert_eq!(cookie.to_text(), "3.mywpiww0.0");
        assert!("3.mywpiww0.0.CQkJCQkJCQkJCQkJCQkJCQ".parse::<ConsentCookie>().is_err());
    }

    #[test]
    fn what_is_not_written_so_is_no_decision() {
        for text in [
            "",
            "3",
            "3.a",
            "3.a.",
            "3..1",
            ".3.a.1",
            "3.a.1.",
            "3.a.g",
            "3.A.1",
            "a.a.1",
            "-3.a.1",
            "3.a.1.short",
            "3.a.1 ",
            "3.a.1.AAAAAAAAAAAAAAAAAAAAAA.x",
            "99999999999.a.1",
            "3.zzzzzzzzzzzzzzzzz.1",
            "3.a.0.AAAAAAAAAAAAAAAAAAAAAA",
            "3.a.fffffffffffffffffffffffffffffffff",
        ] {
            assert!(text.parse::<ConsentCookie>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_older_revision_and_an_old_decision_grant_nothing() {
        let policy = policy();
        let chosen = choices(&[("analytics", true)], &[]);
        let cookie = ConsentCookie::of(&policy, &chosen, NOW, None);
        assert!(cookie.is_current(&policy, 180, NOW));
        assert!(!cookie.is_current(&policy, 180, NOW.plus(180 * DAY)));
        let older = ConsentCookie { revision: 2, ..cookie };
        assert!(!older.is_current(&policy, 180, NOW));
        assert_eq!(older.standing(&policy, 180), Standing::none(Subject::ThisBrowser));
        assert_eq!(older.choices(&policy), Choices::default());
    }

    #[test]
    fn what_was_granted_by_hand_under_a_signal_says_so_and_grants_no_more() {
        let policy = policy();
        let signal = ["link".parse().unwrap(), "gone".parse().unwrap()];
        let cookie = |purposes| {
            ConsentCookie::of(&policy, &choices(purposes, &[]), NOW, None)
                .under_signal(&policy, &signal)
        };
        let slots = u32::try_from(policy.slots().count()).unwrap();
        let overruled = cookie(&[("link", true)]);
        assert!(overruled.is_by_hand(&policy));
        assert_eq!(overruled.bits.ilog2(), slots);
        assert_eq!(overruled.to_text().parse(), Ok(overruled));
        assert_eq!(
            overruled.choices(&policy),
            choices(&[("analytics", false), ("video", false), ("link", true)], &[])
        );
        assert_eq!(overruled.standing(&policy, 180).grants().len(), 1);
        for followed in [&[("analytics", true)][..], &[]] {
            assert!(!cookie(followed).is_by_hand(&policy), "{followed:?}");
        }
        let older = ConsentCookie { revision: 2, ..overruled };
        assert!(!older.is_by_hand(&policy), "another policy had other switches");
    }

    #[test]
    fn there_is_room_for_that_bit_above_as_many_switches_as_there_may_be() {
        let service = |n: usize| crate::policy::Service {
            key: alloc::format!("s{n}").parse().unwrap(),
            events: alloc::vec![],
        };
        let ads: PurposeKey = "ads".parse().unwrap();
        let mut purposes = policy().purposes()[..1].to_vec();
        purposes.push(crate::policy::Purpose {
            key: ads.clone(),
            kind: Kind::Optional,
            services: (0..MAX_SLOTS).map(service).collect(),
        });
        let policy = Policy::new(3, purposes).unwrap();
        let everything = choices(&[("ads", true)], &[]);
        let cookie = ConsentCookie::of(&policy, &everything, NOW, None)
            .under_signal(&policy, core::slice::from_ref(&ads));
        assert_eq!(cookie.bits, (1 << (MAX_SLOTS + 1)) - 1);
        assert_eq!(cookie.to_text().parse(), Ok(cookie));
        assert_eq!(cookie.choices(&policy), everything);
    }

    proptest! {
        #[test]
        fn every_cookie_survives_its_text(
            revision: u32, decided in 0_i64..1 << 50, bits in 1_u128..1 << 121, receipt: Option<[u8; 16]>,
        ) {
            let receipt = receipt.map(ReceiptId::from_bytes);
            let cookie = ConsentCookie { revision, decided: Millis(decided), bits, receipt };
            prop_assert_eq!(cookie.to_text().parse(), Ok(cookie));
        }

        #[test]
        fn a_cookie_has_one_spelling(text in "[0-9a-z.-]{0,40}") {
            if let Ok(cookie) = text.parse::<ConsentCookie>() {
                prop_assert_eq!(cookie.to_text().parse(), Ok(cookie));
                prop_assert_eq!(text.split('.').count(), 3 + usize::from(cookie.receipt.is_some()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = text.parse::<ConsentCookie>();
        }
    }
}
