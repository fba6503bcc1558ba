//! Paths: what was done in the same visit before or after something, step by step.
//!
//! A visit ends with half an hour without an event. In each visit the first event that is asked about counts, so that
//! figures are of visits. What comes twice in a row (a page loaded anew) is one step.

use std::collections::HashMap;

use super::{Patience, Stopped, each, matching::Matching, place};
use crate::columns::{Event, Table, Text};

/// A pause that ends a visit, in milliseconds, as everywhere.
const PAUSE: i64 = 1_800_000;
/// Steps, at most.
pub const MAX_DEPTH: usize = 5;
/// Different paths that are told apart, at most.
const MAX_PATHS: usize = 500_000;

/// What a path is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Pages that were seen.
    Page,
    /// Events, by their names.
    Event,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Paths {
    /// What the paths lead from, or to.
    pub from: Matching,
    /// Whether what came before is asked for.
    pub before: bool,
    /// What a path is made of.
    pub by: By,
    /// Steps, at most: 1 to [`MAX_DEPTH`].
    pub depth: usize,
    /// Ways on from each step that are answered, at most.
    pub width: usize,
}

/// A step, and where it led.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The page or event.
    pub name: String,
    /// Visits that took it.
    pub visits: i64,
    /// Of them, those in which nothing more came: they ended there, or began there. Not asked of the last step.
    pub ended: Option<i64>,
    /// Where the others went, the most first.
    pub next: Vec<Step>,
    /// Of them, those that went elsewhere.
    pub others: i64,
}

/// What a visitor did last.
#[derive(Clone, Copy)]
struct Walk {
    /// When they last did anything.
    last: i64,
    /// The step they are at, once the visit has come to what is asked about.
    at: u32,
    /// Steps since then.
    depth: u8,
    /// How many of `recent` there are.
    kept: u8,
    /// The page or event seen last.
    name: Option<Text>,
    /// Those seen last, the newest first.
    recent: [Text; MAX_DEPTH],
}

const NOT_YET: u32 = u32::MAX;
/// Beyond the steps that are told apart.
const LOST: u32 = u32::MAX - 1;
const NEW: Walk = Walk {
    last: i64::MIN,
    at: NOT_YET,
    depth: 0,
    kept: 0,
    name: None,
    recent: [Text::EMPTY; MAX_DEPTH],
};

/// Every path that was taken.
struct Tree {
    visits: Vec<i64>,
    names: Vec<Text>,
    next: HashMap<(u32, Text), u32>,
}

/// Answers it: the event asked about, and where visits went from there.
///
/// # Errors
/// Where nobody waits any more.
pub fn run(
    asked: &mut Paths,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
) -> Result<Step, Stopped> {
    let mut walks = vec![NEW; texts.visitors()];
    let mut tree = Tree { visits: vec![0], names: vec![Text::EMPTY], next: HashMap::new() };
    each(events, patience, |event| {
        let walk = &mut walks[place(event.visitor)];
        if walk.last == i64::MIN || event.at - walk.last >= PAUSE {
            *walk = NEW;
        }
        walk.last = event.at;
        let name = match asked.by {
            By::Event => Some(event.name),
            By::Page => (texts.text(event.name) == "page_view").then_some(event.page),
        };
        if walk.at == NOT_YET && asked.from.holds(&event, texts) {
            walk.begin(asked, name, &mut tree);
            return Ok(());
        }
        if let Some(name) = name.filter(|name| walk.name != Some(*name)) {
            walk.go(asked, name, &mut tree);
        }
        Ok(())
    })?;
    patience.look()?;
    Ok(tree.answer(asked, texts))
}

impl Walk {
    /// Comes to what is asked about.
    fn begin(&mut self, asked: &Paths, name: Option<Text>, tree: &mut Tree) {
        tree.visits[0] += 1;
        self.at = 0;
        if asked.before {
            let kept = &self.recent[..usize::from(self.kept)];
            // What was there already is not what came before.
            let anew = usize::from(name.is_some() && kept.first().copied() == name);
            let mut at = 0;
            for name in kept.iter().skip(anew).take(asked.depth) {
                at = tree.step(at, *name);
            }
        }
        // After an event on a page the page loaded anew is a step.
        self.name = name;
    }

    fn go(&mut self, asked: &Paths, name: Text, tree: &mut Tree) {
        self.name = Some(name);
        if asked.before {
            self.recent.copy_within(..MAX_DEPTH - 1, 1);
            self.recent[0] = name;
            self.kept = (self.kept + 1).min(u8::try_from(MAX_DEPTH).unwrap_or(u8::MAX));
        } else if self.at != NOT_YET && usize::from(self.depth) < asked.depth {
            self.at = tree.step(self.at, name);
            self.depth += 1;
        }
    }
}

impl Tree {
    fn step(&mut self, from: u32, name: Text) -> u32 {
        if from == LOST {
            return LOST;
        }
        let new = u32::try_from(self.visits.len()).ok().filter(|_| self.visits.len() < MAX_PATHS);
        let at = match self.next.get(&(from, name)) {
            Some(at) => *at,
            None => match new {
                Some(new) => {
                    self.next.insert((from, name), new);
                    self.visits.push(0);
                    self.names.push(name);
                    new
                }
                None => return LOST,
            },
        };
        self.visits[place(at)] += 1;
        at
    }

    fn answer(&self, asked: &Paths, texts: &Table) -> Step {
        let mut next: Vec<Vec<u32>> = vec![Vec::new(); self.visits.len()];
        for ((from, _), at) in &self.next {
            next[place(*from)].push(*at);
        }
        self.answered(0, 0, asked, &next, texts)
    }

    fn answered(
        &self,
        at: u32,
        depth: usize,
        asked: &Paths,
        next: &[Vec<u32>],
        texts: &Table,
    ) -> Step {
        let name = |at: u32| texts.text(self.names[place(at)]);
        let visits = |at: u32| self.visits[place(at)];
        let mut steps = next[place(at)].clone();
        steps.sort_unstable_by(|a, b| {
            visits(*b).cmp(&visits(*a)).then_with(|| name(*a).cmp(name(*b)))
        });
        let on: i64 = steps.iter().map(|at| visits(*at)).sum();
        let shown = steps.iter().take(asked.width);
        let shown: Vec<_> =
            shown.map(|at| self.answered(*at, depth + 1, asked, next, texts)).collect();
        let others = on - shown.iter().map(|step| step.visits).sum::<i64>();
        Step {
            name: if at == 0 { String::new() } else { name(at).to_owned() },
            visits: visits(at),
            ended: (depth < asked.depth).then(|| visits(at) - on),
            next: shown,
            others,
        }
    }
}

#[cfg(test)]
mod tests;
