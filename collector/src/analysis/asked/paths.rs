//! Paths as they are asked for and answered.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Faults, Which};
use crate::{
    analysis::{
        paths::{self, By, MAX_DEPTH, Paths},
        withheld::{self, Withheld},
    },
    columns::Wanted,
    error::Problem,
    openapi::{object, shape, whole},
    query::Meta,
    store::questions::filters::{self, Matching},
};

/// Ways on from each step, at most.
const MAX_WIDTH: u32 = 20;
/// Steps of one answer, at most.
const MAX_STEPS: u32 = 5_000;

/// Paths as they are asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Paths")]
pub struct Asked {
    /// The site's key.
    #[schemars(schema_with = "shape::site_key")]
    pub site: String,
    /// Which events the paths lead from, or to: the first in each visit.
    #[serde(deserialize_with = "object::one")]
    #[schemars(schema_with = "from")]
    pub from: Which,
    /// `after` or `before`.
    #[serde(default = "after")]
    #[schemars(schema_with = "directions")]
    pub direction: String,
    /// What a path is made of: `page` or `event`.
    #[serde(default = "page")]
    #[schemars(schema_with = "kinds")]
    pub by: String,
    /// Steps, at most.
    #[serde(default = "three", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_DEPTH))]
    pub depth: u32,
    /// Ways on from each step, the most taken ones.
    #[serde(default = "five", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_WIDTH))]
    pub width: u32,
    /// Of a saved segment's visitors only.
    #[serde(default)]
    #[schemars(schema_with = "super::segment_schema")]
    pub segment: Option<String>,
    /// First and last day, in the site's time zone.
    #[schemars(schema_with = "shape::days")]
    pub date_range: (String, String),
}

fn after() -> String {
    "after".to_owned()
}

fn page() -> String {
    "page".to_owned()
}

const fn three() -> u32 {
    3
}

const fn five() -> u32 {
    5
}

fn directions(_: &mut SchemaGenerator) -> Schema {
    super::word(&["after", "before"])
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    super::word(&["page", "event"])
}

fn counted(_: &mut SchemaGenerator) -> Schema {
    super::word(&["visits", "visitors"])
}

fn from(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "required": ["filters"], "additionalProperties": false,
        "properties": { "filters": super::some_filters_schema(generator) },
    })
}

/// Paths that can be answered.
#[derive(Clone, Debug)]
pub struct Question {
    /// They.
    pub paths: Paths,
    /// First and last day.
    pub days: (i64, i64),
    /// The columns that they look at.
    pub wanted: Wanted,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "PathsAnswer")]
pub struct Answer {
    /// What `visits` are: `visits`, or `visitors` where the site protects small groups. Of each visitor only the first
    /// visit counts there that came to what the paths lead from.
    #[schemars(schema_with = "counted")]
    pub counted: &'static str,
    /// Visits that came to what the paths lead from; null where that is withheld.
    pub visits: Option<i64>,
    /// Of them, those in which nothing more came after (or before); null where that is withheld.
    pub ended: Option<i64>,
    /// Where the others went, the most first.
    pub next: Vec<Step>,
    /// Of them, those that went elsewhere, or where it is not told; null where `ended` is withheld.
    pub others: Option<i64>,
    /// That something is not told, since too few visitors stand behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PathStep")]
pub struct Step {
    /// The page or event.
    pub name: String,
    /// Visits that took it.
    pub visits: i64,
    /// Of them, those in which nothing more came; null for the last step that is looked at, or where it is withheld.
    pub ended: Option<i64>,
    /// Where the others went, the most first.
    pub next: Vec<Step>,
    /// Of them, those that went elsewhere, or where it is not told; null where `ended` is withheld.
    pub others: Option<i64>,
}

impl From<paths::Step> for Step {
    fn from(step: paths::Step) -> Self {
        let paths::Step { name, visits, ended, next, others, .. } = step;
        Self { name, visits, ended, next: next.into_iter().map(Self::from).collect(), others }
    }
}

impl Asked {
    /// What it asks, checked.
    ///
    /// # Errors
    /// 422 with every field that cannot be answered.
    pub fn question(&self) -> Result<Question, Problem> {
        let mut faults = Faults::default();
        let filters = faults.filters("from.", &self.from.filters);
        if self.from.filters.is_empty() {
            faults.tell("from.filters", "missing", "say which page or event the paths lead from");
        }
        if !["after", "before"].contains(&self.direction.as_str()) {
            faults.tell("direction", "unknown", "write after or before");
        }
        let by = match self.by.as_str() {
            "page" => By::Page,
            "event" => By::Event,
            _ => {
                faults.tell("by", "unknown", "write page or event");
                By::Page
            }
        };
        let deepest = u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX);
        let depth = faults.within("depth", self.depth, (1, deepest));
        let width = faults.within("width", self.width, (1, MAX_WIDTH));
        if width.saturating_pow(depth) > MAX_STEPS {
            let message = format!(
                "{width} ways on from each of {depth} steps are too many; ask for fewer of either"
            );
            faults.tell("width", "range", message);
        }
        let days = faults.days("date_range", &self.date_range);
        faults.none()?;
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let wanted = filters::columns(&filters) | Wanted::NAME | Wanted::PAGE;
        let before = self.direction == "before";
        let from = Matching::of(&filters);
        let paths = Paths { from, before, by, depth: size(depth), width: size(width), smallest: 1 };
        Ok(Question { paths, days, wanted })
    }
}

impl Question {
    /// The answer as it is given, where so many visitors have to stand behind whatever is told: of `step`, which has
    /// left out what is of fewer, nothing where it is as a whole, or where a segment leaves out so few of `all`, the
    /// same of all visitors.
    #[must_use]
    pub fn answer(
        &self,
        (step, all): (paths::Step, Option<&paths::Step>),
        smallest: i64,
        meta: Meta,
    ) -> Answer {
        let counted = if smallest > 1 { "visitors" } else { "visits" };
        let left_out = |all| withheld::leaves_out_few(step.beside(all), smallest);
        if withheld::few(step.visits, smallest) || all.is_some_and(left_out) {
            let withheld = Withheld::of(smallest, [false]);
            let next = Vec::new();
            return Answer {
                counted,
                visits: None,
                ended: None,
                next,
                others: None,
                withheld,
                meta,
            };
        }
        let withheld = Withheld::of(smallest, [true, !step.hides_any()]);
        let Step { visits, ended, next, others, .. } = step.into();
        Answer { counted, visits: Some(visits), ended, next, others, withheld, meta }
    }
}
