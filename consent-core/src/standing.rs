//! Where a visitor stands: which grants hold, from when, until when.

use alloc::vec::Vec;

use crate::{
    choices::Choices,
    ids::{PurposeKey, ReceiptId, ServiceKey, VisitorHash},
    policy::Policy,
    time::Millis,
};

/// Whose consent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The one visitor of the page that the code runs in.
    ThisBrowser,
    /// A visitor as the collector knows them.
    Visitor(VisitorHash),
}

/// A purpose (and service in it) granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The collector's row of it; 0 in a page.
    pub id: i64,
    /// The purpose.
    pub purpose: PurposeKey,
    /// The service, where the purpose has any.
    pub service: Option<ServiceKey>,
    /// Since when it has been granted without a break.
    pub since: Millis,
}

/// A visitor's current consent. [`Standing::none`] stands for everybody of whom nothing is known:
/// nothing is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    subject: Subject,
    revision: u32,
    receipt: Option<ReceiptId>,
    expires: Millis,
    grants: Vec<Grant>,
}

impl Standing {
    /// No consent.
    #[must_use]
    pub const fn none(subject: Subject) -> Self {
        Self { subject, revision: 0, receipt: None, expires: Millis(0), grants: Vec::new() }
    }

    /// The consent that `receipt` records, as it holds now.
    #[must_use]
    pub const fn recorded(
        subject: Subject,
        revision: u32,
        receipt: ReceiptId,
        expires: Millis,
        grants: Vec<Grant>,
    ) -> Self {
        Self { subject, revision, receipt: Some(receipt), expires, grants }
    }

    /// The consent that results when `choices` are decided at `at`: what was granted before and
    /// still is keeps its `since`.
    #[must_use]
    pub fn decided(
        &self,
        policy: &Policy,
        choices: &Choices,
        receipt: ReceiptId,
        at: Millis,
        expires: Millis,
    ) -> Self {
        let grants = policy
            .slots()
            .filter(|slot| choices.grant(slot.purpose, slot.service))
            .map(|slot| Grant {
                id: 0,
                purpose: slot.purpose.clone(),
                service: slot.service.cloned(),
                since: self
                    .find(slot.purpose, slot.service)
                    .filter(|_| self.revision == policy.revision() && self.expires > at)
                    .map_or(at, |grant| grant.since),
            })
            .collect();
        Self::recorded(self.subject, policy.revision(), receipt, expires, grants)
    }

    /// Whose it is.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// Under which policy revision it was given.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// The receipt that records it.
    #[must_use]
    pub const fn receipt(&self) -> Option<ReceiptId> {
        self.receipt
    }

    /// Until when it holds.
    #[must_use]
    pub const fn expires(&self) -> Millis {
        self.expires
    }

    /// What is granted.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The grant of a purpose and service.
    #[must_use]
    pub fn find(&self, purpose: &PurposeKey, service: Option<&ServiceKey>) -> Option<&Grant> {
        self.grants
            .iter()
            .find(|grant| grant.purpose == *purpose && grant.service.as_ref() == service)
    }
}
