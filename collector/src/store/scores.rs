//! Rules by which leads get points, and what a linked lead did.

use std::sync::atomic::AtomicBool;

use consent_core::{ids::LeadId, time::Millis};

use super::{
    Connection, SiteId,
    audit::{self, Entry},
    segments::{MAX, Outcome},
    statement::sql,
};
use crate::columns::{Mask, New, Part, Stored, Table, parts};

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Points for it.
    pub points: i64,
    /// What is done, as JSON.
    pub rule: String,
    /// When it was made.
    pub made_at: Millis,
}

const COUNT: &str = "SELECT COUNT(*) FROM score_rule WHERE site_id = $1";
const INSERT: &str = "INSERT INTO score_rule (site_id, name, points, rule, made_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (site_id, name) DO NOTHING";

/// Keeps a rule, and tells the audit trail.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    kept: &Kept,
    entry: &Entry,
) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    let insert = sql(INSERT).bind(site.0).bind(&kept.name).bind(kept.points).bind(&kept.rule);
    if insert.bind(kept.made_at.0).execute(&mut tx).await? == 0 {
        tx.rollback().await?;
        return Ok(Outcome::Taken);
    }
    let count: Option<(i64,)> = sql(COUNT).bind(site.0).first(&mut tx).await?;
    if count.is_some_and(|(count,)| usize::try_from(count).is_ok_and(|count| count > MAX)) {
        tx.rollback().await?;
        return Ok(Outcome::Full);
    }
    audit::append(&mut tx, site, entry).await?;
    tx.commit().await?;
    Ok(Outcome::Made)
}

const LIST: &str =
    "SELECT name, points, rule, made_at FROM score_rule WHERE site_id = $1 ORDER BY name";

/// A site's rules, by name.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Kept>> {
    let rows: Vec<(String, i64, String, i64)> = sql(LIST).bind(site.0).all(db).await?;
    let kept = |(name, points, rule, at)| Kept { name, points, rule, made_at: Millis(at) };
    Ok(rows.into_iter().map(kept).collect())
}

const REMOVE: &str = "DELETE FROM score_rule WHERE site_id = $1 AND name = $2";

/// Removes a rule, and tells the audit trail; whether there was one.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove(
    db: &mut Connection,
    site: SiteId,
    name: &str,
    entry: &Entry,
) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    if sql(REMOVE).bind(site.0).bind(name).execute(&mut tx).await? == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    audit::append(&mut tx, site, entry).await?;
    tx.commit().await?;
    Ok(true)
}

const DONE: &str = "SELECT g.visitor_id, e.at, e.day, e.name, e.page, e.title, e.referrer, g.purpose, \
    g.service, e.properties FROM lead_link l \
    JOIN consent_grant lg ON lg.site_id = l.site_id AND lg.id = l.grant_id \
    JOIN consent_grant g ON g.site_id = lg.site_id AND g.visitor_id = lg.visitor_id \
    JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE l.site_id = $1 AND l.lead_id = $2 AND e.at >= l.linked_at AND e.day >= $3 AND e.day <= $4 \
    ORDER BY e.day, e.at, e.id LIMIT $5";

/// What the visitor did to whom a lead is linked, since then, in some days; so many events at most. Whether the link's
/// consent holds is for the caller to see.
///
/// # Errors
/// Where the database does not answer.
pub async fn done(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    days: (i64, i64),
    limit: i64,
) -> sqlx::Result<Table> {
    let query = sql(DONE).bind(site.0).bind(lead.as_bytes()).bind(days.0).bind(days.1).bind(limit);
    let rows = query.rows(db).await?;
    let texts: Vec<[String; 6]> =
        rows.iter().map(|row| std::array::from_fn(|at| row.get(3 + at))).collect();
    let properties: Vec<Option<String>> = rows.iter().map(|row| row.get(9)).collect();
    let events = rows.iter().zip(&texts).zip(&properties).map(|((row, texts), properties)| {
        let [name, page, title, referrer, purpose, service] = texts.each_ref().map(String::as_str);
        let (visitor, at, day) = (row.get(0), row.get(1), row.get(2));
        let properties = properties.as_deref();
        New {
            visitor,
            at,
            day,
            name,
            page,
            title,
            referrer,
            purpose,
            service,
            properties,
            ..New::default()
        }
    });
    table(&mut events.collect::<Vec<_>>())
}

/// A table of these events.
///
/// # Errors
/// Where what was put together cannot be read again.
pub(crate) fn table(events: &mut [New<'_>]) -> sqlx::Result<Table> {
    events.sort_by_key(|event| (event.day, event.visitor, event.at));
    let days: Vec<_> = events
        .chunk_by(|one, next| one.day == next.day)
        .map(|of_day| {
            let stored = |it: Part| Stored { events: it.events, seen: 0, columns: it.columns };
            let day = of_day.first().map_or(0, |event| event.day);
            (day, parts(of_day.iter().cloned()).into_iter().map(stored).collect())
        })
        .collect();
    let read = Table::read(&days, &Mask::default(), &AtomicBool::new(false));
    read.map_err(|broken| sqlx::Error::Decode(broken.damage.into()))
}
