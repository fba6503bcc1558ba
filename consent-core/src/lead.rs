//! The act of tying a lead to the visitor who sent it.

use crate::{
    gate::Gated,
    ids::{LeadId, PurposeKey, ServiceKey},
    policy::Purposes,
    standing::Subject,
    time::Millis,
};

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
