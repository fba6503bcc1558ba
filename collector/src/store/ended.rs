//! Consents that have ended by themselves: those that have run out, and those of an older policy revision.
//!
//! What rests on a consent that has run out is erased piece by piece, and until then no query may count it:
//! the condition for that stands here alone. A new revision cuts links between leads and visitors; events
//! stay until their visitor decides anew or the consent runs out.
//!
//! Whoever erases here holds [`super::locks::Lock::Decisions`], under which standings change: what is read
//! about them in the same transaction holds until its end.

use consent_core::{ids::LeadId, time::Millis};

use super::{
    Connection, SiteId, VisitorRow, columns, sixteen,
    statement::{Statement, sql},
};

/// Adds the condition on `consent_grant g` that its consent has not run out. There are few that have and are
/// not erased yet, so the database looks for them once, and not for each row.
pub(super) fn leave_out(query: &mut Statement<'_>, site: SiteId, now: Millis) {
    query.push(" AND g.visitor_id NOT IN (SELECT id FROM visitor WHERE site_id = ");
    query.push_bind(site.0).push(" AND ended_at IS NULL AND expires <= ");
    query.push_bind(now.0).push(")");
}

const RUN_OUT: &str = "SELECT id FROM visitor \
    WHERE site_id = $1 AND ended_at IS NULL AND expires <= $2 ORDER BY expires LIMIT $3";

/// Visitors whose consent has run out and of whom something may be left, `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn run_out(
    db: &mut Connection,
    site: SiteId,
    now: Millis,
    limit: u32,
) -> sqlx::Result<Vec<VisitorRow>> {
    let rows: Vec<(i64,)> =
        sql(RUN_OUT).bind(site.0).bind(now.0).bind(i64::from(limit)).all(db).await?;
    Ok(rows.into_iter().map(|(id,)| VisitorRow(id)).collect())
}

const ERASE_EVENTS: &str = "DELETE FROM event WHERE site_id = $1 AND id IN ( \
    SELECT e.id FROM consent_grant g JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE g.site_id = $1 AND g.visitor_id = $2 LIMIT $3)";

/// Erases events of a visitor, `limit` at most; how many. Their grants go after them, or the visitor's consent has run
/// out: so no question counts them in the copies either.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase_events(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    limit: u64,
) -> sqlx::Result<u64> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sql(ERASE_EVENTS).bind(site.0).bind(visitor.0).bind(limit).execute(db).await
}

const TAKE_EVENTS: &str = " RETURNING day, grant_id, at";

/// The same of a visitor who keeps the grants.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_events(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    limit: u64,
) -> sqlx::Result<u64> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut tx = db.begin().await?;
    let mut take = sql(ERASE_EVENTS).bind(site.0).bind(visitor.0).bind(limit);
    take.push(TAKE_EVENTS);
    let gone = take.all(&mut tx).await?;
    columns::events(&mut tx, site, &gone).await?;
    tx.commit().await?;
    Ok(gone.len() as u64)
}

const UNLINK: &str = "DELETE FROM lead_link WHERE site_id = $1 AND grant_id IN ( \
    SELECT id FROM consent_grant WHERE site_id = $1 AND visitor_id = $2)";

/// Cuts every link of a visitor with leads; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn unlink(db: &mut Connection, site: SiteId, visitor: VisitorRow) -> sqlx::Result<u64> {
    sql(UNLINK).bind(site.0).bind(visitor.0).execute(db).await
}

const ERASE_GRANTS: &str = "DELETE FROM consent_grant WHERE site_id = $1 AND visitor_id = $2";
const SET_ENDED: &str = "UPDATE visitor SET ended_at = $3 WHERE site_id = $1 AND id = $2";

/// Ends a visitor's consent: every grant goes, and what rests on it.
///
/// # Errors
/// Where the database does not answer.
pub async fn end(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    now: Millis,
) -> sqlx::Result<()> {
    sql(ERASE_GRANTS).bind(site.0).bind(visitor.0).execute(db).await?;
    sql(SET_ENDED).bind(site.0).bind(visitor.0).bind(now.0).execute(db).await?;
    Ok(())
}

const OUTDATED: &str = "SELECT l.lead_id FROM lead_link l \
    JOIN consent_grant g ON g.site_id = l.site_id AND g.id = l.grant_id \
    JOIN visitor v ON v.site_id = g.site_id AND v.id = g.visitor_id \
    WHERE l.site_id = $1 AND v.revision < ( \
        SELECT p.revision FROM site s JOIN policy p ON p.site_id = s.id AND p.edition = s.edition \
        WHERE s.id = $1) \
    ORDER BY l.lead_id LIMIT $2";

/// Leads that are linked by a consent of an older revision, `limit` at most. It reads every link of the
/// site where there are none: for a connection that only reads.
///
/// # Errors
/// Where the database does not answer.
pub async fn outdated(db: &mut Connection, site: SiteId, limit: u32) -> sqlx::Result<Vec<LeadId>> {
    let rows: Vec<(Vec<u8>,)> = sql(OUTDATED).bind(site.0).bind(i64::from(limit)).all(db).await?;
    rows.into_iter().map(|(id,)| Ok(LeadId::from_bytes(sixteen(id, "lead_id")?))).collect()
}

const STILL_OUTDATED: &str = ") AND EXISTS (SELECT 1 FROM consent_grant g \
    JOIN visitor v ON v.site_id = g.site_id AND v.id = g.visitor_id \
    JOIN site s ON s.id = v.site_id \
    JOIN policy p ON p.site_id = s.id AND p.edition = s.edition \
    WHERE g.site_id = lead_link.site_id AND g.id = lead_link.grant_id AND v.revision < p.revision)";

/// Cuts those of the leads' links whose consent is of an older revision now; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn cut(db: &mut Connection, site: SiteId, leads: &[LeadId]) -> sqlx::Result<u64> {
    if leads.is_empty() {
        return Ok(0);
    }
    let mut cut = sql("DELETE FROM lead_link WHERE site_id = ");
    cut.push_bind(site.0).push(" AND lead_id IN (");
    cut.push_list(leads.iter().map(|lead| lead.as_bytes().to_vec()));
    cut.push(STILL_OUTDATED);
    cut.execute(db).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn what_has_run_out_is_found_by_its_end_and_not_among_all_visitors() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let mut db = Database::at(&url).unwrap().create().await.unwrap();
        let mut condition = sql("SELECT 1 FROM consent_grant g WHERE g.site_id = 1");
        leave_out(&mut condition, SiteId(1), Millis(1));
        for statement in [sql(RUN_OUT), condition] {
            let steps = statement.explained().rows(&mut db).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get(3)).collect();
            let found = steps.iter().any(|step| {
                step.starts_with("SEARCH visitor USING ")
                    && step.ends_with("INDEX visitor_by_end (site_id=? AND expires<?)")
            });
            assert!(found, "{steps:#?}");
        }
    }
}
