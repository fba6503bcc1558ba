//! Events that are not copied yet: which, by the transaction that stored them.

use std::collections::BTreeMap;

use super::fresh::Builder;
use crate::store::{Connection, SiteId, rows, statement::sql};

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

/// The same of events with all that they say, to be kept under that stamp.
///
/// # Errors
/// Where the database does not answer.
pub(in crate::store) async fn add_new(
    db: &mut Connection,
    events: BTreeMap<SiteId, Builder>,
    stamp: i64,
) -> sqlx::Result<()> {
    for (site, events) in events {
        let group = [[site.0.into(), events.ids().into()]];
        let made: Vec<(i64,)> = rows::insert_answering(db, INTO, &group, "RETURNING id").await?;
        if let [(id,)] = made[..] {
            db.keep(events.finish(site, id, stamp));
        }
    }
    Ok(())
}

const GROUPS: &str =
    "SELECT id, events FROM event_group WHERE site_id = $1 AND id <= $2 ORDER BY id";

/// Groups that are not copied yet, up to that one.
async fn up_to(db: &mut Connection, site: SiteId, last: i64) -> sqlx::Result<Groups> {
    sql(GROUPS).bind(site.0).bind(last).all(db).await.map(Groups)
}

/// Every group that is not copied yet.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn groups(db: &mut Connection, site: SiteId) -> sqlx::Result<Groups> {
    up_to(db, site, i64::MAX).await
}

const LENGTHS: &str = "SELECT id, CAST(LENGTH(events) / 16 AS BIGINT) FROM event_group \
    WHERE site_id = $1 ORDER BY id LIMIT $2";

/// The first groups that are not copied yet: one at least, `most` of so many `events` at most; and whether there are more.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn first(
    db: &mut Connection,
    site: SiteId,
    (most, events): (u32, i64),
) -> sqlx::Result<(Groups, bool)> {
    let all: Vec<(i64, i64)> = sql(LENGTHS).bind(site.0).bind(i64::from(most) + 1).all(db).await?;
    let mut sum = 0;
    let fits = |(_, length): &&(i64, i64)| {
        sum += length;
        sum <= events
    };
    let fitting = all.iter().take(most as usize).take_while(fits).count().max(1);
    match all.get(fitting - 1) {
        Some((last, _)) => Ok((up_to(db, site, *last).await?, fitting < all.len())),
        None => Ok((Groups(Vec::new()), false)),
    }
}

/// Groups: their ids, and those of their events, one after the other.
pub(super) struct Groups(Vec<(i64, Vec<u8>)>);

impl Groups {
    pub(super) fn ids(&self) -> Vec<i64> {
        self.0.iter().map(|(id, _)| *id).collect()
    }

    /// The ids of events of those groups that pass.
    pub(super) fn events_of(&self, pass: impl Fn(i64) -> bool) -> Vec<[u8; 16]> {
        let own = self.0.iter().filter(|(id, _)| pass(*id));
        own.flat_map(|(_, events)| events.as_chunks::<16>().0).copied().collect()
    }
}
