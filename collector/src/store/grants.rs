//! What is granted, row by row. Deleting a row deletes what rests on it.

use consent_core::{ids::PurposeKey, standing::Standing};

use super::{Connection, SiteId, VisitorRow, rows, statement::sql};

/// What a visitor has granted by a decision.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The site.
    pub site: SiteId,
    /// Who.
    pub visitor: VisitorRow,
    /// What.
    pub standing: &'a Standing,
    /// The purpose of the site that allows links with leads: no link rests on a grant of another one.
    pub lead_link: Option<&'a PurposeKey>,
}

const INTO: &str = "consent_grant (site_id, visitor_id, receipt_id, purpose, service, since, kind)";

/// Records the grants of decisions, each of another visitor. The decisions are recorded already.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, granted: &[Granted<'_>]) -> sqlx::Result<()> {
    let granted: Vec<_> = granted
        .iter()
        .filter_map(|granted| Some((granted, granted.standing.receipt()?)))
        .flat_map(|(granted, receipt)| {
            granted.standing.grants().iter().map(move |grant| (granted, receipt, grant))
        })
        .map(|(granted, receipt, grant)| {
            let links = granted.lead_link == Some(&grant.purpose);
            [
                granted.site.0.into(),
                granted.visitor.0.into(),
                receipt.as_bytes().to_vec().into(),
                grant.purpose.as_str().into(),
                grant.service.as_ref().map_or("", |service| service.as_str()).into(),
                grant.since.0.into(),
                if links { "lead_link" } else { "use" }.into(),
            ]
        })
        .collect();
    rows::insert(db, INTO, &granted, "").await?;
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
