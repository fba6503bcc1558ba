//! Signals from and to others: Global Privacy Control, and Google Consent Mode v2.
//!
//! A signal is never granted by default where some service asks for it: that would be a yes that nobody
//! has given.

use std::collections::{BTreeMap, BTreeSet};

use consent_core::{client::ConsentMode, ids::PurposeKey, policy::Kind};
use serde_json::{Map, Value, json};

use super::{
    check::Check,
    complaint::{both, said},
    file::{Service, SiteFile},
    nearest::nearest,
    shape::SIGNALS,
};

impl SiteFile {
    /// The purposes that a Global Privacy Control signal refuses.
    #[must_use]
    pub fn gpc(&self) -> &[PurposeKey] {
        self.gpc.as_ref().map_or(&[], |gpc| &gpc.purposes)
    }

    /// Google Consent Mode, where some service has signals.
    pub(super) fn consent_mode(&self) -> Option<ConsentMode> {
        let (asked, unasked) = (self.signals_of(true), self.signals_of(false));
        if asked.is_empty() && unasked.is_empty() {
            return None;
        }
        let settings = self.consent_mode.clone().unwrap_or_default();
        let mut everywhere: Map<_, _> = SIGNALS
            .iter()
            .map(|signal| {
                let granted = unasked.contains_key(signal) && !asked.contains_key(signal);
                ((*signal).to_owned(), json!(if granted { "granted" } else { "denied" }))
            })
            .collect();
        everywhere.insert("wait_for_update".to_owned(), json!(settings.wait_for_update));
        let regions = settings.regions.iter().map(|region| {
            let granted = region.granted.iter().map(|signal| (signal.clone(), json!("granted")));
            let mut parameters: Map<String, Value> = granted.collect();
            let wait = region.wait_for_update.unwrap_or(settings.wait_for_update);
            parameters.insert("region".to_owned(), json!(region.regions));
            parameters.insert("wait_for_update".to_owned(), json!(wait));
            parameters
        });
        let set = [
            ("ads_data_redaction", settings.ads_data_redaction),
            ("url_passthrough", settings.url_passthrough),
        ];
        Some(ConsentMode {
            defaults: [everywhere].into_iter().chain(regions).collect(),
            set: set
                .into_iter()
                .filter(|(_, on)| *on)
                .map(|(name, on)| (name.to_owned(), on))
                .collect(),
            signals: self
                .services(true)
                .filter(|(_, service)| !service.consent_mode.is_empty())
                .map(|(_, service)| (service.key.to_string(), service.consent_mode.clone()))
                .collect(),
        })
    }

    /// The services of purposes that are asked, or of those that are not, with their paths.
    fn services(&self, asked: bool) -> impl Iterator<Item = (String, &Service)> {
        self.purposes
            .iter()
            .enumerate()
            .filter(move |(_, purpose)| (purpose.kind != Kind::Necessary) == asked)
            .flat_map(|(at, purpose)| {
                let services = purpose.services.iter().enumerate();
                services.map(move |(to, own)| (format!("purposes[{at}].services[{to}]"), own))
            })
    }

    /// The signals of those services, each with the first that has it.
    fn signals_of(&self, asked: bool) -> BTreeMap<&str, &Service> {
        let mut signals = BTreeMap::new();
        for (_, service) in self.services(asked) {
            for signal in &service.consent_mode {
                signals.entry(signal.as_str()).or_insert(service);
            }
        }
        signals
    }
}

