//! The one place that says who may do what in the back office.

use crate::store::accounts::Role;

/// What is done in the back office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See figures of visits.
    Figures,
    /// See figures of consent.
    Consent,
    /// See that there are leads, with what tells of whom they are masked.
    Leads,
    /// See what people wrote.
    Persons,
    /// See how the site is set up, and the state of the consent log.
    Settings,
    /// Have personal data leave, or erased, answer those who ask about their own, and approve all that of others.
    HandOut,
    /// Give and take roles and API tokens.
    People,
    /// See who did what.
    Trail,
    /// Keep segments and rules of scores, for all who use the site.
    Keep,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Figures,
        Self::Consent,
        Self::Leads,
        Self::Persons,
        Self::Settings,
        Self::HandOut,
        Self::People,
        Self::Trail,
        Self::Keep,
    ];
}

/// Whether somebody of that role may do that on the site that they have it on.
#[must_use]
pub const fn may(role: Role, action: Action) -> bool {
    match (role, action) {
        (Role::PrivacyOfficer, Action::People) => false,
        (Role::Owner | Role::Administrator | Role::PrivacyOfficer, _)
        | (
            Role::Marketer,
            Action::Figures | Action::Consent | Action::Leads | Action::Settings | Action::Keep,
        )
        | (Role::Auditor, Action::Figures | Action::Consent | Action::Settings | Action::Trail) => {
            true
        }
        (Role::Marketer | Role::Auditor, Action::HandOut | Action::People)
        | (Role::Marketer, Action::Persons | Action::Trail)
        | (Role::Auditor, Action::Leads | Action::Persons | Action::Keep) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_it_needs_and_no_more() {
        let table = [
            (Role::Owner, [true; 9]),
            (Role::Administrator, [true; 9]),
            (Role::Marketer, [true, true, true, false, true, false, false, false, true]),
            (Role::PrivacyOfficer, [true, true, true, true, true, true, false, true, true]),
            (Role::Auditor, [true, true, false, false, true, false, false, true, false]),
        ];
        assert_eq!(table.map(|(role, _)| role), Role::ALL);
        for (role, expected) in table {
            assert_eq!(Action::ALL.map(|action| may(role, action)), expected, "{role:?}");
        }
    }
}
