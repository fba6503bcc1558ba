//! Which data of a site goes when, and by which rule of its file.
//!
//! What was taken under a service or by a form that the file has no more goes by the rule of the last file that
//! had it: it was promised there.

use consent_core::{cookie::CONSENT_COOKIE, policy::Kind};

use super::{Past, SiteFile};

/// Days that proof of consent is kept after the consent has ended, where no service of the file says it.
const PROOF_DAYS: u32 = 1_095;

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Events that were taken for a service of a purpose, from when they happened.
    Events {
        /// The purpose.
        purpose: String,
        /// The service.
        service: String,
    },
    /// Links between leads and visitors, from when they were made.
    Links,
    /// Leads of a form, from when they came.
    Leads {
        /// The form.
        form: String,
    },
    /// Leads of none of these forms.
    OtherLeads {
        /// Those that have rules of their own.
        but: Vec<String>,
    },
    /// Decisions with their receipts, from when a later one took their place or their consent ended; first
    /// refusals from when they were recorded. And visitors of whom nothing is left.
    Decisions,
    /// Counts of what was refused.
    Refusals,
}

impl Of {
    /// The kind of data, as it is told.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Events { .. } => "events",
            Self::Links => "links",
            Self::Leads { .. } | Self::OtherLeads { .. } => "leads",
            Self::Decisions => "decisions",
            Self::Refusals => "refusals",
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is about.
    pub of: Of,
    /// Where it stands in the site file, as in `forms.contact`.
    pub name: String,
    /// Days that are kept.
    pub days: u32,
    /// The revision of the policy whose file has it.
    pub revision: u32,
}

/// The rules of a site: of the file in force, which is of that revision, and of earlier ones for what it has no
/// more.
#[must_use]
pub fn rules(file: &SiteFile, revision: u32, past: &[Past]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let earlier = past.iter().rev().filter(|past| past.revision != revision);
    let earlier = earlier.filter_map(|past| Some((past.file.as_ref()?, past.revision)));
    for (file, revision) in std::iter::once((file, revision)).chain(earlier) {
        for rule in own(file, revision) {
            if !rules.iter().any(|known| known.of == rule.of) {
                rules.push(rule);
            }
        }
    }
    // Without events there is nothing of a service here: what others keep is theirs to delete.
    let taken: Vec<_> = std::iter::once(file)
        .chain(past.iter().filter_map(|past| past.file.as_ref()))
        .flat_map(|file| &file.purposes)
        .flat_map(|purpose| purpose.services.iter().map(move |service| (purpose, service)))
        .filter(|(_, service)| !service.events.is_empty())
        .map(|(purpose, service)| (purpose.key.as_str(), service.key.as_str()))
        .collect();
    rules.retain(|rule| match &rule.of {
        Of::Events { purpose, service } => taken.contains(&(purpose, service)),
        _ => true,
    });
    let form = |rule: &Rule| match &rule.of {
        Of::Leads { form } => Some(form.clone()),
        _ => None,
    };
    let but = rules.iter().filter_map(form).collect();
    let kept = &file.retention;
    let rule = |of, name: &str, days| Rule { of, name: name.to_owned(), days, revision };
    rules.push(rule(Of::OtherLeads { but }, "retention.leads_days", kept.leads_days));
    rules.push(rule(Of::Refusals, "retention.refusals_days", kept.refusals_days));
    rules
}

fn own(file: &SiteFile, revision: u32) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut proof = ("retention of proof of consent".to_owned(), PROOF_DAYS);
    for purpose in &file.purposes {
        if let (Kind::LeadLink, Some(days)) = (purpose.kind, purpose.retention_days) {
            let name = format!("purposes.{}", purpose.key);
            rules.push(Rule { of: Of::Links, name, days, revision });
        }
        for service in &purpose.services {
            let name = format!("purposes.{}.services.{}", purpose.key, service.key);
            let days = service.retention_days;
            if service.cookies.iter().any(|cookie| cookie.name == CONSENT_COOKIE) {
                proof = (name.clone(), days);
            }
            let (purpose, service) = (purpose.key.to_string(), service.key.to_string());
            rules.push(Rule { of: Of::Events { purpose, service }, name, days, revision });
        }
    }
    for form in &file.forms {
        let (of, name) = (Of::Leads { form: form.key.to_string() }, format!("forms.{}", form.key));
        rules.push(Rule { of, name, days: form.retention_days, revision });
    }
    let (name, days) = proof;
    rules.push(Rule { of: Of::Decisions, name, days, revision });
    rules
}

#[cfg(test)]
mod tests {
    use consent_core::time::Millis;

    use super::*;

    const SHOP: &str = include_str!("../../../demo-site/shop.toml");

    fn told(rules: &[Rule]) -> Vec<(&'static str, &str, u32, u32)> {
        rules.iter().map(|it| (it.of.kind(), &*it.name, it.days, it.revision)).collect()
    }

    #[test]
    fn each_kind_of_data_has_the_rule_of_its_place_in_the_file() {
        let file = super::super::parse(SHOP).unwrap();
        assert_eq!(
            told(&rules(&file, 3, &[])),
            [
                ("events", "purposes.analytics.services.ashiato", 395, 3),
                ("events", "purposes.marketing.services.campaigns", 180, 3),
                ("links", "purposes.lead_link", 395, 3),
                ("leads", "forms.contact", 1_095, 3),
                ("decisions", "purposes.necessary.services.ashiato_consent", 1_095, 3),
                ("leads", "retention.leads_days", 1_095, 3),
                ("refusals", "retention.refusals_days", 395, 3),
            ]
        );
    }

    #[test]
    fn what_the_file_has_no_more_goes_by_the_last_one_that_had_it() {
        let old = super::super::parse(SHOP).unwrap();
        let mut older = old.clone();
        older.forms[0].retention_days = 5;
        let mut new = old.clone();
        new.purposes.remove(3);
        new.forms.clear();
        new.retention.refusals_days = 7;
        let past = |revision, file| Past { revision, since: Millis(0), file: Some(file) };
        let past = [past(1, older), past(2, old), past(3, new.clone())];
        let all = rules(&new, 3, &past);
        let told = told(&all);
        assert!(told.contains(&("events", "purposes.marketing.services.campaigns", 180, 2)));
        assert!(told.contains(&("leads", "forms.contact", 1_095, 2)));
        assert!(told.contains(&("refusals", "retention.refusals_days", 7, 3)));
        assert_eq!(told.len(), 7, "{told:?}");
    }

    #[test]
    fn the_table_is_checked_like_the_rest_of_the_file() {
        let with = |text: &str| super::super::parse(&format!("{SHOP}\n[retention]\n{text}"));
        assert_eq!(with("refusals_days = 30").unwrap().retention.refusals_days, 30);
        for (text, said) in
            [("refusals_days = 0", "refusals_days"), ("decisions_days = 3", "decisions_days")]
        {
            let complaints = with(text).unwrap_err();
            assert!(complaints[0].message.en.contains(said), "{complaints:?}");
        }
    }
}
