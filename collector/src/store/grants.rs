//! What is granted, row by row. Deleting a row deletes what rests on it.

use consent_core::standing::Standing;

use super::{
    Connection, SiteId, VisitorRow,
    statement::{chunks, sql},
};

/// Records the grants of decisions, each of another visitor.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    standings: &[(SiteId, VisitorRow, &Standing)],
) -> sqlx::Result<()> {
    let granted: Vec<_> = standings
        .iter()
        .filter_map(|(site, visitor, standing)| {
            Some((site, visitor, standing.receipt()?, standing))
        })
        .flat_map(|(site, visitor, receipt, standing)| {
            standing.grants().iter().map(move |grant| (site, visitor, receipt, grant))
        })
        .collect();
    for chunk in chunks(&granted) {
        let mut insert = sql("INSERT INTO consent_grant \
             (site_id, visitor_id, receipt_id, purpose, service, since) VALUES ");
        insert.push_rows(chunk.iter().map(|(site, visitor, receipt, grant)| {
            [
                site.0.into(),
                visitor.0.into(),
                receipt.as_bytes().to_vec().into(),
                grant.purpose.as_str().into(),
                grant.service.as_ref().map_or("", |service| service.as_str()).into(),
                grant.since.0.into(),
            ]
        }));
        insert.execute(db).await?;
    }
    Ok(())
}

const HELD: &str = "SELECT DISTINCT purpose, service FROM consent_grant \
    WHERE site_id = $1 AND visitor_id = $2";
const DELETE: &str = "DELETE FROM consent_grant \
    WHERE site_id = $1 AND visitor_id = $2 AND purpose = $3 AND service = $4";

/// Withdraws everything the visitor granted at any time that `standing` does not hold: the grants
/// go, and the events and links that rest on them.
///
/// # Errors
/// Where the database does not answer.
pub async fn withdraw_others(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    standing: &Standing,
) -> sqlx::Result<Vec<(String, String)>> {
    let held: Vec<(String, String)> = sql(HELD).bind(site.0).bind(visitor.0).all(db).await?;
    let still = |purpose: &str, service: &str| {
        standing.grants().iter().any(|grant| {
            grant.purpose.as_str() == purpose
                && grant.service.as_ref().map_or("", |service| service.as_str()) == service
        })
    };
    let withdrawn: Vec<_> =
        held.into_iter().filter(|(purpose, service)| !still(purpose, service)).collect();
    for (purpose, service) in &withdrawn {
        sql(DELETE).bind(site.0).bind(visitor.0).bind(purpose).bind(service).execute(db).await?;
    }
    Ok(withdrawn)
}
