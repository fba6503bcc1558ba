//! Segments: visitors of whom some things hold, under a name.
//!
//! A segment looks at what visitors did, and at leads only in so far as they are linked by a consent that holds and
//! may be used. Of what a person wrote into a form it looks at what they chose, and whether they filled something in:
//! its definition is kept as it is, and must hold no name or address. What a visitor did before they were linked is
//! not counted where a segment knows them by their lead.

pub mod described;
mod members;

use consent_core::form::FieldKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use members::{Facts, members};

use super::asked::Faults;
use crate::{
    columns::Wanted,
    openapi::{object, whole},
    query::asked,
    site::SiteFile,
    store::questions::filters::{self, Matching},
};

/// Conditions in one another, at most.
const MAX_DEPTH: usize = 3;
/// Conditions of one segment, at most.
const MAX_CONDITIONS: usize = 10;
/// Times that something may be asked to have been done, at most.
const MAX_TIMES: u32 = 1_000;
/// Values of a lead's condition, at most.
const MAX_OF_ONE: usize = 100;
/// Before the key of a form's field.
const FIELD: &str = "field:";

/// What holds of a segment's visitors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// All of these hold.
    All(Vec<Definition>),
    /// At least one of these holds.
    Any(Vec<Definition>),
    /// They did it.
    Did(#[serde(deserialize_with = "object::one")] Did),
    /// They did not, or not as often.
    DidNot(#[serde(deserialize_with = "object::one")] Did),
    /// A lead is linked to them of which this holds.
    Lead(#[serde(deserialize_with = "object::one")] OfLead),
}

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Doing")]
pub struct Did {
    /// Which events: as in a query, all of which must hold; nothing: any.
    #[serde(default)]
    #[schemars(schema_with = "asked::filters_schema")]
    pub filters: Vec<Value>,
    /// How often, at least.
    #[serde(default = "once", skip_serializing_if = "is_once", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_TIMES))]
    pub at_least: u32,
    /// In so many days up to today.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::maybe")]
    #[schemars(schema_with = "described::last_days")]
    pub in_last_days: Option<u32>,
    /// From one day to another; where neither is said, in the days of what is asked with the segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "described::maybe_days")]
    pub date_range: Option<(String, String)>,
}

const fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_once(times: &u32) -> bool {
    *times == 1
}

/// What holds of a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfLead {
    /// `form`, `origin`, or `field:KEY`; nothing: that there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// It is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Vec<String>>,
    /// It was filled in, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<bool>,
}

/// A segment that can be looked for.
#[derive(Clone, Debug)]
pub struct Segment {
    holds: Holds,
    did: Vec<Times>,
    /// The columns that it looks at.
    pub wanted: Wanted,
    /// Whether it looks at leads.
    pub leads: bool,
    /// Whether it looks at what people wrote.
    pub fields: bool,
}

#[derive(Clone, Debug)]
enum Holds {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// The place among the things that are done, and whether they are to be.
    Did(usize, bool),
    Lead(Lead),
}

#[derive(Clone, Debug)]
enum Lead {
    There,
    Form(Vec<String>),
    Origin(Vec<String>),
    Field(String, Vec<String>),
    Filled(String, bool),
}

#[derive(Clone, Debug)]
struct Times {
    matching: Matching,
    days: (i64, i64),
    at_least: u32,
}

impl Segment {
    /// First and last day whose events it looks at; none where it looks at none.
    #[must_use]
    pub fn days(&self) -> Option<(i64, i64)> {
        let first = self.did.iter().map(|did| did.days.0).min()?;
        let last = self.did.iter().map(|did| did.days.1).max()?;
        Some((first, last))
    }
}

impl Definition {
    /// Whether it looks at leads, and whether at what people wrote.
    #[must_use]
    pub fn looks_at(&self) -> (bool, bool) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts
                .iter()
                .map(Self::looks_at)
                .fold((false, false), |(leads, fields), (more, and)| {
                    (leads || more, fields || and)
                }),
            Self::Did(_) | Self::DidNot(_) => (false, false),
            Self::Lead(lead) => {
                (true, lead.field.as_ref().is_some_and(|field| field.starts_with(FIELD)))
            }
        }
    }

    /// The segment as it can be looked for, with what is asked of `days`; what is wrong is told by its place.
    #[must_use]
    pub fn segment(
        &self,
        file: &SiteFile,
        (today, days): (i64, (i64, i64)),
        faults: &mut Faults,
    ) -> Segment {
        let (leads, fields) = self.looks_at();
        let mut reading =
            Reading { file, today, days, faults, did: Vec::new(), wanted: Wanted::NONE, count: 0 };
        let holds = reading.read("definition", self, 1);
        if reading.count > MAX_CONDITIONS {
            let message = format!("{MAX_CONDITIONS} conditions at most");
            reading.faults.tell("definition", "count", message);
        }
        Segment { holds, did: reading.did, wanted: reading.wanted, leads, fields }
    }
}

struct Reading<'a> {
    file: &'a SiteFile,
    today: i64,
    days: (i64, i64),
    faults: &'a mut Faults,
    did: Vec<Times>,
    wanted: Wanted,
    count: usize,
}

