//! When a change of a site file is a new policy, and what visitors were shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use consent_core::{client::Texts, ids::base64url};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    SiteFile, Words,
    file::{Cookie, LeadForm, Purpose, Service},
    texts::names,
};

impl SiteFile {
    /// SHA-256 in base64url of everything that visitors are shown, in every language: the banner's
    /// texts, the policy page's, the controller and the forms.
    #[must_use]
    pub fn wording(&self) -> String {
        #[derive(Serialize)]
        struct Wording<'a> {
            texts: Vec<Texts>,
            page: Vec<Vec<&'a str>>,
            file: (&'a Words, &'a super::Controller, &'a [Purpose], &'a [LeadForm]),
        }
        let page = |language: &String| {
            let speech = self.speech(language);
            names().map(|(name, _)| speech.word(name)).collect()
        };
        digest(&Wording {
            texts: self.languages.iter().map(|own| self.texts(own)).collect(),
            page: self.languages.iter().map(page).collect(),
            file: (&self.name, &self.controller, &self.purposes, &self.forms),
        })
    }

    /// SHA-256 in base64url of what a decision is about. A change of it is a new revision, and
    /// visitors are asked again:
    ///
    /// - the controller's name;
    /// - purposes: key, kind, what for, how long a lead link is kept; their order, because the
    ///   consent cookie has a bit for each switch;
    /// - services: purpose, what for, what is sent, provider and country, whether it is external,
    ///   retention, Consent Mode signals;
    /// - cookies: name, lifetime, what for;
    /// - events and the services they are taken for.
    ///
    /// Not: names as shown, the banner's look and texts, origins, hosts, time zone, addresses,
    /// representative and contact, a provider's policy address, query parameters, forms (sending
    /// one is a choice of its own). A further language counts, since this knows one file only;
    /// [`asks_again`](Self::asks_again) knows both.
    #[must_use]
    pub fn material(&self) -> String {
        let entries = self.entries(&self.languages.iter().collect());
        let lines: BTreeMap<_, _> =
            entries.iter().map(|(label, value)| (label, value.to_string())).collect();
        digest(&lines)
    }

    /// Whether visitors who decided under `older` are to be asked again. A language more or less
    /// alone is no reason.
    #[must_use]
    pub fn asks_again(&self, older: &Self) -> bool {
        !self.changes(older).is_empty()
    }

    /// What changed materially since `older`, a line each.
    #[must_use]
    pub fn changes(&self, older: &Self) -> Vec<String> {
        let common: BTreeSet<_> =
            self.languages.iter().filter(|own| older.languages.contains(own)).collect();
        if common.is_empty() {
            return vec!["every language is new".to_owned()];
        }
        let (old, new) = (older.entries(&common), self.entries(&common));
        let labels: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let mut changes = Vec::new();
        let mut order = None;
        for label in labels {
            // What belongs to a purpose, service or cookie comes and goes with it.
            let whole = label.rfind(": ").map(|end| &label[..end]);
            match (old.get(label), new.get(label)) {
                (None, Some(_)) if whole.is_none_or(|whole| old.contains_key(whole)) => {
                    changes.push(format!("{label} added"));
                }
                (Some(_), None) if whole.is_none_or(|whole| new.contains_key(whole)) => {
                    changes.push(format!("{label} removed"));
                }
                (Some(before), Some(now)) if before != now => {
                    let change = match (before, now) {
                        (Value::Days(before), Value::Days(now)) => {
                            format!("{label} changed from {before} to {now} days")
                        }
                        (Value::Name(before), Value::Name(now)) => {
                            format!("{label} changed from {before} to {now}")
                        }
                        _ => format!("{label} changed"),
                    };
                    if label == ORDER {
                        order = Some(change);
                    } else {
                        changes.push(change);
                    }
                }
                _ => {}
            }
        }
        // Coming and going changes the order, and has been said.
        if changes.is_empty() {
            changes.extend(order);
        }
        changes
    }

    /// Everything material by what to call it; texts in these languages.
    fn entries(&self, languages: &BTreeSet<&String>) -> BTreeMap<String, Value<'_>> {
        let mut entries = Entries { all: BTreeMap::new(), languages };
        entries.words("controller's name", &self.controller.name);
        let mut order = Vec::new();
        for purpose in &self.purposes {
            order.push(purpose.key.as_str());
            order.extend(purpose.services.iter().map(|service| service.key.as_str()));
            entries.purpose(purpose);
        }
        entries.put(ORDER, Value::List(order));
        entries.all
    }
}

