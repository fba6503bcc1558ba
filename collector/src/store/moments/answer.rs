//! The last half hour, names, hours and properties by a table of events, each in one walk through it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use consent_core::time::Millis;
use foldhash::fast::RandomState;

use super::{COMBINATIONS, Minute, NOW, Recent, Told};
use crate::columns::{Distinct, Table, Text};

/// How often something was, by its number, and of how many different visitors.
#[derive(Default)]
struct Counts {
    sums: Vec<(i64, i64)>,
    seen: Distinct,
}

impl Counts {
    /// Counts an event of a visitor. In a day, what a visitor does comes in one place: whoever is there on several days
    /// `returns`.
    fn add(&mut self, number: u32, visitor: u32, returns: bool) {
        let place = number as usize;
        if self.sums.len() <= place {
            self.sums.resize(place + 1, (0, 0));
        }
        let (times, visitors) = &mut self.sums[place];
        *times += 1;
        *visitors += i64::from(self.seen.is_new(number, visitor, returns));
    }

    fn at(&self, number: usize) -> (i64, i64) {
        self.sums.get(number).copied().unwrap_or_default()
    }

    /// So many texts, the most frequent first: text, times, visitors.
    fn most(&self, table: &Table, rows: u32) -> Vec<(String, i64, i64)> {
        let some = self.sums.iter().enumerate().filter(|(_, (times, _))| *times > 0);
        let some = some.map(|(place, sums)| (table.texts_at(place), *sums));
        let mut all: Vec<_> = some.collect();
        all.sort_unstable_by(|(one, (n, _)), (other, (m, _))| {
            m.cmp(n).then_with(|| one.cmp(other))
        });
        all.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        all.into_iter().map(|(text, (n, visitors))| (text.to_owned(), n, visitors)).collect()
    }
}

fn number(text: Text) -> u32 {
    u32::try_from(text.index()).unwrap_or(u32::MAX)
}

/// The last half hour before `now`.
pub(super) fn recent(table: &Table, now: i64, rows: u32) -> Recent {
    let view = table.find("page_view");
    let returning = table.returning();
    // By minutes ago; and all of it, under 0.
    let (mut all, mut views) = (Counts::default(), Counts::default());
    let (mut minutes, mut viewed) = (Counts::default(), Counts::default());
    let (mut pages, mut names) = (Counts::default(), Counts::default());
    for event in table.events().filter(|event| event.at > now - NOW) {
        let (visitor, returns) = (event.visitor, returning[event.visitor as usize]);
        // A page's clock may be a little ahead.
        let ago = u32::try_from((now - event.at).max(0) / 60_000).unwrap_or(0);
        all.add(0, visitor, returns);
        minutes.add(ago, visitor, returns);
        if Some(event.name) == view {
            views.add(0, visitor, returns);
            viewed.add(ago, visitor, returns);
            pages.add(number(event.page), visitor, returns);
        } else {
            names.add(number(event.name), visitor, returns);
        }
    }
    let (_, visitors) = all.at(0);
    let ((views, viewers), mut by_minute) = (views.at(0), BTreeMap::new());
    for (ago, (times, visitors)) in (0_i64..).zip(&minutes.sums) {
        if *times > 0 {
            let (views, viewers) = viewed.at(usize::try_from(ago).unwrap_or(usize::MAX));
            by_minute.insert(ago, Minute { views, viewers, visitors: *visitors });
        }
    }
    let (pages, events) = (pages.most(table, rows), names.most(table, rows));
    Recent { visitors, views, viewers, minutes: by_minute, pages, events }
}

/// What is asked, as a thread of its own has it.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) names: u32,
    pub(super) offsets: Vec<(Millis, i64)>,
    pub(super) properties: Option<(String, i64)>,
}

/// The answer to it.
pub(super) fn told(table: &Table, asked: &Own) -> Told {
    let view = table.find("page_view");
    let one = asked.properties.as_ref().and_then(|(name, most)| Some((table.find(name)?, *most)));
    let returning = table.returning();
    let (mut names, mut hours) = (Counts::default(), Counts::default());
    let mut combinations = Combinations::default();
    for event in table.events() {
        let (visitor, returns) = (event.visitor, returning[event.visitor as usize]);
        names.add(number(event.name), visitor, returns);
        if Some(event.name) == view {
            let ahead = asked.offsets.iter().rev().find(|(from, _)| event.at >= from.0);
            let local = event.at + ahead.map_or(0, |(_, ahead)| *ahead);
            let hour = local.div_euclid(3_600_000).rem_euclid(24);
            hours.add(u32::try_from(hour).unwrap_or(0), visitor, returns);
        }
        if let (Some((name, most)), Some(told)) = (one, event.properties)
            && event.name == name
        {
            combinations.add(told, || table.visitor_row(visitor).0, most);
        }
    }
    let hours = (0_i64..).zip(hours.sums).filter(|(_, (views, _))| *views > 0);
    Told {
        names: names.most(table, asked.names),
        hours: hours.map(|(hour, (views, visitors))| (hour, views, visitors)).collect(),
        properties: combinations.most(table),
    }
}

