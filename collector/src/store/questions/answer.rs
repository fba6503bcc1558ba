//! Answering a question by a table of events, in one walk through each of its shards.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use jiff::tz::TimeZone;

use super::{
    Cell, Dimension, Filter, Line, Metric, Report,
    calendar::{first_of_month, monday, offsets},
    filters::{self, Matching, Source},
};
use crate::columns::{Distinct, Event, Members, Shard, Table, Visits, Wanted};

/// The columns that a question needs.
pub(super) fn wanted(report: &Report) -> Wanted {
    let metrics = report.metrics.iter().map(|metric| match metric {
        Metric::PageViews => Wanted::NAME,
        Metric::EngagedTime => Wanted::ENGAGED,
        Metric::Visitors | Metric::Visits | Metric::Events | Metric::Others => Wanted::NONE,
    });
    let dimensions = report.dimensions.iter().map(filters::column);
    let filters = filters::columns(&report.filters);
    metrics.chain(dimensions).chain([filters]).fold(Wanted::NONE, |all, one| all | one)
}

/// The values of a dimension, by numbers that begin at 0.
enum Values {
    Hour {
        offsets: Vec<(i64, i64)>,
        numbers: Numbers<i64>,
    },
    Day(Numbers<i64>),
    Week(Numbers<i64>),
    Month(Numbers<i64>),
    /// By the text: the number of what it says.
    Text {
        source: Source,
        of_text: Vec<u32>,
        numbers: Numbers<String>,
    },
}

/// Values, and their numbers in the order in which they were met.
struct Numbers<T> {
    all: Vec<T>,
    known: HashMap<T, u32, RandomState>,
    last: u32,
}

impl<T: Clone + Eq + std::hash::Hash> Numbers<T> {
    fn new() -> Self {
        Self { all: Vec::new(), known: HashMap::default(), last: 0 }
    }

    fn of(&mut self, value: T) -> u32 {
        // A visitor's events of one day follow each other.
        if self.all.get(self.last as usize) == Some(&value) {
            return self.last;
        }
        let all = &mut self.all;
        self.last = *self.known.entry(value).or_insert_with_key(|value| {
            all.push(value.clone());
            u32::try_from(all.len() - 1).unwrap_or(u32::MAX)
        });
        self.last
    }
}

/// Not known yet.
const NONE: u32 = u32::MAX;

impl Values {
    fn of(dimension: &Dimension, report: &Report, zone: &TimeZone, texts: usize) -> Self {
        match (dimension, Source::of(dimension)) {
            (_, Some(source)) => {
                Self::Text { source, of_text: vec![NONE; texts], numbers: Numbers::new() }
            }
            (Dimension::Hour, _) => {
                Self::Hour { offsets: offsets(zone, report.days), numbers: Numbers::new() }
            }
            (Dimension::Week, _) => Self::Week(Numbers::new()),
            (Dimension::Month, _) => Self::Month(Numbers::new()),
            _ => Self::Day(Numbers::new()),
        }
    }

    fn number(&mut self, table: &Table, event: &Event) -> u32 {
        match self {
            Self::Hour { offsets, numbers } => {
                let offset = offsets.iter().rev().find(|(from, _)| event.at >= *from);
                let local = event.at + offset.map_or(0, |(_, offset)| *offset);
                numbers.of(local.div_euclid(3_600_000))
            }
            Self::Day(numbers) => numbers.of(event.day),
            Self::Week(numbers) => numbers.of(monday(event.day)),
            Self::Month(numbers) => numbers.of(first_of_month(event.day)),
            Self::Text { source, of_text, numbers } => {
                let text = source.text(event);
                match of_text.get_mut(text.index()) {
                    Some(known) if *known != NONE => *known,
                    known => {
                        let number = numbers.of(source.says(table.text(text)));
                        if let Some(known) = known {
                            *known = number;
                        }
                        number
                    }
                }
            }
        }
    }

