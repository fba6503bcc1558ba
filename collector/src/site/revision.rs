//! When a change of a site file is a new policy, and what visitors were shown.

mod difference;

use std::collections::BTreeMap;

use consent_core::{client::Texts, ids::base64url};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Gpc, SiteFile, Words,
    file::{LeadForm, Purpose},
    texts::names,
};

pub(super) use difference::{Difference, Part, Subject, Value, differences};

impl SiteFile {
    /// SHA-256 in base64url of everything that visitors are shown, in every language: the banner's
    /// texts, the policy page's, the controller and the forms. What earlier revisions changed is not of
    /// this file, and apart.
    #[must_use]
    pub fn wording(&self) -> String {
        #[derive(Serialize)]
        struct Wording<'a> {
            texts: Vec<Texts>,
            page: Vec<Vec<&'a str>>,
            file:
                (&'a Words, &'a super::Controller, &'a [Purpose], &'a [LeadForm], &'a Option<Gpc>),
        }
        let page = |language: &String| {
            let speech = self.speech(language);
            names().map(|(name, _)| speech.word(name)).collect()
        };
        digest(&Wording {
            texts: self.languages.iter().map(|own| self.texts(own)).collect(),
            page: self.languages.iter().map(page).collect(),
            file: (&self.name, &self.controller, &self.purposes, &self.forms, &self.gpc),
        })
    }

    /// SHA-256 in base64url of what a decision is about. A change of it is a new revision, and
    /// visitors are asked again:
    ///
    /// - the controller's name;
    /// - purposes: key, kind, what for, how long a lead link is kept; their order, because the
    ///   consent cookie has a bit for each switch;
    /// - services: purpose, what for on both sides, what is sent, provider and country, whether it is
    ///   external, retention, Consent Mode signals;
    /// - cookies and storage: name, lifetime, what for;
    /// - events and the services they are taken for.
    ///
    /// Not: names as shown, the banner's look and texts, origins, hosts, time zone, addresses,
    /// representative and contacts, a provider's policy address, query parameters, what a Global Privacy
    /// Control signal refuses and how tags are told (both only ever say no), forms (sending one is a
    /// choice of its own). A further language counts, since this knows one file only;
    /// [`asks_again`](Self::asks_again) knows both.
    #[must_use]
    pub fn material(&self) -> String {
        let entries = difference::entries(self, &self.languages.iter().collect());
        let lines: BTreeMap<_, _> = entries
            .iter()
            .map(|(subject, value)| (subject.to_string(), value.to_string()))
            .collect();
        digest(&lines)
    }

    /// Whether visitors who decided under `older` are to be asked again. A language more or less
    /// alone is no reason.
    #[must_use]
    pub fn asks_again(&self, older: &Self) -> bool {
        differences(older, self).is_none_or(|found| !found.is_empty())
    }

    /// What changed materially since `older`, a line each, for the owner.
    #[must_use]
    pub fn changes(&self, older: &Self) -> Vec<String> {
        match differences(older, self) {
            Some(found) => found.iter().map(Difference::to_string).collect(),
            None => vec!["every language is new".to_owned()],
        }
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
