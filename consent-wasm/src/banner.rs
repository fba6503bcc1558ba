//! What the switches of the second layer show, and what touching one does to the others.

use consent_core::choices::Method;

use crate::settings::Settings;

/// The switches, a bit for each in the policy's order. Nothing is on that the visitor did not turn
/// on: they start from the standing decision, or all off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    bits: u128,
}

impl Switches {
    /// The switches of a decision; of none, all off.
    #[must_use]
    pub const fn of(bits: u128) -> Self {
        Self { bits }
    }

    /// The bits that saving would decide.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.bits
    }

    /// Turns a purpose with all its services, or one service, on or off.
    pub fn turn(&mut self, settings: &Settings, purpose: &str, service: Option<&str>, on: bool) {
        let bits = settings.bits_of(purpose, service);
        self.bits = if on { self.bits | bits } else { self.bits & !bits };
    }

    /// Whether a purpose (any of its services) or a service is on.
    #[must_use]
    pub fn is_on(self, settings: &Settings, purpose: &str, service: Option<&str>) -> bool {
        self.bits & settings.bits_of(purpose, service) != 0
    }
}

/// The method of a decision, by what was pressed and what it changes.
#[must_use]
pub const fn method(everything: bool, before: u128, bits: u128) -> Method {
    if everything {
        Method::AcceptAll
    } else if bits != 0 {
        Method::Custom
    } else if before != 0 {
        Method::Withdraw
    } else {
        Method::RejectAll
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::tests::settings;

    #[test]
    fn a_purpose_turns_its_services_with_it() {
        let settings = settings();
        let mut switches = Switches::of(0);
        switches.turn(&settings, "analytics", None, true);
        assert!(switches.is_on(&settings, "analytics", Some("tag")));
        switches.turn(&settings, "analytics", Some("tag"), false);
        assert!(switches.is_on(&settings, "analytics", None), "one service is still on");
        switches.turn(&settings, "analytics", Some("ashiato"), false);
        assert!(!switches.is_on(&settings, "analytics", None));
        assert_eq!(switches.bits(), 0);
    }

    #[test]
    fn what_was_pressed_names_the_method() {
        assert_eq!(method(true, 0, 0b1111), Method::AcceptAll);
        assert_eq!(method(false, 0, 0b1111), Method::Custom);
        assert_eq!(method(false, 0, 0), Method::RejectAll);
        assert_eq!(method(false, 0b1, 0), Method::Withdraw);
    }

    proptest! {
        #[test]
        fn a_switch_never_touches_another_purpose(bits in 0_u128..16, on: bool) {
            let settings = settings();
            let mut switches = Switches::of(bits);
            switches.turn(&settings, "video", None, on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
            switches.turn(&settings, "no_such", None, on);
            prop_assert_eq!(switches.bits() & 0b1011, bits & 0b1011);
        }
    }
}
