//! The query language of `POST /api/v1/query` and `ashiato query`.

mod answer;
pub mod asked;
pub mod withheld;

use jiff::{ToSpan as _, civil::Date};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use answer::meta;
pub use answer::{Answer, MAX_ROWS, Meta, Row, Unanswered, WhoseIn, run};

use crate::{
    analysis::asked::segment_schema,
    error::{FieldError, Problem},
    openapi::{shape, whole},
    store::questions::Report,
};

/// Days that one question may span.
const MAX_DAYS: i64 = 800;
/// Metrics, and dimensions, of one question, at most.
const MAX_COLUMNS: usize = 10;
/// Rows of one answer, at most, and where nothing is said.
const MAX_LIMIT: u32 = 10_000;
const USUAL_LIMIT: u32 = 100;

/// A question as it is asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    pub site: String,
    /// What is summed.
    #[schemars(schema_with = "asked::metrics_schema")]
    pub metrics: Vec<String>,
    /// By what, none twice. `language` and `device` (`phone`, `tablet`, `computer`, or empty: not known) are those of the
    /// decision under which an event was taken; `property:NAME` is a property of the events, as text.
    #[serde(default)]
    #[schemars(schema_with = "asked::dimensions_schema")]
    pub dimensions: Vec<String>,
    /// Over which events: all of these must hold. `["is" | "is_not" | "contains" | "contains_not", DIMENSION, [VALUES]]`,
    /// `["and" | "or", [FILTERS]]` or `["not", FILTER]`, 5 deep at most, with 500 values at most in all.
    #[serde(default)]
    #[schemars(schema_with = "asked::filters_schema")]
    pub filters: Vec<serde_json::Value>,
    /// Of a saved segment's visitors only.
    #[serde(default)]
    #[schemars(schema_with = "segment_schema")]
    pub segment: Option<String>,
    /// First and last day, in the site's time zone; 800 days at most.
    #[schemars(schema_with = "shape::days")]
    pub date_range: (String, String),
    /// `previous_period`: as many days, just before, stand beside it.
    #[serde(default)]
    #[schemars(schema_with = "asked::compare_schema")]
    pub compare: Option<String>,
    /// Rows, at most; 100 unless given, and all of them in a file.
    #[serde(default, deserialize_with = "whole::maybe")]
    #[schemars(range(min = 1, max = MAX_LIMIT))]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    #[schemars(schema_with = "asked::after_schema")]
    pub after: Option<String>,
}

/// A question that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is summed.
    pub report: Report,
    /// Whether the period before is to stand beside it.
    pub compare: bool,
    /// Whether every row is wanted, however many there are.
    pub whole: bool,
}

impl Query {
    /// What it asks, checked.
    ///
    /// # Errors
    /// 422 with every field that cannot be answered.
    pub fn question(&self) -> Result<Question, Problem> {
        self.checked(false)
    }

    /// The same for a file, which has every row unless it says how many.
    ///
    /// # Errors
    /// See [`Query::question`].
    pub fn question_for_file(&self) -> Result<Question, Problem> {
        self.checked(true)
    }

