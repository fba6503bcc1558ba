//! What waits for a second person, as a site's owner says it.

use serde::{Deserialize, Serialize};

/// What waits for a second person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Personal data that leaves: lists, what is handed out to who asks, tokens that read leads, webhooks.
    pub exports: bool,
    /// Erasing a lead, a person or an account.
    pub erasures: bool,
}

impl Approval {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something waits no more that waited before.
    #[must_use]
    pub const fn drops(self, before: Self) -> bool {
        (before.exports && !self.exports) || (before.erasures && !self.erasures)
    }
}
