//! Small groups (docs/api.md): what stands for fewer visitors than the site file's `[statistics] smallest_group` is
//! not told, and neither is what gives it away together with what is told.
//!
//! [`hidden`] is the rule, and knows nothing but counts: whatever has rows with visitors behind them asks it.

pub mod dashboard;
pub mod moments;

use std::{collections::HashMap, hash::Hash};

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Asking, Unanswered, few};
use crate::store::{
    Connection,
    questions::{Cell, Filter, Line, MAX_GROUPS, Metric, Report},
};

/// What is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Withheld {
    /// Visitors that have to stand behind whatever is told.
    pub smallest_group: i64,
    /// Whether nothing is told: too few visitors are asked about, or too few are left out by a condition or a segment.
    pub whole: bool,
    /// Rows that are not told.
    pub rows: usize,
    /// Their sums together, in the order asked; null for visitors and visits, of which each counts once and not once
    /// a row, and where nothing is told.
    pub metrics: Vec<Option<i64>>,
}

impl Withheld {
    /// What is to be said of it, where the metrics have those names.
    #[must_use]
    pub fn said(&self, metrics: &[String]) -> String {
        let few = self.smallest_group;
        if self.whole {
            return format!(
                "withheld: fewer than {few} visitors stand behind this, or behind what a filter or a segment leaves out"
            );
        }
        let sums = metrics.iter().zip(&self.metrics);
        let sums = sums.filter_map(|(name, sum)| Some(format!("{name} {}", (*sum)?)));
        let sums = sums.collect::<Vec<_>>().join(", ");
        format!(
            "withheld: {} rows of fewer than {few} visitors, or that would give those away{}{sums}",
            self.rows,
            if sums.is_empty() { "" } else { "; together " },
        )
    }
}

/// Rows that may be told, and those that may not.
#[derive(Debug)]
pub(super) struct Groups {
    /// In their order.
    pub(super) shown: Vec<Line>,
    /// By their values.
    pub(super) hidden: Vec<Vec<Cell>>,
    pub(super) withheld: Option<Withheld>,
}

impl Groups {
    /// All of them.
    pub(super) const fn whole(shown: Vec<Line>) -> Self {
        Self { shown, hidden: Vec::new(), withheld: None }
    }

    fn none(smallest_group: i64, metrics: usize) -> Self {
        let metrics = vec![None; metrics];
        let withheld = Withheld { smallest_group, whole: true, rows: 0, metrics };
        Self { shown: Vec::new(), hidden: Vec::new(), withheld: Some(withheld) }
    }
}

/// Which rows may not be told, of which each has so many visitors behind it: those with some, but fewer than
/// `smallest`, and what has to go with them.
#[must_use]
pub fn hidden<L: Eq + Hash>(
    visitors: &[i64],
    partitions: impl IntoIterator<Item = Vec<L>>,
    smallest: i64,
) -> Vec<bool> {
    hidden_by(&[visitors], partitions, smallest)
}

/// The same of rows that have several counts of visitors behind them, of which none may be some but fewer than `smallest`:
/// those who are told, and those who would be if nobody were left out by a segment.
///
/// A partition says for each row in which line it stands: rows of one line make up a total that is told as well, or
/// can be asked for. What is hidden of a line is its total less what is shown of it. So where a line has something
/// hidden and something shown, at least one of its hidden rows has `smallest` visitors or more: the shown one with the
/// fewest goes too. Together the hidden rows then have as many visitors at least, whoever is in several of them.
#[must_use]
pub fn hidden_by<L: Eq + Hash>(
    counts: &[&[i64]],
    partitions: impl IntoIterator<Item = Vec<L>>,
    smallest: i64,
) -> Vec<bool> {
    let rows = counts.first().map_or(0, |first| first.len());
    let few = |at: usize| counts.iter().any(|counts| (1..smallest).contains(&counts[at]));
    let mut hidden: Vec<_> = (0..rows).map(few).collect();
    // Each row that is added has enough visitors for all of its lines, by the count that it is added for; by another it
    // has as many, or nobody, or was hidden before: no line has to be looked at again.
    for partition in partitions {
        for visitors in counts {
            let mut lines: HashMap<&L, (bool, bool, Option<usize>)> = HashMap::new();
            for (at, (line, count)) in partition.iter().zip(*visitors).enumerate() {
                let (some, enough, fewest) = lines.entry(line).or_default();
                if hidden[at] {
                    *some |= *count > 0;
                    *enough |= *count >= smallest;
                } else if *count >= smallest && fewest.is_none_or(|least| *count <= visitors[least])
                {
                    *fewest = Some(at);
                }
            }
            for (some, enough, fewest) in lines.into_values() {
                if let (true, false, Some(at)) = (some, enough, fewest) {
                    hidden[at] = true;
                }
            }
        }
    }
    hidden
}

