//! Leads, and the links that tie them to visitors. What people wrote is here only sealed
//! ([`crate::keys::leads`]); nothing in this module can open it.
//!
//! Everything of a lead rests on its row in `lead` and goes with it. What stays is its row in `lead_request`: by
//! what it came, without anything of whom, so that what is sent again is known, even after the erasure.

use std::collections::BTreeMap;

use consent_core::{
    contact::ContactKind,
    gate::Permitted,
    ids::{Invalid, LeadId, SiteKey},
    lead::{Basis, LeadLink, Origin},
    time::Millis,
};

use super::{
    Connection, SiteId,
    locks::{self, Lock},
    sixteen,
    statement::{Statement, Value, sql},
};
use crate::keys::leads::{Sealed, SealedField};

pub mod calls;
pub mod grounds;
pub mod read;
pub mod unsealed;
pub mod wrapped;

/// A keyed hash by which a person is found again.
pub type Digest = (ContactKind, [u8; 32]);

/// What came by a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The lead.
    pub lead: LeadId,
    /// Whether it is linked.
    pub linked: bool,
    /// When it was erased.
    pub erased_at: Option<Millis>,
}

const FIND: &str = "SELECT r.lead_id, CAST(CASE WHEN l.lead_id IS NULL THEN 0 ELSE 1 END AS BIGINT), r.erased_at \
    FROM lead_request r LEFT JOIN lead_link l ON l.site_id = r.site_id AND l.lead_id = r.lead_id \
    WHERE r.site_id = $1 AND r.request = $2";

/// The lead that came by that request, whether or not it is there still.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    request: &[u8],
) -> sqlx::Result<Option<Known>> {
    let row: Option<(Vec<u8>, i64, Option<i64>)> =
        sql(FIND).bind(site.0).bind(request).first(db).await?;
    let known = |(id, linked, erased): (Vec<u8>, i64, Option<i64>)| {
        let lead = LeadId::from_bytes(sixteen(id, "lead_id")?);
        Ok(Known { lead, linked: linked == 1, erased_at: erased.map(Millis) })
    };
    row.map(known).transpose()
}

const TAKEN: &str = "SELECT 1 FROM lead_request WHERE site_id = $1 AND lead_id = $2";

/// Whether a lead has or had that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_taken(db: &mut Connection, site: SiteId, lead: LeadId) -> sqlx::Result<bool> {
    Ok(sql(TAKEN).bind(site.0).bind(lead.as_bytes()).row(db).await?.is_some())
}

/// A lead to store.
#[derive(Clone, Debug)]
pub struct Lead<'a> {
    /// Its id.
    pub id: LeadId,
    /// By what it is known when it comes again: of a form, the signature it came with.
    pub request: &'a [u8],
    /// Where it came from.
    pub origin: Origin,
    /// Its form, or nothing.
    pub form: &'a str,
    /// On what ground the person may be contacted.
    pub basis: Basis,
    /// What was agreed to.
    pub agreements: &'a BTreeMap<String, bool>,
    /// The page, cleaned.
    pub page: &'a str,
    /// What was filled in, sealed at version 1.
    pub sealed: &'a Sealed,
    /// By what the person is found again.
    pub digests: &'a [Digest],
    /// When it came.
    pub now: Millis,
}

const REQUEST: &str = "INSERT INTO lead_request (site_id, request, lead_id) VALUES ($1, $2, $3)";
const INSERT: &str = "INSERT INTO lead \
    (site_id, id, origin, form, ground, ground_since, agreements, page, received_at, changed_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1)";

/// Stores a lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, lead: &Lead<'_>) -> sqlx::Result<()> {
    let agreements = serde_json::to_string(lead.agreements)
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let id = lead.id.as_bytes();
    sql(REQUEST).bind(site.0).bind(lead.request).bind(id).execute(db).await?;
    sql(INSERT)
        .bind(site.0)
        .bind(id)
        .bind(lead.origin.as_str())
        .bind(lead.form)
        .bind(lead.basis.ground().as_str())
        .bind(lead.basis.held_since().map(|since| since.0))
        .bind(&agreements)
        .bind(lead.page)
        .bind(lead.now.0)
        .execute(db)
        .await?;
    contents(db, site, lead.id, lead.sealed, lead.digests).await
}

