//! What the rest of the product takes from a site file: the policy, the forms, and what the browser
//! is told.

use std::collections::BTreeMap;

use consent_core::{
    client::Config,
    cookie::{CONSENT_COOKIE, VISITOR_COOKIE},
    form::{Field, Form},
    ids::FormKey,
    policy::{self, Flaw, Kind, Policy},
};

use super::file::{LeadForm, SiteFile};

impl SiteFile {
    /// The policy at a revision.
    ///
    /// # Errors
    /// The flaw in its purposes; never where the file has passed [`super::parse`].
    pub fn policy(&self, revision: u32) -> Result<Policy, Flaw> {
        Policy::new(revision, self.core_purposes())
    }

    fn core_purposes(&self) -> Vec<policy::Purpose> {
        let purposes = self.purposes.iter().map(|purpose| {
            let services = purpose.services.iter().map(|service| policy::Service {
                key: service.key.clone(),
                events: service.events.clone(),
            });
            policy::Purpose {
                key: purpose.key.clone(),
                kind: purpose.kind,
                services: services.collect(),
            }
        });
        purposes.collect()
    }

    /// A form, as far as the rules need it.
    #[must_use]
    pub fn form(&self, key: &FormKey) -> Option<Form> {
        self.lead_form(key).map(LeadForm::core)
    }

    /// A form with its texts.
    #[must_use]
    pub fn lead_form(&self, key: &FormKey) -> Option<&LeadForm> {
        self.forms.iter().find(|form| form.key == *key)
    }

    /// The configuration that the loader carries.
    #[must_use]
    pub fn config(&self, revision: u32, assets: BTreeMap<String, String>) -> Config {
        Config {
            site: self.key.clone(),
            revision,
            consent_days: self.consent_days,
            visitor_days: self.visitor_days,
            languages: self.languages.clone(),
            purposes: self.core_purposes(),
            url_parameters: self.url_parameters.clone(),
            cookies: self.cookies(),
            storage: BTreeMap::new(),
            domain: None,
            gpc: Vec::new(),
            consent_mode: None,
            forms: self.forms.iter().map(|form| form.key.clone()).collect(),
            reopen: self.reopen(),
            banner: self.banner.look(),
            assets,
        }
    }

    fn reopen(&self) -> BTreeMap<String, String> {
        let word = |language: &String| {
            let word = self.speech(language).word("reopen").to_owned();
            (language.clone(), word)
        };
        self.languages.iter().map(word).collect()
    }

    /// Cookies to delete with a service that is not granted. The product's own two are not among
    /// them: the consent cookie says that it is not granted, and the visitor cookie serves whatever
    /// else is.
    fn cookies(&self) -> BTreeMap<String, Vec<String>> {
        let asked = self.purposes.iter().filter(|purpose| purpose.kind != Kind::Necessary);
        asked
            .flat_map(|purpose| &purpose.services)
            .filter_map(|service| {
                let names: Vec<_> = service
                    .cookies
                    .iter()
                    .map(|cookie| cookie.name.clone())
                    .filter(|name| name != CONSENT_COOKIE && name != VISITOR_COOKIE)
                    .collect();
                (!names.is_empty()).then(|| (service.key.to_string(), names))
            })
            .collect()
    }

    /// Whether pages of this origin may call for the site.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }
}

impl LeadForm {
    fn core(&self) -> Form {
        let fields = self.fields.iter().map(|field| Field {
            key: field.key.clone(),
            kind: field.kind,
            required: field.required,
            max: field.max,
        });
        Form {
            key: self.key.clone(),
            fields: fields.collect(),
            agreements: self.agreements.iter().map(|agreement| agreement.key.clone()).collect(),
        }
    }
}
