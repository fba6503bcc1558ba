//! A funnel as it is asked for and answered.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Faults, share};
use crate::{
    analysis::{
        funnel::{self, Reached},
        withheld::{self, Withheld},
    },
    columns::Wanted,
    error::Problem,
    openapi::{object, shape, whole},
    query::{self, Meta},
    store::questions::filters::{self, Matching},
};

/// Steps, at least and at most.
const STEPS: std::ops::RangeInclusive<usize> = 2..=10;
/// Minutes from the first step to the last, at most: 90 days.
pub const MAX_WINDOW: u32 = 129_600;
/// Groups, at most.
const MAX_GROUPS: u32 = 100;

/// A funnel as it is asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Funnel")]
pub struct Asked {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    pub site: String,
    /// 2 to 10 of them, in their order.
    #[serde(deserialize_with = "object::list")]
    #[schemars(length(min = *STEPS.start(), max = *STEPS.end()))]
    pub steps: Vec<Step>,
    /// From the first step to the last, in minutes: a week unless set.
    #[serde(default = "week", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_WINDOW))]
    pub window_minutes: u32,
    /// Tells visitors apart by a dimension of the event by which each first entered.
    #[serde(default)]
    #[schemars(schema_with = "breakdown")]
    pub breakdown: Option<String>,
    /// Groups of it, the largest ones.
    #[serde(default = "ten", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_GROUPS))]
    pub limit: u32,
    /// Of a saved segment's visitors only.
    #[serde(default)]
    #[schemars(schema_with = "super::segment_schema")]
    pub segment: Option<String>,
    /// First and last day on which somebody may enter, in the site's time zone. Later steps may be taken after it.
    #[schemars(schema_with = "shape::days")]
    pub date_range: (String, String),
}

const fn week() -> u32 {
    10_080
}

const fn ten() -> u32 {
    10
}

fn breakdown(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [query::asked::dimension_schema(false), { "type": "null" }] })
}

fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [super::name_schema(), { "const": "" }] })
}

/// A step.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FunnelStep")]
pub struct Step {
    /// What it is called; its number, unless given.
    #[serde(default)]
    #[schemars(schema_with = "name")]
    pub name: String,
    /// Which events take it: as in a query, all of which must hold.
    #[schemars(schema_with = "super::some_filters_schema")]
    pub filters: Vec<Value>,
}

/// A funnel that can be answered.
#[derive(Clone, Debug)]
pub struct Question {
    /// It.
    pub funnel: funnel::Funnel,
    /// The columns that it looks at.
    pub wanted: Wanted,
    /// Names of its steps.
    pub names: Vec<String>,
}

/// A funnel's answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "FunnelAnswer")]
pub struct Answer {
    /// Every step.
    pub steps: Vec<Taken>,
    /// By group, the largest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
    /// Groups that are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_groups: Option<usize>,
    /// That something is not told, since too few visitors stand behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

/// A group of visitors.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "FunnelGroup")]
pub struct Group {
    /// The value by which it is told apart.
    pub value: String,
    /// Every step.
    pub steps: Vec<Taken>,
}

/// A step as it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "StepTaken")]
pub struct Taken {
    /// What it is called.
    pub name: String,
    /// Visitors who took it; null, as all of the step is, where that is withheld.
    pub visitors: Option<i64>,
    /// Their part of those who entered.
    pub of_first: Option<f64>,
    /// Their part of those who took the step before.
    pub of_previous: Option<f64>,
    /// Those who took the step before, and not this one; null where either is withheld.
    pub dropped: Option<i64>,
    /// The median of the milliseconds since the step before.
    pub median_ms: Option<i64>,
}

impl Asked {
    /// What it asks, checked.
    ///
    /// # Errors
    /// 422 with every field that cannot be answered.
    pub fn question(&self) -> Result<Question, Problem> {
        let mut faults = Faults::default();
        if !STEPS.contains(&self.steps.len()) {
            let message = format!("a funnel has {} to {} steps", STEPS.start(), STEPS.end());
            faults.tell("steps", "count", message);
        }
        let mut wanted = Wanted::NONE;
        let (mut steps, mut names) = (Vec::new(), Vec::new());
        for (at, step) in self.steps.iter().enumerate().take(*STEPS.end()) {
            let place = format!("steps[{at}].");
            let filters = faults.filters(&place, &step.filters);
            if step.filters.is_empty() {
                faults.tell(format!("{place}filters"), "missing", "say which events take the step");
            }
            names.push(if step.name.is_empty() {
                (at + 1).to_string()
            } else {
                faults.name(&format!("{place}name"), &step.name)
            });
            wanted = wanted | filters::columns(&filters);
            steps.push(Matching::of(&filters));
        }
        let window = faults.within("window_minutes", self.window_minutes, (1, MAX_WINDOW));
        let breakdown = faults.breakdown("breakdown", self.breakdown.as_deref());
        let groups = faults.within("limit", self.limit, (1, MAX_GROUPS));
        let days = faults.days("date_range", &self.date_range);
        faults.none()?;
        wanted = wanted | breakdown.as_ref().map_or(Wanted::NONE, filters::column);
        let groups = usize::try_from(groups).unwrap_or(usize::MAX);
        let window = i64::from(window) * 60_000;
        let funnel = funnel::Funnel { steps, window, days, breakdown, groups };
        Ok(Question { funnel, wanted, names })
    }
}

impl Question {
    /// The days whose events may count, up to today.
    #[must_use]
    pub fn days(&self, today: i64) -> (i64, i64) {
        let (first, last) = self.funnel.days;
        let after = self.funnel.window.div_euclid(86_400_000) + 1;
        (first, (last + after).min(today.max(last)))
    }

