//! How a site asks, and whom else it tells: the banner, Global Privacy Control, Google Consent Mode.

use std::collections::BTreeMap;

use consent_core::{
    client::{Banner, Control, Corner, Layout, Theme},
    ids::PurposeKey,
};
use serde::{Deserialize, Serialize};

use super::Words;

/// How a site asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BannerFile {
    /// The banner's version, recorded with every decision.
    #[serde(default = "default_version")]
    pub version: String,
    /// Where the banner stands.
    #[serde(default)]
    pub layout: Layout,
    /// In which corner a box stands, and the lasting control.
    #[serde(default)]
    pub corner: Corner,
    /// Its colours.
    #[serde(default)]
    pub theme: Theme,
    /// Where the choice is opened again.
    #[serde(default)]
    pub control: Control,
    /// The site's own words in place of built-in ones: by language, then by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub text: BTreeMap<String, Words>,
}

fn default_version() -> String {
    "default".to_owned()
}

impl Default for BannerFile {
    fn default() -> Self {
        Self {
            version: default_version(),
            layout: Layout::default(),
            corner: Corner::default(),
            theme: Theme::default(),
            control: Control::default(),
            text: BTreeMap::new(),
        }
    }
}

impl BannerFile {
    pub(in super::super) fn look(&self) -> Banner {
        Banner {
            version: self.version.clone(),
            layout: self.layout,
            corner: self.corner,
            theme: self.theme,
            control: self.control,
        }
    }
}

/// What a Global Privacy Control signal of the browser refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpc {
    /// The purposes, until the visitor turns one on by hand.
    pub purposes: Vec<PurposeKey>,
}

/// How Google's tags are told (Consent Mode v2). The signals themselves are the services' own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentModeFile {
    /// Milliseconds that tags wait for the visitor's choice.
    #[serde(default = "default_wait")]
    pub wait_for_update: u32,
    /// Whether click identifiers are left out while `ad_storage` is denied.
    #[serde(default)]
    pub ads_data_redaction: bool,
    /// Whether campaign data is handed from page to page in addresses.
    #[serde(default)]
    pub url_passthrough: bool,
    /// Regions with defaults of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

const fn default_wait() -> u32 {
    500
}

impl Default for ConsentModeFile {
    fn default() -> Self {
        Self {
            wait_for_update: default_wait(),
            ads_data_redaction: false,
            url_passthrough: false,
            regions: Vec::new(),
        }
    }
}

/// Regions with defaults of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Countries and their parts (ISO 3166-2): `JP`, `US-CA`.
    pub regions: Vec<String>,
    /// Signals that are granted there by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// Milliseconds that tags wait there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_update: Option<u32>,
}
