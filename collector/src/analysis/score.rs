//! The score of leads: points for what their visitors did since they were linked, each with its reason.
//!
//! Nothing but events under a consent that holds is counted, of leads that may be used, and of them only while the
//! consent that links them holds. Nobody is judged by what the rules do not show.

use std::collections::HashMap;

use consent_core::{ids::LeadId, time::Millis};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Patience, Stopped,
    asked::{Faults, MAX_DAYS},
    each, place,
    segment::Did,
};
use crate::{
    columns::{Event, Table, Wanted},
    openapi::{shape, whole},
    store::{
        VisitorRow,
        questions::filters::{self, Matching},
        segments::Linked,
    },
};

/// Points of one rule, at most.
pub const MAX_POINTS: i64 = 1_000;
/// Times that points are given, at most.
const MAX_TIMES: u32 = 100;

/// For what there are points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ScoreRule")]
pub struct Rule {
    /// What is done: `at_least` so often for the points once. It is looked back from today.
    #[schemars(schema_with = "looking_back")]
    pub did: Did,
    /// How often the points are given, at most.
    #[serde(default = "once", deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = MAX_TIMES))]
    pub up_to: u32,
}

/// What is done, without days of its own.
fn looking_back(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Did::json_schema(generator);
    if let Some(days) = schema.pointer_mut("/properties/date_range") {
        *days = json!({ "type": "null" });
    }
    schema
}

const fn once() -> u32 {
    1
}

/// A rule that can be worked out.
#[derive(Clone, Debug)]
pub struct Points {
    /// What it is called.
    pub name: String,
    points: i64,
    matching: Matching,
    days: (i64, i64),
    every: i64,
    up_to: i64,
}

/// The score of a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Score {
    /// All points.
    pub score: i64,
    /// For what there were any.
    pub reasons: Vec<Reason>,
}

/// For what there were points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ScoreReason")]
pub struct Reason {
    /// The rule's name.
    pub rule: String,
    /// The points.
    pub points: i64,
    /// How often it was done.
    pub times: i64,
    /// When it was last done.
    #[schemars(schema_with = "shape::millis")]
    pub last_at: Millis,
}

impl Rule {
    /// The rule as it can be worked out; what is wrong is told by its place.
    pub fn points(
        &self,
        (name, points): (&str, i64),
        today: i64,
        faults: &mut Faults,
    ) -> (Points, Wanted) {
        if points == 0 || points.abs() > MAX_POINTS {
            faults.tell("points", "range", format!("-{MAX_POINTS} to {MAX_POINTS}, and not 0"));
        }
        let filters = faults.filters("rule.did.", &self.did.filters);
        let every = faults.within("rule.did.at_least", self.did.at_least, (1, 1_000));
        let up_to = faults.within("rule.up_to", self.up_to, (1, MAX_TIMES));
        if self.did.date_range.is_some() {
            let message = "a score looks back from today: say in_last_days, or nothing";
            faults.tell("rule.did.date_range", "unknown", message);
        }
        let most = u32::try_from(MAX_DAYS).unwrap_or(u32::MAX);
        let last = self
            .did
            .in_last_days
            .map_or(most, |last| faults.within("rule.did.in_last_days", last, (1, most)));
        let points = Points {
            name: name.to_owned(),
            points,
            matching: Matching::of(&filters),
            days: (today - i64::from(last) + 1, today),
            every: i64::from(every),
            up_to: i64::from(up_to),
        };
        (points, filters::columns(&filters))
    }
}

/// First and last day that rules look at.
#[must_use]
pub fn days(rules: &[Points], today: i64) -> (i64, i64) {
    let first = rules.iter().map(|rule| rule.days.0).min();
    (first.unwrap_or(today), today)
}

