//! The same of what the back office shows of visits.

use std::collections::{BTreeSet, HashMap};

use super::{hidden_by, partitions};
use crate::store::{
    dashboard::{Beside, Field, Overview, Sums},
    questions::Cell,
};

/// Rows of a breakdown that are looked through, at most. What comes after them is neither shown nor told apart.
const ROWS: u32 = 10_000;

/// What an overview does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Visitors that have to stand behind whatever is told.
    pub smallest: i64,
    /// Whether nothing is told.
    pub whole: bool,
    /// Days or hours.
    pub times: BTreeSet<i64>,
    /// How many rows of which breakdown.
    pub rows: Vec<(Field, usize)>,
}

impl Hidden {
    /// Whether anything is.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.whole || !self.times.is_empty() || !self.rows.is_empty()
    }
}

/// How many rows of each breakdown to ask for, where so many are to be shown.
#[must_use]
pub const fn rows(smallest: i64, shown: u32) -> u32 {
    if smallest > 1 && shown > 0 { ROWS } else { shown }
}

/// Takes out of an overview what may not be told, and leaves so many rows of each breakdown. `beside` is what conditions
/// leave out of it, `by_hour` whether its times are hours.
///
/// How many visitors a condition on visits leaves out is not known here, only how many of them nothing else is shown of:
/// it is withheld where that are too few, as soon as it leaves out any visit. Of a segment it is known, and of each row.
#[must_use]
pub fn overview(
    overview: &mut Overview,
    beside: &Beside,
    (smallest, by_hour): (i64, bool),
    rows: u32,
) -> Hidden {
    let mut found = Hidden { smallest, ..Hidden::default() };
    let few = |visitors: i64| (1..smallest).contains(&visitors);
    let mut left_out = beside.without.iter().map(|all| {
        let (visits, visitors) =
            (all.visits - overview.total.visits, all.visitors - overview.total.visitors);
        visits > 0 && visitors < smallest
    });
    let left_out = left_out.any(|left_out| left_out)
        || beside.others.as_ref().is_some_and(|others| few(others.total.visitors));
    let total = overview.total.visitors;
    let narrow = !beside.without.is_empty();
    if smallest > 1 && (few(total) || (narrow && total < smallest) || left_out) {
        *overview = Overview::default();
        found.whole = true;
        return found;
    }
    if smallest > 1 {
        let counts: Vec<_> = overview.times.iter().map(|(_, sums)| sums.visitors).collect();
        let time = |(time, _): &(i64, Sums)| {
            // Hours are counted from the first day's beginning, of which there is one.
            vec![if by_hour { Cell::Text(time.to_string()) } else { Cell::Day(*time) }]
        };
        let cells: Vec<_> = overview.times.iter().map(time).collect();
        let others = others(beside, &overview.times, |others, (time, _)| {
            let found = others.times.binary_search_by_key(time, |(time, _)| *time);
            found.map_or(0, |at| others.times[at].1.visitors)
        });
        let which = hidden_by(&lists(&counts, others.as_deref()), partitions(&cells), smallest);
        let times = overview.times.iter().zip(&which).filter(|(_, hidden)| **hidden);
        found.times = times.map(|((time, _), _)| *time).collect();
        overview.times.retain(|(time, _)| !found.times.contains(time));
    }
    let whole = std::mem::take(&mut overview.breakdowns);
    let left_out: HashMap<(Field, &str), i64> = beside
        .others
        .iter()
        .flat_map(|others| &others.breakdowns)
        .map(|(field, value, sums)| ((*field, value.as_str()), sums.visitors))
        .collect();
    for field in Field::ALL {
        let own: Vec<_> = whole.iter().filter(|(of, ..)| *of == field).collect();
        let counts: Vec<_> = own.iter().map(|(_, _, sums)| sums.visitors).collect();
        let others = others(beside, &own, |_, (field, value, _)| {
            left_out.get(&(*field, value.as_str())).copied().unwrap_or(0)
        });
        let which = hidden_by(&lists(&counts, others.as_deref()), [vec![(); own.len()]], smallest);
        let shown = own.iter().zip(&which).filter(|(_, hidden)| !**hidden);
        let most = usize::try_from(rows).unwrap_or(usize::MAX);
        overview.breakdowns.extend(shown.take(most).map(|(row, _)| (*row).clone()));
        let hidden = which.iter().filter(|hidden| **hidden).count();
        if hidden > 0 {
            found.rows.push((field, hidden));
        }
    }
    found
}

