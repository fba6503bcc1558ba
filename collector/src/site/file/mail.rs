//! Mail as a site's owner describes it.

use serde::{Deserialize, Serialize};

use super::Words;

/// Who mail is from, and what is asked of whoever wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFile {
    /// The address that mail comes from.
    pub from: String,
    /// Where answers go, where not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Who answers for it, by name.
    pub sender: Words,
    /// The sender's postal address.
    pub address: Words,
    /// A telephone number, an e-mail address or an `https` address.
    pub complaints: String,
    /// What is sent to whoever confirms.
    pub confirm: Words,
    /// Days that the record of a permission is kept after its end.
    #[serde(default = "three_years")]
    pub record_days: u32,
}

const fn three_years() -> u32 {
    1_095
}

impl MailFile {
    /// The domain that mail comes from.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.from.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}
