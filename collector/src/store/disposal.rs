//! What is kept no longer: finding it, deleting it in steps, and counting what was deleted until the audit trail is
//! told.
//!
//! Finding reads, on a connection that only reads, a page at a time. Deleting looks again, by the same condition,
//! in the transaction that deletes. No index is there for it alone: events are walked through in the order of
//! their ids, in which they lie.

use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};

use super::{
    Connection, SiteId, columns, sixteen,
    statement::{Statement, sql},
};

mod counted;
pub mod plan;

pub use counted::{Counted, add, open, take};

/// The greatest id of a page of events, where the page is full.
const PAGE_END: &str =
    "SELECT id FROM event WHERE site_id = $1 AND id > $2 ORDER BY id LIMIT 1 OFFSET $3";
const EVENTS: &str = "SELECT e.id, g.purpose, g.service, e.at FROM event e \
    JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id \
    WHERE e.site_id = $1 AND e.id > $2 AND e.id <= $3 AND e.at < $4";

/// An event that is older than the youngest that has to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Old {
    /// Its id.
    pub id: [u8; 16],
    /// The purpose of its grant.
    pub purpose: String,
    /// The service of its grant.
    pub service: String,
    /// When it happened.
    pub at: Millis,
}

/// Of the `page` events whose ids follow `after`, those that happened before `before`; and the last id of the page,
/// or nothing where there is no further one.
///
/// # Errors
/// Where the database does not answer.
pub async fn events(
    db: &mut Connection,
    site: SiteId,
    after: &[u8],
    page: u32,
    before: Millis,
) -> sqlx::Result<(Vec<Old>, Option<Vec<u8>>)> {
    let end = sql(PAGE_END).bind(site.0).bind(after).bind(i64::from(page) - 1);
    let end: Option<(Vec<u8>,)> = end.first(db).await?;
    let to = end.as_ref().map_or(&[0xff; 17][..], |(id,)| id);
    let found = sql(EVENTS).bind(site.0).bind(after).bind(to).bind(before.0);
    let found: Vec<(Vec<u8>, String, String, i64)> = found.all(db).await?;
    let old = |(id, purpose, service, at)| {
        Ok(Old { id: sixteen(id, "id")?, purpose, service, at: Millis(at) })
    };
    Ok((found.into_iter().map(old).collect::<sqlx::Result<_>>()?, end.map(|(id,)| id)))
}

/// Deletes those of the events that happened before then; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete_events(
    db: &mut Connection,
    site: SiteId,
    ids: &[[u8; 16]],
    before: Millis,
) -> sqlx::Result<u64> {
    let mut delete = sql("DELETE FROM event WHERE site_id = ");
    delete.push_bind(site.0).push(" AND at < ").push_bind(before.0);
    let mut delete = among(delete, " AND id IN (", ids);
    delete.push(" RETURNING day, grant_id, at");
    let gone = delete.all(db).await?;
    columns::events(db, site, &gone).await?;
    Ok(gone.len() as u64)
}

/// Adds a list of ids, filled up to a power of two: few statements to prepare, whatever the number.
fn among<'q>(
    mut statement: Statement<'q>,
    column: &'static str,
    ids: &'q [[u8; 16]],
) -> Statement<'q> {
    statement.push(column);
    statement.push_filled(ids.iter());
    statement.push(")");
    statement
}

/// Which leads a rule is about.
#[derive(Clone, Copy, Debug)]
pub enum Forms<'a> {
    /// Those of a form.
    Of(&'a str),
    /// Those of none of these.
    But(&'a [String]),
}

fn old_leads<'q>(leads: &mut Statement<'q>, site: SiteId, forms: Forms<'q>, before: Millis) {
    leads.push(" FROM lead WHERE site_id = ").push_bind(site.0);
    leads.push(" AND received_at < ").push_bind(before.0);
    match forms {
        Forms::Of(form) => {
            leads.push(" AND form = ").push_bind(form);
        }
        Forms::But([]) => {}
        Forms::But(forms) => {
            leads.push(" AND form NOT IN (").push_list(forms);
            leads.push(")");
        }
    }
}

/// Leads that came before then, `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn leads(
    db: &mut Connection,
    site: SiteId,
    forms: Forms<'_>,
    before: Millis,
    limit: u32,
) -> sqlx::Result<Vec<LeadId>> {
    let mut leads = sql("SELECT id");
    old_leads(&mut leads, site, forms, before);
    leads.push(" ORDER BY received_at LIMIT ").push_bind(i64::from(limit));
    ids(leads.all(db).await?)
}

fn ids(rows: Vec<(Vec<u8>,)>) -> sqlx::Result<Vec<LeadId>> {
    rows.into_iter().map(|(id,)| Ok(LeadId::from_bytes(sixteen(id, "id")?))).collect()
}

const LINKS: &str =
    "SELECT lead_id FROM lead_link WHERE site_id = $1 AND linked_at < $2 ORDER BY lead_id LIMIT $3";

