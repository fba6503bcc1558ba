//! The shapes of a site file, as TOML by its owner and as JSON in the collector's database.
//!
//! Shapes only: whether the values are right is for [`super::parse`] to say, and what is read back
//! from the database has passed it.

mod approval;
mod asking;
mod forms;
mod mail;
mod retention;

use std::collections::BTreeMap;

use consent_core::{
    ids::{EventName, PurposeKey, ServiceKey, SiteKey},
    policy::Kind,
};
use serde::{Deserialize, Serialize};

pub use approval::Approval;
pub use asking::{BannerFile, ConsentModeFile, Gpc, Region};
pub use forms::{Agreement, AgreementKind, FormField, LeadForm, Opt, Source};
pub use mail::MailFile;
pub use retention::{Law, Retention, Rights};

/// One text in each of the site's languages.
pub type Words = BTreeMap<String, String>;

/// A site as its owner describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// Its key, as in the tag's address.
    pub key: SiteKey,
    /// The languages its visitors read (BCP 47); the first is the default.
    pub languages: Vec<String>,
    /// Where its pages are: `https://HOST`, with a port where it is not the usual one.
    pub origins: Vec<String>,
    /// The time zone whose days reports count by.
    pub timezone: String,
    /// Days until a decision is asked again.
    #[serde(default = "default_consent_days")]
    pub consent_days: u32,
    /// Days that the visitor cookie lives.
    #[serde(default = "default_visitor_days")]
    pub visitor_days: u32,
    /// Query parameters that may be kept of an address; all others are dropped.
    #[serde(default)]
    pub url_parameters: Vec<String>,
    /// Its name.
    pub name: Words,
    /// Who answers for it.
    pub controller: Controller,
    /// How it asks.
    #[serde(default)]
    pub banner: BannerFile,
    /// What a Global Privacy Control signal refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpc: Option<Gpc>,
    /// How Google's tags are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_mode: Option<ConsentModeFile>,
    /// What it asks for.
    pub purposes: Vec<Purpose>,
    /// Who its mail is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailFile>,
    /// Its lead forms.
    #[serde(default)]
    pub forms: Vec<LeadForm>,
    /// How long is kept what no purpose and no form says it of.
    #[serde(default, skip_serializing_if = "Retention::is_default")]
    pub retention: Retention,
    /// How soon people are answered who ask about their own data.
    #[serde(default, skip_serializing_if = "Rights::is_default")]
    pub rights: Rights,
    /// What waits for a second person in the back office.
    #[serde(default, skip_serializing_if = "Approval::is_default")]
    pub approval: Approval,
}

const fn default_consent_days() -> u32 {
    180
}

const fn default_visitor_days() -> u32 {
    365
}

/// Who answers for a site's use of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// The operator's name.
    pub name: Words,
    /// Who represents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<Words>,
    /// Where it is.
    pub address: Words,
    /// An e-mail address, or the `https` address of an enquiry form.
    pub contact: String,
    /// Who else takes complaints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaints: Option<Office>,
}

/// An office outside the controller that takes complaints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its name.
    pub name: Words,
    /// An e-mail address, or an `https` address.
    pub contact: String,
}

/// What a site uses data for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its key.
    pub key: PurposeKey,
    /// Its kind.
    #[serde(default)]
    pub kind: Kind,
    /// Its name.
    pub name: Words,
    /// The purpose itself, in a sentence.
    #[serde(rename = "use")]
    pub usage: Words,
    /// Days that a lead link is kept; for purposes of that kind only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// What serves it.
    #[serde(default)]
    pub services: Vec<Service>,
}

/// A service that serves a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its key, unique in the site.
    pub key: ServiceKey,
    /// Its name.
    pub name: Words,
    /// Who provides it.
    pub provider: Provider,
    /// Whether the visitor's browser sends data to somebody other than the controller.
    pub external: bool,
    /// What is sent.
    pub sends: Words,
    /// What the site uses it for.
    #[serde(rename = "use")]
    pub usage: Words,
    /// What its provider uses the data for; of an external one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub their_use: Option<Words>,
    /// Days that what was sent is kept.
    pub retention_days: u32,
    /// Hosts that its scripts, frames and images come from.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The cookies it sets.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// What else it keeps in the browser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<Storage>,
    /// The events that are taken for it.
    #[serde(default)]
    pub events: Vec<EventName>,
    /// The Google Consent Mode signals that a grant turns on.
    #[serde(default)]
    pub consent_mode: Vec<String>,
}

/// Who provides a service, and so receives what is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Its country (ISO 3166-1, two letters).
    pub country: String,
    /// The address of its privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cookie {
    /// Its name; `*` stands for any characters.
    pub name: String,
    /// Days that it lives.
    pub days: u32,
    /// What it is for.
    #[serde(rename = "use")]
    pub usage: Words,
}

/// An entry of the browser's storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// `local:NAME`, `session:NAME` or `indexeddb:NAME`; `*` stands for any characters.
    pub name: String,
    /// Days after which the service takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Whether it stays until somebody deletes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_deleted: bool,
    /// What it is for.
    #[serde(rename = "use")]
    pub usage: Words,
}
