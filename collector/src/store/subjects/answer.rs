//! What is handed out by a link of a mail, sealed under a data key of its own. It can be read once and downloaded
//! once, until its link ends.

use consent_core::{ids::LeadId, time::Millis};

use crate::{
    keys::leads::{Sealed, SealedField, WrappedKey},
    store::{Connection, SiteId, statement::sql},
};

/// The name under which it is sealed, and the version.
pub const HELD: (&str, i64) = ("held", 2);

/// How it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a page.
    Read,
    /// As a file.
    Download,
}

/// What is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The link's end.
    pub until: Millis,
    /// Sealed.
    pub sealed: Sealed,
    /// Whether it has been read, and downloaded.
    pub taken: (bool, bool),
}

const INSERT: &str = "INSERT INTO subject_answer (site_id, asking_id, until, kek, wrapped, value) \
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Puts it there.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    until: Millis,
    sealed: &Sealed,
) -> sqlx::Result<()> {
    let (Some(key), [value]) = (&sealed.key, sealed.fields.as_slice()) else {
        return Err(sqlx::Error::Protocol("an answer is one value".to_owned()));
    };
    let insert = sql(INSERT).bind(site.0).bind(id.as_bytes()).bind(until.0).bind(&key.kek);
    insert.bind(key.wrapped.as_slice()).bind(value.value.as_slice()).execute(db).await.map(drop)
}

const FIND: &str = "SELECT until, kek, wrapped, value, read_at, downloaded_at FROM subject_answer \
    WHERE site_id = $1 AND asking_id = $2";

/// What is handed out under that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Option<Answer>> {
    let row = sql(FIND).bind(site.0).bind(id.as_bytes()).row(db).await?;
    Ok(row.map(|row| {
        let field = SealedField { field: HELD.0.to_owned(), version: HELD.1, value: row.get(3) };
        let key = WrappedKey { kek: row.get(1), wrapped: row.get(2) };
        Answer {
            until: Millis(row.get(0)),
            sealed: Sealed { key: Some(key), fields: vec![field] },
            taken: (row.get::<Option<i64>>(4).is_some(), row.get::<Option<i64>>(5).is_some()),
        }
    }))
}

const TAKE_BACK: &str = "DELETE FROM subject_answer WHERE site_id = $1 AND asking_id IN \
    (SELECT a.id FROM lead_index i JOIN subject_asking a ON a.site_id = i.site_id AND a.digest = i.digest \
    WHERE i.site_id = $1 AND i.lead_id = $2 AND i.kind = 'email')";

/// Takes back what waits to be handed out of a lead that is about to be erased.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_back(db: &mut Connection, site: SiteId, lead: LeadId) -> sqlx::Result<()> {
    sql(TAKE_BACK).bind(site.0).bind(lead.as_bytes()).execute(db).await.map(drop)
}

const READ: &str = "UPDATE subject_answer SET read_at = $3 \
    WHERE site_id = $1 AND asking_id = $2 AND until > $3 AND read_at IS NULL";
const DOWNLOAD: &str = "UPDATE subject_answer SET downloaded_at = $3 \
    WHERE site_id = $1 AND asking_id = $2 AND until > $3 AND downloaded_at IS NULL";

/// Uses one way up; false where it was used, or the link has ended.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    way: Way,
    now: Millis,
) -> sqlx::Result<bool> {
    let take = match way {
        Way::Read => sql(READ),
        Way::Download => sql(DOWNLOAD),
    };
    Ok(take.bind(site.0).bind(id.as_bytes()).bind(now.0).execute(db).await? > 0)
}
