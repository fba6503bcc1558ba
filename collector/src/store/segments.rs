//! Segments and score rules as they are kept: definitions under a name, each once on a site.

use consent_core::{ids::LeadId, time::Millis};

use super::{
    Connection, SiteId, VisitorRow,
    audit::{self, Entry},
    reports::{Holding, push_link},
    sixteen,
    statement::{Statement, sql},
};

/// Segments of a site, and rules for its leads' scores, at most.
pub const MAX: usize = 200;

/// A segment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// What holds of its visitors, as JSON.
    pub definition: String,
    /// When it was made.
    pub made_at: Millis,
}

/// What became of something that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Made,
    /// There is one of that name already.
    Taken,
    /// There are too many.
    Full,
}

const COUNT: &str = "SELECT COUNT(*) FROM segment WHERE site_id = $1";
const INSERT: &str = "INSERT INTO segment (site_id, name, definition, made_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (site_id, name) DO NOTHING";

/// Keeps a segment, and tells the audit trail.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    kept: &Kept,
    entry: &Entry,
) -> sqlx::Result<Outcome> {
    let mut tx = db.begin().await?;
    let insert = sql(INSERT).bind(site.0).bind(&kept.name).bind(&kept.definition);
    if insert.bind(kept.made_at.0).execute(&mut tx).await? == 0 {
        tx.rollback().await?;
        return Ok(Outcome::Taken);
    }
    let count: Option<(i64,)> = sql(COUNT).bind(site.0).first(&mut tx).await?;
    if count.is_some_and(|(count,)| usize::try_from(count).is_ok_and(|count| count > MAX)) {
        tx.rollback().await?;
        return Ok(Outcome::Full);
    }
    audit::append(&mut tx, site, entry).await?;
    tx.commit().await?;
    Ok(Outcome::Made)
}

const LIST: &str = "SELECT name, definition, made_at FROM segment WHERE site_id = $1 ORDER BY name";

/// A site's segments, by name.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Kept>> {
    let rows: Vec<(String, String, i64)> = sql(LIST).bind(site.0).all(db).await?;
    let kept = |(name, definition, at)| Kept { name, definition, made_at: Millis(at) };
    Ok(rows.into_iter().map(kept).collect())
}

const FIND: &str = "SELECT definition FROM segment WHERE site_id = $1 AND name = $2";

/// The definition of the segment of that name.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, name: &str) -> sqlx::Result<Option<String>> {
    let row: Option<(String,)> = sql(FIND).bind(site.0).bind(name).first(db).await?;
    Ok(row.map(|(definition,)| definition))
}

const REMOVE: &str = "DELETE FROM segment WHERE site_id = $1 AND name = $2";

/// Removes a segment, and tells the audit trail; whether there was one.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove(
    db: &mut Connection,
    site: SiteId,
    name: &str,
    entry: &Entry,
) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    if sql(REMOVE).bind(site.0).bind(name).execute(&mut tx).await? == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    audit::append(&mut tx, site, entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// A lead that may be used, and the visitor it is linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The lead.
    pub lead: LeadId,
    /// The visitor.
    pub visitor: VisitorRow,
    /// Since when.
    pub since: Millis,
    /// Its form, or nothing.
    pub form: String,
    /// Where it came from.
    pub origin: String,
}

const LINKED: &str = "SELECT lead.id, g.visitor_id, lead.form, lead.origin, ";
const OF_SITE: &str =
    " WHERE v.id IS NOT NULL AND lead.ground_since IS NOT NULL AND lead.site_id = ";
const FIRST: &str = " ORDER BY lead.id LIMIT ";

/// Leads that may be used and are linked by a consent that holds, so many at most; one more says that there are more.
///
/// # Errors
/// Where the database does not answer.
pub async fn linked(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    limit: u32,
) -> sqlx::Result<Vec<Linked>> {
    let mut query = of_leads(site, holding);
    query.push(FIRST).push_bind(i64::from(limit) + 1);
    all_linked(db, query).await
}

const BY_ID: &str = " AND lead.id = ";

/// The lead of that id, where it may be used and is linked by a consent that holds.
///
/// # Errors
/// Where the database does not answer.
pub async fn linked_lead(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    lead: LeadId,
) -> sqlx::Result<Option<Linked>> {
    let mut query = of_leads(site, holding);
    query.push(BY_ID).push_bind(lead.as_bytes().to_vec());
    Ok(all_linked(db, query).await?.pop())
}

fn of_leads<'q>(site: SiteId, holding: Holding) -> Statement<'q> {
    let mut query = sql(LINKED);
    push_link(&mut query, site, holding);
    query.push(OF_SITE).push_bind(site.0);
    query
}

async fn all_linked(db: &mut Connection, query: Statement<'_>) -> sqlx::Result<Vec<Linked>> {
    let mut found = Vec::new();
    for row in query.rows(db).await? {
        found.push(Linked {
            lead: LeadId::from_bytes(sixteen(row.get(0), "id")?),
            visitor: VisitorRow(row.get(1)),
            form: row.get(2),
            origin: row.get(3),
            since: Millis(row.get::<Option<i64>>(4).unwrap_or(i64::MAX)),
        });
    }
    Ok(found)
}
