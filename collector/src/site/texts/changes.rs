//! What a revision changed, in sentences for visitors.

use consent_core::policy::Kind;

use super::{Speech, fill};
use crate::site::{
    file::{Purpose, Service, SiteFile},
    revision::{Difference, Part, Subject, Value, differences},
};

impl Speech<'_> {
    /// What `newer` changed of `older`: what comes or changes before what goes, no sentence twice.
    pub(crate) fn changes(&self, older: &SiteFile, newer: &SiteFile) -> Vec<String> {
        let Some(mut found) = differences(older, newer) else {
            return vec![self.word("change_texts").to_owned()];
        };
        found.sort_by_key(|difference| difference.now.is_none());
        let telling = Telling { speech: self, older, newer };
        let mut told = Vec::new();
        for sentence in found.iter().filter_map(|difference| telling.sentence(difference)) {
            if !told.contains(&sentence) {
                told.push(sentence);
            }
        }
        told
    }
}

struct Telling<'a> {
    speech: &'a Speech<'a>,
    older: &'a SiteFile,
    newer: &'a SiteFile,
}

impl Telling<'_> {
    fn sentence(&self, difference: &Difference<'_>) -> Option<String> {
        let Difference { subject, before, now } = difference;
        match *subject {
            Subject::Controller => {
                let name = |file: &SiteFile| self.speech.say(&file.controller.name).to_owned();
                Some(self.tell(
                    "change_controller",
                    &[("from", &name(self.older)), ("to", &name(self.newer))],
                ))
            }
            Subject::Purpose(key, part) => {
                let purpose = purpose(self.newer, key).or_else(|| purpose(self.older, key))?;
                self.of(part, self.speech.say(&purpose.name), None, difference)
            }
            Subject::Service(key, part) => {
                let (_, service) = self.service(key)?;
                self.of(part, self.speech.say(&service.name), Some(service), difference)
            }
            Subject::Kept(key, area, entry, part) => {
                let item = self.speech.bracketed(entry, self.speech.word(area.word()));
                self.kept(key, &item, part, difference)
            }
            Subject::Event(_) => {
                // One that comes or goes with its service has been told of.
                let value = now.as_ref().or(before.as_ref());
                let Some(Value::Name(key)) = value else { return None };
                let (stays, service) = self.service(key)?;
                let name = self.speech.say(&service.name);
                stays.then(|| self.tell("change_events", &[("name", name)]))
            }
            Subject::Order => Some(self.tell("change_order", &[])),
        }
    }

    /// A purpose or service that came, went or changed in one part.
    fn of(
        &self,
        part: Part,
        name: &str,
        service: Option<&Service>,
        difference: &Difference<'_>,
    ) -> Option<String> {
        let (before, now) = (difference.before.as_ref(), difference.now.as_ref());
        let is_purpose = service.is_none();
        let word = match (part, before, now) {
            (Part::Whole, None, _) if is_purpose => "change_purpose_added",
            (Part::Whole, _, _) if is_purpose => "change_purpose_removed",
            (Part::Whole, None, _) => "change_service_added",
            (Part::Whole, _, _) => "change_service_removed",
            (Part::Kind, _, Some(Value::Kind(Kind::Necessary))) => "change_always",
            (Part::Kind, Some(Value::Kind(Kind::Necessary)), _) => "change_asked",
            (Part::Kind | Part::Use, _, _) => "change_use",
            (Part::Purpose, _, _) => "change_moved",
            (Part::Provider, _, _) => "change_provider",
            (Part::Country, _, _) => "change_country",
            (Part::External, _, Some(Value::Flag(true))) => "change_external",
            (Part::External, _, _) => "change_internal",
            (Part::Sends, _, _) => "change_sends",
            // Where it is no longer sent to others, that says it all.
            (Part::TheirUse, _, None) => return None,
            (Part::TheirUse, _, _) => "change_their_use",
            (Part::Retention, Some(_), Some(_)) => "change_retention",
            // A lead link that is one no longer, or newly: its use has changed, and that is said.
            (Part::Retention | Part::Lifetime, _, _) => return None,
            (Part::Signals, _, _) => "change_signals",
        };
        let (from, to) = (self.value(part, before), self.value(part, now));
        let provider = service.map(|service| self.speech.company(&service.provider));
        Some(self.tell(
            word,
            &[
                ("name", name),
                ("from", &from),
                ("to", &to),
                ("provider", provider.unwrap_or_default()),
            ],
        ))
    }

    fn kept(
        &self,
        key: &str,
        item: &str,
        part: Part,
        difference: &Difference<'_>,
    ) -> Option<String> {
        let (before, now) = (difference.before.as_ref(), difference.now.as_ref());
        let (_, service) = self.service(key)?;
        let word = match (part, before, now) {
            (Part::Whole, None, _) => "change_item_added",
            (Part::Whole, _, _) => "change_item_removed",
            (Part::Lifetime, _, _) => "change_item_time",
            _ => "change_item_use",
        };
        let (from, to) = (self.value(part, before), self.value(part, now));
        let name = self.speech.say(&service.name);
        Some(self.tell(word, &[("name", name), ("item", item), ("from", &from), ("to", &to)]))
    }

    /// A value in words, as far as a sentence names it.
    fn value(&self, part: Part, value: Option<&Value<'_>>) -> String {
        match value {
            Some(Value::Days(days)) => self.speech.time(*days),
            Some(Value::UntilClosed) => self.speech.word("until_closed").to_owned(),
            Some(Value::UntilDeleted) => self.speech.word("until_deleted").to_owned(),
            Some(Value::Name(code)) if part == Part::Country => {
                self.speech.country(code).to_owned()
            }
            Some(Value::Name(key)) if part == Part::Purpose => {
                let purpose = purpose(self.newer, key).or_else(|| purpose(self.older, key));
                purpose.map_or(String::new(), |own| self.speech.say(&own.name).to_owned())
            }
            Some(Value::Name(name)) => (*name).to_owned(),
            _ => String::new(),
        }
    }

    /// The service of that key as it is now, or as it was; and whether both files have it.
    fn service(&self, key: &str) -> Option<(bool, &Service)> {
        let (old, new) = (service(self.older, key), service(self.newer, key));
        Some((old.is_some() && new.is_some(), new.or(old)?))
    }

    fn tell(&self, word: &str, values: &[(&str, &str)]) -> String {
        fill(self.speech.word(word), values)
    }
}

fn purpose<'a>(file: &'a SiteFile, key: &str) -> Option<&'a Purpose> {
    file.purposes.iter().find(|purpose| purpose.key.as_str() == key)
}

fn service<'a>(file: &'a SiteFile, key: &str) -> Option<&'a Service> {
    let mut services = file.purposes.iter().flat_map(|purpose| &purpose.services);
    services.find(|service| service.key.as_str() == key)
}
