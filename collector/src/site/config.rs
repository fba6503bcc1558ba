//! What the rest of the product takes from a site file: the policy, the forms, and what the browser
//! is told.

use std::collections::BTreeMap;

use consent_core::{
    client::Config,
    cookie::{CONSENT_COOKIE, VISITOR_COOKIE},
    form::Form,
    ids::FormKey,
    policy::{self, Flaw, Kind, Policy},
};

use super::file::{LeadForm, Service, SiteFile, Storage};

/// What the names of the client's own entries in the browser's storage begin with.
const OWN_STORAGE: &str = "ashiato_";

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
            storage: self.storage(),
            domain: None,
            gpc: self.gpc().to_vec(),
            consent_mode: self.consent_mode(),
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
        self.to_delete(|service| {
            let names = service.cookies.iter().map(|cookie| cookie.name.as_str());
            names.filter(|name| *name != CONSENT_COOKIE && *name != VISITOR_COOKIE).collect()
        })
    }

    /// The same of storage; the client looks after its own entries itself.
    fn storage(&self) -> BTreeMap<String, Vec<String>> {
        self.to_delete(|service| {
            let own = |entry: &&Storage| {
                entry.place().is_some_and(|(_, name)| name.starts_with(OWN_STORAGE))
            };
            let others = service.storage.iter().filter(|entry| !own(entry));
            others.map(|entry| entry.name.as_str()).collect()
        })
    }

    fn to_delete<'a>(
        &'a self,
        of: impl Fn(&'a Service) -> Vec<&'a str>,
    ) -> BTreeMap<String, Vec<String>> {
        let asked = self.purposes.iter().filter(|purpose| purpose.kind != Kind::Necessary);
        asked
            .flat_map(|purpose| &purpose.services)
            .map(|service| (service, of(service)))
            .filter(|(_, names)| !names.is_empty())
            .map(|(service, names)| {
                (service.key.to_string(), names.into_iter().map(str::to_owned).collect())
            })
            .collect()
    }

    /// The first of these languages that the site speaks, by its whole tag or its first part; else the site's first.
    #[must_use]
    pub fn language_of<'a>(&'a self, mut wanted: impl Iterator<Item = &'a str>) -> &'a str {
        let spoken = wanted.find_map(|wanted| {
            let primary = wanted.split('-').next().unwrap_or("");
            self.languages.iter().find(|language| *language == wanted || *language == primary)
        });
        spoken.or_else(|| self.languages.first()).map_or("ja", String::as_str)
    }

    /// Whether pages of this origin may call for the site.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }
}
