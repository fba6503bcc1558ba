//! What a page has marked with a purpose, and whether it may run: a question for the one gate.

use consent_core::{
    cookie::ConsentCookie,
    gate::{Gated, permit},
    ids::{PurposeKey, ServiceKey},
    policy::Purposes as _,
    standing::Subject,
    time::Millis,
};

use crate::asked::Asked;

/// Running one thing of a purpose and service, now.
#[derive(Clone, Debug)]
struct Run {
    purpose: PurposeKey,
    service: Option<ServiceKey>,
    revision: u32,
    at: Millis,
}

impl Gated for Run {
    fn subject(&self) -> Subject {
        Subject::ThisBrowser
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

/// Whether what is marked with a purpose, and perhaps a service (or none: empty), may run. Marked with a purpose
/// alone it may stand for any service of it, so it needs them all.
#[must_use]
pub fn may_run(
    asked: &Asked,
    cookie: Option<&ConsentCookie>,
    purpose: &str,
    service: &str,
    at: Millis,
) -> bool {
    if asked.purposes().any(|own| !own.is_asked && own.key == purpose) {
        return true;
    }
    let Some(cookie) = cookie else {
        return false;
    };
    let standing = cookie.standing(asked, asked.consent_days());
    let (mut meant, mut all) = (0, 0);
    asked.slots(&mut |slot, _| {
        if slot.is_of(purpose, service)
            && let Ok(purpose) = slot.purpose.parse()
        {
            let service = slot.service.parse().ok();
            let run = Run { purpose, service, revision: asked.at_revision(), at };
            meant += 1;
            all += i32::from(permit(run, &standing, at).is_ok());
        }
    });
    meant != 0 && meant == all
}

#[cfg(test)]
mod tests {
    use consent_core::time::DAY;
    use proptest::prelude::*;

    use super::*;
    use crate::asked::tests::asked;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn may(bits: u128, purpose: &str, service: &str, at: Millis) -> bool {
        let cookie = ConsentCookie { revision: 3, decided: NOW, bits, receipt: None };
        may_run(&asked(), Some(&cookie), purpose, service, at)
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
        assert!(may_run(&asked(), None, "necessary", "", NOW));
        for purpose in ["analytics", "video", "link", "unheard_of"] {
            assert!(!may_run(&asked(), None, purpose, "", NOW));
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
