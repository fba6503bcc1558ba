//! Calls by which other systems gave leads, and what came of each: what is sent again is answered as before.

use consent_core::ids::LeadId;

use crate::store::{Connection, SiteId, sixteen, statement::sql};

/// A call, by keyed hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Of the id under which it was sent.
    pub call: [u8; 32],
    /// Of what was sent.
    pub content: [u8; 32],
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The lead.
    pub lead: LeadId,
    /// Whether it was there before, and was updated.
    pub updated: bool,
    /// Its version after that.
    pub version: i64,
    /// Whether it was locked after that.
    pub locked: bool,
}

const FIND: &str = "SELECT content, lead_id, outcome, version, locked FROM lead_call \
    WHERE site_id = $1 AND call = $2";

/// The hash of what was sent under that id, and what came of it.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    call: &[u8; 32],
) -> sqlx::Result<Option<(Vec<u8>, Made)>> {
    let Some(row) = sql(FIND).bind(site.0).bind(call).row(db).await? else { return Ok(None) };
    let made = Made {
        lead: LeadId::from_bytes(sixteen(row.get(1), "lead_id")?),
        updated: row.get::<String>(2) == "updated",
        version: row.get(3),
        locked: row.get::<i64>(4) == 1,
    };
    Ok(Some((row.get(0), made)))
}

const RECORD: &str = "INSERT INTO lead_call (site_id, call, content, lead_id, outcome, version, locked) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Records what came of a call.
///
/// # Errors
/// Where the database does not answer.
pub async fn record(
    db: &mut Connection,
    site: SiteId,
    call: &Call,
    made: &Made,
) -> sqlx::Result<()> {
    let record = sql(RECORD).bind(site.0).bind(&call.call).bind(&call.content);
    let record = record.bind(made.lead.as_bytes().as_slice());
    let record = record.bind(if made.updated { "updated" } else { "added" });
    record.bind(made.version).bind(i64::from(made.locked)).execute(db).await.map(drop)
}

const IS_AT: &str = "SELECT 1 FROM lead WHERE site_id = $1 AND id = $2 AND version = $3";

/// Whether a lead is there, and has that version.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_at(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    version: i64,
) -> sqlx::Result<bool> {
    let found = sql(IS_AT).bind(site.0).bind(lead.as_bytes()).bind(version);
    Ok(found.row(db).await?.is_some())
}