/// What of a dimension is the same in a line.
#[derive(Clone, Copy)]
enum Same {
    Day,
    Week,
    Month,
    /// Nothing.
    None,
}

impl Same {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::None];

    /// Whether a question can add up values of that kind so.
    const fn adds_up(self, cell: &Cell) -> bool {
        match self {
            Self::Day => matches!(cell, Cell::Hour(_)),
            Self::Week | Self::Month => matches!(cell, Cell::Hour(_) | Cell::Day(_)),
            Self::None => true,
        }
    }

    fn of(self, cell: &Cell) -> Option<Cell> {
        let day = match cell {
            Cell::Hour(hour) => hour.div_euclid(24),
            Cell::Day(day) => *day,
            _ => return None,
        };
        match self {
            Self::Day => Some(Cell::Day(day)),
            Self::Week => Some(Cell::Week(day).earlier(0)),
            Self::Month => Some(Cell::Month(day).earlier(0)),
            Self::None => None,
        }
    }
}

/// Dimensions of a question, at most, where small groups are protected: the lines double with each.
pub(super) const MAX_DIMENSIONS: usize = 5;
/// Bits of a value's number: there are [`super::MAX_ROWS`] at most.
const BITS: u32 = 20;

/// The lines of rows, by every choice of dimensions that a question may leave out, and of days, weeks and months that
/// it may ask for in the place of hours and days. Of [`MAX_DIMENSIONS`] at most.
fn partitions(rows: &[Vec<Cell>]) -> impl Iterator<Item = Vec<u128>> {
    let dimensions = rows.first().map_or(0, Vec::len);
    let ways: Vec<Vec<Vec<u128>>> = (0..dimensions).map(|at| ways(rows, at)).collect();
    let choices: usize = ways.iter().map(Vec::len).product();
    let rows = rows.len();
    // The first choice leaves everything as it is: each row is a line of its own.
    (1..choices).map(move |choice| {
        let mut lines = vec![0; rows];
        let mut rest = choice;
        for ways in &ways {
            let numbers = &ways[rest % ways.len()];
            rest /= ways.len();
            for (line, number) in lines.iter_mut().zip(numbers) {
                *line = *line << BITS | number;
            }
        }
        lines
    })
}

/// The values of one dimension by their numbers, then what a question may ask for in their place, and nothing.
fn ways(rows: &[Vec<Cell>], at: usize) -> Vec<Vec<u128>> {
    let numbered = |value: &dyn Fn(&Cell) -> Option<Cell>| {
        let mut known = HashMap::new();
        let number = |row: &Vec<Cell>| {
            let next = known.len() as u128;
            *known.entry(value(&row[at])).or_insert(next)
        };
        rows.iter().map(number).collect()
    };
    let first = &rows[0][at];
    let coarser = Same::ALL.into_iter().filter(|same| same.adds_up(first));
    let own = std::iter::once(numbered(&|cell| Some(cell.clone())));
    own.chain(coarser.map(|same| numbered(&|cell| same.of(cell)))).collect()
}