    /// The answer as it is given: what stands for fewer visitors than the smallest group is not told, and nothing where
    /// a segment leaves out so few of `all`, the same of all visitors by the same groups.
    #[must_use]
    pub fn answer(
        &self,
        (answer, all): (funnel::Answer, Option<&funnel::Answer>),
        smallest: i64,
        meta: Meta,
    ) -> Answer {
        let (mut steps, mut told) = told(&answer, smallest);
        if all.is_some_and(|all| leaves_out_few((&answer, all), (&steps, &told), smallest)) {
            steps.fill(false);
            told.fill(false);
        }
        let withheld = Withheld::of(smallest, steps.iter().chain(&told).copied());
        let is_broken_down = self.funnel.breakdown.is_some();
        let groups = answer.groups.into_iter().zip(told).filter(|(_, told)| *told);
        let groups = groups.map(|((value, reached), _)| {
            let steps = self.taken(&reached, &vec![true; reached.len()]);
            Group { value, steps }
        });
        Answer {
            groups: is_broken_down.then(|| groups.collect()),
            steps: self.taken(&answer.steps, &steps),
            more_groups: is_broken_down.then_some(answer.more),
            withheld,
            meta,
        }
    }

    fn taken(&self, steps: &[Reached], told: &[bool]) -> Vec<Taken> {
        let visitors: Vec<_> =
            steps.iter().zip(told).map(|(step, told)| told.then_some(step.visitors)).collect();
        let first = visitors.first().copied().flatten();
        let taken = steps.iter().zip(&self.names).enumerate().map(|(at, (step, name))| {
            let own = visitors[at];
            let before = visitors[at.saturating_sub(1)];
            let part = |whole: Option<i64>| share(own?, whole?);
            Taken {
                name: name.clone(),
                visitors: own,
                of_first: part(first),
                of_previous: part(before),
                dropped: before.zip(own).map(|(before, own)| before - own),
                median_ms: own.and(step.median),
            }
        });
        taken.collect()
    }
}

fn counts(steps: &[Reached]) -> Vec<i64> {
    steps.iter().map(|step| step.visitors).collect()
}

/// Which steps, and which groups, may be told.
fn told(answer: &funnel::Answer, smallest: i64) -> (Vec<bool>, Vec<bool>) {
    let total = counts(&answer.steps);
    let groups: Vec<_> = answer.groups.iter().map(|(_, steps)| counts(steps)).collect();
    (withheld::steps(&total, smallest), withheld::groups(&total, &groups, smallest))
}

/// Whether whatever is told of a segment's visitors leaves out too few of all.
fn leaves_out_few(
    (own, all): (&funnel::Answer, &funnel::Answer),
    (steps, groups): (&[bool], &[bool]),
    smallest: i64,
) -> bool {
    let total = counts(&own.steps).into_iter().zip(counts(&all.steps)).zip(steps);
    let total = total.filter(|(_, told)| **told).map(|(figures, _)| figures);
    let groups = own.groups.iter().zip(&all.groups).zip(groups).filter(|(_, told)| **told);
    let groups =
        groups.flat_map(|(((_, own), (_, all)), _)| counts(own).into_iter().zip(counts(all)));
    withheld::leaves_out_few(total.chain(groups), smallest)
}
