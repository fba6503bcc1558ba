//! Analyses as they are asked for, and as they are answered: the same for the API, the command line and the pages.

pub mod cohorts;
pub mod funnel;
pub mod paths;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{FieldError, Problem},
    openapi::shape,
    query::{self, asked},
    store::questions::{Dimension, Filter},
};

/// Days that one analysis may span.
pub const MAX_DAYS: i64 = 400;
/// Conditions of one analysis together, at most: each keeps what it has found out about every text.
const MAX_CONDITIONS: usize = 60;
/// Characters of a name, at most.
const MAX_NAME: usize = 64;

/// Which events are meant; nothing: every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhichEvents")]
pub struct Which {
    /// As in a query, all of which must hold.
    #[serde(default)]
    #[schemars(schema_with = "asked::filters_schema")]
    pub filters: Vec<Value>,
}

/// Everything that is wrong with what was asked, all at once.
#[derive(Debug, Default)]
pub struct Faults {
    errors: Vec<FieldError>,
    conditions: usize,
}

impl Faults {
    /// Tells of one.
    pub fn tell(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.errors.push(FieldError { field: field.into(), code, message: message.into() });
    }

    /// Reads filters; `place` ends before the word `filters`.
    pub fn filters(&mut self, place: &str, given: &[Value]) -> Vec<Filter> {
        let read = asked::filters(given, &mut |field: String, code, message: String| {
            self.errors.push(FieldError { field: format!("{place}{field}"), code, message });
        });
        let before = self.conditions;
        self.conditions += read.iter().map(conditions).sum::<usize>();
        if before <= MAX_CONDITIONS && self.conditions > MAX_CONDITIONS {
            let message = format!("{MAX_CONDITIONS} conditions at most in one analysis");
            self.tell(format!("{place}filters"), "count", message);
        }
        read
    }

    /// Reads days, [`MAX_DAYS`] at most.
    pub fn days(&mut self, field: &str, range: &(String, String)) -> (i64, i64) {
        match query::days(range) {
            Ok((first, last)) if last - first >= MAX_DAYS => {
                self.tell(field, "invalid", format!("{MAX_DAYS} days at most"));
            }
            Ok(days) => return days,
            Err(message) => self.tell(field, "invalid", message),
        }
        (0, 0)
    }

    /// Reads a number between two others.
    pub fn within(&mut self, field: &str, given: u32, (least, most): (u32, u32)) -> u32 {
        if !(least..=most).contains(&given) {
            self.tell(field, "range", format!("{least} to {most}"));
        }
        given.clamp(least, most)
    }

    /// Reads what is told apart by.
    pub fn breakdown(&mut self, field: &str, given: Option<&str>) -> Option<Dimension> {
        let name = given?;
        let found = asked::dimension(name).filter(|found| !found.is_time());
        if found.is_none() {
            let known = asked::dimensions();
            self.tell(field, "unknown", format!("{name:?} is not one of {known}, or is a time"));
        }
        found
    }

    /// Reads a name that people gave.
    pub fn name(&mut self, field: &str, given: &str) -> String {
        let name = given.trim();
        if name.is_empty()
            || given.chars().count() > MAX_NAME
            || given.chars().any(char::is_control)
        {
            self.tell(field, "invalid", format!("1 to {MAX_NAME} characters in one line"));
        }
        name.to_owned()
    }

    /// The answer to a question that has none of them.
    ///
    /// # Errors
    /// 422 with all of them.
    pub fn none(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::content(self.errors)) }
    }
}

/// A name that people give.
#[must_use]
pub fn name_schema() -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": shape::PLAIN })
}

/// The name of a segment, or null.
pub(crate) fn segment_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "minLength": 1, "maxLength": MAX_NAME, "pattern": shape::PLAIN })
}

/// Filters, of which there is one at least.
fn some_filters_schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = asked::filters_schema(generator);
    schema.insert("minItems".to_owned(), 1.into());
    schema
}

/// One of a few words.
fn word(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

fn conditions(filter: &Filter) -> usize {
    match filter {
        Filter::Is(..) | Filter::Contains(..) => 1,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().map(conditions).sum(),
        Filter::Not(part) => conditions(part),
        Filter::Theirs => 0,
    }
}

/// A part of a whole, to four places; none where there is no whole.
#[must_use]
pub fn share(part: i64, whole: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let share = (whole > 0).then(|| part as f64 / whole as f64);
    share.map(|share| (share * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests;
