//! Webhooks: who is told of leads. What each was told, and what is under way, is in [`told`] and [`deliveries`].

use consent_core::{
    ids::{SiteKey, Uuid7},
    time::Millis,
};

use super::{Connection, SiteId, leads::site_key, sixteen, statement::sql};
use crate::webhooks::told::Wants;

pub mod deliveries;
pub mod told;

/// A webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The site's row.
    pub site: SiteId,
    /// The site.
    pub key: SiteKey,
    /// The revision of the site's policy: links of earlier ones do not hold.
    pub revision: u32,
    /// Its id.
    pub id: Uuid7,
    /// Where it is told. It may hold what its owner takes for a secret: not to be logged.
    pub url: String,
    /// Of what.
    pub wants: Wants,
    /// With which fields.
    pub fields: Vec<String>,
    /// From what its secret is derived, beside the keys.
    pub salt: [u8; 16],
    /// The same of the secret before, and until when that signs too.
    pub before: Option<([u8; 16], Millis)>,
    /// When it was added.
    pub created_at: Millis,
    /// Since when nothing has been delivered, where the last attempt failed.
    pub failing_since: Option<Millis>,
    /// Since when it is told nothing, and why: `gone`, `failing`.
    pub disabled: Option<(Millis, String)>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id.to_text()).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "SELECT w.site_id, site.key, w.id, w.url, w.events, w.fields, w.salt, w.salt_before, \
    w.before_until, w.created_at, w.failing_since, w.disabled_at, w.disabled_why, policy.revision \
    FROM webhook w JOIN site ON site.id = w.site_id \
    JOIN policy ON policy.site_id = site.id AND policy.edition = site.edition";
const OF_SITE: &str = " WHERE w.site_id = ";
const ORDER: &str = " ORDER BY w.site_id, w.id";

/// All webhooks, or those of a site, the oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: Option<SiteId>) -> sqlx::Result<Vec<Webhook>> {
    let mut webhooks = sql(COLUMNS);
    if let Some(site) = site {
        webhooks.push(OF_SITE).push_bind(site.0);
    }
    webhooks.push(ORDER);
    let rows = webhooks.rows(db).await?;
    let webhook = |row: &super::statement::Row| {
        let before = row.get::<Option<Vec<u8>>>(7).zip(row.get::<Option<i64>>(8));
        let before =
            before.map(|(salt, until)| sixteen(salt, "salt_before").map(|it| (it, Millis(until))));
        let disabled = row.get::<Option<i64>>(11).map(Millis).zip(row.get::<Option<String>>(12));
        let fields: String = row.get(5);
        Ok(Webhook {
            site: SiteId(row.get(0)),
            key: site_key(&row.get::<String>(1))?,
            revision: u32::try_from(row.get::<i64>(13)).unwrap_or_default(),
            id: uuid(row.get(2), "id")?,
            url: row.get(3),
            wants: Wants::of_text(&row.get::<String>(4)),
            fields: fields.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
            salt: sixteen(row.get(6), "salt")?,
            before: before.transpose()?,
            created_at: Millis(row.get(9)),
            failing_since: row.get::<Option<i64>>(10).map(Millis),
            disabled,
        })
    };
    rows.iter().map(webhook).collect()
}

/// A UUIDv7 of a column that holds one.
fn uuid(bytes: Vec<u8>, column: &str) -> sqlx::Result<Uuid7> {
    Uuid7::from_bytes(sixteen(bytes, column)?).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "not a UUIDv7".into(),
    })
}

const INSERT: &str = "INSERT INTO webhook (site_id, id, url, events, fields, salt, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Adds a webhook.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, webhook: &Webhook) -> sqlx::Result<()> {
    let insert = sql(INSERT).bind(webhook.site.0).bind(webhook.id.as_bytes()).bind(&webhook.url);
    let insert = insert.bind(webhook.wants.to_text()).bind(webhook.fields.join(" "));
    insert.bind(&webhook.salt).bind(webhook.created_at.0).execute(db).await.map(drop)
}

const REMOVE: &str = "DELETE FROM webhook WHERE site_id = $1 AND id = $2";

/// Removes a webhook with everything it was to be told; false where there is none.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<bool> {
    Ok(sql(REMOVE).bind(site.0).bind(id.as_bytes()).execute(db).await? > 0)
}

const ROTATE: &str = "UPDATE webhook SET salt_before = salt, before_until = $4, salt = $3 \
    WHERE site_id = $1 AND id = $2";

/// Gives a webhook a new secret; the one before signs too until then. False where there is no such webhook.
///
/// # Errors
/// Where the database does not answer.
pub async fn rotate(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    salt: &[u8; 16],
    until: Millis,
) -> sqlx::Result<bool> {
    let rotate = sql(ROTATE).bind(site.0).bind(id.as_bytes()).bind(salt).bind(until.0);
    Ok(rotate.execute(db).await? > 0)
}

const WELL: &str = "UPDATE webhook SET failing_since = NULL \
    WHERE site_id = $1 AND id = $2 AND failing_since IS NOT NULL";
const FAILING: &str = "UPDATE webhook SET failing_since = $3 \
    WHERE site_id = $1 AND id = $2 AND failing_since IS NULL";

/// Notes whether the last attempt was taken.
///
/// # Errors
/// Where the database does not answer.
pub async fn fared(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    well: bool,
    now: Millis,
) -> sqlx::Result<()> {
    if well {
        sql(WELL).bind(site.0).bind(id.as_bytes()).execute(db).await?;
    } else {
        sql(FAILING).bind(site.0).bind(id.as_bytes()).bind(now.0).execute(db).await?;
    }
    Ok(())
}

const DISABLE: &str = "UPDATE webhook SET disabled_at = $3, disabled_why = $4 \
    WHERE site_id = $1 AND id = $2 AND disabled_at IS NULL";
const FAILING_FOR: &str = " AND failing_since <= ";

/// Tells a webhook nothing more; with a time, only where it has failed since before that. Whether that is new.
///
/// # Errors
/// Where the database does not answer.
pub async fn disable(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    why: &'static str,
    failing_since: Option<Millis>,
    now: Millis,
) -> sqlx::Result<bool> {
    let mut disable = sql(DISABLE).bind(site.0).bind(id.as_bytes()).bind(now.0).bind(why);
    if let Some(since) = failing_since {
        disable.push(FAILING_FOR).push_bind(since.0);
    }
    Ok(disable.execute(db).await? > 0)
}

const ENABLE: &str = "UPDATE webhook SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL \
    WHERE site_id = $1 AND id = $2";

/// Tells a webhook again what happens, and what has happened meanwhile; false where there is none.
///
/// # Errors
/// Where the database does not answer.
pub async fn enable(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    now: Millis,
) -> sqlx::Result<bool> {
    let enabled = sql(ENABLE).bind(site.0).bind(id.as_bytes()).execute(db).await? > 0;
    deliveries::hurry(db, site, id, now).await?;
    Ok(enabled)
}

const ANY: &str =
    "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM webhook) THEN 1 ELSE 0 END AS BIGINT)";

/// Whether there is a webhook.
///
/// # Errors
/// Where the database does not answer.
pub async fn any(db: &mut Connection) -> sqlx::Result<bool> {
    Ok(sql(ANY).one::<i64>(db).await? == 1)
}
