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

/// The last half hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Different visitors.
    pub visitors: i64,
    /// Page views, and different visitors, by minutes ago.
    pub minutes: BTreeMap<i64, (i64, i64)>,
    /// Pages by views: path, views, visitors.
    pub pages: Vec<(String, i64, i64)>,
    /// Events other than page views: name, times, visitors.
    pub events: Vec<(String, i64, i64)>,
}

/// What went on in the last half hour. `today` is the site's.
///
/// # Errors
/// Where the database does not answer.
pub async fn recent(
    db: &mut Connection,
    site: SiteId,
    today: i64,
    now: Millis,
) -> sqlx::Result<Recent> {
    // Half an hour ago it may have been yesterday; a page's clock may be a little ahead.
    let days = (today - 1, today + 1);
    let since = |query: &mut Statement<'_>| {
        among(query, site, days, now);
        query.push(" AND e.at > ").push_bind(now.0 - NOW);
    };
    let mut all = sql("SELECT CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)");
    since(&mut all);
    let visitors = all.one(db).await?;

    let mut minutes = sql("SELECT (");
    minutes.push_bind(now.0).push(" - e.at) / 60000 AS ago, CAST(COUNT(CASE WHEN e.name = 'page_view' THEN 1 END) AS BIGINT), CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)");
    since(&mut minutes);
    minutes.push(" GROUP BY ago");
    let minutes: Vec<(i64, i64, i64)> = minutes.all(db).await?;

    let mut listed = Vec::new();
    for (column, which) in [("e.page", "="), ("e.name", "<>")] {
        let mut list = sql("SELECT ");
        list.push(column)
            .push(", CAST(COUNT(*) AS BIGINT) AS n, CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)");
        since(&mut list);
        list.push(" AND e.name ").push(which).push(" 'page_view' GROUP BY ").push(column);
        list.push(" ORDER BY n DESC, ").push(column).push(" LIMIT 10");
        listed.push(list.all(db).await?);
    }
    let events = listed.pop().unwrap_or_default();
    let pages = listed.pop().unwrap_or_default();
    let minutes = minutes.into_iter().map(|(ago, views, n)| (ago.max(0), (views, n)));
    Ok(Recent { visitors, minutes: minutes.collect(), pages, events })
}

/// The events of these days, the most frequent first: name, times, visitors.
///
/// # Errors
/// Where the database does not answer.
pub async fn names(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    now: Millis,
) -> sqlx::Result<Vec<(String, i64, i64)>> {
    let mut names = sql(
        "SELECT e.name, CAST(COUNT(*) AS BIGINT) AS n, CAST(COUNT(DISTINCT g.visitor_id) AS BIGINT)",
    );
    among(&mut names, site, days, now);
    names.push(" GROUP BY e.name ORDER BY n DESC, e.name LIMIT 100");
    names.all(db).await
}

/// The properties of an event: the most frequent combinations as JSON texts, and how often each was there.
///
/// # Errors
/// Where the database does not answer.
pub async fn properties(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    name: &str,
    now: Millis,
) -> sqlx::Result<Vec<(String, i64)>> {
    let mut each = sql("SELECT e.properties, CAST(COUNT(*) AS BIGINT) AS n");
    among(&mut each, site, days, now);
    each.push(" AND e.properties IS NOT NULL AND e.name = ").push_bind(name.to_owned());
    each.push(" GROUP BY e.properties ORDER BY n DESC, e.properties LIMIT ");
    each.push_bind(COMBINATIONS + 1);
    each.all(db).await
}

/// When pages were viewed, to the quarter of an hour: the moment it began, and how many views.
///
/// # Errors
/// Where the database does not answer.
pub async fn quarters(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    now: Millis,
) -> sqlx::Result<Vec<(Millis, i64)>> {
    let mut each = sql("SELECT e.at / 900000 AS quarter, CAST(COUNT(*) AS BIGINT)");
    among(&mut each, site, days, now);
    each.push(" AND e.name = 'page_view' GROUP BY quarter");
    let rows: Vec<(i64, i64)> = each.all(db).await?;
    Ok(rows.into_iter().map(|(quarter, n)| (Millis(quarter * 900_000), n)).collect())
}

const PAGES: &str = "SELECT page, method, CAST(COUNT(*) AS BIGINT) FROM decision \
    WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 AND page IN ( \
        SELECT page FROM decision WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 \
        AND method <> 'withdraw' GROUP BY page ORDER BY COUNT(*) DESC, page LIMIT 10) \
    GROUP BY page, method ORDER BY page, method";

/// How was decided on the pages on which most was: page, method, how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn decided_by_page(
    db: &mut Connection,
    site: SiteId,
    (from, before): (Millis, Millis),
) -> sqlx::Result<Vec<(String, String, i64)>> {
    sql(PAGES).bind(site.0).bind(from.0).bind(before.0).all(db).await
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
