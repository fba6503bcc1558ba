//! What is kept by a rule, and how much of it goes when.

use consent_core::time::Millis;

use super::{Forms, PROVES_NOTHING, old_leads};
use crate::store::{
    Connection, SiteId,
    statement::{Row, Statement, sql},
};

/// What there is of a kind of data under a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub n: i64,
    /// The time of the oldest.
    pub oldest: Option<Millis>,
    /// How many are older than each of the times that were asked for.
    pub older: Vec<i64>,
}

fn held(row: Option<&Row>, times: usize) -> Held {
    let Some(row) = row else { return Held::default() };
    let older = (0..times).map(|at| row.get::<Option<i64>>(2 + at).unwrap_or(0)).collect();
    Held { n: row.get(0), oldest: row.get::<Option<i64>>(1).map(Millis), older }
}

/// Counts by a column of times.
fn counts<'q>(column: &'static str, before: &[Millis]) -> Statement<'q> {
    let mut counts = sql("SELECT COUNT(*), MIN(");
    counts.push(column).push(")");
    for before in before {
        counts.push(", CAST(SUM(CASE WHEN ").push(column).push(" < ").push_bind(before.0);
        counts.push(" THEN 1 ELSE 0 END) AS BIGINT)");
    }
    counts
}

/// Events of a service.
///
/// # Errors
/// Where the database does not answer.
pub async fn events(
    db: &mut Connection,
    site: SiteId,
    (purpose, service): (&str, &str),
    before: &[Millis],
) -> sqlx::Result<Held> {
    let mut counts = counts("e.at", before);
    counts
        .push(" FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id");
    counts
        .push(" WHERE e.site_id = ")
        .push_bind(site.0)
        .push(" AND g.purpose = ")
        .push_bind(purpose);
    counts.push(" AND g.service = ").push_bind(service);
    Ok(held(counts.row(db).await?.as_ref(), before.len()))
}

/// Links.
///
/// # Errors
/// Where the database does not answer.
pub async fn links(db: &mut Connection, site: SiteId, before: &[Millis]) -> sqlx::Result<Held> {
    let mut counts = counts("linked_at", before);
    counts.push(" FROM lead_link WHERE site_id = ").push_bind(site.0);
    Ok(held(counts.row(db).await?.as_ref(), before.len()))
}

/// Leads.
///
/// # Errors
/// Where the database does not answer.
pub async fn leads(
    db: &mut Connection,
    site: SiteId,
    forms: Forms<'_>,
    before: &[Millis],
) -> sqlx::Result<Held> {
    let mut counts = counts("received_at", before);
    old_leads(&mut counts, site, forms, Millis(i64::MAX));
    Ok(held(counts.row(db).await?.as_ref(), before.len()))
}

/// Hours of which refusals are counted.
///
/// # Errors
/// Where the database does not answer.
pub async fn refusals(db: &mut Connection, site: SiteId, before: &[Millis]) -> sqlx::Result<Held> {
    let mut counts = counts("hour * 3600000", before);
    counts.push(" FROM refusal WHERE site_id = ").push_bind(site.0);
    Ok(held(counts.row(db).await?.as_ref(), before.len()))
}

const DECISIONS: &str = "SELECT COUNT(*), MIN(recorded_at) FROM decision WHERE site_id = $1";
const DUE: &str = "SELECT COUNT(*) FROM decision d \
    LEFT JOIN visitor v ON v.site_id = d.site_id AND v.id = d.visitor_id \
    WHERE d.site_id = $1 AND d.recorded_at < $2";

/// Decisions, and those that prove nothing any more since before each of the times.
///
/// # Errors
/// Where the database does not answer.
pub async fn decisions(db: &mut Connection, site: SiteId, before: &[Millis]) -> sqlx::Result<Held> {
    let mut held = held(sql(DECISIONS).bind(site.0).row(db).await?.as_ref(), 0);
    for before in before {
        let mut due = sql(DUE).bind(site.0).bind(before.0);
        due.push(PROVES_NOTHING);
        held.older.push(due.one(db).await?);
    }
    Ok(held)
}
