//! On what ground beside an opt-in a lead may be contacted, who says so, and the proof of it, sealed under the lead's
//! own key.

use consent_core::{ids::LeadId, time::Millis};

use crate::{
    keys::leads::SealedField,
    store::{Connection, SiteId, statement::sql},
};

/// A ground with its proof.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Which.
    pub ground: consent_core::lead::Ground,
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
