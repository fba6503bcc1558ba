//! Small groups in what visitors did one after the other (docs/small-groups.md): what stands for fewer visitors than the
//! site file's `[statistics] smallest_group` is not told, and neither is what gives it away together with what is told.
//!
//! Pure rules over counts, as [`query::withheld`](crate::query::withheld) has them for sums.

use schemars::JsonSchema;
use serde::Serialize;

use super::cohorts::Cohort;
use crate::query::withheld::hidden;

/// Says that something is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FiguresWithheld")]
pub struct Withheld {
    /// Visitors that have to stand behind whatever is told.
    pub smallest_group: i64,
    /// Whether nothing is told: too few visitors are asked about, or too few are left out by the segment.
    pub whole: bool,
}

impl Withheld {
    /// What is to be said, where something is not told.
    #[must_use]
    pub fn of(smallest_group: i64, told: impl IntoIterator<Item = bool>) -> Option<Self> {
        let (mut some, mut all) = (false, true);
        for told in told {
            some |= told;
            all &= told;
        }
        (!all).then_some(Self { smallest_group, whole: !some })
    }

    /// The same in words.
    #[must_use]
    pub fn said(&self) -> String {
        let few = self.smallest_group;
        if self.whole {
            format!(
                "withheld: fewer than {few} visitors stand behind this, or behind what the segment leaves out"
            )
        } else {
            format!("withheld: what stands for fewer than {few} visitors, or would give it away")
        }
    }
}

/// Whether those are some, but too few.
#[must_use]
pub fn few(visitors: i64, smallest: i64) -> bool {
    (1..smallest).contains(&visitors.abs())
}

/// Which steps of a funnel may be told, of which each has no more visitors than the one before: those that have
/// enough, and that leave enough behind since the last one that is told. Where the first has too few, none.
#[must_use]
pub fn steps(visitors: &[i64], smallest: i64) -> Vec<bool> {
    let Some(first) = visitors.first() else { return Vec::new() };
    if few(*first, smallest) {
        return vec![false; visitors.len()];
    }
    let mut last = *first;
    let tell = |n: &i64| {
        let told = !few(*n, smallest) && !few(last - n, smallest);
        if told {
            last = *n;
        }
        told
    };
    visitors.iter().map(tell).collect()
}

/// Whether all of them may be told.
fn pass(visitors: &[i64], smallest: i64) -> bool {
    steps(visitors, smallest).into_iter().all(|told| told)
}

/// Which groups of a funnel may be told, the largest first, of which each has its visitors by step: those whose steps
/// all may be, as long as the rest of the total could be too. The group with the fewest goes into the rest until it can.
/// Of a total that is not told whole no group is.
///
/// Which are told of fewer groups are the first of those that are told of more: no number of groups that somebody asks
/// for tells them apart.
#[must_use]
pub fn groups(total: &[i64], groups: &[Vec<i64>], smallest: i64) -> Vec<bool> {
    if !pass(total, smallest) {
        return vec![false; groups.len()];
    }
    let mut told: Vec<_> = groups.iter().map(|group| pass(group, smallest)).collect();
    loop {
        let mut rest = total.to_vec();
        for (group, _) in groups.iter().zip(&told).filter(|(_, told)| **told) {
            rest.iter_mut().zip(group).for_each(|(rest, own)| *rest -= own);
        }
        match told.iter().rposition(|told| *told) {
            Some(fewest) if !pass(&rest, smallest) => told[fewest] = false,
            _ => return told,
        }
    }
}

/// Which cohorts may be told, and which of their cells: `again` by cohort. A cell that has not begun is told so.
#[must_use]
pub fn cohorts<L: Eq + std::hash::Hash>(
    cohorts: &[Cohort],
    lines: impl IntoIterator<Item = Vec<L>>,
    smallest: i64,
) -> (Vec<bool>, Vec<Vec<bool>>) {
    let sizes: Vec<_> = cohorts.iter().map(|cohort| cohort.visitors).collect();
    let rows: Vec<_> = hidden(&sizes, lines, smallest).into_iter().map(|hidden| !hidden).collect();
    let cells = cohorts.iter().zip(&rows).map(|(cohort, row)| {
        let cell = |n: &Option<i64>| {
            let told = |n| !few(n, smallest) && !few(cohort.visitors - n, smallest);
            n.is_none_or(|n| *row && told(n))
        };
        cohort.again.iter().map(cell).collect()
    });
    let cells = cells.collect();
    (rows, cells)
}

/// Which ways on from a step of a path may be told, and whether it may be told how many ended there, of all its ways.
/// What is not told is among the others.
#[must_use]
pub fn ways(on: &[i64], ended: i64, smallest: i64) -> (Vec<bool>, bool) {
    let all: Vec<_> = on.iter().copied().chain([ended]).collect();
    let mut told = hidden(&all, [vec![(); all.len()]], smallest);
    told.iter_mut().for_each(|it| *it = !*it);
    let ended = told.pop().unwrap_or(true);
    (told, ended)
}

/// Whether figures of a segment's visitors, each beside the same of all visitors, leave out too few anywhere.
#[must_use]
pub fn leaves_out_few(figures: impl IntoIterator<Item = (i64, i64)>, smallest: i64) -> bool {
    figures.into_iter().any(|(own, all)| few(all - own, smallest))
}

#[cfg(test)]
mod tests;
