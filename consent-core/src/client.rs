//! What the collector hands to the browser: the configuration inside the loader, and the texts of
//! one language for the banner. The collector writes both, the client reads both.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{FieldKey, FormKey, PurposeKey, ServiceKey, SiteKey},
    policy::Purpose,
};

/// The configuration that the loader script carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The site.
    pub site: SiteKey,
    /// The policy's revision.
    pub revision: u32,
    /// Days that a decision holds.
    pub consent_days: u32,
    /// Days that the visitor cookie lives.
    pub visitor_days: u32,
    /// Languages there are texts for (BCP 47); the first is the default.
    pub languages: Vec<String>,
    /// Purposes with their services and events, in the site's order.
    pub purposes: Vec<Purpose>,
    /// Query parameters that may be kept.
    pub url_parameters: Vec<String>,
    /// First-party cookies to delete when a service (or a purpose without one) is not granted, by
    /// its key.
    pub cookies: BTreeMap<String, Vec<String>>,
    /// First-party storage to clear in the same way: `local:NAME`, `session:NAME` or
    /// `indexeddb:NAME`, where `*` in a name stands for any characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, Vec<String>>,
    /// The domain that the collector shares with the site's pages, where it does: cookies are set on
    /// it by both sides, so that they are the same cookies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Purposes that a Global Privacy Control signal refuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpc: Vec<PurposeKey>,
    /// Google Consent Mode, where the site uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_mode: Option<ConsentMode>,
    /// Lead forms.
    pub forms: Vec<FormKey>,
    /// The lasting control's name ([`Texts::reopen`]) by language: after a refusal the loader shows
    /// it without fetching the texts.
    #[serde(default)]
    pub reopen: BTreeMap<String, String>,
    /// How the banner looks.
    pub banner: Banner,
    /// Addresses of the parts, relative to `/s/SITE/`, by name: for each language `ui.LANGUAGE` (asking), a
    /// script with [`Texts`] in it, and `text.LANGUAGE`, those alone; `ui.wasm` (deciding); `tell.js`, `tell.wasm` (telling the collector), `act.js`,
    /// `act.wasm` (what only a grant needs); with lead forms also `form.js`, `form.wasm`, `form.LANGUAGE`.
    pub assets: BTreeMap<String, String>,
}

/// Google Consent Mode v2, as its commands are to be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentMode {
    /// The parameters of each `gtag('consent', 'default', …)`, in order: first the one for everybody.
    pub defaults: Vec<serde_json::Map<String, serde_json::Value>>,
    /// What is set by `gtag('set', NAME, VALUE)`: `ads_data_redaction`, `url_passthrough`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, bool>,
    /// The signals that services turn on, by the service's key. A signal of several services is
    /// granted where one of them is.
    pub signals: BTreeMap<String, Vec<String>>,
}

/// How the banner looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banner {
    /// Its version, recorded with every decision.
    pub version: String,
    /// Where it stands.
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
}

/// A corner of the window; start is left where text runs to the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// At the bottom, where lines begin.
    #[default]
    BottomStart,
    /// At the bottom, where lines end.
    BottomEnd,
    /// At the top, where lines begin.
    TopStart,
    /// At the top, where lines end.
    TopEnd,
}

/// Where the choice is opened again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// By a button in the corner, on pages without an element `data-ashiato-open`.
    #[default]
    Floating,
    /// By the site's own elements alone.
    Own,
}

/// Where the banner stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Along the bottom.
    #[default]
    Bar,
    /// In a corner.
    Box,
    /// In the middle.
    Centre,
}

/// The banner's colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the visitor's system has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The texts of one language, as shown to visitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// The language (BCP 47).
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// The first layer's heading.
    pub title: String,
    /// The first layer's text: what for, who receives, how long, how to change it.
    pub body: String,
    /// The button that grants everything.
    pub accept: String,
    /// The button that grants nothing.
    pub reject: String,
    /// The button that opens the second layer.
    pub customise: String,
    /// The second layer's heading.
    pub preferences: String,
    /// The second layer's text.
    pub preferences_body: String,
    /// The button that saves the switches.
    pub save: String,
    /// The name of the button that closes the second layer without deciding.
    pub close: String,
    /// Beside a purpose that is not asked.
    pub always_on: String,
    /// Said when a decision has been kept.
    pub saved: String,
    /// The lasting control's name.
    pub reopen: String,
    /// The link to the policy.
    pub policy: String,
    /// The policy's address, relative to the collector.
    pub policy_url: String,
    /// The name of the link to the visitor's own page.
    pub me: String,
    /// Where that is.
    pub me_url: String,
    /// Opens what a purpose's services are.
    pub details: String,
    /// Before a provider's name.
    pub provider_label: String,
    /// Before what is sent.
    pub sends_label: String,
    /// Before what a service is for.
    pub use_label: String,
    /// Before how long it is kept.
    pub retention_label: String,
    /// Before the list of cookies.
    pub cookies_label: String,
    /// Heads what has changed since the visitor's last decision.
    pub changed: String,
    /// What has changed, by the revision that brought it, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Says that a Global Privacy Control signal is honoured; `{names}` are the purposes' names.
    pub gpc: String,
    /// Beside a switch that such a signal keeps off until it is turned on by hand.
    pub gpc_off: String,
    /// Says that what was withdrawn ends with the next loading of the page.
    pub reload: String,
    /// The button that loads it again.
    pub reload_button: String,
    /// The button that puts that off.
    pub later: String,
    /// In place of a frame that is not granted; `{name}` is the service's name.
    pub blocked: String,
    /// The button in that place.
    pub unblock: String,
    /// Purposes in the site's order.
    pub purposes: Vec<PurposeText>,
}

/// What lead forms are checked by, and what they say, in one language: fetched once somebody starts to fill
/// one in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormTexts {
    /// The link to what is said of forms.
    pub policy: String,
    /// Its address, relative to the collector.
    pub policy_url: String,
    /// What is said of a form that is taken for a program's, by the code ([`crate::form::Spam`]).
    pub spam: BTreeMap<String, String>,
    /// Forms by their keys.
    pub forms: BTreeMap<FormKey, FormText>,
}

/// A lead form in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormText {
    /// What its details are used for and by whom, shown before it is sent.
    pub purpose: String,
    /// Its fields by their keys: the rule ([`crate::form::Field::rule`]), and what is said of each fault, by
    /// its code.
    pub fields: BTreeMap<FieldKey, (String, BTreeMap<String, String>)>,
    /// What may be agreed to with it.
    pub agreements: Vec<FieldKey>,
    /// The name of the field that only programs see, where one is put in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
}

/// What a revision of the policy brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The revision.
    pub revision: u32,
    /// A sentence for each change.
    pub lines: Vec<String>,
}

/// A purpose in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeText {
    /// Its key.
    pub key: PurposeKey,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub usage: String,
    /// Its services.
    pub services: Vec<ServiceText>,
}

/// A service in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceText {
    /// Its key.
    pub key: ServiceKey,
    /// Its name.
    pub name: String,
    /// Who provides it, with the country.
    pub provider: String,
    /// What is sent.
    pub sends: String,
    /// What for.
    #[serde(rename = "use")]
    pub usage: String,
    /// How long it is kept, in words.
    pub retention: String,
    /// Its cookies, each in one line: name, lifetime, what for.
    pub cookies: Vec<String>,
}