/// The scores of linked leads, in their order.
///
/// # Errors
/// Where nobody waits any more.
pub fn run(
    rules: &mut [Points],
    leads: &[Linked],
    table: &Table,
    patience: &Patience,
) -> Result<Vec<(LeadId, Score)>, Stopped> {
    let many = rules.len();
    let mut of_visitor: HashMap<VisitorRow, Vec<usize>> = HashMap::new();
    for (at, lead) in leads.iter().enumerate() {
        of_visitor.entry(lead.visitor).or_default().push(at);
    }
    let visitors = u32::try_from(table.visitors()).map_err(|_| Stopped::TooMuch)?;
    let own: Vec<_> = (0..visitors).map(|it| of_visitor.remove(&table.visitor_row(it))).collect();
    // By lead and rule: how often, and when last.
    let mut done = vec![(0_i64, 0_i64); many * leads.len()];
    each(table.events(), patience, |event: Event| {
        for lead in own[place(event.visitor)].iter().flatten() {
            if event.at < leads[*lead].since.0 {
                continue;
            }
            for (at, rule) in rules.iter_mut().enumerate() {
                let within = (rule.days.0..=rule.days.1).contains(&event.day);
                if within && rule.matching.holds(&event, table) {
                    let (times, last) = &mut done[lead * many + at];
                    *times += 1;
                    *last = event.at.max(*last);
                }
            }
        }
        Ok(())
    })?;
    let score = |(at, lead): (usize, &Linked)| {
        let done = &done[at * many..(at + 1) * many];
        let reasons: Vec<_> = rules
            .iter()
            .zip(done)
            .filter_map(|(rule, (times, last))| {
                let counted = (times / rule.every).min(rule.up_to);
                let (rule, points) = (rule.name.clone(), rule.points * counted);
                (counted > 0).then_some(Reason {
                    rule,
                    points,
                    times: *times,
                    last_at: Millis(*last),
                })
            })
            .collect();
        let score = reasons.iter().map(|reason| reason.points).sum();
        (lead.lead, Score { score, reasons })
    };
    Ok(leads.iter().enumerate().map(score).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::analysis::made::{Act, PAGES, acts, views};

    fn rule(name: &str, points: i64, json: serde_json::Value) -> Points {
        let rule: Rule = serde_json::from_value(json).unwrap();
        let mut faults = Faults::default();
        let (points, _) = rule.points((name, points), 29, &mut faults);
        faults.none().unwrap();
        points
    }

    fn saw(page: usize) -> serde_json::Value {
        json!([["is", "page", [PAGES[page]]]])
    }

    fn linked(lead: u8, visitor: i64, since: i64) -> Linked {
        Linked {
            lead: LeadId::from_bytes([lead; 16]),
            visitor: VisitorRow(visitor),
            since: Millis(since),
            form: String::new(),
            origin: String::new(),
        }
    }

    fn scores(rules: &mut [Points], leads: &[Linked], done: &[Act]) -> Vec<Score> {
        let scores = run(rules, leads, &views(done), &Patience::default()).unwrap();
        scores.into_iter().map(|(_, score)| score).collect()
    }

    #[test]
    fn points_have_their_reasons_and_nothing_from_before_the_link_counts() {
        let mut rules = [
            rule("saw it", 5, json!({"did": {"filters": saw(0)}, "up_to": 2})),
            rule("came often", 10, json!({"did": {"at_least": 3}})),
            rule("left", -4, json!({"did": {"filters": saw(1), "in_last_days": 1}})),
        ];
        let done =
            [(0, 100, 0), (0, 200, 0), (0, 300, 0), (0, 29_000, 1), (1, 100, 1), (2, 100, 0)];
        let leads = [linked(1, 0, 0), linked(2, 0, 300), linked(3, 1, 0), linked(4, 9, 0)];
        let all = scores(&mut rules, &leads, &done);
        let reason = |rule: &str, points, times, last| Reason {
            rule: rule.to_owned(),
            points,
            times,
            last_at: Millis(last),
        };
        assert_eq!(all[0].score, 10 + 10 - 4);
        assert_eq!(
            all[0].reasons,
            [
                reason("saw it", 10, 3, 300),
                reason("came often", 10, 4, 29_000),
                reason("left", -4, 1, 29_000)
            ]
        );
        assert_eq!(all[1].reasons, [reason("saw it", 5, 1, 300), reason("left", -4, 1, 29_000)]);
        assert_eq!(all[2..], [Score::default(), Score::default()]);
    }

    #[test]
    fn a_rule_names_every_fault_at_once() {
        let rule: Rule = serde_json::from_value(json!({
            "did": {"filters": ["x"], "at_least": 0, "in_last_days": 0, "date_range": ["2026-01-01", "2026-01-02"]},
            "up_to": 1000,
        }))
        .unwrap();
        let mut faults = Faults::default();
        let _ = rule.points(("x", 0), 0, &mut faults);
        let problem = faults.none().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "points",
                "rule.did.filters[0]",
                "rule.did.at_least",
                "rule.up_to",
                "rule.did.date_range",
                "rule.did.in_last_days"
            ]
        );
    }

    proptest! {
        /// Against each lead's acts looked at one by one.
        #[test]
        fn it_agrees_with_a_plain_re_computation(done in acts(3, 30_000, 2), since in 0..30_000_i64, every in 1..4_u32, up_to in 1..4_u32) {
            let mut rules = [rule("x", 7, json!({"did": {"filters": saw(0), "at_least": every, "in_last_days": 20}, "up_to": up_to}))];
            let leads = [linked(1, 0, since), linked(2, 1, since)];
            for (score, visitor) in scores(&mut rules, &leads, &done).iter().zip(0..) {
                let times = done.iter().filter(|it| it.0 == visitor && it.2 == 0 && it.1 >= since && it.1 / 1_000 >= 10).count();
                let counted = (times / usize::try_from(every).unwrap()).min(usize::try_from(up_to).unwrap());
                prop_assert_eq!(score.score, 7 * i64::try_from(counted).unwrap());
            }
        }
    }
}
