//! Events that this process has just stored, until they are copied: so that whoever copies need not read them back row by
//! row, which costs more than storing them did.
//!
//! They are kept from the commit on, no more than [`MOST`] bytes of them, and are good only as long as nothing has gone
//! from `event` since. On SQLite what goes takes the next number of `event_gone`, which a group has from its own
//! transaction. On PostgreSQL those numbers are not committed in their order. There events are kept by the collector that
//! makes the copies, which alone takes entries from `event_gone`: as long as it has nothing of the site's to see to, and
//! has seen to nothing since the group's transaction, nothing has gone. Whatever is not here, or not good any more, is
//! read from its rows.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::{Connection, SiteId, engine::Engine, statement::sql};

/// Bytes that are kept, at most.
const MOST: usize = 12 << 20;
/// Texts of an event.
pub(super) const TEXTS: usize = 6;

/// Groups by site and id.
#[derive(Debug, Default)]
pub(in crate::store) struct Fresh(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    groups: HashMap<SiteId, BTreeMap<i64, Group>>,
    bytes: usize,
    /// Whether this process makes the copies, as far as it knows: on PostgreSQL another one may.
    copies: bool,
    /// How often something was seen to that is gone, or may have been.
    turn: i64,
}

/// Events that one transaction has stored of a site, with all of their texts.
#[derive(Clone, Debug)]
pub(in crate::store) struct Group {
    site: SiteId,
    /// Its row in `event_group`.
    id: i64,
    /// As [`stamp`] said in its transaction.
    stamp: i64,
    events: Vec<Event>,
    texts: Arc<str>,
}

/// An event, its texts by where they stand in its group's.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: [u8; 16],
    pub(super) grant: i64,
    pub(super) at: i64,
    pub(super) day: i64,
    pub(super) texts: [Option<Range<u32>>; TEXTS],
}

/// A group that is being put together.
#[derive(Debug, Default)]
pub(in crate::store) struct Builder {
    events: Vec<Event>,
    texts: String,
}

impl Builder {
    /// Adds an event: its id; its grant, time and day; its name, page, query, title, referrer and properties.
    pub(in crate::store) fn add(
        &mut self,
        id: [u8; 16],
        (grant, at, day): (i64, i64, i64),
        texts: [Option<&str>; TEXTS],
    ) {
        // A group is some thousands of events of a few kilobytes each at most.
        let place = |all: &str| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let texts = texts.map(|text| {
            let start = place(&self.texts);
            self.texts.push_str(text?);
            Some(start..place(&self.texts))
        });
        self.events.push(Event { id, grant, at, day, texts });
    }

    pub(super) fn ids(&self) -> Vec<u8> {
        self.events.iter().flat_map(|event| event.id).collect()
    }

    pub(super) fn finish(self, site: SiteId, id: i64, stamp: i64) -> Group {
        Group { site, id, stamp, events: self.events, texts: self.texts.into() }
    }
}

impl Group {
    fn bytes(&self) -> usize {
        self.texts.len() + self.events.len() * size_of::<Event>()
    }

    pub(super) fn events(self) -> impl Iterator<Item = (Event, Arc<str>)> {
        self.events.into_iter().map(move |event| (event, Arc::clone(&self.texts)))
    }
}

const GONE: &str = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'event_gone'";

/// What changes before anything that is gone from `event` is gone from `event_gone`: a group that was stored under
/// another stamp may have it still. None where nothing is kept.
///
/// # Errors
/// Where the database does not answer.
pub(in crate::store) async fn stamp(db: &mut Connection) -> sqlx::Result<Option<i64>> {
    if db.fresh().is_none() {
        return Ok(None);
    }
    match db.engine().await? {
        Engine::Sqlite(_) => sql(GONE).one(db).await.map(Some),
        Engine::Postgres(_) => Ok(db.fresh().and_then(Fresh::turn)),
    }
}

const SEEN_TO: &str = "SELECT NOT EXISTS (SELECT 1 FROM event_gone WHERE site_id = $1)";

/// The stamp of groups that have nothing of the site's that is gone in this transaction.
async fn good(db: &mut Connection, site: SiteId) -> sqlx::Result<Option<i64>> {
    let stamp = stamp(db).await?;
    match db.engine().await? {
        Engine::Postgres(_) if stamp.is_some() => {
            let seen_to: bool = sql(SEEN_TO).bind(site.0).one(db).await?;
            Ok(stamp.filter(|_| seen_to))
        }
        _ => Ok(stamp),
    }
}

/// Those of a site's groups that this process has still, as they are in this transaction; with their ids.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn take(
    db: &mut Connection,
    site: SiteId,
    ids: &[i64],
) -> sqlx::Result<HashMap<i64, Group>> {
    let good = good(db, site).await?;
    Ok(db.fresh().map_or_else(HashMap::new, |fresh| fresh.take(site, ids, good)))
}

impl Fresh {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a group that is committed, where there is room.
    pub(in crate::store) fn keep(&self, group: Group) {
        let mut kept = self.kept();
        let bytes = group.bytes();
        if kept.bytes + bytes <= MOST {
            kept.bytes += bytes;
            kept.groups.entry(group.site).or_default().insert(group.id, group);
        }
    }