    fn cell(&self, number: u32) -> Cell {
        let place = number as usize;
        let at = |numbers: &Numbers<i64>| numbers.all.get(place).copied().unwrap_or_default();
        match self {
            Self::Hour { numbers, .. } => Cell::Hour(at(numbers)),
            Self::Day(numbers) => Cell::Day(at(numbers)),
            Self::Week(numbers) => Cell::Week(at(numbers)),
            Self::Month(numbers) => Cell::Month(at(numbers)),
            Self::Text { numbers, .. } => {
                Cell::Text(numbers.all.get(place).cloned().unwrap_or_default())
            }
        }
    }
}

/// Groups of events by the numbers of their values, themselves numbered.
struct Groups {
    /// The values of each group.
    all: Vec<Vec<u32>>,
    /// By the number of the only value.
    by_one: Vec<u32>,
    by_several: HashMap<Vec<u32>, u32, RandomState>,
}

impl Groups {
    fn of(&mut self, values: &[u32]) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(NONE);
        let group = match values {
            [] => 0,
            [only] => {
                let place = *only as usize;
                if self.by_one.len() <= place {
                    self.by_one.resize(place + 1, NONE);
                }
                if self.by_one[place] == NONE {
                    self.by_one[place] = next;
                }
                self.by_one[place]
            }
            several => match self.by_several.get(several) {
                Some(known) => *known,
                None => {
                    self.by_several.insert(several.to_vec(), next);
                    next
                }
            },
        };
        if group == next {
            self.all.push(values.to_vec());
        }
        group
    }

    /// The group of those values, where there is one already.
    fn find(&self, values: &[u32]) -> Option<u32> {
        match values {
            [] => Some(0),
            [only] => self.by_one.get(*only as usize).copied().filter(|group| *group != NONE),
            several => self.by_several.get(several).copied(),
        }
    }
}

/// How many visitors have events of which each of these lists of conditions holds, found in one walk for all of them.
pub(super) fn visitors(
    table: &Table,
    all: &[Vec<Filter>],
    members: Option<&Arc<Members>>,
) -> Vec<i64> {
    if all.is_empty() {
        return Vec::new();
    }
    let counts = table.by_shards(|shard| {
        let mut tests: Vec<_> =
            all.iter().map(|filters| Matching::among(filters, members)).collect();
        let mut counts = vec![0; tests.len()];
        let mut last = vec![None; tests.len()];
        shard.events().for_each(|event| {
            for ((test, last), count) in tests.iter_mut().zip(&mut last).zip(&mut counts) {
                if *last != Some(event.visitor) && test.holds(&event, table) {
                    *last = Some(event.visitor);
                    *count += 1;
                }
            }
        });
        counts
    });
    let sum = |place: usize| counts.iter().filter_map(|own| own.get(place)).sum();
    (0..all.len()).map(sum).collect()
}

/// The rows that are asked for, and one more where there are more; none where there are more than `most` to choose from.
pub(super) fn lines(
    table: &Table,
    report: &Report,
    members: Option<&Arc<Members>>,
    (zone, most): (&TimeZone, u32),
) -> Option<Vec<Line>> {
    let of = |shard| grouped(shard, report, members, (zone, most));
    // Others are counted in groups of those who are asked about, whichever shard these are in.
    let mut all = if report.metrics.contains(&Metric::Others) {
        vec![of(table.whole())]
    } else {
        table.by_shards(of)
    };
    let mut lines = joined(all.pop()??, all.into_iter().collect::<Option<_>>()?);
    if lines.len() > most as usize {
        return None;
    }
    // The first ones are wanted, and often there are many.
    let offset = usize::try_from(report.offset).unwrap_or(usize::MAX);
    let end = offset
        .saturating_add(usize::try_from(report.limit).unwrap_or(usize::MAX))
        .saturating_add(1);
    if lines.len() > end {
        lines.select_nth_unstable_by(end, order);
        lines.truncate(end);
    }
    lines.sort_unstable_by(order);
    lines.drain(..offset.min(lines.len()));
    Some(lines)
}

