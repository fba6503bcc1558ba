//! What is gone from the rows and may lie in copies still. A trigger tells of grants; whoever deletes events whose
//! grants stay tells of them here, in the same transaction.

use std::collections::BTreeMap;

use super::super::{
    Connection, SiteId,
    engine::Engine,
    rows,
    statement::{Row, sql},
};
use crate::columns::Mask;

const INTO: &str = "event_gone (site_id, day, events)";

/// Events that are deleted, each by its day, its grant and its time.
///
/// # Errors
/// Where the database does not answer.
pub(in crate::store) async fn events(
    db: &mut Connection,
    site: SiteId,
    events: &[(i64, i64, i64)],
) -> sqlx::Result<()> {
    let mut days: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    for (day, grant, at) in events {
        let own = days.entry(*day).or_default();
        own.extend_from_slice(&grant.to_be_bytes());
        own.extend_from_slice(&at.to_be_bytes());
    }
    let days: Vec<_> =
        days.into_iter().map(|(day, own)| [site.0.into(), day.into(), own.into()]).collect();
    rows::insert(db, INTO, &days, "").await.map(drop)
}

/// An entry of the list.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    pub(super) id: i64,
    visitor: Option<i64>,
    grant: Option<i64>,
    day: Option<i64>,
    events: Option<Vec<u8>>,
}

impl Gone {
    pub(super) fn hide(&self, mask: &mut Mask) {
        if let (Some(visitor), Some(grant)) = (self.visitor, self.grant) {
            mask.grant(self.id, visitor, grant);
        }
        if let (Some(day), Some(events)) = (self.day, &self.events) {
            for [grant, at] in events.as_chunks::<8>().0.as_chunks::<2>().0 {
                let one = (i64::from_be_bytes(*grant), i64::from_be_bytes(*at));
                mask.event(self.id, day, one);
            }
        }
    }
}

const LIST: &str = "SELECT id, visitor_id, grant_id, day, events FROM event_gone \
    WHERE site_id = $1 AND id <= $2 AND (day IS NULL OR (day >= $3 AND day <= $4)) ORDER BY id";

/// What is gone that days of a range may have still.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn list(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
) -> sqlx::Result<Vec<Gone>> {
    up_to(db, site, i64::MAX, days).await
}

async fn up_to(
    db: &mut Connection,
    site: SiteId,
    last: i64,
    days: (i64, i64),
) -> sqlx::Result<Vec<Gone>> {
    let query = sql(LIST).bind(site.0).bind(last).bind(days.0).bind(days.1);
    let gone = |row: &Row| Gone {
        id: row.get(0),
        visitor: row.get(1),
        grant: row.get(2),
        day: row.get(3),
        events: row.get(4),
    };
    Ok(query.rows(db).await?.iter().map(gone).collect())
}

const SIZES: &str = "SELECT id, COALESCE(CAST(length(events) AS BIGINT), 0) FROM event_gone \
    WHERE site_id = $1 ORDER BY id LIMIT $2";
/// Entries, and bytes of them, that are seen to at once.
const ENTRIES: i64 = 5_000;
const BYTES: i64 = 8 << 20;

/// The first of what is gone; whether that is all.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn first(db: &mut Connection, site: SiteId) -> sqlx::Result<(Vec<Gone>, bool)> {
    let sizes: Vec<(i64, i64)> = sql(SIZES).bind(site.0).bind(ENTRIES).all(db).await?;
    let mut bytes = 0;
    let fit = sizes.iter().take_while(|(_, size)| {
        let fits = bytes < BYTES;
        bytes += size;
        fits
    });
    let fit = fit.count();
    let Some((last, _)) = fit.checked_sub(1).and_then(|last| sizes.get(last)) else {
        return Ok((Vec::new(), true));
    };
    let all = fit == sizes.len() && i64::try_from(fit).is_ok_and(|fit| fit < ENTRIES);
    Ok((up_to(db, site, *last, (i64::MIN, i64::MAX)).await?, all))
}

const LAST: &str = "SELECT COALESCE(MAX(id), 0) FROM event_gone";

/// Up to where what is read in this transaction knows the list. On SQLite the id of a grant that is gone may be given
/// again, and what is read after that is not gone. On PostgreSQL it is never, and entries are not committed in their
/// order: there everything on the list is left out of every part.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn seen(db: &mut Connection) -> sqlx::Result<i64> {
    match db.engine().await? {
        Engine::Sqlite(_) => sql(LAST).one(db).await,
        Engine::Postgres(_) => Ok(0),
    }
}
