//! Events that leave as such. No statement here reads what a lead holds: that a visitor is tied to one takes their
//! number away, and tells nothing more.

mod rows;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use consent_core::time::Millis;

use super::{
    Connection, SiteId, VisitorRow,
    columns::day::{self, Day},
    ended,
    engine::Engine,
    statement::sql,
};
use crate::columns::{New, Spot, Table};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// The page's path.
    pub page: String,
    /// The allowed part of its query.
    pub query: String,
    /// The page's title.
    pub title: String,
    /// The address that led there.
    pub referrer: String,
    /// More about it, a JSON object.
    pub properties: Option<String>,
    /// The purpose under which it was taken.
    pub purpose: String,
    /// The service for which it was taken.
    pub service: String,
    /// Whose it is; nobody's where they are tied to a lead.
    pub visitor: Option<VisitorRow>,
}

/// Which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// Their names; none: all.
    pub names: Vec<String>,
    /// Whose; none: everybody's.
    pub of: Option<Arc<HashSet<VisitorRow>>>,
}

impl Wanted {
    fn is_of(&self, visitor: VisitorRow) -> bool {
        self.of.as_ref().is_none_or(|of| of.contains(&visitor))
    }
}

/// A walk through the wanted events, some of them at a time, day by day, and in a day by time, so that their order says
/// nothing of whose they are.
///
/// Days are read whole from the copies, and no other days are looked at. Where a site's copies are being made, the rest
/// is read from the rows: all of the site's, in the order of their ids.
#[derive(Debug)]
pub struct Walk {
    site: SiteId,
    /// What the walk has passed is taken off its days.
    wanted: Wanted,
    rest: Rest,
}

/// What is left of a walk.
#[derive(Debug)]
enum Rest {
    /// Days by their copies: one of which some was given, and those after it.
    Days(Option<Held>),
    /// Rows after that id.
    Rows(Vec<u8>),
    Nothing,
}

/// A day of which some was given.
#[derive(Debug)]
struct Held {
    table: Table,
    spots: std::vec::IntoIter<Spot>,
    /// When it was read.
    read_at: Millis,
}

impl Walk {
    /// Begins one.
    #[must_use]
    pub const fn new(site: SiteId, wanted: Wanted) -> Self {
        Self { site, wanted, rest: Rest::Days(None) }
    }

    /// The next events, of `limit` at most that are looked at, as of `now`: what rests on a consent that has run out by then
    /// is left out, and so is what was withdrawn since its day was read. None where there are no more.
    ///
    /// # Errors
    /// Where the database does not answer; then it may be asked again.
    pub async fn next(
        &mut self,
        db: &mut Connection,
        limit: u32,
        now: Millis,
    ) -> sqlx::Result<Option<Vec<Event>>> {
        let site = self.site;
        loop {
            match &mut self.rest {
                Rest::Nothing => return Ok(None),
                Rest::Rows(after) => {
                    let page = rows::after(db, site, &self.wanted, after, limit, now).await?;
                    self.rest = page.next.map_or(Rest::Nothing, Rest::Rows);
                    return Ok(Some(page.events));
                }
                Rest::Days(Some(held)) if !held.spots.as_slice().is_empty() => {
                    let events = held.next(db, (site, &self.wanted), limit, now).await?;
                    return Ok(Some(events));
                }
                Rest::Days(_) => {
                    let days = self.wanted.days;
                    // What is held is given back before the next day is read.
                    self.rest = Rest::Days(None);
                    let names = self.wanted.names.clone();
                    let held = move |table: Table| {
                        let spots = table.by_time(&names).into_iter();
                        Held { table, spots, read_at: now }
                    };
                    self.rest = match day::first_day(db, site, days, now, held).await? {
                        Day::Of(day, held) => {
                            self.wanted.days.0 = day + 1;
                            let nothing = held.spots.as_slice().is_empty();
                            self.rest = Rest::Days(Some(held));
                            if nothing {
                                // Not one call for many such days: each may take its time.
                                return Ok(Some(Vec::new()));
                            }
                            continue;
                        }
                        Day::Uncopied => Rest::Rows(Vec::new()),
                        Day::Nothing => Rest::Nothing,
                    };
                }
            }
        }
    }
}

