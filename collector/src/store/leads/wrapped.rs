//! On which keys of the keys file the leads rest.

use consent_core::ids::{LeadId, SiteKey};

use crate::{
    keys::leads::WrappedKey,
    store::{Connection, SiteId, sixteen, statement::sql},
};

const COUNTS: &str = "SELECT kek, COUNT(*) FROM lead_key GROUP BY kek ORDER BY kek";

/// How many leads rest on each lead key, by its id.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(db: &mut Connection) -> sqlx::Result<Vec<(String, i64)>> {
    sql(COUNTS).all(db).await
}

/// A lead's wrapped key, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The site's row.
    pub site: SiteId,
    /// The site.
    pub key_of_site: SiteKey,
    /// The lead.
    pub lead: LeadId,
    /// Its key.
    pub key: WrappedKey,
}

const UNDER: &str = "SELECT k.site_id, site.key, k.lead_id, k.wrapped \
    FROM site JOIN lead_key k ON k.site_id = site.id AND k.kek = $1 LIMIT $2";

/// Some of the keys that a lead key wraps.
///
/// # Errors
/// Where the database does not answer.
pub async fn under(db: &mut Connection, kek: &str, limit: i64) -> sqlx::Result<Vec<Wrapped>> {
    let rows: Vec<(i64, String, Vec<u8>, Vec<u8>)> =
        sql(UNDER).bind(kek).bind(limit).all(db).await?;
    let one = |(site, key, lead, wrapped): (i64, String, Vec<u8>, Vec<u8>)| {
        Ok(Wrapped {
            site: SiteId(site),
            key_of_site: super::site_key(&key)?,
            lead: LeadId::from_bytes(sixteen(lead, "lead_id")?),
            key: WrappedKey { kek: kek.to_owned(), wrapped },
        })
    };
    rows.into_iter().map(one).collect()
}

const REWRAP: &str = "UPDATE lead_key SET kek = $4, wrapped = $5 \
    WHERE site_id = $1 AND lead_id = $2 AND kek = $3 AND wrapped = $6";

/// Puts the same data key under another lead key; nothing where the lead has been given another data key
/// meanwhile, or is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn rewrap(db: &mut Connection, old: &Wrapped, new: &WrappedKey) -> sqlx::Result<()> {
    let rewrap = sql(REWRAP).bind(old.site.0).bind(old.lead.as_bytes()).bind(&old.key.kek);
    let rewrap = rewrap.bind(&new.kek).bind(new.wrapped.as_slice());
    rewrap.bind(old.key.wrapped.as_slice()).execute(db).await.map(drop)
}