/// Leads whose link was made before then, `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn links(
    db: &mut Connection,
    site: SiteId,
    before: Millis,
    limit: u32,
) -> sqlx::Result<Vec<LeadId>> {
    ids(sql(LINKS).bind(site.0).bind(before.0).bind(i64::from(limit)).all(db).await?)
}

/// Cuts those of the leads' links that were made before then; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn cut(
    db: &mut Connection,
    site: SiteId,
    leads: &[LeadId],
    before: Millis,
) -> sqlx::Result<u64> {
    let ids: Vec<_> = leads.iter().map(|lead| *lead.as_bytes()).collect();
    let mut cut = sql("DELETE FROM lead_link WHERE site_id = ");
    cut.push_bind(site.0).push(" AND linked_at < ").push_bind(before.0);
    among(cut, " AND lead_id IN (", &ids).execute(db).await
}

const DECISIONS: &str = "SELECT d.id, d.log_index FROM decision d \
    LEFT JOIN visitor v ON v.site_id = d.site_id AND v.id = d.visitor_id \
    WHERE d.site_id = $1 AND d.recorded_at < $2 AND d.log_index >= $3 AND d.log_index < $4";
/// What is proof of nothing any more: a first refusal; a decision of a consent that has ended; one whose place a later
/// one took, and on which nothing rests. `$2` is the time before which that has to have been.
const PROVES_NOTHING: &str = " AND (d.visitor_id IS NULL OR (v.ended_at IS NOT NULL AND v.expires < $2) \
        OR (v.receipt <> d.receipt_id \
            AND NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = d.site_id \
                AND g.visitor_id = d.visitor_id AND g.receipt_id = d.receipt_id) \
            AND EXISTS (SELECT 1 FROM decision later WHERE later.site_id = d.site_id \
                AND later.visitor_id = d.visitor_id AND later.log_index > d.log_index \
                AND later.recorded_at < $2)))";

/// Decisions whose places in the log are in that run and that prove nothing any more since before then; their places
/// too. `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn decisions(
    db: &mut Connection,
    site: SiteId,
    places: std::ops::Range<i64>,
    before: Millis,
    limit: u32,
) -> sqlx::Result<Vec<(Uuid7, i64)>> {
    let found = sql(DECISIONS).bind(site.0).bind(before.0).bind(places.start);
    let mut found = found.bind(places.end);
    found.push(PROVES_NOTHING).push(" ORDER BY d.log_index LIMIT ").push_bind(i64::from(limit));
    let found: Vec<(Vec<u8>, i64)> = found.all(db).await?;
    let one = |(id, place)| Ok(Uuid7::from_bytes(sixteen(id, "id")?).map(|id| (id, place)));
    found.into_iter().filter_map(|row| one(row).transpose()).collect()
}

const VISITORS: &str = "SELECT id FROM visitor WHERE site_id = $1 AND id > $2 AND expires < $3 \
    AND ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decision d \
        WHERE d.site_id = visitor.site_id AND d.visitor_id = visitor.id) \
    ORDER BY id LIMIT $4";

/// Visitors, `limit` at most and from the one after `after` on, whose consent ended before then and of whom nothing
/// else is left.
///
/// # Errors
/// Where the database does not answer.
pub async fn visitors(
    db: &mut Connection,
    site: SiteId,
    after: i64,
    before: Millis,
    limit: u32,
) -> sqlx::Result<Vec<i64>> {
    let found = sql(VISITORS).bind(site.0).bind(after).bind(before.0).bind(i64::from(limit));
    let rows: Vec<(i64,)> = found.all(db).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

const LEFT: &str = ") AND expires < ";
const NOTHING: &str = " AND ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decision d \
    WHERE d.site_id = visitor.site_id AND d.visitor_id = visitor.id)";

/// Deletes those of the visitors of whom nothing is left still; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete_visitors(
    db: &mut Connection,
    site: SiteId,
    rows: &[i64],
    before: Millis,
) -> sqlx::Result<u64> {
    let mut delete = sql("DELETE FROM visitor WHERE site_id = ");
    delete.push_bind(site.0).push(" AND id IN (").push_list(rows.iter().copied());
    delete.push(LEFT).push_bind(before.0).push(NOTHING);
    delete.execute(db).await
}

const FIRST_HOUR: &str = "SELECT MIN(hour) FROM refusal WHERE site_id = $1 AND hour < $2";

/// The first hour of which refusals are counted, where that is before `before`.
///
/// # Errors
/// Where the database does not answer.
pub async fn first_hour(
    db: &mut Connection,
    site: SiteId,
    before: i64,
) -> sqlx::Result<Option<i64>> {
    sql(FIRST_HOUR).bind(site.0).bind(before).one(db).await
}

const REFUSALS: &str = "DELETE FROM refusal WHERE site_id = $1 AND hour < $2";

/// Deletes the counts of what was refused before that hour; how many there were.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete_refusals(db: &mut Connection, site: SiteId, before: i64) -> sqlx::Result<u64> {
    sql(REFUSALS).bind(site.0).bind(before).execute(db).await
}
