//! What goes on now, which events there are with what properties, and at what hours visitors come.
//!
//! As everywhere only events count whose consent has not run out.

use std::collections::BTreeMap;

use consent_core::time::{Millis, SECOND};

use super::{
    Connection, SiteId, ended,
    statement::{Statement, sql},
};

/// How far back now goes.
pub const NOW: i64 = 1_800 * SECOND;
/// How many combinations of properties are looked at.
pub const COMBINATIONS: i64 = 2_000;

const EVENTS: &str = " FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id \
    WHERE e.site_id = ";

/// The events of these days whose consent holds.
fn among(query: &mut Statement<'_>, site: SiteId, days: (i64, i64), now: Millis) {
    query.push(EVENTS).push_bind(site.0);
    query.push(" AND e.day >= ").push_bind(days.0).push(" AND e.day <= ").push_bind(days.1);
    ended::leave_out(query, site, now);
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

/// Page views, and how many different visitors those and all events are of.
const COUNTED: &str = "CAST(COUNT(CASE WHEN e.name = 'page_view' THEN 1 END) AS BIGINT), \
    CAST(COUNT(DISTINCT CASE WHEN e.name = 'page_view' THEN g.visitor_id END) AS BIGINT), \
    CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)";

/// What went on in the last half hour, with so many pages and events. `today` is the site's.
///
/// # Errors
/// Where the database does not answer.
pub async fn recent(
    db: &mut Connection,
    site: SiteId,
    today: i64,
    now: Millis,
    rows: u32,
) -> sqlx::Result<Recent> {
    // Half an hour ago it may have been yesterday; a page's clock may be a little ahead.
    let days = (today - 1, today + 1);
    let since = |query: &mut Statement<'_>| {
        among(query, site, days, now);
        query.push(" AND e.at > ").push_bind(now.0 - NOW);
    };
    let mut all = sql("SELECT ");
    all.push(COUNTED);
    since(&mut all);
    let all: Option<(i64, i64, i64)> = all.first(db).await?;
    let (views, viewers, visitors) = all.unwrap_or_default();

    let mut minutes = sql("SELECT CASE WHEN e.at > ");
    minutes.push_bind(now.0).push(" THEN 0 ELSE (").push_bind(now.0);
    minutes.push(" - e.at) / 60000 END AS ago, ").push(COUNTED);
    since(&mut minutes);
    minutes.push(" GROUP BY ago");
    let minutes: Vec<(i64, i64, i64, i64)> = minutes.all(db).await?;

    let mut listed = Vec::new();
    for (column, which) in [("e.page", "="), ("e.name", "<>")] {
        let mut list = sql("SELECT ");
        list.push(column)
            .push(", CAST(COUNT(*) AS BIGINT) AS n, CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)");
        since(&mut list);
        list.push(" AND e.name ").push(which).push(" 'page_view' GROUP BY ").push(column);
        list.push(" ORDER BY n DESC, ").push(column).push(" LIMIT ").push_bind(i64::from(rows));
        listed.push(list.all(db).await?);
    }
    let events = listed.pop().unwrap_or_default();
    let pages = listed.pop().unwrap_or_default();
    let minutes = minutes
        .into_iter()
        .map(|(ago, views, viewers, visitors)| (ago, Minute { views, viewers, visitors }));
    Ok(Recent { visitors, views, viewers, minutes: minutes.collect(), pages, events })
}

/// So many events of these days, the most frequent first: name, times, visitors.
///
/// # Errors
/// Where the database does not answer.
pub async fn names(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    now: Millis,
    rows: u32,
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    let mut names = sql(
        "SELECT e.name, CAST(COUNT(*) AS BIGINT) AS n, CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)",
    );
    among(&mut names, site, days, now);
    names.push(" GROUP BY e.name ORDER BY n DESC, e.name LIMIT ").push_bind(i64::from(rows));
    names.all(db).await
}

/// The combinations among the most frequent, and `place` for each of its visitors.
const RANKED: &str = "), ranked AS (SELECT told.properties AS properties, most.n AS n, told.visitor AS visitor, \
    ROW_NUMBER() OVER (PARTITION BY told.properties ORDER BY told.visitor) AS place \
    FROM told JOIN most ON most.properties = told.properties) \
    SELECT properties, CAST(n AS BIGINT), visitor FROM ranked WHERE place <= ";

/// The properties of an event: the most frequent combinations as JSON texts, how often each was there, and its
/// visitors: a row for each, but not more than so many. They tell whether as many told something in any combination.
///
/// # Errors
/// Where the database does not answer.
pub async fn properties(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    (name, visitors): (&str, i64),
    now: Millis,
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    let mut each = sql(
        "WITH told AS (SELECT e.properties AS properties, g.visitor_id AS visitor, COUNT(*) AS times",
    );
    among(&mut each, site, days, now);
    each.push(" AND e.properties IS NOT NULL AND e.name = ").push_bind(name.to_owned());
    each.push(" GROUP BY e.properties, g.visitor_id), most AS (SELECT properties, SUM(times) AS n");
    each.push(" FROM told GROUP BY properties ORDER BY n DESC, properties LIMIT ");
    each.push_bind(COMBINATIONS + 1).push(RANKED).push_bind(visitors.max(1));
    each.push(" ORDER BY n DESC, properties, visitor");
    each.all(db).await
}

/// At which hours of the site's day pages were viewed: the hour, how many views, of how many different visitors.
///
/// `offsets` says how many milliseconds the site's clock is ahead of UTC from which moment on, the earliest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn hours(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    offsets: &[(Millis, i64)],
    now: Millis,
) -> sqlx::Result<Vec<(i64, i64, i64)>> {
    let mut each = sql("SELECT (e.at + CASE");
    for (from, ahead) in offsets.iter().rev() {
        each.push(" WHEN e.at >= ").push_bind(from.0).push(" THEN ").push_bind(*ahead);
    }
    each.push(" ELSE 0 END) / 3600000 % 24 AS clock, CAST(COUNT(*) AS BIGINT)");
    each.push(", CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)");
    among(&mut each, site, days, now);
    each.push(" AND e.name = 'page_view' GROUP BY clock ORDER BY clock");
    each.all(db).await
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
