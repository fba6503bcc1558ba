//! The same of the last half hour, of events with their properties and hours, and of decisions: of these, so many
//! decisions have to stand behind whatever is told.

use std::collections::{BTreeMap, BTreeSet};

use super::{hidden, hidden_by};
use crate::store::{
    decided::Decided,
    moments::{Minute, Recent},
};

/// Pages and events that are listed of the last half hour, and pages of decisions.
pub const LISTED: u32 = 10;
/// Events that are listed.
pub const NAMED: u32 = 100;

/// What of the last half hour is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Visitors that have to stand behind whatever is told.
    pub smallest: i64,
    /// Whether nothing is told.
    pub whole: bool,
    /// Whether how many page views there were is not.
    pub views: bool,
    /// Minutes that are not, by how long ago they were.
    pub minutes: BTreeSet<i64>,
    /// Whether rows are not: of pages, and of other events.
    pub rows: [bool; 2],
}

impl Hidden {
    /// Whether anything is.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.whole || self.views || !self.minutes.is_empty() || self.rows.contains(&true)
    }
}

/// Whether there are some, but fewer than may be told.
#[must_use]
pub const fn is_few(n: i64, smallest: i64) -> bool {
    0 < n && n < smallest
}

/// Which of the parts of one total may not be told.
fn parts(counts: &[i64], smallest: i64) -> Vec<bool> {
    hidden(counts, [vec![(); counts.len()]], smallest)
}

/// Takes out of the rows of one total those that may not be told, and leaves so many of the others in their order.
/// `count` says how many visitors, or decisions, stand behind a row. True where any was taken out.
#[must_use]
pub fn take_out<R>(rows: &mut Vec<R>, count: impl Fn(&R) -> i64, smallest: i64, most: u32) -> bool {
    take_out_by(rows, |row| (count(row), 0), smallest, most)
}

/// The same where rows are told of a segment: `counts` also says how many others would be in the row.
#[must_use]
pub fn take_out_by<R>(
    rows: &mut Vec<R>,
    counts: impl Fn(&R) -> (i64, i64),
    smallest: i64,
    most: u32,
) -> bool {
    let (own, others): (Vec<i64>, Vec<i64>) = rows.iter().map(counts).unzip();
    let which = hidden_by(&[&own, &others], [vec![(); rows.len()]], smallest);
    let any = which.contains(&true);
    let mut which = which.into_iter();
    rows.retain(|_| which.next() == Some(false));
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    any
}

/// Takes out of the last half hour what may not be told. `others` is the same of those who are not asked about, where not
/// everybody is.
#[must_use]
pub fn recent(recent: &mut Recent, others: Option<&Recent>, smallest: i64) -> Hidden {
    let mut found = Hidden { smallest, ..Hidden::default() };
    let few = |of: fn(&Recent) -> i64| {
        is_few(of(recent), smallest) || others.is_some_and(|others| is_few(of(others), smallest))
    };
    // Of a segment it is not told either that nobody of it came.
    let none = smallest > 1 && others.is_some() && recent.visitors == 0;
    if none || few(|it| it.visitors) {
        *recent = Recent::default();
        found.whole = true;
        return found;
    }
    found.views = few(|it| it.viewers);
    if found.views {
        recent.views = 0;
    }
    // A minute tells views as well as visitors, and not everybody has viewed a page in it.
    let minutes: Vec<(i64, Minute)> = recent.minutes.iter().map(|(ago, it)| (*ago, *it)).collect();
    let by = |of: fn(&Minute) -> i64| {
        let own: Vec<i64> = minutes.iter().map(|(_, it)| of(it)).collect();
        let beside = |ago: &i64| others.and_then(|others| others.minutes.get(ago)).map_or(0, of);
        let beside: Vec<i64> = minutes.iter().map(|(ago, _)| beside(ago)).collect();
        hidden_by(&[&own, &beside], [vec![(); own.len()]], smallest)
    };
    let which = by(|it| it.viewers).into_iter().zip(by(|it| it.visitors));
    for ((ago, _), (by_viewers, by_visitors)) in minutes.iter().zip(which) {
        if by_viewers || by_visitors {
            found.minutes.insert(*ago);
            recent.minutes.remove(ago);
        }
    }
    let beside = |of: fn(&Recent) -> &Vec<(String, i64, i64)>, name: &str| {
        let row = others.and_then(|others| of(others).iter().find(|(own, ..)| own == name));
        row.map_or(0, |(.., visitors)| *visitors)
    };
    let pages =
        |(name, _, visitors): &(String, i64, i64)| (*visitors, beside(|it| &it.pages, name));
    let events =
        |(name, _, visitors): &(String, i64, i64)| (*visitors, beside(|it| &it.events, name));
    found.rows = [
        take_out_by(&mut recent.pages, pages, smallest, LISTED),
        take_out_by(&mut recent.events, events, smallest, LISTED),
    ];
    found
}

