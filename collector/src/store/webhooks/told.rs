//! Which leads were touched, and what receivers have been told of them.

use std::collections::BTreeSet;

use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};

use crate::{
    store::{Connection, SiteId, sixteen, statement::sql},
    webhooks::told::{Facts, State, Told},
};

const MARKED: &str =
    "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM lead_touched) THEN 1 ELSE 0 END AS BIGINT)";

/// Whether a lead was touched.
///
/// # Errors
/// Where the database does not answer.
pub async fn any_touched(db: &mut Connection) -> sqlx::Result<bool> {
    Ok(sql(MARKED).one::<i64>(db).await? == 1)
}

const TAKE: &str = "DELETE FROM lead_touched WHERE (site_id, id) IN ( \
    SELECT site_id, id FROM lead_touched ORDER BY id LIMIT $1) RETURNING site_id, lead_id";

/// Takes marks of touched leads, `limit` at most; whoever marks one from now on marks it anew.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_touched(
    db: &mut Connection,
    limit: i64,
) -> sqlx::Result<BTreeSet<(SiteId, [u8; 16])>> {
    let rows: Vec<(i64, Vec<u8>)> = sql(TAKE).bind(limit).all(db).await?;
    rows.into_iter().map(|(site, lead)| Ok((SiteId(site), sixteen(lead, "lead_id")?))).collect()
}

const FIND: &str = "SELECT state, version, ground, ground_since, linked_at, link_certain FROM webhook_told \
    WHERE site_id = $1 AND webhook_id = $2 AND lead_id = $3";

/// What a receiver was told of a lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    webhook: Uuid7,
    lead: LeadId,
) -> sqlx::Result<Option<Told>> {
    let find = sql(FIND).bind(site.0).bind(webhook.as_bytes()).bind(lead.as_bytes());
    let Some(row) = find.row(db).await? else { return Ok(None) };
    let state: String = row.get(0);
    let state = State::named(&state).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: "state".to_owned(),
        source: "no such state".into(),
    })?;
    let facts = Facts {
        version: row.get(1),
        ground: row.get(2),
        ground_since: row.get::<Option<i64>>(3).map(Millis),
    };
    let link = row.get::<Option<i64>>(4).map(|at| (Millis(at), row.get::<i64>(5) == 1));
    Ok(Some(Told { state, facts, link }))
}

const SET: &str = "INSERT INTO webhook_told \
    (site_id, webhook_id, lead_id, state, version, ground, ground_since, linked_at, link_certain) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
    ON CONFLICT (site_id, webhook_id, lead_id) DO UPDATE SET state = $4, version = $5, ground = $6, \
    ground_since = $7, linked_at = $8, link_certain = $9";
const FORGET: &str =
    "DELETE FROM webhook_told WHERE site_id = $1 AND webhook_id = $2 AND lead_id = $3";

/// Notes what a receiver was told of a lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn set(
    db: &mut Connection,
    site: SiteId,
    webhook: Uuid7,
    lead: LeadId,
    told: Option<&Told>,
) -> sqlx::Result<()> {
    let Some(Told { state, facts, link }) = told else {
        let forget = sql(FORGET).bind(site.0).bind(webhook.as_bytes());
        return forget.bind(lead.as_bytes()).execute(db).await.map(drop);
    };
    let set = sql(SET).bind(site.0).bind(webhook.as_bytes()).bind(lead.as_bytes());
    let set = set.bind(state.as_str()).bind(facts.version).bind(&facts.ground);
    let set = set.bind(facts.ground_since.map(|since| since.0)).bind(link.map(|(at, _)| at.0));
    let certain = link.is_some_and(|(_, certain)| certain);
    set.bind(i64::from(certain)).execute(db).await.map(drop)
}
