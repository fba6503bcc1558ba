//! What a decision is about, piece by piece, and in which pieces two site files differ.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use consent_core::policy::Kind;

use super::super::{
    SiteFile, Words,
    file::{Purpose, Service},
    kept::{Area, Kept, Lifetime},
};

/// A piece of what a decision is about. Purposes, services and what they keep go by their keys and names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Subject<'a> {
    Controller,
    Purpose(&'a str, Part),
    Service(&'a str, Part),
    /// Something that a service keeps in the browser.
    Kept(&'a str, Area, &'a str, Part),
    Event(&'a str),
    /// The consent cookie has a bit for each switch, in the file's order.
    Order,
}

/// What of it. The whole comes and goes with all its parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Part {
    Whole,
    Kind,
    Purpose,
    Provider,
    Country,
    External,
    Sends,
    Use,
    TheirUse,
    Retention,
    Lifetime,
    Signals,
}

impl Subject<'_> {
    /// What it comes and goes with.
    fn whole(self) -> Option<Self> {
        match self {
            Self::Purpose(key, part) if part != Part::Whole => {
                Some(Self::Purpose(key, Part::Whole))
            }
            Self::Service(key, part) if part != Part::Whole => {
                Some(Self::Service(key, Part::Whole))
            }
            Self::Kept(service, _, _, Part::Whole) => Some(Self::Service(service, Part::Whole)),
            Self::Kept(service, area, name, _) => {
                Some(Self::Kept(service, area, name, Part::Whole))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self {
            Self::Controller => return f.write_str("controller's name"),
            Self::Event(name) => return write!(f, "event {name}"),
            Self::Order => return f.write_str("order of purposes and services"),
            Self::Purpose(key, part) => {
                write!(f, "purpose {key}")?;
                part
            }
            Self::Service(key, part) => {
                write!(f, "service {key}")?;
                part
            }
            Self::Kept(service, area, name, part) => {
                let area = match area {
                    Area::Cookie => "cookie ",
                    Area::Local => "storage local:",
                    Area::Session => "storage session:",
                    Area::Database => "storage indexeddb:",
                };
                write!(f, "service {service}: {area}{name}")?;
                part
            }
        };
        f.write_str(match part {
            Part::Whole => "",
            Part::Kind => ": kind",
            Part::Purpose => ": purpose",
            Part::Provider => ": provider",
            Part::Country => ": provider's country",
            Part::External => ": external",
            Part::Sends => ": what is sent",
            Part::Use => ": use",
            Part::TheirUse => ": their use",
            Part::Retention => ": retention",
            Part::Lifetime => ": lifetime",
            Part::Signals => ": Consent Mode signals",
        })
    }
}

/// What it says.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) enum Value<'a> {
    There,
    Name(&'a str),
    Kind(Kind),
    Days(u32),
    UntilClosed,
    UntilDeleted,
    Flag(bool),
    List(Vec<&'a str>),
    Words(Vec<(&'a str, &'a str)>),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There => Ok(()),
            Self::Name(name) => f.write_str(name),
            Self::Kind(kind) => f.write_str(match kind {
                Kind::Necessary => "necessary",
                Kind::Optional => "optional",
                Kind::LeadLink => "lead_link",
            }),
            Self::Days(days) => write!(f, "{days}"),
            Self::UntilClosed => f.write_str("until closed"),
            Self::UntilDeleted => f.write_str("until deleted"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(list) => write!(f, "{list:?}"),
            Self::Words(words) => write!(f, "{words:?}"),
        }
    }
}

/// A piece in which two files differ; at least one has it.
pub(in super::super) struct Difference<'a> {
    pub(in super::super) subject: Subject<'a>,
    pub(in super::super) before: Option<Value<'a>>,
    pub(in super::super) now: Option<Value<'a>>,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match (&self.before, &self.now) {
            (None, _) => write!(f, "{subject} added"),
            (_, None) => write!(f, "{subject} removed"),
            (Some(Value::Days(before)), Some(Value::Days(now))) => {
                write!(f, "{subject} changed from {before} to {now} days")
            }
            (Some(Value::List(_) | Value::Words(_)), _) => write!(f, "{subject} changed"),
            (Some(before), Some(now)) => write!(f, "{subject} changed from {before} to {now}"),
        }
    }
}

