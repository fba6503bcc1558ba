//! The order of a day's events, over all of its parts, and what is left out.

use std::collections::{HashMap, HashSet};

use super::part::{Run, Span};

/// What is left out of copies: what no question may count, though it lies in them still. Each entry has its place in
/// the list of what is gone: a part that was made when the list was longer knows of it already.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Visitors whose consent has run out.
    visitors: HashSet<i64>,
    /// Grants that are gone, by their visitors: the grant and its place.
    grants: HashMap<i64, Vec<(i64, i64)>>,
    /// Events that are gone, by their days: the grant and the time, and the place.
    events: HashMap<i64, HashMap<(i64, i64), i64>>,
}

impl Mask {
    /// Leaves out a visitor's events.
    pub fn visitor(&mut self, visitor: i64) {
        self.visitors.insert(visitor);
    }

    /// Leaves out what was taken under a grant.
    pub fn grant(&mut self, place: i64, visitor: i64, grant: i64) {
        self.grants.entry(visitor).or_default().push((grant, place));
    }

    /// Leaves out what was taken under a grant at that time.
    pub fn event(&mut self, place: i64, day: i64, (grant, at): (i64, i64)) {
        let own = self.events.entry(day).or_default().entry((grant, at)).or_insert(place);
        *own = place.max(*own);
    }

    /// Whether a part may have anything that is gone, so that its grants have to be read.
    #[must_use]
    pub fn concerns(&self, day: i64, visitors: (i64, i64), seen: i64) -> bool {
        self.has_events(day, seen)
            || self.grants.iter().any(|(visitor, gone)| {
                (visitors.0..=visitors.1).contains(visitor)
                    && gone.iter().any(|(_, place)| *place > seen)
            })
    }

    /// Whether any of the visitor's grants is gone.
    fn reaches(&self, visitor: i64, seen: i64) -> bool {
        self.grants.get(&visitor).is_some_and(|gone| gone.iter().any(|(_, place)| *place > seen))
    }

    /// Whether single events of the day are gone.
    fn has_events(&self, day: i64, seen: i64) -> bool {
        self.events.get(&day).is_some_and(|events| events.values().any(|place| *place > seen))
    }

    fn hides(&self, (day, visitor): (i64, i64), (grant, at): (i64, i64), seen: i64) -> bool {
        let grants = self.grants.get(&visitor);
        grants.is_some_and(|gone| gone.iter().any(|(own, place)| *own == grant && *place > seen))
            || self
                .events
                .get(&day)
                .and_then(|gone| gone.get(&(grant, at)))
                .is_some_and(|place| *place > seen)
    }
}

/// Events of one visitor that follow each other in one of a day's runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) visitor: u32,
    pub(super) run: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The segments of a day, by visitor and time. Of the same millisecond those of the earlier part come first.
/// `seen` says of each run how long the list of grants was that it knows of.
pub(super) fn segments(
    day: i64,
    runs: &[(Run, i64)],
    mask: &Mask,
    mut number: impl FnMut(i64) -> u32,
) -> Vec<Segment> {
    let mut next = vec![0_usize; runs.len()];
    let mut segments = Vec::new();
    let mut pieces = Vec::new();
    let all: Vec<bool> = runs.iter().map(|(_, seen)| mask.has_events(day, *seen)).collect();
    let spans = |next: &[usize], run: usize| -> Option<Span> {
        runs.get(run)?.0.spans.get(*next.get(run)?).copied()
    };
    while let Some(visitor) =
        (0..runs.len()).filter_map(|run| spans(&next, run)).map(|span| span.visitor).min()
    {
        pieces.clear();
        for run in 0..runs.len() {
            if let Some(span) = spans(&next, run).filter(|span| span.visitor == visitor) {
                next[run] += 1;
                let some = all[run] || mask.reaches(span.visitor, runs[run].1);
                shown(&runs[run], run, (day, span), some.then_some(mask), &mut pieces);
            }
        }
        if pieces.is_empty() || mask.visitors.contains(&visitor) {
            continue;
        }
        let number = number(visitor);
        let segment = |(run, from, to): (usize, u32, u32)| Segment {
            visitor: number,
            run: u32::try_from(run).unwrap_or(u32::MAX),
            from,
            to,
        };
        match pieces.as_slice() {
            [only] => segments.push(segment(*only)),
            several => segments.extend(by_time(runs, several).into_iter().map(segment)),
        }
    }
    segments
}

/// What of a span is not left out. Where that cannot be told, since the grants were not read, nothing is shown.
fn shown(
    (run, seen): &(Run, i64),
    place: usize,
    (day, span): (i64, Span),
    mask: Option<&Mask>,
    pieces: &mut Vec<(usize, u32, u32)>,
) {
    let Some(mask) = mask else {
        pieces.push((place, span.from, span.to));
        return;
    };
    for event in span.from..span.to {
        let of = run.grants.get(event as usize).zip(run.at.get(event as usize));
        let hidden =
            of.is_none_or(|(grant, at)| mask.hides((day, span.visitor), (*grant, *at), *seen));
        match pieces.last_mut() {
            _ if hidden => {}
            Some((run, _, to)) if *run == place && *to == event => *to += 1,
            _ => pieces.push((place, event, event + 1)),
        }
    }
}

fn by_time(runs: &[(Run, i64)], pieces: &[(usize, u32, u32)]) -> Vec<(usize, u32, u32)> {
    let mut events: Vec<(i64, usize, u32)> = Vec::new();
    for (run, from, to) in pieces {
        let times = &runs[*run].0.at;
        events.extend((*from..*to).map(|event| (times[event as usize], *run, event)));
    }
    events.sort_unstable();
    let mut ordered: Vec<(usize, u32, u32)> = Vec::new();
    for (_, run, event) in events {
        match ordered.last_mut() {
            Some((own, _, to)) if *own == run && *to == event => *to += 1,
            _ => ordered.push((run, event, event + 1)),
        }
    }
    ordered
}
