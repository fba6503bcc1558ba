//! Writing parts, and deleting those whose place they take: in one transaction with whatever goes with it.

use super::{
    super::{Connection, SiteId, rows, statement::sql},
    cache,
    found::Header,
};
use crate::{columns::Part, keys};

const PART: &str = "INSERT INTO event_part \
    (site_id, day, events, first_visitor, last_visitor, seen, tag) VALUES ($1, $2, $3, $4, $5, $6, $7) \
    RETURNING id";
const COLUMNS: &str = "event_column (site_id, part_id, name, data)";

/// What a change is made of.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Parts that go.
    pub(super) old: Vec<Header>,
    /// Parts that come, with their days.
    pub(super) new: Vec<(i64, Part)>,
    /// Up to where the new ones know what is gone.
    pub(super) seen: i64,
    /// Groups that are copied.
    pub(super) groups: Vec<i64>,
    /// Entries of what is gone that are in no part any more.
    pub(super) gone: Vec<i64>,
    /// Up to which id events from before are copied; an end where there are no more.
    pub(super) walked: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Makes the change, or nothing of it: false where somebody else has changed what it rests on.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn make(db: &mut Connection, site: SiteId, change: Change) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let old: Vec<i64> = change.old.iter().map(|header| header.id).collect();
    let done = delete(&mut tx, site, "DELETE FROM event_group WHERE site_id = ", &change.groups)
        .await?
        && delete(&mut tx, site, "DELETE FROM event_gone WHERE site_id = ", &change.gone).await?
        && delete_columns(&mut tx, site, &old).await?
        && delete(&mut tx, site, "DELETE FROM event_part WHERE site_id = ", &old).await?
        && walk(&mut tx, site, change.walked).await?;
    if !done {
        tx.rollback().await?;
        return Ok(false);
    }
    for (day, part) in change.new {
        let tag = keys::random().map_err(|error| sqlx::Error::Encode(error.into()))?;
        let insert = sql(PART).bind(site.0).bind(day);
        let insert = insert.bind(i64::try_from(part.events).unwrap_or(i64::MAX));
        let insert = insert.bind(part.visitors.0).bind(part.visitors.1).bind(change.seen);
        let id: i64 = insert.bind(i64::from_be_bytes(tag)).one(&mut tx).await?;
        let columns = part.columns.into_iter();
        let columns: Vec<_> = columns
            .map(|(column, blob)| [site.0.into(), id.into(), column.name().into(), blob.into()])
            .collect();
        rows::insert(&mut tx, COLUMNS, &columns, "").await?;
    }
    tx.commit().await?;
    let tags: Vec<i64> = change.old.iter().map(|header| header.tag).collect();
    if !tags.is_empty() {
        cache::forget(&tags);
    }
    Ok(true)
}

/// Rows of one statement, at most.
const CHUNK: usize = 1_024;

/// Deletes rows; whether all of them were there.
async fn delete(
    db: &mut Connection,
    site: SiteId,
    text: &'static str,
    ids: &[i64],
) -> sqlx::Result<bool> {
    let mut deleted = 0;
    for chunk in ids.chunks(CHUNK) {
        let mut query = sql(text);
        query.push_bind(site.0).push(" AND id IN (");
        query.push_list(chunk.iter().copied());
        query.push(")");
        deleted += query.execute(db).await?;
    }
    Ok(deleted == ids.len() as u64)
}

async fn delete_columns(db: &mut Connection, site: SiteId, parts: &[i64]) -> sqlx::Result<bool> {
    for chunk in parts.chunks(CHUNK) {
        let mut query = sql("DELETE FROM event_column WHERE site_id = ");
        query.push_bind(site.0).push(" AND part_id IN (");
        query.push_list(chunk.iter().copied());
        query.push(")");
        query.execute(db).await?;
    }
    Ok(true)
}

const WALKED: &str = "UPDATE event_uncopied SET after = $3 WHERE site_id = $1 AND after = $2";
const THROUGH: &str = "DELETE FROM event_uncopied WHERE site_id = $1 AND after = $2";

async fn walk(
    db: &mut Connection,
    site: SiteId,
    walked: Option<(Vec<u8>, Option<Vec<u8>>)>,
) -> sqlx::Result<bool> {
    let done = match walked {
        None => return Ok(true),
        Some((from, Some(to))) => sql(WALKED).bind(site.0).bind(from).bind(to).execute(db).await?,
        Some((from, None)) => sql(THROUGH).bind(site.0).bind(from).execute(db).await?,
    };
    Ok(done == 1)
}

const ANEW: &str = "INSERT INTO event_uncopied (site_id, after) VALUES ($1, $2) \
    ON CONFLICT (site_id) DO UPDATE SET after = excluded.after";
/// Has every copy of the site's events made anew: until that is through the rows answer. What is there is deleted by
/// whoever copies, so that nothing that is copied just now stays beside it.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn anew(db: &mut Connection, site: SiteId) -> sqlx::Result<()> {
    sql(ANEW).bind(site.0).bind(Vec::new()).execute(db).await.map(drop)
}
