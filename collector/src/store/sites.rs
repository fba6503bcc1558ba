//! Sites and the site files in force.

use consent_core::{
    ids::{SiteKey, base64url},
    time::Millis,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Connection, SiteId, Transaction,
    audit::{self, Actor, Entry},
    locks::{self, Lock},
    statement::sql,
};
use crate::site::{Past, SiteFile};

/// A site with the file that is in force.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its row.
    pub id: SiteId,
    /// Counts every change of the file.
    pub edition: i64,
    /// Counts the material changes.
    pub revision: u32,
    /// SHA-256 of the wording.
    pub wording: String,
    /// SHA-256 of the file as it is stored, base64url.
    pub digest: String,
    /// The file.
    pub file: SiteFile,
    /// When it was put in force.
    pub applied_at: Millis,
}

/// What putting a site file in force did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The same file was in force already.
    Unchanged,
    /// It changes nothing that visitors decided on.
    Changed,
    /// It is new, or changes what visitors decided on: they are asked again.
    Revised,
}

const LIST: &str = "SELECT key, edition FROM site ORDER BY key";

/// Keys and editions of all sites.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection) -> sqlx::Result<Vec<(String, i64)>> {
    sql(LIST).all(db).await
}

const IDS: &str = "SELECT id FROM site ORDER BY id";

/// Rows of all sites.
///
/// # Errors
/// Where the database does not answer.
pub async fn ids(db: &mut Connection) -> sqlx::Result<Vec<SiteId>> {
    let rows: Vec<(i64,)> = sql(IDS).all(db).await?;
    Ok(rows.into_iter().map(|(id,)| SiteId(id)).collect())
}

const FIND: &str = "SELECT site.id, policy.edition, policy.revision, policy.wording, \
        policy.document, policy.applied_at \
    FROM site JOIN policy ON policy.site_id = site.id AND policy.edition = site.edition \
    WHERE site.key = $1";

/// The site of that key.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, key: &str) -> sqlx::Result<Option<Applied>> {
    let Some(row) = sql(FIND).bind(key).row(db).await? else {
        return Ok(None);
    };
    let document: String = row.get(4);
    let decode = |error: &dyn std::fmt::Display| sqlx::Error::ColumnDecode {
        index: "document".to_owned(),
        source: error.to_string().into(),
    };
    Ok(Some(Applied {
        id: SiteId(row.get(0)),
        edition: row.get(1),
        revision: u32::try_from(row.get::<i64>(2)).map_err(|error| decode(&error))?,
        wording: row.get(3),
        digest: digest(&document),
        file: serde_json::from_str(&document).map_err(|error| decode(&error))?,
        applied_at: Millis(row.get(5)),
    }))
}

/// By what the consent log knows a site file.
#[must_use]
pub fn digest(document: &str) -> String {
    base64url(&Sha256::digest(document))
}

const PAST: &str = "SELECT span.revision, span.since, policy.document \
    FROM (SELECT revision, MIN(applied_at) AS since, MAX(edition) AS last \
        FROM policy WHERE site_id = $1 GROUP BY revision) AS span \
    JOIN policy ON policy.site_id = $1 AND policy.edition = span.last \
    ORDER BY span.revision";

/// Every revision of a site's policy with its file as it was last, the oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn past(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Past>> {
    let rows: Vec<(i64, i64, String)> = sql(PAST).bind(site.0).all(db).await?;
    let past = rows.into_iter().map(|(revision, since, document)| Past {
        revision: u32::try_from(revision).unwrap_or_default(),
        since: Millis(since),
        file: serde_json::from_str(&document).ok(),
    });
    Ok(past.collect())
}

const INSERT_SITE: &str = "INSERT INTO site (id, key, edition) \
    SELECT COALESCE(MAX(id), 0) + 1, $1, 0 FROM site RETURNING id";
const INSERT_POLICY: &str = "INSERT INTO policy \
    (site_id, edition, revision, material, wording, document, applied_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SET_EDITION: &str = "UPDATE site SET edition = $2 WHERE id = $1";

/// Puts a site file in force, and tells the audit trail by whom.
///
/// # Errors
/// Where the database does not answer; nothing is changed then.
pub async fn apply(
    db: &mut Connection,
    key: &SiteKey,
    file: &SiteFile,
    by: &Actor,
    now: Millis,
) -> sqlx::Result<(Outcome, u32)> {
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Sites).await?;
    let before = find(&mut tx, key.as_str()).await?;
    put(tx, before.as_ref(), (key, file), by, now).await
}

/// The same for one person alone: nothing is done, nor answered, where the file drops what waits for a second one.
///
/// # Errors
/// Where the database does not answer; nothing is changed then.
pub async fn apply_alone(
    db: &mut Connection,
    key: &SiteKey,
    file: &SiteFile,
    by: &Actor,
    now: Millis,
) -> sqlx::Result<Option<(Outcome, u32)>> {
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Sites).await?;
    let before = find(&mut tx, key.as_str()).await?;
    if before.as_ref().is_some_and(|before| file.approval.drops(before.file.approval)) {
        tx.rollback().await?;
        return Ok(None);
    }
    put(tx, before.as_ref(), (key, file), by, now).await.map(Some)
}

async fn put(
    mut tx: Transaction<'_>,
    before: Option<&Applied>,
    (key, file): (&SiteKey, &SiteFile),
    by: &Actor,
    now: Millis,
) -> sqlx::Result<(Outcome, u32)> {
    let document =
        serde_json::to_string(file).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let (id, edition, revision, outcome) = match before {
        Some(before) if before.file == *file => return Ok((Outcome::Unchanged, before.revision)),
        Some(before) if !file.asks_again(&before.file) => {
            (before.id, before.edition + 1, before.revision, Outcome::Changed)
        }
        Some(before) => (before.id, before.edition + 1, before.revision + 1, Outcome::Revised),
        None => {
            let id: i64 = sql(INSERT_SITE).bind(key.as_str()).one(&mut tx).await?;
            (SiteId(id), 1, 1, Outcome::Revised)
        }
    };
    sql(INSERT_POLICY)
        .bind(id.0)
        .bind(edition)
        .bind(i64::from(revision))
        .bind(file.material())
        .bind(file.wording())
        .bind(&document)
        .bind(now.0)
        .execute(&mut tx)
        .await?;
    sql(SET_EDITION).bind(id.0).bind(edition).execute(&mut tx).await?;
    let entry = Entry {
        at: now,
        by: by.clone(),
        action: "site.apply",
        object: ("edition", edition.to_string()),
        details: json!({ "revision": revision, "sha256": digest(&document) }),
    };
    audit::append(&mut tx, id, &entry).await?;
    tx.commit().await?;
    Ok((outcome, revision))
}