/// The rows of a question that may be told. It is asked for all of them, and how many visitors stand behind each, and
/// behind what its conditions leave out.
pub(super) async fn guard(
    asking: &Asking<'_>,
    db: &mut Connection,
    report: &Report,
) -> Result<Groups, Unanswered> {
    let (smallest, wanted) = (asking.smallest, report.metrics.len());
    if report.dimensions.len() > MAX_DIMENSIONS {
        return Err(Unanswered::TooManyDimensions);
    }
    let at = report.metrics.iter().position(|metric| *metric == Metric::Visitors);
    let mut counted = report.clone();
    if at.is_none() {
        counted.metrics.push(Metric::Visitors);
    }
    let mut behind = vec![at.unwrap_or(wanted)];
    if report.filters.contains(&Filter::Theirs) {
        behind.push(counted.metrics.len());
        counted.metrics.push(Metric::Others);
    }
    let mut sets = left_out(&report.filters);
    sets.push(report.filters.clone());
    let answer = asking.ask(db, &counted, &sets).await?;
    let (all, left_out) = answer.visitors.split_last().map_or((0, &[][..]), |(all, it)| (*all, it));
    if left_out.iter().any(|visitors| (1..smallest).contains(visitors)) {
        return Ok(Groups::none(smallest, wanted));
    }
    // Of a filter that nobody passes it is not told either: that somebody did would show by the difference.
    if all < smallest && (all > 0 || !report.filters.is_empty()) {
        return Ok(Groups::none(smallest, wanted));
    }
    let lines = few(answer.lines.ok_or(Unanswered::TooManyRows(MAX_GROUPS))?)?;
    Ok(told(lines, &report.metrics, &behind, smallest))
}

/// Rows, of which the sums at some places say how many visitors stand behind them.
fn told(lines: Vec<Line>, metrics: &[Metric], behind: &[usize], smallest: i64) -> Groups {
    let count = |at: &usize| lines.iter().map(|(_, sums)| sums[*at]).collect();
    let counts: Vec<Vec<i64>> = behind.iter().map(count).collect();
    let counts: Vec<_> = counts.iter().map(Vec::as_slice).collect();
    let (rows, sums): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
    let which = hidden_by(&counts, partitions(&rows), smallest);
    let mut rest: Vec<_> = metrics.iter().map(|metric| metric.adds_up().then_some(0)).collect();
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for ((cells, mut sums), is_hidden) in rows.into_iter().zip(sums).zip(which) {
        sums.truncate(metrics.len());
        if is_hidden {
            for (sum, own) in rest.iter_mut().zip(sums) {
                *sum = sum.map(|sum| sum + own);
            }
            hidden.push(cells);
        } else {
            shown.push((cells, sums));
        }
    }
    let withheld = (!hidden.is_empty()).then_some(Withheld {
        smallest_group: smallest,
        whole: false,
        rows: hidden.len(),
        metrics: rest,
    });
    Groups { shown, hidden, withheld }
}

/// What conditions leave out: all of them together, and each of them of what the others let pass. Whoever asks the
/// same with one of them less has the difference.
fn left_out(filters: &[Filter]) -> Vec<Vec<Filter>> {
    let not = |filter: Filter| Filter::Not(Box::new(filter));
    let without = |at: usize| {
        let others = filters.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, filter)| filter.clone());
        others.chain([not(filters[at].clone())]).collect()
    };
    match filters {
        [] => Vec::new(),
        [_] => vec![without(0)],
        _ => {
            let all = vec![not(Filter::And(filters.to_vec()))];
            std::iter::once(all).chain((0..filters.len()).map(without)).collect()
        }
    }
}

impl Metric {
    /// Whether sums of it can be added up: nobody counts in two of them.
    const fn adds_up(self) -> bool {
        matches!(self, Self::PageViews | Self::Events | Self::EngagedTime)
    }
}

#[cfg(test)]
mod tests;