const ORDER: &str = "order of purposes and services";

/// Something that a decision is about.
#[derive(PartialEq, Eq)]
enum Value<'a> {
    There,
    Name(&'a str),
    Days(u32),
    Flag(bool),
    List(Vec<&'a str>),
    Words(Vec<(&'a str, &'a str)>),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There => Ok(()),
            Self::Name(name) => f.write_str(name),
            Self::Days(days) => write!(f, "{days}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(list) => write!(f, "{list:?}"),
            Self::Words(words) => write!(f, "{words:?}"),
        }
    }
}

struct Entries<'a, 'l> {
    all: BTreeMap<String, Value<'a>>,
    languages: &'l BTreeSet<&'l String>,
}

impl<'a> Entries<'a, '_> {
    fn put(&mut self, label: impl Into<String>, value: Value<'a>) {
        self.all.insert(label.into(), value);
    }

    fn words(&mut self, label: impl Into<String>, words: &'a Words) {
        let words = words.iter().filter(|(language, _)| self.languages.contains(language));
        let words = words.map(|(language, text)| (language.as_str(), text.as_str()));
        self.put(label, Value::Words(words.collect()));
    }

    fn purpose(&mut self, purpose: &'a Purpose) {
        let label = format!("purpose {}", purpose.key);
        let kind = match purpose.kind {
            consent_core::policy::Kind::Necessary => "necessary",
            consent_core::policy::Kind::Optional => "optional",
            consent_core::policy::Kind::LeadLink => "lead_link",
        };
        self.put(format!("{label}: kind"), Value::Name(kind));
        self.words(format!("{label}: use"), &purpose.usage);
        if let Some(days) = purpose.retention_days {
            self.put(format!("{label}: retention"), Value::Days(days));
        }
        self.put(label, Value::There);
        for service in &purpose.services {
            self.service(purpose, service);
        }
    }

    fn service(&mut self, purpose: &'a Purpose, service: &'a Service) {
        let label = format!("service {}", service.key);
        let provider = &service.provider;
        self.put(format!("{label}: purpose"), Value::Name(purpose.key.as_str()));
        self.put(format!("{label}: provider"), Value::Name(&provider.name));
        self.put(format!("{label}: provider's country"), Value::Name(&provider.country));
        self.put(format!("{label}: external"), Value::Flag(service.external));
        self.words(format!("{label}: what is sent"), &service.sends);
        self.words(format!("{label}: use"), &service.usage);
        self.put(format!("{label}: retention"), Value::Days(service.retention_days));
        let mut signals: Vec<_> = service.consent_mode.iter().map(String::as_str).collect();
        signals.sort_unstable();
        self.put(format!("{label}: Consent Mode signals"), Value::List(signals));
        for cookie in &service.cookies {
            self.cookie(&label, cookie);
        }
        for event in &service.events {
            let of = Value::Name(service.key.as_str());
            self.put(format!("event {event}"), of);
        }
        self.put(label, Value::There);
    }

    fn cookie(&mut self, service: &str, cookie: &'a Cookie) {
        let label = format!("{service}: cookie {}", cookie.name);
        self.put(format!("{label}: lifetime"), Value::Days(cookie.days));
        self.words(format!("{label}: use"), &cookie.usage);
        self.put(label, Value::There);
    }
}

/// SHA-256 in base64url of a value's JSON, whose members have one order.
fn digest(value: &impl Serialize) -> String {
    let mut hash = Sha256::new();
    // Nothing here can fail to be written as JSON: no map has keys but texts.
    if let Ok(json) = serde_json::to_vec(value) {
        hash.update(json);
    }
    base64url(&hash.finalize())
}