impl Check<'_> {
    pub(super) fn signals(&mut self) {
        self.privacy_control();
        self.asked_or_not();
        self.defaults();
    }

    fn privacy_control(&mut self) {
        let file = self.file;
        for (at, key) in file.gpc().iter().enumerate() {
            let path = format!("gpc.purposes[{at}]");
            match file.purposes.iter().find(|purpose| purpose.key == *key) {
                None => {
                    let known = file.purposes.iter().filter(|own| own.kind != Kind::Necessary);
                    let remedy = nearest(key.as_str(), known.map(|own| own.key.as_str()));
                    let message =
                        said!("gpc：目的 `{key}` はありません", "gpc: there is no purpose `{key}`");
                    self.complain(&path, message, remedy);
                }
                Some(purpose) if purpose.kind == Kind::Necessary => self.complain(
                    &path,
                    said!(
                        "gpc：目的 `{key}` は necessary で、拒否できません",
                        "gpc: purpose `{key}` is necessary, and cannot be refused"
                    ),
                    both(
                        "消してください。信号で拒否されるのは、訪問者に同意を求める目的です",
                        "leave it out: a signal refuses what visitors are asked for",
                    ),
                ),
                Some(_) => {}
            }
        }
    }

    /// What is on without being asked cannot be asked for as well.
    fn asked_or_not(&mut self) {
        let file = self.file;
        let asked = file.signals_of(true);
        for (path, service) in file.services(false) {
            for (at, signal) in service.consent_mode.iter().enumerate() {
                if let Some(other) = asked.get(signal.as_str()) {
                    let (key, other) = (&service.key, &other.key);
                    self.complain(
                        &format!("{path}.consent_mode[{at}]"),
                        said!(
                            "サービス `{key}`：シグナル `{signal}` が同意なしに許可されますが、`{other}` はその同意を求めています",
                            "service `{key}`: signal `{signal}` would be granted without being asked, \
                             and `{other}` asks for it"
                        ),
                        both(
                            "ここから消すか、訪問者が拒否できる目的にサービスを移してください",
                            "leave it out here, or move this service to a purpose that visitors can refuse",
                        ),
                    );
                }
            }
        }
    }

    fn defaults(&mut self) {
        let file = self.file;
        let Some(settings) = &file.consent_mode else { return };
        let asked = file.signals_of(true);
        if asked.is_empty() && file.signals_of(false).is_empty() {
            self.complain(
                "consent_mode",
                both(
                    "consent_mode：シグナルのあるサービスがありません",
                    "consent_mode: no service has a signal",
                ),
                both(
                    "シグナルを読むタグのサービスに consent_mode = [\"analytics_storage\"] を加えるか、このテーブルを消してください",
                    "add consent_mode = [\"analytics_storage\"] to the service whose tag reads it, or leave \
                     this table out",
                ),
            );
        }
        let mut seen = BTreeSet::new();
        for (at, region) in settings.regions.iter().enumerate() {
            let path = format!("consent_mode.regions[{at}]");
            for (to, code) in region.regions.iter().enumerate() {
                if !seen.insert(code) && !region.regions[..to].contains(code) {
                    self.complain(
                        &format!("{path}.regions[{to}]"),
                        said!(
                            "consent_mode：地域 `{code}` が2回出てきます",
                            "consent_mode: region `{code}` is named twice"
                        ),
                        both(
                            "初期値は地域ごとに1組にしてください",
                            "give each region one set of defaults",
                        ),
                    );
                }
            }
            if region.granted.is_empty() && region.wait_for_update.is_none() {
                self.complain(
                    &path,
                    both(
                        "consent_mode：この地域に初期値がありません",
                        "consent_mode: these regions have no defaults of their own",
                    ),
                    both(
                        "granted = [\"…\"] または wait_for_update = … を加えるか、地域を消してください",
                        "add granted = [\"…\"] or wait_for_update = …, or leave them out",
                    ),
                );
            }
            for (to, signal) in region.granted.iter().enumerate() {
                if let Some(service) = asked.get(signal.as_str()) {
                    let key = &service.key;
                    self.complain(
                        &format!("{path}.granted[{to}]"),
                        said!(
                            "consent_mode：`{signal}` が同意なしに許可されますが、サービス `{key}` はその同意を求めています",
                            "consent_mode: `{signal}` would be granted without being asked, and \
                             service `{key}` asks for it"
                        ),
                        both(
                            "ここから消してください。許可するかどうかは訪問者が選びます",
                            "leave it out here: visitors grant it by their choice",
                        ),
                    );
                }
            }
        }
    }
}