/// The rows of several shards: a sum of the sums of each.
fn joined(first: Vec<Line>, others: Vec<Vec<Line>>) -> Vec<Line> {
    if others.is_empty() {
        return first;
    }
    let mut all: HashMap<Vec<Cell>, Vec<i64>, RandomState> = first.into_iter().collect();
    for (cells, sums) in others.into_iter().flatten() {
        let own = all.entry(cells).or_insert_with(|| vec![0; sums.len()]);
        for (own, sum) in own.iter_mut().zip(sums) {
            *own += sum;
        }
    }
    all.into_iter().collect()
}

/// Every row of some visitors; none where there are more than `most`.
fn grouped(
    shard: Shard<'_>,
    report: &Report,
    members: Option<&Arc<Members>>,
    (zone, most): (&TimeZone, u32),
) -> Option<Vec<Line>> {
    let table = shard.table();
    let mut test = Matching::among(&report.filters, members);
    let value = |dimension| Values::of(dimension, report, zone, table.texts());
    let mut values: Vec<_> = report.dimensions.iter().map(value).collect();
    let mut groups = Groups { all: Vec::new(), by_one: Vec::new(), by_several: HashMap::default() };
    if values.is_empty() {
        groups.of(&[]); // which answers, though there be nothing
    }
    let mut visits = Visits::default();
    let view = table.find("page_view");
    let (mut visitors_seen, mut visits_seen) = (Distinct::default(), Distinct::default());
    let width = report.metrics.len();
    let mut sums: Vec<i64> = vec![0; width * groups.all.len()];
    let mut own = Vec::with_capacity(values.len());
    shard.events().try_for_each(|event| {
        let visit = visits.of(&event);
        if !test.holds(&event, table) {
            return Some(());
        }
        own.clear();
        own.extend(values.iter_mut().map(|values| values.number(table, &event)));
        let group = groups.of(&own);
        if group >= most {
            return None;
        }
        let from = group as usize * width;
        if sums.len() < from + width {
            sums.resize(from + width, 0);
        }
        for (metric, sum) in report.metrics.iter().zip(&mut sums[from..]) {
            *sum += match metric {
                Metric::Events => 1,
                Metric::PageViews => i64::from(Some(event.name) == view),
                Metric::EngagedTime => event.engaged,
                Metric::Visitors => i64::from(visitors_seen.is_new(group, event.visitor)),
                Metric::Visits => i64::from(visits_seen.is_new(group, visit)),
                Metric::Others => 0,
            };
        }
        Some(())
    })?;
    if let Some(at) = report.metrics.iter().position(|metric| *metric == Metric::Others) {
        let mut test = Matching::among(&others(&report.filters), members);
        let mut seen = Distinct::default();
        for event in shard.events().filter(|event| test.holds(event, table)) {
            own.clear();
            own.extend(values.iter_mut().map(|values| values.number(table, &event)));
            let Some(group) = groups.find(&own) else { continue };
            sums[group as usize * width + at] += i64::from(seen.is_new(group, event.visitor));
        }
    }
    let cells = |group: &Vec<u32>| -> Vec<Cell> {
        values.iter().zip(group).map(|(values, number)| values.cell(*number)).collect()
    };
    let lines = groups.all.iter().zip(sums.chunks(width.max(1)));
    Some(lines.map(|(group, sums)| (cells(group), sums.to_vec())).collect())
}

/// The same conditions on events of others than those who are asked about.
fn others(filters: &[Filter]) -> Vec<Filter> {
    let same = filters.iter().filter(|filter| **filter != Filter::Theirs).cloned();
    same.chain([Filter::Not(Box::new(Filter::Theirs))]).collect()
}

/// Times in their order, then the largest first sum, then names: the same order every time.
fn order((cells, sums): &Line, (others, other_sums): &Line) -> Ordering {
    let time = |cell: &Cell| match cell {
        Cell::Hour(time) | Cell::Day(time) | Cell::Week(time) | Cell::Month(time) => Some(*time),
        Cell::Text(_) => None,
    };
    let times = cells.iter().filter_map(time).cmp(others.iter().filter_map(time));
    let name = |cell: &'_ Cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    };
    times
        .then_with(|| other_sums.first().cmp(&sums.first()))
        .then_with(|| cells.iter().filter_map(name).cmp(others.iter().filter_map(name)))
}

#[cfg(test)]
mod tests;
