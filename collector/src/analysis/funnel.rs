//! Funnels: how many visitors took one step after the other, within a time from the first.
//!
//! A visitor is at the step that the longest of their chains reaches: events in the order in which they happened, the
//! first matching the first step, the next the second, and so on, other events between them or not, the last within the
//! window from the first. Of several chains to a step the one that began last is kept, since it leaves the most time.

use std::collections::HashMap;

use super::{Patience, Stopped, each, place};
use crate::{
    columns::{Event, Table},
    store::questions::{
        Dimension,
        filters::{self, Matching},
    },
};

/// Places of steps that are kept for all visitors together, at most: 24 bytes each.
const MAX_LEVELS: usize = 10_000_000;
/// Values of a breakdown that are told apart, at most.
const MAX_GROUPS: usize = 50_000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Funnel {
    /// The steps, in their order; at least one.
    pub steps: Vec<Matching>,
    /// From the first step to the last, at most, in milliseconds.
    pub window: i64,
    /// First and last day on which somebody may enter.
    pub days: (i64, i64),
    /// By what the visitors are told apart: its value in the event by which each first entered.
    pub breakdown: Option<Dimension>,
    /// Groups that are answered, at most.
    pub groups: usize,
}

/// One step of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Visitors who took it.
    pub visitors: i64,
    /// The median of the milliseconds from the step before, of those who took it; none for the first, or of nobody.
    pub median: Option<i64>,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Every step.
    pub steps: Vec<Reached>,
    /// The same by group, the largest first.
    pub groups: Vec<(String, Vec<Reached>)>,
    /// Groups that are left out.
    pub more: usize,
}

/// How far a visitor's chain to a step got.
#[derive(Clone, Copy)]
struct Level {
    /// When its chain began.
    start: i64,
    /// When the step was taken.
    at: i64,
    /// Since the step before, when it was first taken; none before that.
    took: Option<i64>,
}

const NOWHERE: Level = Level { start: i64::MIN, at: 0, took: None };
const NOBODY: u32 = u32::MAX;

struct Entered {
    /// Where each visitor's levels begin, by visitor.
    places: Vec<u32>,
    levels: Vec<Level>,
    /// The group of each who entered.
    group_of: Vec<u32>,
    groups: Vec<String>,
    known: HashMap<String, u32>,
}

/// Answers it, of events of a table.
///
/// # Errors
/// Where nobody waits any more, or it is too much.
pub fn run(
    funnel: &mut Funnel,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
) -> Result<Answer, Stopped> {
    Ok(enter(funnel, events, texts, patience)?.answer(funnel))
}

/// The same of other events, by the groups of those names, whatever their size.
///
/// # Errors
/// Where nobody waits any more, or it is too much.
pub fn like(
    funnel: &mut Funnel,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
    groups: &[String],
) -> Result<Answer, Stopped> {
    let entered = enter(funnel, events, texts, patience)?;
    let many = funnel.steps.len();
    let of = |name: &String| {
        let known = entered.known.get(name).map(|at| place(*at));
        let nobody = vec![Reached::default(); many];
        (name.clone(), known.map_or(nobody, |at| entered.steps(many, Some(at))))
    };
    let groups = groups.iter().map(of).collect();
    Ok(Answer { steps: entered.steps(many, None), groups, more: 0 })
}

fn enter(
    funnel: &mut Funnel,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
) -> Result<Entered, Stopped> {
    let mut entered = Entered {
        places: vec![NOBODY; texts.visitors()],
        levels: Vec::new(),
        group_of: Vec::new(),
        groups: Vec::new(),
        known: HashMap::new(),
    };
    each(events, patience, |event| entered.take(funnel, &event, texts))?;
    patience.look()?;
    Ok(entered)
}

