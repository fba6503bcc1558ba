//! Cohorts as they are asked for and answered.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Faults, Which, share};
use crate::{
    analysis::{
        cohorts::{self, Cohort, Cohorts, Unit},
        withheld::{self, Withheld},
    },
    columns::Wanted,
    error::Problem,
    openapi::{object, shape, whole},
    query::{self, Meta},
    store::questions::filters::{self, Matching},
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
    /// The part of all visitors who came again, by the period after, of the cohorts for which that is over and told.
    pub average: Vec<Option<f64>>,
    /// That something is not told, since too few visitors stand behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
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
    /// Those in it; null where that is withheld.
    pub visitors: Option<i64>,
    /// Of them, who came again in each period after; null where it has not begun, or is withheld.
    pub again: Vec<Option<i64>>,
    /// Which of `again` are withheld, by their places from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<usize>,
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
        let wanted = filters::columns(&first) | filters::columns(&again);
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

    /// The answer as it is given: what stands for fewer visitors than the smallest group is not told, and nothing where
    /// a segment leaves out so few of `all`, the same of all visitors.
    #[must_use]
    pub fn answer(
        &self,
        (mut cohorts, all): (Vec<Cohort>, Option<&[Cohort]>),
        smallest: i64,
        meta: Meta,
    ) -> Answer {
        let (mut rows, mut cells) = withheld::cohorts(&cohorts, self.lines(&cohorts), smallest);
        let few = all.is_some_and(|all| leaves_out_few((&cohorts, all), (&rows, &cells), smallest));
        if few {
            rows.fill(false);
            for (cells, cohort) in cells.iter_mut().zip(&cohorts) {
                cells.iter_mut().zip(&cohort.again).for_each(|(told, n)| *told = n.is_none());
            }
        }
        let somebody = cohorts.iter().zip(&rows).filter(|(it, _)| it.visitors > 0);
        let told = somebody.map(|(_, told)| *told);
        let shown = cohorts.iter().zip(&rows).zip(&cells);
        let shown = shown.filter(|((it, told), _)| **told && it.visitors > 0);
        let told = told.chain(shown.flat_map(|(_, cells)| cells.iter().copied()));
        let withheld =
            if few { Withheld::of(smallest, [false]) } else { Withheld::of(smallest, told) };
        let hidden: Vec<Vec<usize>> = cells.iter().map(|cells| hidden(cells)).collect();
        for (cohort, hidden) in cohorts.iter_mut().zip(&hidden) {
            hidden.iter().for_each(|at| cohort.again[*at] = None);
        }
        let average = cohorts::over_all(&cohorts, self.cohorts.periods);
        let average = average.into_iter().map(|(all, again)| share(again, all)).collect();
        let rows = cohorts.into_iter().zip(rows).zip(hidden);
        let rows = rows.map(|((it, told), withheld)| Row {
            start: query::date(it.start),
            visitors: told.then_some(it.visitors),
            again: it.again,
            withheld,
            over: it.over,
        });
        Answer { cohorts: rows.collect(), average, withheld, meta }
    }

    /// What rows add up to that can be asked for as well: all of them, and days by their weeks and months.
    fn lines(&self, cohorts: &[Cohort]) -> Vec<Vec<Option<i64>>> {
        let by = |unit: Unit| cohorts.iter().map(|it| Some(unit.period(it.start))).collect();
        let coarser = [Unit::Week, Unit::Month].into_iter();
        let coarser = coarser.filter(|_| self.cohorts.unit == Unit::Day).map(by);
        std::iter::once(vec![None; cohorts.len()]).chain(coarser).collect()
    }
}

fn hidden(told: &[bool]) -> Vec<usize> {
    told.iter().enumerate().filter(|(_, told)| !**told).map(|(at, _)| at).collect()
}

/// Whether whatever is told of a segment's visitors leaves out too few of all.
fn leaves_out_few(
    (own, all): (&[Cohort], &[Cohort]),
    (rows, cells): (&[bool], &[Vec<bool>]),
    smallest: i64,
) -> bool {
    let told = own.iter().zip(all).zip(rows).zip(cells).filter(|((_, row), _)| **row);
    let figures = told.flat_map(|(((own, all), _), cells)| {
        let again = own.again.iter().zip(&all.again).zip(cells).filter(|(_, told)| **told);
        let again = again.filter_map(|((own, all), _)| own.zip(*all));
        std::iter::once((own.visitors, all.visitors)).chain(again)
    });
    withheld::leaves_out_few(figures, smallest)
}
