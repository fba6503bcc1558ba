//! On what ground beside an opt-in a lead may be contacted, who says so, and the proof of it, sealed under the lead's
//! own key.

use consent_core::{ids::LeadId, lead, time::Millis};

use crate::{
    keys::leads::SealedField,
    store::{Connection, SiteId, statement::sql},
};

/// A ground with its proof.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Which.
    pub ground: lead::Ground,
    /// Since when it holds.
    pub since: Millis,
    /// Who says so.
    pub said_by: &'a str,
    /// What proves it, sealed.
    pub proof: &'a SealedField,
}

const RECORD: &str = "INSERT INTO lead_ground (site_id, lead_id, ground, since, said_by, version, proof) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Records a lead's ground.
///
/// # Errors
/// Where the database does not answer.
pub async fn record(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    ground: &Ground<'_>,
) -> sqlx::Result<()> {
    let record = sql(RECORD).bind(site.0).bind(lead.as_bytes().to_vec());
    let record = record.bind(ground.ground.as_str()).bind(ground.since.0).bind(ground.said_by);
    let record = record.bind(ground.proof.version).bind(ground.proof.value.clone());
    record.execute(db).await.map(drop)
}

const PROOFS: &str = "SELECT since, version, proof FROM lead_ground WHERE site_id = $1 AND lead_id = $2 ORDER BY since";

/// What proves a lead's grounds, sealed, by since when each holds. The name under which it was sealed is the caller's.
///
/// # Errors
/// Where the database does not answer.
pub async fn proofs(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    name: &str,
) -> sqlx::Result<Vec<(Millis, SealedField)>> {
    let rows: Vec<(i64, i64, Vec<u8>)> =
        sql(PROOFS).bind(site.0).bind(lead.as_bytes()).all(db).await?;
    let proof = |(since, version, value)| {
        (Millis(since), SealedField { field: name.to_owned(), version, value })
    };
    Ok(rows.into_iter().map(proof).collect())
}

const RESEAL: &str = "UPDATE lead_ground SET version = $4, proof = $5 \
    WHERE site_id = $1 AND lead_id = $2 AND since = $3";

/// Puts a proof that was sealed anew in the place of what was there.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn reseal(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    since: Millis,
    proof: &SealedField,
) -> sqlx::Result<()> {
    let reseal = sql(RESEAL).bind(site.0).bind(lead.as_bytes()).bind(since.0);
    reseal.bind(proof.version).bind(proof.value.as_slice()).execute(db).await.map(drop)
}
