//! What goes on now, which events there are with what properties, and at what hours visitors come.
//!
//! As everywhere only events count whose consent has not run out.

mod answer;

use std::collections::BTreeMap;

use consent_core::time::{Millis, SECOND};

use super::{Connection, SiteId, columns, statement::sql};
use crate::columns::{Table, Wanted};

/// How far back now goes.
pub const NOW: i64 = 1_800 * SECOND;
/// How many combinations of properties are looked at.
pub const COMBINATIONS: i64 = 2_000;

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

/// What went on in the last half hour, with so many pages and events. `days` are those that it lies in, by the site's
/// clock.
///
/// # Errors
/// Where the database does not answer.
pub async fn recent(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    now: Millis,
    rows: u32,
) -> sqlx::Result<Recent> {
    let answer = move |table: Table| answer::recent(&table, now.0, rows);
    columns::ask(db, site, (days, now), Wanted::NAME | Wanted::PAGE, answer).await
}

/// What is asked of the events of some days.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// So many names, at most.
    pub names: u32,
    /// How many milliseconds the site's clock is ahead of UTC from which moment on, the earliest first.
    pub offsets: &'a [(Millis, i64)],
    /// The event whose properties are wanted, and how many of the visitors of each combination, at most.
    pub properties: Option<(&'a str, i64)>,
}

/// The events of some days: all of it is counted of the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The most frequent first: name, times, visitors.
    pub names: Vec<(String, i64, i64)>,
    /// The hours of the site's day at which pages were viewed: the hour, how many views, of how many different visitors.
    pub hours: Vec<(i64, i64, i64)>,
    /// The most frequent combinations of properties as JSON texts, [`COMBINATIONS`] and one more at most, how often each
    /// was there, and its visitors: a row for each, but not more than so many. They tell whether as many told something
    /// in any combination.
    pub properties: Vec<(String, i64, i64)>,
}

/// The events of some days whose consent holds.
///
/// # Errors
/// Where the database does not answer.
pub async fn told(
    db: &mut Connection,
    site: SiteId,
    asked: Asked<'_>,
    now: Millis,
) -> sqlx::Result<Told> {
    let properties = asked.properties.map_or(Wanted::NONE, |_| Wanted::PROPERTIES);
    let own = answer::Own {
        names: asked.names,
        offsets: asked.offsets.to_vec(),
        properties: asked.properties.map(|(name, visitors)| (name.to_owned(), visitors)),
    };
    let answer = move |table: Table| answer::told(&table, &own);
    columns::ask(db, site, (asked.days, now), Wanted::NAME | properties, answer).await
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
