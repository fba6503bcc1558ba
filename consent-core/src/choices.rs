//! What a visitor chose, as it travels.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{PurposeKey, ServiceKey};

/// By which act a decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The *accept all* button.
    AcceptAll,
    /// The *reject all* button.
    RejectAll,
    /// Single switches, then *save*; or the page's own call.
    Custom,
    /// Everything taken back after it was granted.
    Withdraw,
    /// The browser's Global Privacy Control signal.
    Gpc,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AcceptAll => "accept_all",
            Self::RejectAll => "reject_all",
            Self::Custom => "custom",
            Self::Withdraw => "withdraw",
            Self::Gpc => "gpc",
        }
    }
}

/// Yes or no by purpose, and by service where one differs from its purpose. What is not named is no;
/// a service that is not named follows its purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// By purpose.
    pub purposes: BTreeMap<PurposeKey, bool>,
    /// By service.
    #[serde(default)]
    pub services: BTreeMap<ServiceKey, bool>,
}

impl Choices {
    /// Whether everything is a no.
    #[must_use]
    pub fn refuse_everything(&self) -> bool {
        !self.purposes.values().any(|yes| *yes)
    }

    /// Whether `service` of `purpose` (or the purpose, where it has no service) is a yes.
    #[must_use]
    pub fn grant(&self, purpose: &PurposeKey, service: Option<&ServiceKey>) -> bool {
        self.purposes.get(purpose) == Some(&true)
            && service.is_none_or(|service| self.services.get(service) != Some(&false))
    }
}
