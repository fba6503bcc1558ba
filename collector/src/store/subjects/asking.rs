//! What people ask for by the site's form, until it is confirmed and answered. Address and message are sealed under a
//! data key of their own, as a lead is; beside them stands the keyed hash by which the person's leads are found.

use consent_core::{ids::LeadId, time::Millis};

use crate::{
    keys::leads::{Sealed, SealedField, WrappedKey},
    store::{Connection, SiteId, mail::digest, statement::sql},
};

/// The names under which the two values are sealed.
pub const EMAIL: &str = "email";
/// See [`EMAIL`].
pub const MESSAGE: &str = "message";
/// The version at which they are.
const VERSION: i64 = 1;

/// What somebody asked for, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Its id, which is the request's once it is confirmed.
    pub id: LeadId,
    /// What is asked for.
    pub kind: String,
    /// The language of the form.
    pub language: String,
    /// By what the person's leads are found.
    pub digest: [u8; 32],
    /// When.
    pub asked_at: Millis,
    /// The link's end.
    pub until: Millis,
    /// Since when it is confirmed.
    pub confirmed_at: Option<Millis>,
    /// Address and message, sealed.
    pub sealed: Sealed,
}

const INSERT: &str = "INSERT INTO subject_asking \
    (site_id, id, kind, language, digest, asked_at, until, confirmed_at, kek, wrapped, email, message) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, $9, $10, $11)";

/// Stores what somebody asked for.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, asking: &Asking) -> sqlx::Result<()> {
    let value = |name: &str| {
        let found = asking.sealed.fields.iter().find(|field| field.field == name);
        found.map(|field| field.value.clone())
    };
    let (Some(key), Some(email)) = (&asking.sealed.key, value(EMAIL)) else {
        return Err(sqlx::Error::Protocol("a request without an address".to_owned()));
    };
    let insert = sql(INSERT).bind(site.0).bind(asking.id.as_bytes()).bind(&asking.kind);
    let insert = insert.bind(&asking.language).bind(&asking.digest).bind(asking.asked_at.0);
    let insert = insert.bind(asking.until.0).bind(&key.kek).bind(key.wrapped.as_slice());
    insert.bind(email.as_slice()).bind(value(MESSAGE)).execute(db).await.map(drop)
}

const FIND: &str = "SELECT kind, language, digest, asked_at, until, confirmed_at, kek, wrapped, email, \
    message FROM subject_asking WHERE site_id = $1 AND id = $2";

/// What was asked under that id; none where it was not by the form, or is gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Option<Asking>> {
    let Some(row) = sql(FIND).bind(site.0).bind(id.as_bytes()).row(db).await? else {
        return Ok(None);
    };
    let field = |name: &str, value| SealedField { field: name.to_owned(), version: VERSION, value };
    let mut fields = vec![field(EMAIL, row.get(8))];
    fields.extend(row.get::<Option<Vec<u8>>>(9).map(|value| field(MESSAGE, value)));
    Ok(Some(Asking {
        id,
        kind: row.get(0),
        language: row.get(1),
        digest: digest(row.get(2), "digest")?,
        asked_at: Millis(row.get(3)),
        until: Millis(row.get(4)),
        confirmed_at: row.get::<Option<i64>>(5).map(Millis),
        sealed: Sealed { key: Some(WrappedKey { kek: row.get(6), wrapped: row.get(7) }), fields },
    }))
}

// Of two presses of one button the second waits here for the first, and finds it confirmed.
const CONFIRM: &str = "UPDATE subject_asking SET confirmed_at = $3 \
    WHERE site_id = $1 AND id = $2 AND confirmed_at IS NULL AND until > $3 RETURNING kind";

/// Records that the address is confirmed; what is asked for, or none where it was confirmed before, or its link has
/// ended.
///
/// # Errors
/// Where the database does not answer.
pub async fn confirm(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    now: Millis,
) -> sqlx::Result<Option<String>> {
    let confirm = sql(CONFIRM).bind(site.0).bind(id.as_bytes()).bind(now.0);
    Ok(confirm.first::<(String,)>(db).await?.map(|(kind,)| kind))
}

const MATCHES: &str = "SELECT COUNT(DISTINCT i.lead_id) FROM subject_asking a \
    JOIN lead_index i ON i.site_id = a.site_id AND i.kind = 'email' AND i.digest = a.digest \
    WHERE a.site_id = $1 AND a.id = $2";

/// How many leads the address of a request finds; none where it did not come by the form, or is answered.
///
/// # Errors
/// Where the database does not answer.
pub async fn matches(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Option<i64>> {
    if find(db, site, id).await?.is_none() {
        return Ok(None);
    }
    sql(MATCHES).bind(site.0).bind(id.as_bytes()).one::<i64>(db).await.map(Some)
}

const UNCONFIRMED: &str = "DELETE FROM subject_asking \
    WHERE site_id = $1 AND confirmed_at IS NULL AND until <= $2";
const ANSWERED: &str = "DELETE FROM subject_asking WHERE site_id = $1 AND id IN \
    (SELECT r.id FROM subject_request r WHERE r.site_id = $1 AND r.closed_at <= $2 AND NOT EXISTS \
        (SELECT 1 FROM subject_mail m WHERE m.site_id = r.site_id AND m.asking_id = r.id \
            AND m.state <> 'sent' AND r.closed_at > $3) \
        AND NOT EXISTS (SELECT 1 FROM subject_answer n WHERE n.site_id = r.site_id \
            AND n.asking_id = r.id AND n.until > $2 AND (n.read_at IS NULL OR n.downloaded_at IS NULL)))";

/// Deletes what was never confirmed and cannot be any more; and what is answered, once nobody is to be sent mail about
/// it and its link has ended. `given_up`: what was answered before does not wait for its mail any longer.
///
/// # Errors
/// Where the database does not answer.
pub async fn sweep(
    db: &mut Connection,
    site: SiteId,
    given_up: Millis,
    now: Millis,
) -> sqlx::Result<u64> {
    let gone = sql(UNCONFIRMED).bind(site.0).bind(now.0).execute(db).await?;
    let answered = sql(ANSWERED).bind(site.0).bind(now.0).bind(given_up.0);
    Ok(gone + answered.execute(db).await?)
}
