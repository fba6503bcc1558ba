//! On what ground beside an opt-in a lead may be contacted, who says so, and the proof of it, sealed under the lead's
//! own key.

use consent_core::{
    contact::ContactKind,
    ids::LeadId,
    lead::{self, Basis},
    time::Millis,
};

use crate::{
    keys::leads::SealedField,
    store::{Connection, SiteId, statement::sql},
};

/// The field of a lead under which the proof of a ground is sealed. No form has one of that name.
pub const PROOF: &str = "ground:proof";

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
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (site_id, lead_id, since) DO UPDATE \
    SET ground = $3, said_by = $5, version = $6, proof = $7";

/// Records a lead's ground, in place of one that holds since the same moment.
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

const GIVE: &str = "UPDATE lead SET ground = $3, ground_since = $4, changed_at = $5 \
    WHERE site_id = $1 AND id = $2 AND (ground <> 'opt_in' OR ground_since IS NULL)";

/// Has a lead rest on a ground, in place of the one it has; false where its person has confirmed one by mail, or it is
/// not there. Who stops mail meanwhile waits for the caller's transaction, and locks the lead after it.
///
/// # Errors
/// Where the database does not answer.
pub async fn give(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    (basis, now): (Basis, Millis),
) -> sqlx::Result<bool> {
    let give = sql(GIVE).bind(site.0).bind(lead.as_bytes()).bind(basis.ground().as_str());
    let give = give.bind(basis.held_since().map(|since| since.0)).bind(now.0);
    Ok(give.execute(db).await? > 0)
}

const TAKE: &str = "UPDATE lead SET ground = 'none', ground_since = NULL, changed_at = $3 \
    WHERE site_id = $1 AND id = $2 AND ground <> 'opt_in' AND ground_since IS NOT NULL";

/// Takes a lead's ground back: it is locked. False where it has none that was given by hand or list, or is not there.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    now: Millis,
) -> sqlx::Result<bool> {
    Ok(sql(TAKE).bind(site.0).bind(lead.as_bytes()).bind(now.0).execute(db).await? > 0)
}

/// A ground that is or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which: a name of [`consent_core::lead::Ground`].
    pub ground: String,
    /// Since when it held.
    pub since: Millis,
    /// Who said so.
    pub said_by: String,
    /// What proves it, sealed.
    pub proof: SealedField,
}

const OF_LEAD: &str = "SELECT ground, since, said_by, version, proof FROM lead_ground \
    WHERE site_id = $1 AND lead_id = $2 ORDER BY since";

/// Every ground that was given to a lead, the earliest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn of_lead(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
) -> sqlx::Result<Vec<Recorded>> {
    let found = sql(OF_LEAD).bind(site.0).bind(lead.as_bytes());
    let rows: Vec<(String, i64, String, i64, Vec<u8>)> = found.all(db).await?;
    let recorded = |(ground, since, said_by, version, value)| {
        let proof = SealedField { field: PROOF.to_owned(), version, value };
        Recorded { ground, since: Millis(since), said_by, proof }
    };
    Ok(rows.into_iter().map(recorded).collect())
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

const EMAILS: &str =
    "SELECT digest FROM lead_index WHERE site_id = $1 AND lead_id = $2 AND kind = $3";

/// The keyed hashes of the addresses by which a lead's person is found.
///
/// # Errors
/// Where the database does not answer.
pub async fn emails(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
) -> sqlx::Result<Vec<[u8; 32]>> {
    let found = sql(EMAILS).bind(site.0).bind(lead.as_bytes()).bind(ContactKind::Email.as_str());
    let rows: Vec<(Vec<u8>,)> = found.all(db).await?;
    let whole = |(digest,): (Vec<u8>,)| {
        digest.try_into().map_err(|_| sqlx::Error::ColumnDecode {
            index: "digest".to_owned(),
            source: "it has not 32 bytes".into(),
        })
    };
    rows.into_iter().map(whole).collect()
}