const KEY: &str = "INSERT INTO lead_key (site_id, lead_id, kek, wrapped) VALUES ($1, $2, $3, $4)";
const FIELDS: &str = "INSERT INTO lead_field (site_id, lead_id, field, version, value) VALUES ";

/// Stores what a lead holds.
async fn contents(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    sealed: &Sealed,
    digests: &[Digest],
) -> sqlx::Result<()> {
    if let Some(key) = &sealed.key {
        let insert = sql(KEY).bind(site.0).bind(lead.as_bytes()).bind(&key.kek);
        insert.bind(key.wrapped.as_slice()).execute(db).await?;
    }
    let row = |insert: &mut Statement<'_>, field: &SealedField| {
        insert.push_list([
            site.0.into(),
            lead.as_bytes().to_vec().into(),
            field.field.clone().into(),
            field.version.into(),
            Value::from(field.value.clone()),
        ]);
    };
    insert_rows(db, FIELDS, &sealed.fields, row).await?;
    index(db, site, lead, digests).await
}

const INDEX: &str = "INSERT INTO lead_index (site_id, kind, digest, lead_id) VALUES ";

async fn index(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    digests: &[Digest],
) -> sqlx::Result<()> {
    // A person may give one address twice.
    let mut distinct = digests.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let row = |insert: &mut Statement<'_>, (kind, digest): &Digest| {
        insert.push_list([
            Value::from(site.0),
            kind.as_str().into(),
            digest.to_vec().into(),
            lead.as_bytes().to_vec().into(),
        ]);
    };
    insert_rows(db, INDEX, &distinct, row).await
}

async fn insert_rows<T>(
    db: &mut Connection,
    text: &'static str,
    rows: &[T],
    row: impl Fn(&mut Statement<'_>, &T),
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = sql(text);
    let mut before = "(";
    for each in rows {
        insert.push(before);
        row(&mut insert, each);
        before = "), (";
    }
    insert.push(")");
    insert.execute(db).await.map(drop)
}

/// What a lead is to hold from now on.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// Its version when it was read.
    pub seen: i64,
    /// What it holds, sealed under a key of its own, at the version after that.
    pub sealed: &'a Sealed,
    /// What proves its grounds, by since when each holds, sealed by the same key.
    pub proofs: &'a [(Millis, SealedField)],
    /// By what its person is found again.
    pub digests: &'a [Digest],
    /// The time now.
    pub now: Millis,
}

const UPDATE: &str = "UPDATE lead SET version = version + 1, changed_at = $4 \
    WHERE site_id = $1 AND id = $2 AND version = $3";
const NO_KEY: &str = "DELETE FROM lead_key WHERE site_id = $1 AND lead_id = $2";
const NO_FIELDS: &str = "DELETE FROM lead_field WHERE site_id = $1 AND lead_id = $2";
const NO_INDEX: &str = "DELETE FROM lead_index WHERE site_id = $1 AND lead_id = $2";

/// Puts what is new in the place of what a lead held. False where the lead has another version by now, or is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn update(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    new: &Correction<'_>,
) -> sqlx::Result<bool> {
    let id = lead.as_bytes();
    let update = sql(UPDATE).bind(site.0).bind(id).bind(new.seen).bind(new.now.0);
    if update.execute(db).await? == 0 {
        return Ok(false);
    }
    for text in [NO_KEY, NO_FIELDS, NO_INDEX] {
        sql(text).bind(site.0).bind(id).execute(db).await?;
    }
    contents(db, site, lead, new.sealed, new.digests).await?;
    for (since, proof) in new.proofs {
        grounds::reseal(db, site, lead, *since, proof).await?;
    }
    Ok(true)
}

const HOLD: &str = "UPDATE lead SET ground = $3, ground_since = $4, changed_at = $5 \
    WHERE site_id = $1 AND id = $2 AND ground_since IS NULL";