    fn turn(&self) -> Option<i64> {
        let kept = self.kept();
        kept.copies.then_some(kept.turn)
    }

    /// Says whether this process makes the copies from now on, and lets go of everything: what another one has seen to
    /// meanwhile is not known.
    pub(super) fn begin(&self, copies: bool) {
        let mut kept = self.kept();
        let turn = kept.turn + 1;
        *kept = Kept { copies, turn, ..Kept::default() };
    }

    /// Lets go of all of a site's groups: its copies are made anew from rows that may say something else by now, or what
    /// is gone is about to be seen to. What is stored just now under the stamp of before is no good any more either.
    pub(super) fn forget(&self, site: SiteId) {
        let mut kept = self.kept();
        kept.turn += 1;
        let groups = kept.groups.remove(&site).unwrap_or_default();
        kept.bytes -= groups.values().map(Group::bytes).sum::<usize>();
    }

    /// Lets go of a site's groups up to the last of these: those of them that are here and from which nothing has gone
    /// since come back. They are asked for in the order of their ids.
    fn take(&self, site: SiteId, ids: &[i64], good: Option<i64>) -> HashMap<i64, Group> {
        let Some(next) = ids.last().and_then(|last| last.checked_add(1)) else {
            return HashMap::new();
        };
        let mut kept = self.kept();
        let Some(groups) = kept.groups.get_mut(&site) else { return HashMap::new() };
        let later = groups.split_off(&next);
        let own = std::mem::replace(groups, later);
        if groups.is_empty() {
            kept.groups.remove(&site);
        }
        kept.bytes -= own.values().map(Group::bytes).sum::<usize>();
        own.into_iter()
            .filter(|(id, group)| Some(group.stamp) == good && ids.binary_search(id).is_ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(site: i64, id: i64, stamp: i64, text: &str) -> Group {
        let mut builder = Builder::default();
        builder.add([7; 16], (1, 2, 3), [Some(text), None, Some(""), None, None, Some("x")]);
        builder.finish(SiteId(site), id, stamp)
    }

    #[test]
    fn a_group_comes_back_once_and_only_as_long_as_nothing_has_gone() {
        let fresh = Fresh::default();
        for (id, stamp) in [(1, 0), (2, 5), (3, 5), (4, 5), (9, 5)] {
            fresh.keep(group(1, id, stamp, "a"));
        }
        fresh.keep(group(2, 3, 5, "b"));
        let mut found: Vec<_> = fresh.take(SiteId(1), &[1, 2, 4, 5], Some(5)).into_keys().collect();
        found.sort_unstable();
        assert_eq!(found, [2, 4], "1 is older than what has gone, 3 is not asked for");
        assert!(fresh.take(SiteId(1), &[1, 2, 3, 4, 5], Some(5)).is_empty());
        assert_eq!(fresh.take(SiteId(1), &[9], Some(6)).len(), 0, "something has gone since");
        fresh.keep(group(1, 10, 6, "c"));
        fresh.forget(SiteId(1));
        assert!(fresh.take(SiteId(1), &[10], Some(6)).is_empty());
        assert_eq!(fresh.take(SiteId(2), &[3], Some(5)).len(), 1);
        assert_eq!(fresh.kept().bytes, 0);
    }

    #[test]
    fn what_another_process_may_have_seen_to_is_not_kept_and_nothing_of_before_is_good() {
        let fresh = Fresh::default();
        assert_eq!(fresh.turn(), None, "whoever copies has not begun");
        fresh.begin(true);
        let first = fresh.turn().unwrap();
        fresh.keep(group(1, 1, first, "a"));
        fresh.forget(SiteId(1));
        fresh.keep(group(1, 2, first, "stored while something was seen to"));
        fresh.keep(group(1, 3, fresh.turn().unwrap(), "b"));
        let good = fresh.turn();
        assert_eq!(fresh.take(SiteId(1), &[1, 2, 3], good).into_keys().collect::<Vec<_>>(), [3]);
        fresh.keep(group(1, 4, good.unwrap(), "c"));
        fresh.begin(false);
        assert_eq!((fresh.turn(), fresh.kept().bytes), (None, 0));
        fresh.begin(true);
        fresh.keep(group(1, 5, good.unwrap(), "stored before"));
        assert!(fresh.take(SiteId(1), &[4, 5], fresh.turn()).is_empty());
    }

    #[test]
    fn texts_stand_where_they_are_said_to() {
        let (event, texts) = group(1, 1, 0, "茶").events().next().unwrap();
        let text = |place: usize| {
            let range = event.texts[place].clone()?;
            texts.get(range.start as usize..range.end as usize)
        };
        assert_eq!([0, 1, 2, 5].map(text), [Some("茶"), None, Some(""), Some("x")]);
    }

    #[test]
    fn what_has_no_room_is_not_kept() {
        let fresh = Fresh::default();
        let large = "x".repeat(MOST / 2);
        for id in 0..4 {
            fresh.keep(group(1, id, 0, &large));
        }
        assert!(fresh.kept().bytes <= MOST);
        assert_eq!(fresh.take(SiteId(1), &[0, 1, 2, 3], Some(0)).len(), 1);
    }
}