/// Page views by hour of the day, none where they may not be told. What was counted has the hour, views and visitors, of
/// those who are told, and of others.
#[must_use]
pub fn hours(
    counted: &[(i64, i64, i64)],
    others: &[(i64, i64, i64)],
    smallest: i64,
) -> [Option<i64>; 24] {
    let visitors: Vec<i64> = counted.iter().map(|(.., visitors)| *visitors).collect();
    let beside = |hour: &i64| others.iter().find(|(own, ..)| own == hour).map_or(0, |it| it.2);
    let beside: Vec<i64> = counted.iter().map(|(hour, ..)| beside(hour)).collect();
    let which = hidden_by(&[&visitors, &beside], [vec![(); counted.len()]], smallest);
    let mut hours = [Some(0); 24];
    for ((hour, views, _), is_hidden) in counted.iter().zip(which) {
        let Ok(hour) = usize::try_from(*hour) else { continue };
        if let Some(place) = hours.get_mut(hour) {
            *place = (!is_hidden).then_some(*views);
        }
    }
    hours
}

/// How many of these chose: to withdraw is no choice.
fn choices(method: &str, n: i64) -> i64 {
    if method == "withdraw" { 0 } else { n }
}

/// Leaves those pages on which most chose and of which that may be told; rows have the page, the method, and how many.
/// True where a page is not told.
#[must_use]
pub fn pages(decided: &mut Vec<(String, String, i64)>, smallest: i64, most: u32) -> bool {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (page, method, n) in &*decided {
        *sums.entry(page.clone()).or_default() += choices(method, *n);
    }
    let mut sums: Vec<(String, i64)> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let any = take_out(&mut sums, |(_, n)| *n, smallest, most);
    let kept: BTreeSet<String> = sums.into_iter().map(|(page, _)| page).collect();
    decided.retain(|(page, ..)| kept.contains(page));
    any
}

/// The versions, or languages, with which enough chose, by name; and whether there are others.
#[must_use]
pub fn values<'d>(
    decided: &'d [Decided],
    of: impl Fn(&'d Decided) -> &'d str,
    smallest: i64,
) -> (Vec<&'d str>, bool) {
    let mut sums: BTreeMap<&'d str, i64> = BTreeMap::new();
    for it in decided {
        *sums.entry(of(it)).or_default() += choices(&it.method, it.n);
    }
    // One with which somebody only withdrew would tell of those few that they did.
    let mut sums: Vec<(&'d str, i64)> =
        sums.into_iter().filter(|(_, n)| smallest <= 1 || *n > 0).collect();
    let any = take_out(&mut sums, |(_, n)| *n, smallest, u32::MAX);
    (sums.into_iter().map(|(value, _)| value).collect(), any)
}

/// The kinds of device on which enough were asked and chose, by name, with how many were asked on each; and whether there are
/// others.
#[must_use]
pub fn devices<'d>(
    decided: &'d [Decided],
    asked: &'d BTreeMap<String, i64>,
    smallest: i64,
) -> (Vec<(&'d str, i64)>, bool) {
    let mut sums: BTreeMap<&'d str, (i64, i64)> =
        asked.iter().map(|(device, n)| (device.as_str(), (*n, 0))).collect();
    for it in decided {
        sums.entry(it.device.as_str()).or_default().1 += choices(&it.method, it.n);
    }
    let mut sums: Vec<(&'d str, (i64, i64))> =
        sums.into_iter().filter(|(_, both)| smallest <= 1 || *both != (0, 0)).collect();
    let any = take_out_by(&mut sums, |(_, both)| *both, smallest, u32::MAX);
    (sums.into_iter().map(|(device, (asked, _))| (device, asked)).collect(), any)
}

/// Parts of one number, none where they may not be told: where they are few together none of them is, since the only
/// one that is not nobody would be all of them.
#[must_use]
pub fn spans<const N: usize>(counts: [i64; N], smallest: i64) -> [Option<i64>; N] {
    if is_few(counts.iter().sum(), smallest) {
        return [None; N];
    }
    let which = parts(&counts, smallest);
    let mut told = counts.map(Some);
    for (place, is_hidden) in told.iter_mut().zip(which) {
        if is_hidden {
            *place = None;
        }
    }
    told
}

#[cfg(test)]
mod tests;
