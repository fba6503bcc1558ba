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

/// How soon people are answered who ask about their own data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    /// Under which law, where nobody says another.
    pub law: Law,
    /// Within how many days, where the law says "without delay".
    pub answer_days: u32,
}

/// A law that gives people rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// Japan's Act on the Protection of Personal Information: without delay.
    Appi,
    /// The General Data Protection Regulation: one month (article 12(3)).
    Gdpr,
}

impl Law {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Appi => "appi",
            Self::Gdpr => "gdpr",
        }
    }
}

impl Default for Rights {
    fn default() -> Self {
        Self { law: Law::Appi, answer_days: 14 }
    }
}

impl Rights {
    /// Whether the owner has left all of it as it is.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
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
