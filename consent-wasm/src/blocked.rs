//! What a page has marked with a purpose, and whether it may run: a question for the one gate.

use consent_core::{
    cookie::ConsentCookie,
    gate::{Gated, permit},
    ids::{PurposeKey, ServiceKey},
    policy::{Kind, Slot},
    standing::Subject,
    time::Millis,
};

use crate::settings::{Settings, is};

/// Running one thing of a purpose and service, now.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    slot: Slot<'a>,
    revision: u32,
    at: Millis,
}

impl Gated for Run<'_> {
    fn subject(&self) -> Subject {
        Subject::ThisBrowser
    }
    fn purpose(&self) -> &PurposeKey {
        self.slot.purpose
    }
    fn service(&self) -> Option<&ServiceKey> {
        self.slot.service
    }
    fn revision(&self) -> u32 {
        self.revision
    }
    fn at(&self) -> Millis {
        self.at
    }
}

/// Whether what is marked with a purpose, and perhaps a service (or none: empty), may run. Marked with a purpose
/// alone it may stand for any service of it, so it needs them all.
#[must_use]
pub fn may_run(
    settings: &Settings,
    cookie: Option<&ConsentCookie>,
    purpose: &str,
    service: &str,
    at: Millis,
) -> bool {
    let policy = &settings.policy;
    let purposes = policy.purposes();
    if purposes.iter().any(|own| own.kind == Kind::Necessary && own.key.as_str() == purpose) {
        return true;
    }
    let Some(cookie) = cookie else {
        return false;
    };
    let standing = cookie.standing(policy, settings.consent_days);
    let mut meant = false;
    for slot in policy.slots() {
        if is(slot, purpose, service) {
            let run = Run { slot, revision: policy.revision(), at };
            if permit(run, &standing, at).is_err() {
                return false;
            }
            meant = true;
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use consent_core::time::DAY;
    use proptest::prelude::*;

    use super::*;
    use crate::settings::tests::settings;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn may(bits: u128, purpose: &str, service: &str, at: Millis) -> bool {
        let cookie = ConsentCookie { revision: 3, decided: NOW, bits, receipt: None };
        may_run(&settings(), Some(&cookie), purpose, service, at)
    }

    #[test]
    fn a_purpose_alone_needs_every_service_of_it() {
        assert!(!may(0b01, "analytics", "", NOW));
        assert!(may(0b11, "analytics", "", NOW));
        assert!(may(0b01, "analytics", "ashiato", NOW));
        assert!(!may(0b01, "analytics", "tag", NOW));
    }

    #[test]
    fn without_a_decision_only_the_necessary_runs() {
        assert!(may_run(&settings(), None, "necessary", "", NOW));
        for purpose in ["analytics", "video", "link", "unheard_of"] {
            assert!(!may_run(&settings(), None, purpose, "", NOW));
        }
    }

    #[test]
    fn a_grant_ends_with_its_time() {
        assert!(may(0b100, "video", "", NOW.plus(180 * DAY - 1)));
        assert!(!may(0b100, "video", "", NOW.plus(180 * DAY)));
    }

    proptest! {
        #[test]
        fn what_is_not_known_never_runs(bits in 0_u128..16, purpose in "[a-z]{1,8}", service in "[a-z]{1,8}") {
            prop_assume!(!["analytics", "video", "link", "necessary"].contains(&purpose.as_str()));
            prop_assert!(!may(bits, &purpose, "", NOW));
            prop_assert!(!may(bits, "video", &service, NOW));
        }
    }
}