impl Reading<'_> {
    fn read(&mut self, place: &str, definition: &Definition, depth: usize) -> Holds {
        match definition {
            Definition::All(parts) => Holds::All(self.parts(&format!("{place}.all"), parts, depth)),
            Definition::Any(parts) => Holds::Any(self.parts(&format!("{place}.any"), parts, depth)),
            Definition::Did(did) => Holds::Did(self.did(&format!("{place}.did"), did), true),
            Definition::DidNot(did) => {
                Holds::Did(self.did(&format!("{place}.did_not"), did), false)
            }
            Definition::Lead(lead) => Holds::Lead(self.lead(&format!("{place}.lead"), lead)),
        }
    }

    fn parts(&mut self, place: &str, parts: &[Definition], depth: usize) -> Vec<Holds> {
        if depth > MAX_DEPTH {
            self.faults.tell(
                place,
                "invalid",
                format!("conditions stand {MAX_DEPTH} deep at most"),
            );
            return Vec::new();
        }
        if parts.is_empty() || parts.len() > MAX_CONDITIONS {
            self.faults.tell(place, "count", format!("1 to {MAX_CONDITIONS} conditions"));
            return Vec::new();
        }
        let read = |(at, part)| self.read(&format!("{place}[{at}]"), part, depth + 1);
        parts.iter().enumerate().map(read).collect()
    }

    fn did(&mut self, place: &str, did: &Did) -> usize {
        self.count += 1;
        let filters = self.faults.filters(&format!("{place}."), &did.filters);
        let at_least =
            self.faults.within(&format!("{place}.at_least"), did.at_least, (1, MAX_TIMES));
        let days = match (&did.in_last_days, &did.date_range) {
            (Some(_), Some(_)) => {
                let message = "say in_last_days, or date_range, or neither";
                self.faults.tell(format!("{place}.date_range"), "twice", message);
                self.days
            }
            (Some(last), None) => {
                let field = format!("{place}.in_last_days");
                let most = u32::try_from(super::asked::MAX_DAYS).unwrap_or(u32::MAX);
                let last = self.faults.within(&field, *last, (1, most));
                (self.today - i64::from(last) + 1, self.today)
            }
            (None, Some(range)) => self.faults.days(&format!("{place}.date_range"), range),
            (None, None) => self.days,
        };
        self.wanted = self.wanted | filters::columns(&filters);
        self.did.push(Times { matching: Matching::of(&filters), days, at_least });
        self.did.len() - 1
    }

    fn lead(&mut self, place: &str, lead: &OfLead) -> Lead {
        self.count += 1;
        if lead.is.as_ref().is_some_and(|is| is.is_empty() || is.len() > MAX_OF_ONE) {
            self.faults.tell(format!("{place}.is"), "count", format!("1 to {MAX_OF_ONE} values"));
        }
        match (lead.field.as_deref(), &lead.is, lead.filled) {
            (None, None, None) => Lead::There,
            (Some("form"), Some(is), None) => Lead::Form(is.clone()),
            (Some("origin"), Some(is), None) => Lead::Origin(is.clone()),
            (Some(field), is, filled) if field.starts_with(FIELD) => {
                let key = &field[FIELD.len()..];
                self.field(place, key, is.as_deref(), filled)
            }
            (Some("form" | "origin"), ..) => {
                self.faults.tell(format!("{place}.is"), "missing", "write is: [VALUE, …]");
                Lead::There
            }
            (Some(other), ..) => {
                let message = format!("{other:?} is not one of form, origin, {FIELD}KEY");
                self.faults.tell(format!("{place}.field"), "unknown", message);
                Lead::There
            }
            (None, ..) => {
                self.faults.tell(format!("{place}.field"), "missing", "say of which field");
                Lead::There
            }
        }
    }

    fn field(
        &mut self,
        place: &str,
        key: &str,
        is: Option<&[String]>,
        filled: Option<bool>,
    ) -> Lead {
        let all = self.file.forms.iter().flat_map(|form| &form.fields);
        let kinds: Vec<_> =
            all.filter(|field| field.key.as_str() == key).map(|field| field.kind).collect();
        if kinds.is_empty() {
            let message = format!("no form of the site has a field {key:?}");
            self.faults.tell(format!("{place}.field"), "unknown", message);
        }
        match (is, filled) {
            (Some(is), None) => {
                let chosen = |kind: &FieldKind| {
                    matches!(kind, FieldKind::Choice | FieldKind::Checkbox | FieldKind::Number)
                };
                if !kinds.iter().all(chosen) {
                    let message = "a segment's definition is not encrypted: of what people wrote freely it may only \
                        say whether it was filled in (filled: true)";
                    self.faults.tell(format!("{place}.is"), "personal", message);
                }
                Lead::Field(key.to_owned(), is.to_vec())
            }
            (None, Some(filled)) => Lead::Filled(key.to_owned(), filled),
            _ => {
                self.faults.tell(place, "invalid", "say is: [VALUE, …], or filled: true or false");
                Lead::There
            }
        }
    }
}

#[cfg(test)]
mod tests;