/// What differs, in the order of [`Subject`]; `None` where the files have no language in common, so that
/// no text can be held against another.
pub(in super::super) fn differences<'a>(
    older: &'a SiteFile,
    newer: &'a SiteFile,
) -> Option<Vec<Difference<'a>>> {
    let common: BTreeSet<_> =
        newer.languages.iter().filter(|own| older.languages.contains(own)).collect();
    if common.is_empty() {
        return None;
    }
    let (old, new) = (entries(older, &common), entries(newer, &common));
    let subjects: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let mut found = Vec::new();
    for subject in subjects {
        let (before, now) = (old.get(&subject), new.get(&subject));
        let told = match (before, now) {
            (None, _) => subject.whole().is_none_or(|whole| old.contains_key(&whole)),
            (_, None) => subject.whole().is_none_or(|whole| new.contains_key(&whole)),
            (Some(before), Some(now)) => before != now,
        };
        // Coming and going changes the order, and has been said.
        if told && (subject != Subject::Order || found.is_empty()) {
            found.push(Difference { subject, before: before.cloned(), now: now.cloned() });
        }
    }
    Some(found)
}

/// Everything that a decision is about; texts in these languages.
pub(super) fn entries<'a>(
    file: &'a SiteFile,
    languages: &BTreeSet<&String>,
) -> BTreeMap<Subject<'a>, Value<'a>> {
    let mut entries = Entries { all: BTreeMap::new(), languages };
    entries.words(Subject::Controller, &file.controller.name);
    let mut order = Vec::new();
    for purpose in &file.purposes {
        order.push(purpose.key.as_str());
        order.extend(purpose.services.iter().map(|service| service.key.as_str()));
        entries.purpose(purpose);
    }
    entries.put(Subject::Order, Value::List(order));
    entries.all
}

struct Entries<'a, 'l> {
    all: BTreeMap<Subject<'a>, Value<'a>>,
    languages: &'l BTreeSet<&'l String>,
}

impl<'a> Entries<'a, '_> {
    fn put(&mut self, subject: Subject<'a>, value: Value<'a>) {
        self.all.insert(subject, value);
    }

    fn words(&mut self, subject: Subject<'a>, words: &'a Words) {
        let words = words.iter().filter(|(language, _)| self.languages.contains(language));
        let words = words.map(|(language, text)| (language.as_str(), text.as_str()));
        self.put(subject, Value::Words(words.collect()));
    }

    fn purpose(&mut self, purpose: &'a Purpose) {
        let of = |part| Subject::Purpose(purpose.key.as_str(), part);
        self.put(of(Part::Whole), Value::There);
        self.put(of(Part::Kind), Value::Kind(purpose.kind));
        self.words(of(Part::Use), &purpose.usage);
        if let Some(days) = purpose.retention_days {
            self.put(of(Part::Retention), Value::Days(days));
        }
        for service in &purpose.services {
            self.service(purpose, service);
        }
    }

    fn service(&mut self, purpose: &'a Purpose, service: &'a Service) {
        let key = service.key.as_str();
        let of = |part| Subject::Service(key, part);
        self.put(of(Part::Whole), Value::There);
        self.put(of(Part::Purpose), Value::Name(purpose.key.as_str()));
        self.put(of(Part::Provider), Value::Name(&service.provider.name));
        self.put(of(Part::Country), Value::Name(&service.provider.country));
        self.put(of(Part::External), Value::Flag(service.external));
        self.words(of(Part::Sends), &service.sends);
        self.words(of(Part::Use), &service.usage);
        if let Some(theirs) = &service.their_use {
            self.words(of(Part::TheirUse), theirs);
        }
        self.put(of(Part::Retention), Value::Days(service.retention_days));
        let mut signals: Vec<_> = service.consent_mode.iter().map(String::as_str).collect();
        signals.sort_unstable();
        self.put(of(Part::Signals), Value::List(signals));
        for kept in service.kept() {
            self.kept(key, kept);
        }
        for event in &service.events {
            self.put(Subject::Event(event.as_str()), Value::Name(key));
        }
    }

    fn kept(&mut self, service: &'a str, kept: Kept<'a>) {
        let of = |part| Subject::Kept(service, kept.area, kept.name, part);
        let lifetime = match kept.lifetime {
            Lifetime::Days(days) => Value::Days(days),
            Lifetime::UntilClosed => Value::UntilClosed,
            Lifetime::UntilDeleted => Value::UntilDeleted,
        };
        self.put(of(Part::Whole), Value::There);
        self.put(of(Part::Lifetime), lifetime);
        self.words(of(Part::Use), kept.usage);
    }
}