/// Gives a locked lead its ground; false where it has one already, or is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn hold(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    (basis, now): (Basis, Millis),
) -> sqlx::Result<bool> {
    let hold = sql(HOLD).bind(site.0).bind(lead.as_bytes()).bind(basis.ground().as_str());
    let hold = hold.bind(basis.held_since().map(|since| since.0)).bind(now.0);
    Ok(hold.execute(db).await? > 0)
}

const LOCK_SOME: &str = "UPDATE lead SET ground = 'none', ground_since = NULL, changed_at = $2 \
    WHERE site_id = $1 AND id IN (";

/// Takes their ground away from leads: from the commit on they are locked.
///
/// # Errors
/// Where the database does not answer.
pub async fn lock(
    db: &mut Connection,
    site: SiteId,
    leads: &[LeadId],
    now: Millis,
) -> sqlx::Result<u64> {
    if leads.is_empty() {
        return Ok(0);
    }
    let mut lock = sql(LOCK_SOME).bind(site.0).bind(now.0);
    lock.push_list(leads.iter().map(|lead| lead.as_bytes().to_vec()));
    lock.push(")");
    lock.execute(db).await
}

const IS_LOCKED: &str =
    "SELECT 1 FROM lead WHERE site_id = $1 AND id = $2 AND ground_since IS NOT NULL";

/// Whether nobody may be contacted by a lead: it has no ground that holds, or is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_locked(db: &mut Connection, site: SiteId, lead: LeadId) -> sqlx::Result<bool> {
    Ok(sql(IS_LOCKED).bind(site.0).bind(lead.as_bytes()).row(db).await?.is_none())
}

const UNLINK: &str = "DELETE FROM lead_link WHERE site_id = $1 AND lead_id = $2";

/// Stops the use of a lead: it has no ground any more, and no link. False where there is no such lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn stop(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    now: Millis,
) -> sqlx::Result<bool> {
    let found = lock(db, site, &[lead], now).await? > 0;
    sql(UNLINK).bind(site.0).bind(lead.as_bytes()).execute(db).await?;
    Ok(found)
}

/// What an erasure found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// The lead, and it is gone.
    Erased,
    /// That it had been erased then.
    Before(Millis),
    /// No such lead.
    Unknown,
}

const ERASE: &str = "DELETE FROM lead WHERE site_id = $1 AND id = $2";
const ERASED: &str = "UPDATE lead_request SET erased_at = $3 WHERE site_id = $1 AND lead_id = $2";
const WHEN: &str = "SELECT erased_at FROM lead_request WHERE site_id = $1 AND lead_id = $2";

/// Erases a lead: its key, and with it what it held, what it is found by, its link, its mail, and what waits to be
/// handed out of it. After the commit
/// [`super::checkpoints::forget`] sees to it that SQLite's log has none of it either.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    now: Millis,
) -> sqlx::Result<Erasure> {
    let id = lead.as_bytes();
    // Nobody puts an answer together of what goes meanwhile.
    locks::take(db, Lock::Persons).await?;
    super::subjects::answer::take_back(db, site, lead).await?;
    // Of two at once the second waits here for the first, and finds nothing.
    if sql(ERASE).bind(site.0).bind(id).execute(db).await? > 0 {
        sql(ERASED).bind(site.0).bind(id).bind(now.0).execute(db).await?;
        super::mail::end_of_lead(db, site, lead, now).await?;
        return Ok(Erasure::Erased);
    }
    Ok(erased(db, site, lead).await?.map_or(Erasure::Unknown, Erasure::Before))
}

/// When a lead was erased; not at all where it is there, or never was.
///
/// # Errors
/// Where the database does not answer.
pub async fn erased(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
) -> sqlx::Result<Option<Millis>> {
    let when = sql(WHEN).bind(site.0).bind(lead.as_bytes());
    let when: Option<(Option<i64>,)> = when.first(db).await?;
    Ok(when.and_then(|(at,)| at).map(Millis))
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

/// The key of a site, of a column that holds one.
pub(super) fn site_key(text: &str) -> sqlx::Result<SiteKey> {
    text.parse().map_err(|error: Invalid| sqlx::Error::ColumnDecode {
        index: "key".to_owned(),
        source: error.to_string().into(),
    })
}
