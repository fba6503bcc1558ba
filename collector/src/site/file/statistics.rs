//! What figures may be told.

use serde::{Deserialize, Serialize};

/// What figures may be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Statistics {
    /// Visitors that have to stand behind whatever is told; 1: nothing is withheld.
    pub smallest_group: u32,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { smallest_group: 1 }
    }
}

impl Statistics {
    /// Whether the owner has left all of it as it is.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
