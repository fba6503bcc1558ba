//! Cohorts as they are asked for and answered.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Faults, Which, share};
use crate::{
    analysis::{
        cohorts::{self, Cohorts, Unit},
        matching,
        matching::Matching,
    },
    columns::Wanted,
    error::Problem,
    openapi::{object, shape, whole},
    query::{self, Meta},
};

/// Periods after the first, at most.
const MAX_PERIODS: u32 = 31;
/// Days before those asked for on which somebody may have come: a visitor's cookie lasts no longer.
const LOOK_BACK: i64 = 400;

/// Cohorts as they are asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cohorts")]
pub struct Asked {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    pub site: String,
    /// `day`, `week` or `month`.
    #[serde(default = "week")]
    #[schemars(schema_with = "units")]
    pub unit: String,
    /// Periods after the first.
    #[serde(default = "eight", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_PERIODS))]
    pub periods: u32,
    /// What makes one of a cohort, when first done; nothing: any event, so that it is the first visit.
    #[serde(default, deserialize_with = "object::one")]
    pub first: Which,
    /// What counts as having come again; nothing: any event.
    #[serde(default, deserialize_with = "object::one")]
    pub again: Which,
    /// Of a saved segment's visitors only.
    #[serde(default)]
    #[schemars(schema_with = "super::segment_schema")]
    pub segment: Option<String>,
    /// First and last day on which somebody may first have come, in the site's time zone.
    #[schemars(schema_with = "shape::days")]
    pub date_range: (String, String),
}

fn week() -> String {
    "week".to_owned()
}

fn units(_: &mut SchemaGenerator) -> Schema {
    super::word(&Unit::ALL.map(Unit::as_str))
}

const fn eight() -> u32 {
    8
}

fn start(_: &mut SchemaGenerator) -> Schema {
    shape::day()
}

/// Cohorts that can be answered.
#[derive(Clone, Debug)]
pub struct Question {
    /// They, but for the day.
    pub cohorts: Cohorts,
    /// The columns that they look at.
    pub wanted: Wanted,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "CohortsAnswer")]
pub struct Answer {
    /// A row for each period.
    pub cohorts: Vec<Row>,
    /// The part of all visitors who came again, by the period after, of the cohorts for which that is over.
    pub average: Vec<Option<f64>>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

/// A cohort.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Cohort")]
pub struct Row {
    /// The first day of its period.
    #[schemars(schema_with = "start")]
    pub start: String,
    /// Those in it.
    pub visitors: i64,
    /// Of them, who came again in each period after; null where it has not begun.
    pub again: Vec<Option<i64>>,
    /// How many periods after it are over: what stands after them may still grow.
    pub over: i64,
}

impl Asked {
    /// What it asks, checked; `today` is the last day of which there is anything to know.
    ///
    /// # Errors
    /// 422 with every field that cannot be answered.
    pub fn question(&self, today: i64) -> Result<Question, Problem> {
        let mut faults = Faults::default();
        let unit = Unit::of(&self.unit);
        if unit.is_none() {
            faults.tell(
                "unit",
                "unknown",
                format!("{:?} is not one of day, week, month", self.unit),
            );
        }
        let periods = faults.within("periods", self.periods, (1, MAX_PERIODS));
        let first = faults.filters("first.", &self.first.filters);
        let again = faults.filters("again.", &self.again.filters);
        let days = faults.days("date_range", &self.date_range);
        faults.none()?;
        let wanted = matching::wanted(&first) | matching::wanted(&again);
        let cohorts = Cohorts {
            first: Matching::of(&first),
            again: Matching::of(&again),
            unit: unit.unwrap_or(Unit::Week),
            periods: i64::from(periods),
            days,
            today,
        };
        Ok(Question { cohorts, wanted })
    }
}

impl Question {
    /// The days whose events may count.
    #[must_use]
    pub fn days(&self) -> (i64, i64) {
        let (first, last) = self.cohorts.days;
        (first - LOOK_BACK, self.cohorts.until().max(last))
    }

    /// The answer as it is given.
    #[must_use]
    pub fn answer(&self, rows: Vec<cohorts::Cohort>, meta: Meta) -> Answer {
        let average = cohorts::over_all(&rows, self.cohorts.periods);
        let average = average.into_iter().map(|(all, again)| share(again, all)).collect();
        let row = |it: cohorts::Cohort| Row {
            start: query::date(it.start),
            visitors: it.visitors,
            again: it.again,
            over: it.over,
        };
        Answer { cohorts: rows.into_iter().map(row).collect(), average, meta }
    }
}