    fn checked(&self, file: bool) -> Result<Question, Problem> {
        let mut errors = Vec::new();
        let mut fault = |field: String, code, message: String| {
            errors.push(FieldError { field, code, message });
        };
        let metrics: Vec<_> = self.metrics.iter().filter_map(|name| asked::metric(name)).collect();
        for (at, name) in self.metrics.iter().enumerate() {
            if asked::metric(name).is_none() {
                let message = format!("{name:?} is not one of {}", asked::metrics());
                fault(format!("metrics[{at}]"), "unknown", message);
            }
        }
        if self.metrics.is_empty() || self.metrics.len() > MAX_COLUMNS {
            fault("metrics".to_owned(), "count", format!("ask for 1 to {MAX_COLUMNS} metrics"));
        }
        let dimensions: Vec<_> =
            self.dimensions.iter().filter_map(|name| asked::dimension(name)).collect();
        for (at, name) in self.dimensions.iter().enumerate() {
            if asked::dimension(name).is_none() {
                let message = format!("{name:?} is not one of {}", asked::dimensions());
                fault(format!("dimensions[{at}]"), "unknown", message);
            } else if self.dimensions.iter().take(at).any(|other| other == name) {
                fault(format!("dimensions[{at}]"), "twice", format!("{name:?} is asked for twice"));
            }
        }
        if self.dimensions.len() > MAX_COLUMNS {
            let message = format!("{MAX_COLUMNS} dimensions at most");
            fault("dimensions".to_owned(), "count", message);
        }
        let filters = asked::filters(&self.filters, &mut fault);
        let days = match days(&self.date_range) {
            Ok(days) => days,
            Err(message) => {
                fault("date_range".to_owned(), "invalid", message);
                (0, 0)
            }
        };
        if self.compare.as_deref().is_some_and(|compare| compare != "previous_period") {
            fault("compare".to_owned(), "unknown", "write previous_period, or nothing".to_owned());
        }
        let limit = self.limit.unwrap_or(USUAL_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            fault("limit".to_owned(), "range", format!("1 to {MAX_LIMIT}"));
        }
        let offset = match self.after.as_deref().map(asked::offset) {
            None => 0,
            Some(Some(offset)) => offset,
            Some(None) => {
                fault("after".to_owned(), "invalid", "send what `next` said".to_owned());
                0
            }
        };
        if errors.is_empty() {
            let compare = self.compare.is_some();
            let whole = file && self.limit.is_none() && self.after.is_none();
            Ok(Question {
                report: Report { metrics, dimensions, filters, days, limit, offset },
                compare,
                whole,
            })
        } else {
            Err(Problem::content(errors))
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// First and last day, since 1970, of a range as people write it.
pub(crate) fn days((first, last): &(String, String)) -> Result<(i64, i64), String> {
    let day = |text: &str| -> Result<i64, String> {
        let date: Date = match (text.len(), text.parse()) {
            (10, Ok(date)) => date,
            _ => return Err(format!("{text:?} is not a day as YYYY-MM-DD")),
        };
        let span = EPOCH.until(date).map_err(|error| error.to_string())?;
        Ok(i64::from(span.get_days()))
    };
    let (first, last) = (day(first)?, day(last)?);
    if first > last {
        return Err("the first day lies after the last".to_owned());
    }
    if last - first >= MAX_DAYS {
        return Err(format!("{MAX_DAYS} days at most"));
    }
    Ok((first, last))
}

/// A day, as people write it.
pub(crate) fn date(day: i64) -> String {
    EPOCH.checked_add(day.days()).map_or_else(|_| day.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::questions::{Dimension, Filter};

    fn query(json: &str) -> Query {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_whole_question_is_understood() {
        let report = query(
            r#"{"site":"shop","metrics":["visitors","page_views"],"dimensions":["time:day","page"],
                "filters":[["is","page",["/pricing"]]],"date_range":["2026-11-01","2026-11-22"],
                "compare":null,"limit":100,"after":null}"#,
        )
        .question()
        .unwrap()
        .report;
        assert_eq!(report.days, (20_758, 20_779));
        assert_eq!(date(report.days.0), "2026-11-01");
        assert_eq!(report.filters, [Filter::Is(Dimension::Page, vec!["/pricing".to_owned()])]);
    }

    #[test]
    fn every_field_that_cannot_be_answered_is_named_at_once() {
        let problem = query(
            r#"{"site":"shop","metrics":["visitor"],"dimensions":["page","page","browser"],
                "filters":[["like","page",["x"]],["is","time:day",["x"]],["is","page",[]],"page",
                    ["or",[["is","page",["x"]],["not",["is","page","x"]]]],["and",[]],["contains","page",[""]],
                    ["not",["not",["not",["not",["not",["is","page",["x"]]]]]]]],
                "date_range":["2026-11-22","2026-11-01"],"compare":"previous_year","limit":0,"after":"x"}"#,
        )
        .question()
        .unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "metrics[0]",
                "dimensions[1]",
                "dimensions[2]",
                "filters[0]",
                "filters[1]",
                "filters[2]",
                "filters[3]",
                "filters[4][1][1][1]",
                "filters[5]",
                "filters[6]",
                "filters[7][1][1][1][1][1]",
                "date_range",
                "compare",
                "limit",
                "after"
            ]
        );
    }

    #[test]
    fn days_are_calendar_days() {
        for (first, last) in [
            ("2026-02-30", "2026-03-01"),
            ("1", "2"),
            ("2026-11-01T00", "2026-11-02"),
            ("2020-01-01", "2026-01-01"),
        ] {
            assert!(days(&(first.to_owned(), last.to_owned())).is_err(), "{first}");
        }
        assert_eq!(days(&("2024-02-29".to_owned(), "2024-02-29".to_owned())), Ok((19_782, 19_782)));
    }
}
