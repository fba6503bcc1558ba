//! The `ashiato_consent` cookie: what was decided, in at most 60 bytes or so.
//!
//! `REVISION.TIME.BITS[.RECEIPT]`: the policy's revision in decimal, the time of the decision in
//! seconds in base 36, and a bit for each switch of the policy (the first switch is the lowest bit)
//! in hexadecimal. `0` bits are a refusal, which carries no identifier.

use alloc::{string::String, vec::Vec};
use core::str::FromStr;

use crate::{
    choices::Choices,
    ids::{Invalid, ReceiptId},
    json::push_digits,
    policy::{Kind, Policy},
    standing::{Grant, Standing, Subject},
    time::{DAY, Millis, SECOND},
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
    /// When it was decided, in whole seconds.
    pub decided: Millis,
    /// A bit for each switch of that revision, in [`Policy::slots`]' order.
    pub bits: u128,
    /// The receipt, where something was granted and the collector has confirmed it.
    pub receipt: Option<ReceiptId>,
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
        Self {
            revision: policy.revision(),
            decided: Millis(decided.seconds() * SECOND),
            bits,
            receipt,
        }
    }

    /// Its value.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        push_digits(&mut text, u64::from(self.revision), 10);
        text.push('.');
        push_digits(&mut text, u64::try_from(self.decided.seconds()).unwrap_or(0), 36);
        text.push('.');
        let high = u64::try_from(self.bits >> 64).unwrap_or(0);
        let low = u64::try_from(self.bits & u128::from(u64::MAX)).unwrap_or(0);
        if high == 0 {
            push_digits(&mut text, low, 16);
        } else {
            push_digits(&mut text, high, 16);
            let at = text.len();
            push_digits(&mut text, low, 16);
            while text.len() < at + 16 {
                text.insert(at, '0');
            }
        }
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
    pub fn standing(&self, policy: &Policy, consent_days: u32) -> Standing {
        if self.revision != policy.revision() || self.bits == 0 {
            return Standing::none(Subject::ThisBrowser);
        }
        let mut grants = Vec::new();
        for (at, slot) in policy.slots().enumerate() {
            if self.bits >> at & 1 == 1 {
                grants.push(Grant {
                    id: 0,
                    purpose: slot.purpose.clone(),
                    service: slot.service.cloned(),
                    since: self.decided,
                });
            }
        }
        let receipt = self.receipt.unwrap_or(ReceiptId::from_bytes([0; 16]));
        let expires = self.expires(consent_days);
        Standing::recorded(Subject::ThisBrowser, self.revision, receipt, expires, grants)
    }
}

impl FromStr for ConsentCookie {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid { expected: "REVISION.TIME.BITS[.RECEIPT]" };
        // Each number takes the `.` before it along, but there is none before the first.
        let mut rest = if text.starts_with('.') { "" } else { text };
        let (Some(revision), Some(seconds), Some(bits)) =
            (number(&mut rest, 10), number(&mut rest, 36), number(&mut rest, 16))
        else {
            return Err(invalid);
        };
        let (Ok(revision), Ok(seconds)) = (u32::try_from(revision), i64::try_from(seconds)) else {
            return Err(invalid);
        };
        let Some(decided) = seconds.checked_mul(SECOND).map(Millis) else {
            return Err(invalid);
        };
        let receipt = match rest.strip_prefix('.') {
            Some(receipt) if bits != 0 => Some(receipt.parse()?),
            None if rest.is_empty() => None,
            _ => return Err(invalid),
        };
        Ok(Self { revision, decided, bits, receipt })
    }
}

/// Takes a number in `radix`, without sign or capital letters, from the start of a text, and the `.`
/// before it where it is not the first.
fn number(text: &mut &str, radix: u8) -> Option<u128> {
    let from = text.strip_prefix('.').unwrap_or(text);
    let mut value = 0_u128;
    let mut length = 0;
    for byte in from.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => break,
        };
        if digit >= radix || value >> 120 != 0 {
            return None;
        }
        value = value * u128::from(radix) + u128::from(digit);
        length += 1;
    }
    *text = from.get(length..)?;
    (length != 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::tests::{choices, policy};

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
        assert_eq!(cookie.to_text(), "3.tro8w0.0");
        assert!("3.tro8w0.0.CQkJCQkJCQkJCQkJCQkJCQ".parse::<ConsentCookie>().is_err());
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

    proptest! {
        #[test]
        fn every_cookie_survives_its_text(
            revision: u32, seconds in 0_i64..1 << 40, bits in 1_u128..1 << 120, receipt: Option<[u8; 16]>,
        ) {
            let receipt = receipt.map(ReceiptId::from_bytes);
            let cookie = ConsentCookie { revision, decided: Millis(seconds * SECOND), bits, receipt };
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
