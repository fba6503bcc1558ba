//! Which events there are with what properties, and at what hours visitors come.
//!
//! As everywhere only events count whose consent has not run out.

use std::collections::HashMap;

use consent_core::time::{Millis, SECOND};
use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{
    Connection, SiteId,
    columns::{self, Whose},
};
use crate::columns::{Distinct, Members, Table, Wanted};

/// How many combinations of properties are looked at.
pub const COMBINATIONS: usize = 2_000;
const HOUR: i64 = 3_600 * SECOND;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// How many milliseconds the site's clock is ahead of UTC from which moment on, the earliest first.
    pub offsets: &'a [(Millis, i64)],
    /// The event whose properties are asked for.
    pub name: Option<&'a str>,
    /// Visitors of each combination that are told, at most.
    pub visitors: i64,
    /// Whose events; none: everybody's.
    pub whose: Option<&'a Whose>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Events, the most frequent first: name, times, visitors.
    pub names: Vec<(String, i64, i64)>,
    /// At which hours of the site's day pages were viewed: the hour, how many views, of how many visitors.
    pub hours: Vec<(i64, i64, i64)>,
    /// The most frequent combinations of properties as JSON texts, how often each was there, and its visitors by numbers:
    /// a row for each, but not more than were asked for. They tell whether as many told something in any combination.
    pub properties: Vec<(String, i64, i64)>,
}

#[derive(Clone, Debug)]
struct Own {
    offsets: Vec<(Millis, i64)>,
    name: Option<String>,
    visitors: usize,
}

/// What was counted, and the same of those who are not asked about, where not everybody is. None where there is no finding
/// who is.
///
/// # Errors
/// Where the database does not answer.
pub async fn counted(
    db: &mut Connection,
    site: SiteId,
    asked: &Asked<'_>,
    now: Millis,
) -> sqlx::Result<Option<(Counted, Option<Counted>)>> {
    let own = Own {
        offsets: asked.offsets.to_vec(),
        name: asked.name.map(str::to_owned),
        visitors: usize::try_from(asked.visitors.max(1)).unwrap_or(usize::MAX),
    };
    let properties = asked.name.map_or(Wanted::NONE, |_| Wanted::PROPERTIES);
    let wanted = (Wanted::NAME | properties, asked.whose);
    let answer = move |mut table: Table, members: Option<Members>| {
        let Some(members) = members else { return (count(&table, &own), None) };
        let mut others = table.part(&members);
        let theirs = count(&table, &own);
        table.turn(&mut others);
        (theirs, Some(count(&table, &own)))
    };
    columns::ask_of(db, site, (asked.days, now), wanted, answer).await
}

fn count(table: &Table, own: &Own) -> Counted {
    let view = table.find("page_view");
    let name = own.name.as_deref().and_then(|name| table.find(name));
    let (mut of_hour, mut of_name) = (Distinct::default(), Distinct::default());
    let mut names = vec![(0_i64, 0_i64); table.texts()];
    let mut hours = [(0_i64, 0_i64); 24];
    let mut told: HashMap<usize, (i64, HashSet<u32, RandomState>), RandomState> =
        HashMap::default();
    for event in table.events() {
        let place = event.name.index();
        names[place].0 += 1;
        let group = u32::try_from(place).unwrap_or(u32::MAX);
        names[place].1 += i64::from(of_name.is_new(group, event.visitor));
        if Some(event.name) == view {
            let ahead = own.offsets.iter().rev().find(|(from, _)| event.at >= from.0);
            let local = event.at + ahead.map_or(0, |(_, ahead)| *ahead);
            let hour = usize::try_from(local.div_euclid(HOUR).rem_euclid(24)).unwrap_or(0);
            hours[hour].0 += 1;
            let group = u32::try_from(hour).unwrap_or(0);
            hours[hour].1 += i64::from(of_hour.is_new(group, event.visitor));
        }
        if let Some(text) = event.properties.filter(|_| Some(event.name) == name) {
            let (times, visitors) = told.entry(text.index()).or_default();
            *times += 1;
            if visitors.len() < own.visitors {
                visitors.insert(event.visitor);
            }
        }
    }
    let label = |place: usize| table.texts_at(place).to_owned();
    let there = names.into_iter().enumerate().filter(|(_, (times, _))| *times > 0);
    let mut names: Vec<_> =
        there.map(|(place, (times, visitors))| (label(place), times, visitors)).collect();
    names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let hours = (0..).zip(hours).filter(|(_, (views, _))| *views > 0);
    let hours = hours.map(|(hour, (views, visitors))| (hour, views, visitors)).collect();
    let mut told: Vec<_> = told
        .into_iter()
        .map(|(place, (times, visitors))| (table.texts_at(place), times, visitors))
        .collect();
    told.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    told.truncate(COMBINATIONS + 1);
    let rows = told.into_iter().flat_map(|(text, times, visitors)| {
        visitors.into_iter().map(move |visitor| (text.to_owned(), times, i64::from(visitor)))
    });
    Counted { names, hours, properties: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    #[test]
    fn events_hours_and_combinations_are_counted_with_their_visitors() {
        let plan = r#"{"plan":"pro"}"#;
        let pro = Some(plan);
        let of = |visitor, day, hour: i64, name, properties| New {
            visitor,
            day,
            at: (day * 24 + hour) * HOUR,
            name,
            properties,
            ..New::default()
        };
        let mut events = [
            of(1, 10, 3, "page_view", None),
            of(1, 10, 3, "page_view", None),
            of(1, 11, 3, "page_view", None),
            of(2, 11, 3, "page_view", None),
            of(2, 11, 20, "page_view", None),
            of(2, 11, 20, "buy", pro),
            of(3, 11, 20, "buy", pro),
            of(3, 11, 21, "buy", Some("{}")),
            of(3, 11, 21, "look", pro),
        ];
        let table = table(&mut events).unwrap();
        let offsets = vec![(Millis(0), 2 * HOUR), (Millis(11 * 24 * HOUR), HOUR)];
        let own = Own { offsets, name: Some("buy".to_owned()), visitors: 1 };
        let counted = count(&table, &own);
        let names = counted.names.iter().map(|(name, n, of)| (name.as_str(), *n, *of));
        assert_eq!(names.collect::<Vec<_>>(), [("page_view", 5, 2), ("buy", 3, 2), ("look", 1, 1)]);
        assert_eq!(counted.hours, [(4, 2, 2), (5, 2, 1), (21, 1, 1)]);
        let told = counted.properties.iter().map(|(text, n, _)| (text.as_str(), *n));
        assert_eq!(told.collect::<Vec<_>>(), [(plan, 2), ("{}", 1)], "one visitor each");
        let more = count(&table, &Own { visitors: 5, ..own });
        assert_eq!(more.properties.len(), 3);
    }
}
