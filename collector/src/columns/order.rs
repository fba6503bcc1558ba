//! The order of events over all parts, and what is left out.

use std::collections::{HashMap, HashSet};

use super::run::{Run, Span};

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

/// Events of one visitor that follow each other in one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) visitor: u32,
    pub(super) run: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The same, by the visitor's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) visitor: i64,
    pub(super) run: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// Adds the pieces of a run that are not left out, in their order. `seen` says how long the list of what is gone was
/// that the run knows of.
pub(super) fn shown(run: &Run, place: u32, (mask, seen): (&Mask, i64), pieces: &mut Vec<Piece>) {
    let single = mask.has_events(run.day, seen);
    for span in run.spans.iter().filter(|span| !mask.visitors.contains(&span.visitor)) {
        if single || mask.reaches(span.visitor, seen) {
            shown_of(run, place, *span, (mask, seen), pieces);
        } else {
            pieces.push(Piece { visitor: span.visitor, run: place, from: span.from, to: span.to });
        }
    }
}

/// What of a span is not left out. Where that cannot be told, since the grants were not read, nothing is shown.
fn shown_of(
    run: &Run,
    place: u32,
    span: Span,
    (mask, seen): (&Mask, i64),
    pieces: &mut Vec<Piece>,
) {
    let mut open = false;
    for event in span.from..span.to {
        let of = run.grants.get(event as usize).zip(run.at.get(event as usize));
        let own = (run.day, span.visitor);
        let hidden = of.is_none_or(|(grant, at)| mask.hides(own, (*grant, *at), seen));
        match pieces.last_mut() {
            _ if hidden => {}
            Some(last) if open => last.to += 1,
            _ => {
                let (from, to) = (event, event + 1);
                pieces.push(Piece { visitor: span.visitor, run: place, from, to });
            }
        }
        open = !hidden;
    }
}

/// The visitors' rows, and the segments by visitor and time. Pieces come in the order of their runs, and runs in that of
/// their days; of the same millisecond those of the earlier run come first.
pub(super) fn by_visitor(runs: &[Run], mut pieces: Vec<Piece>) -> (Vec<i64>, Vec<Segment>) {
    // Many short ascending rows, one a run, that are merged: of one visitor they stay in the order of days.
    pieces.sort_by_key(|piece| piece.visitor);
    let mut visitors = Vec::new();
    let mut segments = Vec::with_capacity(pieces.len());
    for own in pieces.chunk_by(|one, next| one.visitor == next.visitor) {
        let visitor = u32::try_from(visitors.len()).unwrap_or(u32::MAX);
        visitors.extend(own.first().map(|piece| piece.visitor));
        let day = |piece: &Piece| runs.get(piece.run as usize).map(|run| run.day);
        for of_day in own.chunk_by(|one, next| one.run == next.run || day(one) == day(next)) {
            match of_day {
                [Piece { run, from, to, .. }] => {
                    segments.push(Segment { visitor, run: *run, from: *from, to: *to });
                }
                several => by_time(runs, visitor, several, &mut segments),
            }
        }
    }
    (visitors, segments)
}

fn by_time(runs: &[Run], visitor: u32, pieces: &[Piece], segments: &mut Vec<Segment>) {
    let mut events: Vec<(i64, u32, u32)> = Vec::new();
    for piece in pieces {
        let Some(run) = runs.get(piece.run as usize) else { continue };
        events
            .extend((piece.from..piece.to).map(|event| (run.at[event as usize], piece.run, event)));
    }
    events.sort_unstable();
    let first = segments.len();
    for (_, run, event) in events {
        match segments[first..].last_mut() {
            Some(last) if last.run == run && last.to == event => last.to += 1,
            _ => segments.push(Segment { visitor, run, from: event, to: event + 1 }),
        }
    }
}
