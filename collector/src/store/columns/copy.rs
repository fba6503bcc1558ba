//! Making and keeping the copies, one collector at a time, off the way of whoever waits for an answer.
//!
//! Each step reads in a snapshot, works outside of any transaction, and writes in a short one that makes sure that
//! nobody else has changed what it rests on. What is stored or deleted between the two stands in a list of its own
//! (`event_group`, `event_gone`), of which a step takes away no more than it has read: so nothing is lost, whatever
//! came in between and wherever a collector dies.

use std::collections::{BTreeSet, HashSet};

use super::{
    super::{Connection, Database, SiteId, locks, locks::Lock, sites, statement::sql},
    cache,
    found::{self, Header},
    fresh, gone, merge, queue,
    rows::{self, Taken},
    write::{self, Change},
};
use crate::columns::{Mask, Part, Wanted, parts};

/// Groups that are copied at once, at most; of each there are as many events as came together.
const GROUPS: u32 = 1_000;
/// Events that are copied at once: a bound on memory. A part of so many is not brought together again before its day is
/// over.
const EVENTS: u32 = 30_000;

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

/// Makes and keeps the copies, as long as it holds the lock: until its connection ends.
#[derive(Debug)]
pub struct Copier {
    database: Database,
    /// The connection, and whether it holds the lock.
    db: Option<(Connection, bool)>,
    /// Sites that there is more to do for; every site at first.
    again: Option<BTreeSet<SiteId>>,
}

impl Copier {
    /// Of that database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database, db: None, again: None }
    }

    /// Takes one step for each site for which there is anything to do: copies what is not copied, takes out what is
    /// gone, and brings small parts together.
    ///
    /// # Errors
    /// Where the database does not answer: what is done is kept, and the next round goes on.
    pub async fn round(&mut self) -> sqlx::Result<Round> {
        cache::tidy();
        // Where anything fails, or nobody waits for it any more, the connection is not used again: its lock ends with it.
        let (mut db, held) = match self.db.take() {
            Some(before) => before,
            None => (self.database.reopen().await?, false),
        };
        if !held {
            let held = locks::try_hold(&mut db, Lock::Copies).await?;
            if let Some(fresh) = db.fresh() {
                fresh.begin(held);
            }
            if !held {
                self.db = Some((db, false));
                self.again = None; // what another one leaves is not known
                return Ok(Round::Elsewhere);
            }
        }
        let done = self.with(&mut db).await?;
        self.db = Some((db, true));
        Ok(done)
    }

    async fn with(&mut self, db: &mut Connection) -> sqlx::Result<Round> {
        mend(db).await?;
        let mut due: BTreeSet<SiteId> = match self.again.take() {
            Some(again) => again,
            None => sites::ids(db).await?.into_iter().collect(),
        };
        let waiting: Vec<(i64,)> = sql(DUE).all(db).await?;
        due.extend(waiting.into_iter().map(|(site,)| SiteId(site)));
        let mut again = BTreeSet::new();
        for site in due {
            if step(db, site).await? {
                again.insert(site);
            }
        }
        let done = if again.is_empty() { Round::Done } else { Round::More };
        self.again = Some(again);
        Ok(done)
    }
}

const DUE: &str = "SELECT site_id FROM event_group UNION SELECT site_id FROM event_gone \
    UNION SELECT site_id FROM event_uncopied";

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

const GONE: &str = "SELECT COUNT(*) FROM event_gone WHERE site_id = $1";

/// Whether no copy has anything that is gone from the site's rows.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_clean(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    Ok(sql(GONE).bind(site.0).one::<i64>(db).await? == 0)
}

/// Parts of events, by day; beside others, for they are many.
async fn pressed(mut events: Vec<Taken>) -> sqlx::Result<Vec<(i64, Part)>> {
    let made = tokio::task::spawn_blocking(move || {
        rows::sort(&mut events);
        let mut all = Vec::new();
        for own in events.chunk_by(|one, next| one.day == next.day) {
            let Some(first) = own.first() else { continue };
            all.extend(
                parts(own.iter().map(Taken::copied)).into_iter().map(|part| (first.day, part)),
            );
        }
        all
    });
    made.await.map_err(|_| sqlx::Error::WorkerCrashed)
}

/// Copies events from before. What waits in groups is left to them: they are not copied
/// until this is through, so that nothing is twice.
async fn walk(db: &mut Connection, site: SiteId, after: Vec<u8>) -> sqlx::Result<()> {
    if after.is_empty() && !clear(db, site).await? {
        return Ok(());
    }
    if let Some(fresh) = db.fresh() {
        fresh.forget(site);
    }
    let mut tx = db.snapshot().await?;
    let seen = gone::seen(&mut tx).await?;
    let waiting = queue::groups(&mut tx, site).await?.events_of(|_| true);
    let waiting: HashSet<_> = waiting.into_iter().collect();
    let mut events = rows::after(&mut tx, site, &after, EVENTS).await?;
    tx.commit().await?;
    let full = events.len() >= EVENTS as usize;
    let last = events.last().map(|event| event.id.clone()).filter(|_| full);
    events.retain(|event| !waiting.contains(event.id.as_slice()));
    let new = pressed(events).await?;
    let change = Change { new, seen, walked: Some((after, last)), ..Change::default() };
    write::make(db, site, change).await.map(drop)
}

/// Parts that are deleted at once.
const CLEARED: usize = 32;

/// Deletes every part, before all events are copied anew; whether nobody else has done so meanwhile.
async fn clear(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let headers = found::headers(db, site, (i64::MIN, i64::MAX)).await?;
    for old in headers.chunks(CLEARED) {
        if !write::make(db, site, Change { old: old.to_vec(), ..Change::default() }).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies what was stored since; whether that is all.
async fn take_groups(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let mut tx = db.snapshot().await?;
    let (found, more) = queue::first(&mut tx, site, (GROUPS, i64::from(EVENTS))).await?;
    let groups = found.ids();
    if groups.is_empty() {
        tx.commit().await?;
        return Ok(true);
    }
    let seen = gone::seen(&mut tx).await?;
    let fresh = fresh::take(&mut tx, site, &groups).await?;
    let others = found.events_of(|group| !fresh.contains_key(&group));
    let mut events = rows::of_ids(&mut tx, site, &others, Wanted::ALL).await?;
    events.append(&mut rows::of_fresh(&mut tx, site, fresh.into_values()).await?);
    tx.commit().await?;
    let new = pressed(events).await?;
    let change = Change { new, seen, groups, ..Change::default() };
    Ok(write::make(db, site, change).await? && !more)
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
    // Once it is not on the list any more, nothing says that these do not have it.
    if let Some(fresh) = db.fresh() {
        fresh.forget(site);
    }
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
