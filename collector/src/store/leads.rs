//! Leads, and the links that tie them to visitors.

use consent_core::{
    form::Submission,
    gate::Permitted,
    ids::{FormKey, LeadId},
    lead::LeadLink,
    time::Millis,
};

use super::{Connection, SiteId, sixteen, statement::sql};

const FIND: &str = "SELECT lead.id, CAST(CASE WHEN lead_link.lead_id IS NULL THEN 0 ELSE 1 END AS BIGINT) \
    FROM lead LEFT JOIN lead_link \
    ON lead_link.site_id = lead.site_id AND lead_link.lead_id = lead.id \
    WHERE lead.site_id = $1 AND lead.request = $2";

/// The lead that came with that signature, and whether it is linked.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    request: &[u8],
) -> sqlx::Result<Option<(LeadId, bool)>> {
    let row: Option<(Vec<u8>, i64)> = sql(FIND).bind(site.0).bind(request).first(db).await?;
    row.map(|(id, linked)| Ok((LeadId::from_bytes(sixteen(id, "id")?), linked == 1))).transpose()
}

/// A lead to store.
#[derive(Clone, Debug)]
pub struct Lead<'a> {
    /// Its id.
    pub id: LeadId,
    /// The signature it came with.
    pub request: &'a [u8],
    /// Its form.
    pub form: &'a FormKey,
    /// What was sent, checked.
    pub sent: &'a Submission,
    /// The page, cleaned.
    pub page: &'a str,
    /// When it came.
    pub now: Millis,
}

const INSERT: &str = "INSERT INTO lead \
    (site_id, id, request, form, fields, agreements, page, received_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Stores a lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, lead: &Lead<'_>) -> sqlx::Result<()> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    sql(INSERT)
        .bind(site.0)
        .bind(lead.id.as_bytes())
        .bind(lead.request)
        .bind(lead.form.as_str())
        .bind(serde_json::to_string(&lead.sent.fields).map_err(encode)?)
        .bind(serde_json::to_string(&lead.sent.agreements).map_err(encode)?)
        .bind(lead.page)
        .bind(lead.now.0)
        .execute(db)
        .await?;
    Ok(())
}

const LINK: &str =
    "INSERT INTO lead_link (site_id, lead_id, grant_id, linked_at) VALUES ($1, $2, $3, $4)";

/// Ties a lead to the visitor who granted it.
///
/// # Errors
/// Where the database does not answer.
pub async fn link(
    db: &mut Connection,
    site: SiteId,
    link: &Permitted<LeadLink>,
    now: Millis,
) -> sqlx::Result<()> {
    sql(LINK)
        .bind(site.0)
        .bind(link.action().lead().as_bytes().to_vec())
        .bind(link.grant())
        .bind(now.0)
        .execute(db)
        .await?;
    Ok(())
}
