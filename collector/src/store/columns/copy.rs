//! Making and keeping the copies, one collector at a time, off the way of whoever waits for an answer.
//!
//! Each step reads in a snapshot, works outside of any transaction, and writes in a short one that makes sure that
//! nobody else has changed what it rests on. What is stored or deleted between the two stands in a list of its own
//! (`event_group`, `event_gone`), of which a step takes away no more than it has read: so nothing is lost, whatever
//! came in between and wherever a collector dies.

use std::collections::HashSet;

use super::{
    super::{Connection, Database, SiteId, locks, locks::Lock, sites, statement::sql},
    cache,
    found::{self, Header},
    gone, merge, queue,
    rows::{self, Taken},
    write::{self, Change},
};
use crate::columns::{Mask, Part, Wanted, parts};

/// Groups that are copied at once, at most; of each there are as many events as came together.
const GROUPS: u32 = 1_000;
/// Events from before that are copied at once.
const WALK: u32 = 50_000;

/// What a round has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// There is nothing more to do.
    Done,
    /// There is more: the next round goes on.
    More,
    /// Another collector does it.
    Elsewhere,
}

/// Takes one step for each site: copies what is not copied, takes out what is gone, and brings small parts together.
///
/// # Errors
/// Where the database does not answer: what is done is kept, and the next round goes on.
pub async fn round(database: &Database) -> sqlx::Result<Round> {
    let mut db = database.reopen().await?;
    let done = with(&mut db).await;
    // Its lock ends with it, whatever became of the round.
    let closed = db.close().await;
    let done = done?;
    closed?;
    Ok(done)
}

async fn with(db: &mut Connection) -> sqlx::Result<Round> {
    if !locks::try_hold(db, Lock::Copies).await? {
        return Ok(Round::Elsewhere);
    }
    cache::tidy();
    mend(db).await?;
    let mut more = false;
    for site in sites::ids(db).await? {
        more |= step(db, site).await?;
    }
    locks::let_go(db, Lock::Copies).await?;
    Ok(if more { Round::More } else { Round::Done })
}

/// One step for a site, whoever holds the lock; whether there is more to do.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn step(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let through = match found::uncopied(db, site).await? {
        // What waits meanwhile comes next.
        Some(after) => walk(db, site, after).await.map(|()| false)?,
        None => take_groups(db, site).await?,
    };
    let out = take_out(db, site).await?;
    let merged = merge::some(db, site).await?;
    Ok(!through || !out || merged)
}

const DAMAGED: &str = "SELECT site_id FROM event_part WHERE tag = $1";

/// Has the copies of a site with a damaged part made anew.
async fn mend(db: &mut Connection) -> sqlx::Result<()> {
    for tag in cache::all_damaged() {
        if let Some((site,)) = sql(DAMAGED).bind(tag).first::<(i64,)>(db).await? {
            write::anew(db, SiteId(site)).await?;
            cache::mended(tag);
        }
    }
    Ok(())
}

/// Has all copies of a site made anew.
///
/// # Errors
/// Where the database does not answer.
pub async fn anew(db: &mut Connection, site: SiteId) -> sqlx::Result<()> {
    write::anew(db, site).await
}

/// Parts of events, by day; beside others, for they are many.
async fn pressed(mut events: Vec<Taken>) -> sqlx::Result<Vec<(i64, Part)>> {
    let made = tokio::task::spawn_blocking(move || {
        rows::sort(&mut events);
        let mut all = Vec::new();
        for own in events.chunk_by(|one, next| one.day == next.day) {
            let Some(first) = own.first() else { continue };
            let news: Vec<_> = own.iter().map(Taken::new).collect();
            all.extend(parts(&news).into_iter().map(|part| (first.day, part)));
        }
        all
    });
    made.await.map_err(|_| sqlx::Error::WorkerCrashed)
}

/// Copies events from before. What waits in groups is left to them: they are not copied
/// until this is through, so that nothing is twice.
async fn walk(db: &mut Connection, site: SiteId, after: Vec<u8>) -> sqlx::Result<()> {
    let mut tx = db.snapshot().await?;
    let seen = gone::seen(&mut tx).await?;
    let (_, waiting) = queue::groups(&mut tx, site, u32::MAX).await?;
    let waiting: HashSet<_> = waiting.into_iter().collect();
    let mut events = rows::after(&mut tx, site, &after, WALK).await?;
    tx.commit().await?;
    let full = events.len() >= WALK as usize;
    let last = events.last().map(|event| event.id.clone()).filter(|_| full);
    events.retain(|event| !waiting.contains(event.id.as_slice()));
    let new = pressed(events).await?;
    let change = Change { new, seen, walked: Some((after, last)), ..Change::default() };
    write::make(db, site, change).await.map(drop)
}

/// Copies what was stored since; whether that is all.
async fn take_groups(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let mut tx = db.snapshot().await?;
    let (groups, ids) = queue::groups(&mut tx, site, GROUPS).await?;
    if groups.is_empty() {
        tx.commit().await?;
        return Ok(true);
    }
    let seen = gone::seen(&mut tx).await?;
    let events = rows::of_ids(&mut tx, site, &ids, Wanted::ALL).await?;
    tx.commit().await?;
    let full = groups.len() >= GROUPS as usize;
    let new = pressed(events).await?;
    let change = Change { new, seen, groups, ..Change::default() };
    Ok(write::make(db, site, change).await? && !full)
}

/// Writes parts anew without what is gone, and then takes that from the list; whether that is all. Parts of the
/// copies alone can have it: what is read from rows after the list was read does not.
async fn take_out(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let mut tx = db.snapshot().await?;
    let (entries, all) = gone::first(&mut tx, site).await?;
    if entries.is_empty() {
        tx.commit().await?;
        return Ok(true);
    }
    let mut mask = Mask::default();
    for entry in &entries {
        entry.hide(&mut mask);
    }
    let headers = found::headers(&mut tx, site, (i64::MIN, i64::MAX)).await?;
    tx.commit().await?;
    let concerned = headers
        .into_iter()
        .filter(|header| mask.concerns(header.day, header.visitors, header.seen));
    let mut done = true;
    for header in concerned {
        done &= rewrite(db, site, header, &mask).await?;
    }
    if !done {
        return Ok(false);
    }
    let gone = entries.iter().map(|entry| entry.id).collect();
    Ok(write::make(db, site, Change { gone, ..Change::default() }).await? && all)
}

/// Writes a part anew without what is gone, where it has any of it; whether it has none now.
async fn rewrite(
    db: &mut Connection,
    site: SiteId,
    header: Header,
    mask: &Mask,
) -> sqlx::Result<bool> {
    // Its visitors, grants and times first: most parts that may have something of it have nothing.
    let looked = found::columns(db, site, vec![header], Some(Wanted::NONE), mask, true).await?;
    let count = merge::table(looked, mask.clone(), |table| table.events().count()).await?;
    let Some(count) = count else { return Ok(false) };
    if i64::try_from(count).is_ok_and(|count| count == header.events) {
        return Ok(true);
    }
    let whole = found::columns(db, site, vec![header], None, mask, false).await?;
    let Some(new) = merge::table(whole, mask.clone(), merge::again).await? else {
        return Ok(false);
    };
    let new = new.into_iter().map(|part| (header.day, part)).collect();
    // It knows no more than it knew: what is gone since is not taken out of it yet.
    let change = Change { old: vec![header], new, seen: header.seen, ..Change::default() };
    write::make(db, site, change).await
}