/// How many who are not asked about would be in each row, where not everybody is.
fn others<R>(beside: &Beside, rows: &[R], of: impl Fn(&Overview, &R) -> i64) -> Option<Vec<i64>> {
    let others = beside.others.as_ref()?;
    Some(rows.iter().map(|row| of(others, row)).collect())
}

/// The counts behind rows.
fn lists<'a>(own: &'a [i64], others: Option<&'a [i64]>) -> Vec<&'a [i64]> {
    std::iter::once(own).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(visitors: i64, visits: i64) -> Sums {
        Sums { visitors, visits, ..Sums::default() }
    }

    fn whole() -> Overview {
        let page = |name: &str, visitors| (Field::Page, name.to_owned(), sums(visitors, visitors));
        Overview {
            total: sums(60, 80),
            times: vec![(20_000, sums(50, 50)), (20_001, sums(3, 3)), (20_002, sums(20, 20))],
            breakdowns: vec![page("/", 50), page("/a", 30), page("/b", 12), page("/c", 1)],
        }
    }

    #[test]
    fn small_rows_and_days_are_taken_out_with_another() {
        let mut told = whole();
        let hidden = overview(&mut told, &Beside::default(), (10, false), 10);
        assert_eq!(hidden.times, BTreeSet::from([20_001, 20_002]));
        assert_eq!(hidden.rows, [(Field::Page, 2)]);
        let pages: Vec<_> = told.breakdowns.iter().map(|(_, page, _)| page.as_str()).collect();
        assert_eq!((pages, told.times.len(), hidden.whole), (vec!["/", "/a"], 1, false));
        let mut told = whole();
        assert!(!overview(&mut told, &Beside::default(), (1, false), 2).is_any());
        assert_eq!((told.breakdowns.len(), told.times.len()), (2, 3));
    }

    #[test]
    fn conditions_that_pass_or_leave_out_few_are_not_answered() {
        let of = |all: Option<Sums>, total| {
            let mut told = Overview { total, ..whole() };
            let beside = Beside { without: all.into_iter().collect(), others: None };
            let hidden = overview(&mut told, &beside, (10, false), 10);
            assert_eq!(hidden.whole, told == Overview::default());
            hidden.whole
        };
        assert!(of(None, sums(9, 9)) && !of(None, sums(0, 0)) && !of(None, sums(10, 10)));
        assert!(of(Some(sums(60, 80)), sums(0, 0)), "that nobody passes is not told either");
        assert!(of(Some(sums(60, 80)), sums(55, 60)), "five are left out");
        assert!(!of(Some(sums(60, 80)), sums(60, 80)), "nobody is left out");
        assert!(!of(Some(sums(60, 80)), sums(40, 60)));
    }

    #[test]
    fn of_a_segment_a_row_is_not_told_that_few_others_would_be_in() {
        let page = |name: &str, visitors| (Field::Page, name.to_owned(), sums(visitors, visitors));
        let others = Overview {
            total: sums(90, 90),
            times: vec![(20_000, sums(2, 2)), (20_002, sums(88, 88))],
            breakdowns: vec![page("/", 40), page("/a", 9), page("/b", 30)],
        };
        let beside = |others| Beside { without: vec![sums(150, 170)], others: Some(others) };
        let mut told = whole();
        let hidden = overview(&mut told, &beside(others.clone()), (10, false), 10);
        assert_eq!(hidden.times, BTreeSet::from([20_000, 20_001, 20_002]));
        let pages: Vec<_> = told.breakdowns.iter().map(|(_, page, _)| page.as_str()).collect();
        assert_eq!(pages, ["/"], "/a with nine others, /b with it, and /c of one");
        let few = Overview { total: sums(9, 9), ..others };
        assert!(overview(&mut whole(), &beside(few), (10, false), 10).whole);
        let none = Overview::default();
        let hidden = overview(&mut whole(), &beside(none), (10, false), 10);
        assert!(!hidden.whole && hidden.rows == [(Field::Page, 2)], "nobody is left out");
    }
}
