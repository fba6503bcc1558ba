//! Paths: what was done in the same visit before or after something, step by step.
//!
//! A visit ends with half an hour without an event. In each visit the first event that is asked about counts, so that
//! figures are of visits. What comes twice in a row (a page loaded anew) is one step.

use std::collections::HashMap;

use super::{Patience, Stopped, each, place, withheld};
use crate::{
    columns::{Event, Table, Text},
    store::questions::filters::Matching,
};

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
    /// Visitors that have to stand behind whatever is told. Where that are several, only each visitor's first visit
    /// counts that comes to what is asked about: visits are visitors then.
    pub smallest: i64,
}

/// A step, and where it led.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The page or event.
    pub name: String,
    /// Visits that took it.
    pub visits: i64,
    /// Of them, those in which nothing more came: they ended there, or began there. Not asked of the last step, and none
    /// where it is not told.
    pub ended: Option<i64>,
    /// Where the others went, the most first.
    pub next: Vec<Step>,
    /// Of them, those that went elsewhere; none where it would tell how many ended.
    pub others: Option<i64>,
    /// Whether ways on, or how many ended, are not told here.
    pub hides: bool,
}

impl Step {
    /// Whether something is not told, here or further on.
    #[must_use]
    pub fn hides_any(&self) -> bool {
        self.hides || self.next.iter().any(Self::hides_any)
    }

    /// Every figure beside the same of a step of the same shape.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Vec<(i64, i64)> {
        let own = [
            (Some(self.visits), Some(other.visits)),
            (self.ended, other.ended),
            (self.others, other.others),
        ];
        let own = own.into_iter().filter_map(|(own, other)| own.zip(other));
        let next = self.next.iter().zip(&other.next).flat_map(|(own, other)| own.beside(other));
        own.chain(next).collect()
    }
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
    /// Whether one of their visits has come to what is asked about.
    came: bool,
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
    came: false,
    name: None,
    recent: [Text::EMPTY; MAX_DEPTH],
};

/// Every path that was taken.
struct Tree {
    visits: Vec<i64>,
    names: Vec<Text>,
    next: HashMap<(u32, Text), u32>,
    /// Whether there are more than can be told apart: what is lost would count as the end of a visit.
    is_full: bool,
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
    Ok(walk(asked, events, texts, patience)?.answer(asked, texts))
}

/// The same of other events, in the shape of an answer: of its steps only.
///
/// # Errors
/// Where nobody waits any more.
pub fn like(
    asked: &mut Paths,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
    shape: &Step,
) -> Result<Step, Stopped> {
    let tree = walk(asked, events, texts, patience)?;
    Ok(tree.shaped(0, shape, &tree.ways(), texts))
}

fn walk(
    asked: &mut Paths,
    events: impl Iterator<Item = Event>,
    texts: &Table,
    patience: &Patience,
) -> Result<Tree, Stopped> {
    let once = asked.smallest > 1;
    let mut walks = vec![NEW; texts.visitors()];
    let (visits, names) = (vec![0], vec![Text::EMPTY]);
    let mut tree = Tree { visits, names, next: HashMap::new(), is_full: false };
    each(events, patience, |event| {
        let walk = &mut walks[place(event.visitor)];
        if walk.last == i64::MIN || event.at - walk.last >= PAUSE {
            *walk = Walk { came: walk.came, ..NEW };
        }
        walk.last = event.at;
        let name = match asked.by {
            By::Event => Some(event.name),
            By::Page => (texts.text(event.name) == "page_view").then_some(event.page),
        };
        let counts = walk.at == NOT_YET && !(once && walk.came);
        if counts && asked.from.holds(&event, texts) {
            walk.begin(asked, name, &mut tree);
            return Ok(());
        }
        if let Some(name) = name.filter(|name| walk.name != Some(*name)) {
            walk.go(asked, name, &mut tree);
        }
        if tree.is_full { Err(Stopped::TooMuch) } else { Ok(()) }
    })?;
    patience.look()?;
    Ok(tree)
}

impl Walk {
    /// Comes to what is asked about.
    fn begin(&mut self, asked: &Paths, name: Option<Text>, tree: &mut Tree) {
        tree.visits[0] += 1;
        (self.at, self.came) = (0, true);
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
                None => {
                    self.is_full = true;
                    return LOST;
                }
            },
        };
        self.visits[place(at)] += 1;
        at
    }

    fn answer(&self, asked: &Paths, texts: &Table) -> Step {
        self.answered(0, 0, asked, &self.ways(), texts)
    }

    /// The ways on from each step.
    fn ways(&self) -> Vec<Vec<u32>> {
        let mut next: Vec<Vec<u32>> = vec![Vec::new(); self.visits.len()];
        for ((from, _), at) in &self.next {
            next[place(*from)].push(*at);
        }
        next
    }

    fn shaped(&self, at: u32, shape: &Step, ways: &[Vec<u32>], texts: &Table) -> Step {
        let own = &ways[place(at)];
        let visits = |at: &u32| self.visits[place(*at)];
        let on: i64 = own.iter().map(visits).sum();
        let step = |shape: &Step| {
            let there = own.iter().find(|at| texts.text(self.names[place(**at)]) == shape.name);
            let nobody = || Step { name: shape.name.clone(), ..Step::default() };
            there.map_or_else(nobody, |at| self.shaped(*at, shape, ways, texts))
        };
        let next: Vec<_> = shape.next.iter().map(step).collect();
        let others = on - next.iter().map(|step| step.visits).sum::<i64>();
        let (name, visits) = (shape.name.clone(), visits(&at));
        Step { name, visits, ended: Some(visits - on), next, others: Some(others), hides: false }
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
        let counts: Vec<_> = steps.iter().map(|at| visits(*at)).collect();
        let (told, ends) = withheld::ways(&counts, visits(at) - on, asked.smallest);
        let shown = steps.iter().zip(&told).filter(|(_, told)| **told).map(|(at, _)| at);
        let shown = shown.take(asked.width);
        let shown: Vec<_> =
            shown.map(|at| self.answered(*at, depth + 1, asked, next, texts)).collect();
        let others = on - shown.iter().map(|step| step.visits).sum::<i64>();
        Step {
            name: if at == 0 { String::new() } else { name(at).to_owned() },
            visits: visits(at),
            ended: (depth < asked.depth && ends).then(|| visits(at) - on),
            next: shown,
            others: ends.then_some(others),
            hides: !ends || told.contains(&false),
        }
    }
}

#[cfg(test)]
mod tests;
