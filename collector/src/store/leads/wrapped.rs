//! On which keys of the keys file leads rest, and what people ask about them.

use consent_core::ids::{LeadId, SiteKey};

use crate::{
    keys::leads::WrappedKey,
    store::{Connection, SiteId, sixteen, statement::sql},
};

const COUNTS: &str = "SELECT kek, COUNT(*) FROM (SELECT kek FROM lead_key \
    UNION ALL SELECT kek FROM subject_asking UNION ALL SELECT kek FROM subject_answer) AS rests \
    GROUP BY kek ORDER BY kek";

/// How many data keys rest on each lead key, by its id.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(db: &mut Connection) -> sqlx::Result<Vec<(String, i64)>> {
    sql(COUNTS).all(db).await
}

/// What a data key seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Lead,
    Asking,
    Answer,
}

/// A wrapped key, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The site's row.
    pub site: SiteId,
    /// The site.
    pub key_of_site: SiteKey,
    /// The lead, or the request.
    pub lead: LeadId,
    /// Its key.
    pub key: WrappedKey,
    of: Of,
}

const LEADS: &str = "SELECT k.site_id, site.key, k.lead_id, k.wrapped \
    FROM site JOIN lead_key k ON k.site_id = site.id AND k.kek = $1 LIMIT $2";
const ASKED: &str = "SELECT k.site_id, site.key, k.id, k.wrapped \
    FROM site JOIN subject_asking k ON k.site_id = site.id AND k.kek = $1 LIMIT $2";
const ANSWERS: &str = "SELECT k.site_id, site.key, k.asking_id, k.wrapped \
    FROM site JOIN subject_answer k ON k.site_id = site.id AND k.kek = $1 LIMIT $2";

/// Some of the keys that a lead key wraps: of one kind, as long as there are any.
///
/// # Errors
/// Where the database does not answer.
pub async fn under(db: &mut Connection, kek: &str, limit: i64) -> sqlx::Result<Vec<Wrapped>> {
    for (of, text) in [(Of::Lead, LEADS), (Of::Asking, ASKED), (Of::Answer, ANSWERS)] {
        let rows: Vec<(i64, String, Vec<u8>, Vec<u8>)> =
            sql(text).bind(kek).bind(limit).all(db).await?;
        if rows.is_empty() {
            continue;
        }
        let one = |(site, key, lead, wrapped): (i64, String, Vec<u8>, Vec<u8>)| {
            Ok(Wrapped {
                site: SiteId(site),
                key_of_site: super::site_key(&key)?,
                lead: LeadId::from_bytes(sixteen(lead, "lead_id")?),
                key: WrappedKey { kek: kek.to_owned(), wrapped },
                of,
            })
        };
        return rows.into_iter().map(one).collect();
    }
    Ok(Vec::new())
}

const REWRAP: &str = "UPDATE lead_key SET kek = $4, wrapped = $5 \
    WHERE site_id = $1 AND lead_id = $2 AND kek = $3 AND wrapped = $6";
const REWRAP_ASKED: &str = "UPDATE subject_asking SET kek = $4, wrapped = $5 \
    WHERE site_id = $1 AND id = $2 AND kek = $3 AND wrapped = $6";
const REWRAP_ANSWER: &str = "UPDATE subject_answer SET kek = $4, wrapped = $5 \
    WHERE site_id = $1 AND asking_id = $2 AND kek = $3 AND wrapped = $6";

/// Puts the same data key under another lead key; nothing where there is another data key meanwhile, or it is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn rewrap(db: &mut Connection, old: &Wrapped, new: &WrappedKey) -> sqlx::Result<()> {
    let text = match old.of {
        Of::Lead => REWRAP,
        Of::Asking => REWRAP_ASKED,
        Of::Answer => REWRAP_ANSWER,
    };
    let rewrap = sql(text).bind(old.site.0).bind(old.lead.as_bytes()).bind(&old.key.kek);
    let rewrap = rewrap.bind(&new.kek).bind(new.wrapped.as_slice());
    rewrap.bind(old.key.wrapped.as_slice()).execute(db).await.map(drop)
}
