//! Leads of a version that did not seal them: they have fields of version 0, and no key.

use std::collections::BTreeMap;

use consent_core::ids::{LeadId, SiteKey};

use super::{Digest, KEY, index};
use crate::{
    keys::leads::{Fields, Sealed},
    store::{
        Connection, SiteId, checkpoints,
        engine::Engine,
        locks::{self, Lock},
        sixteen,
        statement::sql,
    },
};

/// A lead that is to be sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// The site's row.
    pub site: SiteId,
    /// The site.
    pub key: SiteKey,
    /// The lead.
    pub lead: LeadId,
    /// Its form.
    pub form: String,
    /// What was filled in.
    pub fields: Fields,
}

const SOME: &str = "SELECT f.site_id, site.key, f.lead_id, lead.form, f.field, f.value \
    FROM (SELECT DISTINCT site_id, lead_id FROM lead_field WHERE version = 0 LIMIT $1) AS waiting \
    JOIN lead_field f ON f.site_id = waiting.site_id AND f.lead_id = waiting.lead_id AND f.version = 0 \
    JOIN lead ON lead.site_id = f.site_id AND lead.id = f.lead_id \
    JOIN site ON site.id = f.site_id";

/// Some that are to be sealed.
///
/// # Errors
/// Where the database does not answer.
pub async fn some(db: &mut Connection, limit: i64) -> sqlx::Result<Vec<Unsealed>> {
    let mut found = BTreeMap::new();
    for row in sql(SOME).bind(limit).rows(db).await? {
        let lead = LeadId::from_bytes(sixteen(row.get(2), "lead_id")?);
        let site = SiteId(row.get(0));
        let key = super::site_key(&row.get::<String>(1))?;
        let unsealed = found.entry((site, *lead.as_bytes())).or_insert_with(|| Unsealed {
            site,
            key,
            lead,
            form: row.get(3),
            fields: Fields::new(),
        });
        let value = String::from_utf8_lossy(&row.get::<Vec<u8>>(5)).into_owned();
        unsealed.fields.insert(row.get(4), value);
    }
    Ok(found.into_values().collect())
}

const SEAL: &str = "UPDATE lead_field SET value = $4, version = $5 \
    WHERE site_id = $1 AND lead_id = $2 AND field = $3 AND version = 0";

/// Puts what was sealed in the place of what was not.
///
/// # Errors
/// Where the database does not answer.
pub async fn seal(
    db: &mut Connection,
    unsealed: &Unsealed,
    sealed: &Sealed,
    digests: &[Digest],
) -> sqlx::Result<()> {
    let (site, lead) = (unsealed.site, unsealed.lead);
    if let Some(key) = &sealed.key {
        let insert = sql(KEY).bind(site.0).bind(lead.as_bytes()).bind(&key.kek);
        insert.bind(key.wrapped.as_slice()).execute(db).await?;
    }
    for field in &sealed.fields {
        let seal = sql(SEAL).bind(site.0).bind(lead.as_bytes()).bind(&field.field);
        seal.bind(field.value.as_slice()).bind(field.version).execute(db).await?;
    }
    index(db, site, lead, digests).await
}

/// Migration 0008 notes that the files have to be written anew: on SQLite in the file's head, on PostgreSQL as a
/// comment on the table. The note outlives a collector that dies before it has been done.
const OWED: &str = "PRAGMA user_version";
const OWED_ON_POSTGRES: &str =
    "SELECT obj_description('lead_field'::regclass, 'pg_class') IS NOT NULL";
const OWES_NOTHING: &str = "PRAGMA user_version = 0";
const OWES_NOTHING_ON_POSTGRES: &str = "COMMENT ON TABLE lead_field IS NULL";
const ANEW: &str = "VACUUM";
const ANEW_ON_POSTGRES: &str = "VACUUM FULL lead, lead_field";

/// Writes the files anew without what was not sealed, where that is owed. Of several collectors one does it.
///
/// # Errors
/// Where the database does not answer.
pub async fn clear_remains(db: &mut Connection) -> sqlx::Result<()> {
    let alone = locks::try_hold(db, Lock::Remains).await?;
    let owed = match db.engine().await? {
        Engine::Postgres(db) => sqlx::query_scalar(OWED_ON_POSTGRES).fetch_one(db).await?,
        Engine::Sqlite(db) => sqlx::query_scalar::<_, i64>(OWED).fetch_one(db).await? != 0,
    };
    if alone && owed {
        match db.engine().await? {
            Engine::Postgres(db) => {
                sqlx::raw_sql(ANEW_ON_POSTGRES).execute(&mut *db).await?;
                sqlx::raw_sql(OWES_NOTHING_ON_POSTGRES).execute(db).await?;
            }
            Engine::Sqlite(sqlite) => {
                sqlx::raw_sql(ANEW).execute(&mut *sqlite).await?;
                sqlx::raw_sql(OWES_NOTHING).execute(sqlite).await?;
                checkpoints::forget(db).await?;
            }
        }
    }
    if alone { locks::let_go(db, Lock::Remains).await } else { Ok(()) }
}