impl Entered {
    fn take(&mut self, funnel: &mut Funnel, event: &Event, texts: &Table) -> Result<(), Stopped> {
        let many = funnel.steps.len();
        let at = self.places[place(event.visitor)];
        if at != NOBODY {
            let from = place(at) * many;
            let levels = &mut self.levels[from..from + many];
            // The last first: one event is one step.
            for step in (1..many).rev() {
                let before = levels[step - 1];
                let open = before.took.is_some() && event.at - before.start <= funnel.window;
                if open
                    && before.start > levels[step].start
                    && funnel.steps[step].holds(event, texts)
                {
                    let took = levels[step].took.or(Some(event.at - before.at));
                    levels[step] = Level { start: before.start, at: event.at, took };
                }
            }
        }
        let enters = (funnel.days.0..=funnel.days.1).contains(&event.day)
            && funnel.steps[0].holds(event, texts);
        if !enters {
            return Ok(());
        }
        let first = Level { start: event.at, at: event.at, took: Some(0) };
        if at == NOBODY {
            if self.levels.len() + many > MAX_LEVELS {
                return Err(Stopped::TooMuch);
            }
            self.places[place(event.visitor)] =
                u32::try_from(self.group_of.len()).map_err(|_| Stopped::TooMuch)?;
            self.levels.push(first);
            self.levels.extend(std::iter::repeat_n(NOWHERE, many - 1));
            let group = funnel
                .breakdown
                .as_ref()
                .map_or(NOBODY, |by| self.group(&filters::value(by, event, texts)));
            self.group_of.push(group);
        } else {
            self.levels[place(at) * many] = first;
        }
        Ok(())
    }

    fn group(&mut self, value: &str) -> u32 {
        if let Some(known) = self.known.get(value) {
            return *known;
        }
        let Some(next) =
            u32::try_from(self.groups.len()).ok().filter(|_| self.groups.len() < MAX_GROUPS)
        else {
            return NOBODY;
        };
        self.groups.push(value.to_owned());
        self.known.insert(value.to_owned(), next);
        next
    }

    fn answer(&self, funnel: &Funnel) -> Answer {
        let many = funnel.steps.len();
        let mut sizes = vec![0_i64; self.groups.len()];
        for group in self.group_of.iter().filter(|group| **group != NOBODY) {
            sizes[place(*group)] += 1;
        }
        let mut largest: Vec<_> = (0..sizes.len()).collect();
        largest.sort_unstable_by(|a, b| {
            sizes[*b].cmp(&sizes[*a]).then_with(|| self.groups[*a].cmp(&self.groups[*b]))
        });
        let more = largest.len().saturating_sub(funnel.groups);
        largest.truncate(funnel.groups);
        let groups = largest.iter();
        let groups = groups.map(|at| (self.groups[*at].clone(), self.steps(many, Some(*at))));
        Answer { groups: groups.collect(), steps: self.steps(many, None), more }
    }

    fn steps(&self, many: usize, group: Option<usize>) -> Vec<Reached> {
        (0..many).map(|step| self.reached(many, step, group)).collect()
    }

    fn reached(&self, many: usize, step: usize, group: Option<usize>) -> Reached {
        let of_group = self.levels.chunks_exact(many).zip(&self.group_of);
        let of_group = of_group.filter(|(_, of)| group.is_none_or(|group| place(**of) == group));
        let mut took: Vec<_> = of_group.filter_map(|(levels, _)| levels[step].took).collect();
        let visitors = i64::try_from(took.len()).unwrap_or(i64::MAX);
        Reached { visitors, median: if step == 0 { None } else { median(&mut took) } }
    }
}

/// The middle of some numbers; of an even number of them, the mean of the two in the middle, rounded down.
fn median(all: &mut [i64]) -> Option<i64> {
    let half = all.len() / 2;
    if all.is_empty() {
        return None;
    }
    let even = all.len().is_multiple_of(2);
    let (below, middle, _) = all.select_nth_unstable(half);
    let middle = *middle;
    let before = below.iter().max().copied().filter(|_| even);
    Some(before.map_or(middle, |before| i64::midpoint(before, middle)))
}

#[cfg(test)]
mod tests;
