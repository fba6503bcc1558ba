//! Events that are not copied yet: which, by the transaction that stored them.

use std::collections::BTreeMap;

use super::super::{Connection, SiteId, rows, statement::sql};

const INTO: &str = "event_group (site_id, events)";

/// Says that events were stored, in the transaction that did: their sites and ids.
///
/// # Errors
/// Where the database does not answer.
pub(in crate::store) async fn add(
    db: &mut Connection,
    events: impl Iterator<Item = (SiteId, [u8; 16])>,
) -> sqlx::Result<()> {
    let mut groups: BTreeMap<SiteId, Vec<u8>> = BTreeMap::new();
    for (site, id) in events {
        groups.entry(site).or_default().extend_from_slice(&id);
    }
    let groups: Vec<_> =
        groups.into_iter().map(|(site, ids)| [site.0.into(), ids.into()]).collect();
    rows::insert(db, INTO, &groups, "").await.map(drop)
}

const GROUPS: &str = "SELECT id, events FROM event_group WHERE site_id = $1 ORDER BY id LIMIT $2";

/// Groups that are not copied yet, the first ones, `limit` at most: their ids, and those of their events.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn groups(
    db: &mut Connection,
    site: SiteId,
    limit: u32,
) -> sqlx::Result<(Vec<i64>, Vec<[u8; 16]>)> {
    let query = sql(GROUPS).bind(site.0).bind(i64::from(limit));
    let rows: Vec<(i64, Vec<u8>)> = query.all(db).await?;
    let mut events = Vec::new();
    for (_, ids) in &rows {
        events.extend_from_slice(ids.as_chunks::<16>().0);
    }
    Ok((rows.into_iter().map(|(id, _)| id).collect(), events))
}