/// Combinations of properties: how often each was there, and the first of its visitors.
#[derive(Default)]
struct Combinations(HashMap<Text, (i64, BTreeSet<i64>), RandomState>);

impl Combinations {
    fn add(&mut self, told: Text, visitor: impl FnOnce() -> i64, most: i64) {
        let (times, visitors) = self.0.entry(told).or_default();
        *times += 1;
        visitors.insert(visitor());
        if visitors.len() > usize::try_from(most.max(1)).unwrap_or(1) {
            visitors.pop_last();
        }
    }

    /// The most frequent ones, with a row for each visitor.
    fn most(self, table: &Table) -> Vec<(String, i64, i64)> {
        let each = self.0.into_iter().map(|(told, (n, visitors))| (table.text(told), n, visitors));
        let mut all: Vec<_> = each.collect();
        all.sort_unstable_by(|(one, n, _), (other, m, _)| m.cmp(n).then_with(|| one.cmp(other)));
        all.truncate(usize::try_from(COMBINATIONS + 1).unwrap_or(usize::MAX));
        let rows = all.into_iter().flat_map(|(told, n, visitors)| {
            visitors.into_iter().map(move |visitor| (told.to_owned(), n, visitor))
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    const DAY: i64 = 86_400_000;
    const HOUR: i64 = 3_600_000;

    fn event(visitor: i64, at: i64, name: &'static str, page: &'static str) -> New<'static> {
        New { visitor, at, day: at.div_euclid(DAY), name, page, ..New::default() }
    }

    #[test]
    fn the_last_half_hour_counts_each_visitor_once_over_midnight_too() {
        let now = 100 * DAY + 10 * 60_000;
        let minute = 60_000;
        let mut events = [
            event(1, now - 30 * minute, "page_view", "/too-early"),
            event(1, now - 15 * minute, "page_view", "/a"),
            event(2, now - 15 * minute, "page_view", "/a"),
            event(1, now - minute, "page_view", "/a"),
            event(1, now - minute, "click", "/a"),
            event(3, now + 500, "click", "/b"),
        ];
        let table = table(&mut events).unwrap();
        let found = recent(&table, now, 10);
        assert_eq!((found.visitors, found.views, found.viewers), (3, 3, 2));
        let of = |ago: i64| {
            let minute = found.minutes[&ago];
            (minute.views, minute.viewers, minute.visitors)
        };
        assert_eq!((of(0), of(1), of(15)), ((0, 0, 1), (1, 1, 1), (2, 2, 2)));
        assert_eq!(found.minutes.len(), 3);
        assert_eq!(found.pages, [("/a".to_owned(), 3, 2)]);
        assert_eq!(found.events, [("click".to_owned(), 2, 2)]);
        assert_eq!(recent(&table, now, 0).pages, []);
        assert_eq!(recent(&table, now + 40 * minute, 10), Recent::default());
    }

    #[test]
    fn names_and_hours_are_counted_by_the_sites_clock_which_is_put_back() {
        let back = Millis(100 * DAY + 12 * HOUR);
        let offsets = vec![(Millis(0), 2 * HOUR), (back, HOUR)];
        let mut events = [
            event(1, back.0 - 1, "page_view", "/"),
            event(1, back.0, "page_view", "/"),
            event(2, back.0, "page_view", "/"),
            event(1, back.0 + DAY, "page_view", "/"),
            event(2, back.0 + DAY, "zoom", "/"),
            event(2, back.0 + DAY, "buy", "/"),
        ];
        let asked = Own { names: 2, offsets, properties: None };
        let found = told(&table(&mut events).unwrap(), &asked);
        assert_eq!(found.hours, [(13, 4, 2)], "13:59:59, and then 13:00 again");
        assert_eq!(found.names, [("page_view".to_owned(), 4, 2), ("buy".to_owned(), 1, 1)]);
        assert_eq!(found.properties, []);
    }

    #[test]
    fn combinations_come_with_as_many_visitors_as_are_asked_for() {
        let told_by = |visitor, text| New {
            properties: Some(text),
            ..event(visitor, DAY + visitor, "buy", "/")
        };
        let mut events = [
            told_by(7, "{\"a\":1}"),
            told_by(8, "{\"a\":1}"),
            told_by(9, "{\"a\":1}"),
            told_by(9, "{\"a\":2}"),
            New { name: "other", ..told_by(9, "{\"a\":3}") },
            event(9, DAY, "buy", "/"),
        ];
        let table = table(&mut events).unwrap();
        let of = |name: &str| {
            let properties = Some((name.to_owned(), 2));
            told(&table, &Own { names: 9, offsets: vec![], properties }).properties
        };
        let row = |text: &str, n, visitor| (text.to_owned(), n, visitor);
        let expected = [row("{\"a\":1}", 3, 7), row("{\"a\":1}", 3, 8), row("{\"a\":2}", 1, 9)];
        assert_eq!(of("buy"), expected);
        assert_eq!(of("nothing"), []);
    }
}
