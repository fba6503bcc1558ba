//! How long is kept what no purpose and no form says it of.

use serde::{Deserialize, Serialize};

/// Days by kind of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Of leads that came by none of the site's forms.
    pub leads_days: u32,
    /// Of counts of what was refused.
    pub refusals_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { leads_days: 1_095, refusals_days: 395 }
    }
}

impl Retention {
    /// Whether the owner has left all of it as it is.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
