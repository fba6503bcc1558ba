//! What goes on now, and how was decided.
//!
//! As everywhere only events count whose consent has not run out.

use std::collections::BTreeMap;

use consent_core::time::{Millis, SECOND};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{
    Connection, SiteId,
    columns::{self, Whose},
    statement::sql,
};
use crate::columns::{Members, Table, Text, Wanted};

/// How far back now goes.
pub const NOW: i64 = 1_800 * SECOND;

/// Days whose events may be of the last half hour: half an hour ago it may have been yesterday, and a page's clock may be a
/// little ahead. `today` is the site's.
#[must_use]
pub const fn days(today: i64) -> (i64, i64) {
    (today - 1, today + 1)
}

/// A minute of the last half hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Page views.
    pub views: i64,
    /// Different visitors who viewed pages.
    pub viewers: i64,
    /// Different visitors, whatever they did.
    pub visitors: i64,
}

/// The last half hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Different visitors.
    pub visitors: i64,
    /// Page views.
    pub views: i64,
    /// Different visitors who viewed pages.
    pub viewers: i64,
    /// Each minute in which anything was, by how many minutes ago.
    pub minutes: BTreeMap<i64, Minute>,
    /// Pages by views: path, views, visitors.
    pub pages: Vec<(String, i64, i64)>,
    /// Events other than page views: name, times, visitors.
    pub events: Vec<(String, i64, i64)>,
}

/// What went on in the last half hour, and the same of those who are not asked about, where not everybody is. None where
/// there is no finding who is.
///
/// # Errors
/// Where the database does not answer.
pub async fn recent(
    db: &mut Connection,
    site: SiteId,
    (today, now): (i64, Millis),
    whose: Option<&Whose>,
) -> sqlx::Result<Option<(Recent, Option<Recent>)>> {
    let answer = move |mut table: Table, members: Option<Members>| {
        let Some(members) = members else { return (last(&table, now), None) };
        let mut others = table.part(&members);
        let theirs = last(&table, now);
        table.turn(&mut others);
        (theirs, Some(last(&table, now)))
    };
    let wanted = (Wanted::NAME | Wanted::PAGE, whose);
    columns::ask_of(db, site, (days(today), now), wanted, answer).await
}

type Visitors = HashSet<u32, RandomState>;

/// How often something was, and whose it was.
#[derive(Default)]
struct Times(i64, Visitors);

impl Times {
    fn add(&mut self, visitor: u32) {
        self.0 += 1;
        self.1.insert(visitor);
    }
}

fn last(table: &Table, now: Millis) -> Recent {
    let view = table.find("page_view");
    let (mut views, mut all) = (Times::default(), Times::default());
    let mut minutes: BTreeMap<i64, (Times, Times)> = BTreeMap::new();
    let mut pages: HashMap<Text, Times, RandomState> = HashMap::default();
    let mut events: HashMap<Text, Times, RandomState> = HashMap::default();
    for event in table.events().filter(|event| event.at > now.0 - NOW) {
        let (viewed, any) = minutes.entry((now.0 - event.at).max(0) / 60_000).or_default();
        all.add(event.visitor);
        any.add(event.visitor);
        if Some(event.name) == view {
            views.add(event.visitor);
            viewed.add(event.visitor);
            pages.entry(event.page).or_default().add(event.visitor);
        } else {
            events.entry(event.name).or_default().add(event.visitor);
        }
    }
    let count = |visitors: &Visitors| i64::try_from(visitors.len()).unwrap_or(i64::MAX);
    let minute = |(ago, (viewed, any)): (i64, (Times, Times))| {
        let (viewers, visitors) = (count(&viewed.1), count(&any.1));
        (ago, Minute { views: viewed.0, viewers, visitors })
    };
    let listed = |rows: HashMap<Text, Times, RandomState>| {
        let row = |(text, Times(n, visitors)): (Text, Times)| {
            (table.text(text).to_owned(), n, count(&visitors))
        };
        let mut rows: Vec<_> = rows.into_iter().map(row).collect();
        rows.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows
    };
    Recent {
        visitors: count(&all.1),
        views: views.0,
        viewers: count(&views.1),
        minutes: minutes.into_iter().map(minute).collect(),
        pages: listed(pages),
        events: listed(events),
    }
}

const PAGES: &str = "SELECT page, method, CAST(COUNT(*) AS BIGINT) FROM decision \
    WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 AND page IN ( \
        SELECT page FROM decision WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 \
        AND method <> 'withdraw' GROUP BY page ORDER BY COUNT(*) DESC, page LIMIT $4) \
    GROUP BY page, method ORDER BY page, method";

/// How was decided on so many pages, those on which most was: page, method, how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn decided_by_page(
    db: &mut Connection,
    site: SiteId,
    (from, before): (Millis, Millis),
    rows: u32,
) -> sqlx::Result<Vec<(String, String, i64)>> {
    sql(PAGES).bind(site.0).bind(from.0).bind(before.0).bind(i64::from(rows)).all(db).await
}

const AFTER: &str = "SELECT (w.recorded_at - d.recorded_at) / 3600000 AS hours, CAST(COUNT(*) AS BIGINT) \
    FROM decision w JOIN decision d ON d.site_id = w.site_id AND d.visitor_id = w.visitor_id AND d.id = ( \
        SELECT f.id FROM decision f WHERE f.site_id = w.site_id AND f.visitor_id = w.visitor_id \
        AND f.method <> 'withdraw' AND f.recorded_at <= w.recorded_at \
        ORDER BY f.recorded_at DESC, f.id DESC LIMIT 1) \
    WHERE w.site_id = $1 AND w.recorded_at >= $2 AND w.recorded_at < $3 AND w.method = 'withdraw' \
    GROUP BY hours ORDER BY hours";

/// How many hours after the choice that they took back how many withdrew.
///
/// # Errors
/// Where the database does not answer.
pub async fn withdrawn_after(
    db: &mut Connection,
    site: SiteId,
    (from, before): (Millis, Millis),
) -> sqlx::Result<Vec<(i64, i64)>> {
    sql(AFTER).bind(site.0).bind(from.0).bind(before.0).all(db).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    #[test]
    fn the_last_half_hour_is_counted_by_minute_page_and_event() {
        let now = Millis(100 * 86_400_000);
        let of = |visitor, ago: i64, name, page| {
            let at = now.0 - ago * SECOND;
            New { visitor, at, day: at.div_euclid(86_400_000), name, page, ..New::default() }
        };
        let mut events = [
            of(1, 1_800, "page_view", "/early"),
            of(1, 1_799, "page_view", "/"),
            of(1, 65, "page_view", "/"),
            of(2, 61, "page_view", "/a"),
            of(3, 60, "click", "/a"),
            of(3, -4, "click", "/a"),
        ];
        let told = last(&table(&mut events).unwrap(), now);
        assert_eq!((told.visitors, told.views, told.viewers), (3, 3, 2));
        let minute = |views, viewers, visitors| Minute { views, viewers, visitors };
        let minutes = [(0, minute(0, 0, 1)), (1, minute(2, 2, 3)), (29, minute(1, 1, 1))];
        assert_eq!(told.minutes, BTreeMap::from(minutes));
        assert_eq!(told.pages, [("/".to_owned(), 2, 1), ("/a".to_owned(), 1, 1)]);
        assert_eq!(told.events, [("click".to_owned(), 2, 1)]);
    }
}