impl Held {
    /// The next ones that are there still, with their grants.
    async fn next(
        &mut self,
        db: &mut Connection,
        (site, wanted): (SiteId, &Wanted),
        limit: u32,
        now: Millis,
    ) -> sqlx::Result<Vec<Event>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        let spots = &self.spots.as_slice()[..limit.min(self.spots.len())];
        let events: Vec<New<'_>> = spots.iter().map(|spot| self.table.event(*spot)).collect();
        let grants: BTreeSet<i64> = events.iter().map(|event| event.grant).collect();
        // What goes meanwhile of what is asked for first is not among what is asked for next.
        let mut rows = existing(db, site, &grants, &events).await?;
        let standing = standing(db, site, &grants, self.read_at, now).await?;
        let mut times: HashMap<(i64, i64), i64> = HashMap::new();
        for event in &events {
            *times.entry((event.grant, event.at)).or_default() += 1;
        }
        // Of several of one grant and moment it cannot be told which are gone.
        rows.retain(|key, there| times.get(key).is_some_and(|times| *there >= *times));
        let holds = |event: &New<'_>| {
            rows.get(&(event.grant, event.at))?;
            let (visitor, tied) = *standing.get(&event.grant)?;
            let is_wanted = visitor == event.visitor && wanted.is_of(VisitorRow(visitor));
            is_wanted.then(|| read(event, (!tied).then_some(VisitorRow(visitor))))
        };
        let found = events.iter().filter_map(holds).collect();
        let given = spots.len();
        self.spots.nth(given - 1);
        Ok(found)
    }
}

fn read(event: &New<'_>, visitor: Option<VisitorRow>) -> Event {
    Event {
        at: Millis(event.at),
        name: event.name.to_owned(),
        page: event.page.to_owned(),
        query: event.query.to_owned(),
        title: event.title.to_owned(),
        referrer: event.referrer.to_owned(),
        properties: event.properties.map(str::to_owned),
        purpose: event.purpose.to_owned(),
        service: event.service.to_owned(),
        visitor,
    }
}

/// How many events of these grants, at the moments of those events, are there still: by grant and time. What is erased, or past
/// its time, goes by itself; its grant stays.
async fn existing(
    db: &mut Connection,
    site: SiteId,
    grants: &BTreeSet<i64>,
    events: &[New<'_>],
) -> sqlx::Result<HashMap<(i64, i64), i64>> {
    let times = events.iter().map(|event| event.at);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
        return Ok(HashMap::new());
    };
    let mut query = sql("SELECT grant_id, at FROM event WHERE site_id = ");
    query.push_bind(site.0).push(" AND at >= ").push_bind(first);
    query.push(" AND at <= ").push_bind(last).push(" AND grant_id IN (");
    query.push_filled(grants.iter().copied());
    query.push(")");
    let rows: Vec<(i64, i64)> = query.all(db).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for key in rows {
        *found.entry(key).or_default() += 1;
    }
    Ok(found)
}

const TIED: &str = "g.visitor_id IN (SELECT lg.visitor_id FROM lead_link l \
    JOIN consent_grant lg ON lg.site_id = l.site_id AND lg.id = l.grant_id WHERE l.site_id = ";

/// Those of the grants that stand, by their ids: whose they are, and whether that visitor is tied to a lead. On SQLite the
/// id of a grant that is gone may be given again: one that was given after the events were read is none of theirs. On
/// PostgreSQL it is never, and another collector's clock may be a little ahead.
async fn standing(
    db: &mut Connection,
    site: SiteId,
    grants: &BTreeSet<i64>,
    read_at: Millis,
    now: Millis,
) -> sqlx::Result<HashMap<i64, (i64, bool)>> {
    let mut query = sql("SELECT g.id, g.visitor_id, CAST(CASE WHEN ");
    query.push(TIED).push_bind(site.0);
    query.push(") THEN 1 ELSE 0 END AS BIGINT) FROM consent_grant g WHERE g.site_id = ");
    query.push_bind(site.0);
    if let Engine::Sqlite(_) = db.engine().await? {
        query.push(" AND g.since <= ").push_bind(read_at.0);
    }
    query.push(" AND g.id IN (");
    query.push_filled(grants.iter().copied());
    query.push(")");
    ended::leave_out(&mut query, site, now);
    let rows: Vec<(i64, i64, i64)> = query.all(db).await?;
    Ok(rows.into_iter().map(|(id, visitor, tied)| (id, (visitor, tied == 1))).collect())
}
