//! Where leads come from and on what ground, and the act of tying one to the visitor who sent it.

use crate::{
    gate::Gated,
    ids::{LeadId, PurposeKey, ServiceKey},
    policy::Purposes,
    standing::Subject,
    time::Millis,
};

/// Where a lead came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A form of the site.
    Form,
    /// A list that was read in.
    Import,
    /// Another system.
    Api,
    /// A business card.
    Card,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 4] = [Self::Form, Self::Import, Self::Api, Self::Card];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Import => "import",
            Self::Api => "api",
            Self::Card => "card",
        }
    }
}

/// On what ground a person may be sent advertising by e-mail (Act on Regulation of Transmission of Specified
/// Electronic Mail, article 3(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// None.
    None,
    /// They asked for it.
    OptIn,
    /// They are a customer.
    ExistingCustomer,
    /// They gave their address in writing.
    CardExchanged,
    /// They publish their address for their business, and do not say that they want no advertising.
    PublishedAddress,
}

impl Ground {
    /// Every ground, and none.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::OptIn,
        Self::ExistingCustomer,
        Self::CardExchanged,
        Self::PublishedAddress,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OptIn => "opt_in",
            Self::ExistingCustomer => "existing_customer",
            Self::CardExchanged => "card_exchanged",
            Self::PublishedAddress => "published_address",
        }
    }
}

/// A ground, and since when it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    ground: Ground,
    since: Option<Millis>,
}

impl Basis {
    /// There is none: the lead is locked.
    pub const NONE: Self = Self { ground: Ground::None, since: None };

    /// A ground that has to be confirmed yet, as an opt-in by the mail that is sent for it: until then
    /// the lead is locked.
    #[must_use]
    pub const fn pending(ground: Ground) -> Self {
        Self { ground, since: None }
    }

    /// A ground that holds. No ground holds never.
    #[must_use]
    pub const fn since(ground: Ground, at: Millis) -> Self {
        match ground {
            Ground::None => Self::NONE,
            _ => Self { ground, since: Some(at) },
        }
    }

    /// The ground.
    #[must_use]
    pub const fn ground(self) -> Ground {
        self.ground
    }

    /// Since when it holds; not at all where the lead is locked.
    #[must_use]
    pub const fn held_since(self) -> Option<Millis> {
        self.since
    }
}

/// Tying a lead to the visitor who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadLink {
    lead: LeadId,
    subject: Subject,
    purpose: PurposeKey,
    service: Option<ServiceKey>,
    revision: u32,
    at: Millis,
}

impl LeadLink {
    /// The link of `lead` and `subject` at `at`; `None` where the site has no lead-link purpose.
    #[must_use]
    pub fn under(
        policy: &impl Purposes,
        subject: Subject,
        lead: LeadId,
        at: Millis,
    ) -> Option<Self> {
        let (purpose, service) = policy.linking()?;
        Some(Self { lead, subject, purpose, service, revision: policy.at_revision(), at })
    }

    /// The lead.
    #[must_use]
    pub const fn lead(&self) -> LeadId {
        self.lead
    }
}

impl Gated for LeadLink {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gate::{Refusal, permit},
        ids::{ReceiptId, VisitorHash},
        policy::tests::{choices, policy},
        standing::Standing,
    };

    #[test]
    fn without_a_ground_that_holds_a_lead_is_locked() {
        let now = Millis(1);
        for basis in [Basis::NONE, Basis::pending(Ground::OptIn), Basis::since(Ground::None, now)] {
            assert_eq!(basis.held_since(), None, "{basis:?}");
        }
        assert_eq!(Basis::since(Ground::OptIn, now).held_since(), Some(now));
    }

    #[test]
    fn a_link_needs_the_lead_link_purpose() {
        let now = Millis(1_800_000_000_000);
        let subject = Subject::Visitor(VisitorHash::from_bytes([1; 16]));
        let link =
            || LeadLink::under(&policy(), subject, LeadId::from_bytes([2; 16]), now).unwrap();
        let decide = |purpose| {
            let receipt = ReceiptId::from_bytes([3; 16]);
            let choices = choices(&[(purpose, true)], &[]);
            Standing::none(subject).decided(&policy(), &choices, receipt, now, now.plus(1_000))
        };
        assert!(permit(link(), &decide("link"), now).is_ok());
        assert_eq!(permit(link(), &decide("analytics"), now).unwrap_err(), Refusal::NotGranted);
        assert_eq!(permit(link(), &Standing::none(subject), now).unwrap_err(), Refusal::NotGranted);
    }
}
