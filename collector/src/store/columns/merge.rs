//! Bringing small parts of a day together, so that a question has few of them to go through.

use std::{collections::HashMap, sync::atomic::AtomicBool};

use super::{
    super::{Connection, SiteId},
    cache::{self, Blob},
    found::{self, Header},
    gone,
    write::{self, Change},
};
use crate::columns::{Broken, Column, Mask, PART, Part, Stored, Table, parts};

/// Parts that a day may have beside whole ones, before they are brought together.
const SMALL: usize = 8;
/// Events that are brought together at once, at most.
const MOST: i64 = 600_000;

/// Brings together some parts of one day, where there are any that should be; whether there were.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn some(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    let mut tx = db.snapshot().await?;
    let headers = found::headers(&mut tx, site, (i64::MIN, i64::MAX)).await?;
    let newest = headers.last().map(|header| header.day);
    let chosen = headers
        .chunk_by(|one, next| one.day == next.day)
        .rev()
        .find_map(|day| choose(day, day.first().map(|header| header.day) < newest));
    let Some(chosen) = chosen else {
        tx.commit().await?;
        return Ok(false);
    };
    let day = chosen.first().map_or(0, |header| header.day);
    let mut mask = Mask::default();
    for gone in gone::list(&mut tx, site, (day, day)).await? {
        gone.hide(&mut mask);
    }
    let seen = gone::seen(&mut tx).await?;
    let whole = found::columns(&mut tx, site, chosen.clone(), None, &mask, false).await?;
    tx.commit().await?;
    let Some(new) = table(whole, mask, again).await? else { return Ok(false) };
    let new = new.into_iter().map(|part| (day, part)).collect();
    write::make(db, site, Change { old: chosen, new, seen, ..Change::default() }).await
}

/// Which parts of a day should be one: small ones, where there are many; all of a day that is over, where their
/// visitors are mixed, so that who is erased is in few of them.
fn choose(day: &[Header], over: bool) -> Option<Vec<Header>> {
    let half = i64::try_from(PART / 2).unwrap_or(i64::MAX);
    let mut small: Vec<Header> = Vec::new();
    let mut events = 0;
    for header in day.iter().filter(|header| header.events < half) {
        if events + header.events <= MOST {
            events += header.events;
            small.push(*header);
        }
    }
    if small.len() >= SMALL {
        return Some(small);
    }
    let total: i64 = day.iter().map(|header| header.events).sum();
    if !over || total > MOST {
        return None;
    }
    let mut by_visitor = day.to_vec();
    by_visitor.sort_unstable_by_key(|header| header.visitors);
    let mut last = None;
    let mut mixed = (0, 0);
    for header in by_visitor {
        if last.is_some_and(|last| header.visitors.0 < last) {
            mixed = (mixed.0 + 1, mixed.1 + header.events);
        }
        last = last.max(Some(header.visitors.1));
    }
    // Some late events alone are not worth it.
    (mixed.0 >= SMALL || (mixed.0 > 0 && mixed.1 * 10 >= total)).then(|| day.to_vec())
}

/// Makes a table of parts of one day, and something of that, beside whatever else goes on. Nothing where one is
/// damaged: then the site's copies will be made anew.
pub(super) async fn table<T: Send + 'static>(
    found: Vec<(Header, Vec<(Column, Blob)>)>,
    mask: Mask,
    of: impl FnOnce(&Table) -> T + Send + 'static,
) -> sqlx::Result<Option<T>> {
    let tags: HashMap<usize, (i64, i64)> =
        (0..).zip(&found).map(|(place, (header, _))| (place, (header.id, header.tag))).collect();
    let made = tokio::task::spawn_blocking(move || {
        let day = found.first().map_or(0, |(header, _)| header.day);
        let stored = found.into_iter().map(|(header, columns)| Stored {
            events: usize::try_from(header.events).unwrap_or(0),
            seen: header.seen,
            columns,
        });
        let table = Table::read(&[(day, stored.collect())], &mask, &AtomicBool::new(false))?;
        Ok(of(&table))
    });
    match made.await.map_err(|_| sqlx::Error::WorkerCrashed)? {
        Ok(made) => Ok(Some(made)),
        Err(Broken { part, column, damage, .. }) => {
            let (part, tag) = tags.get(&part).copied().unwrap_or_default();
            let (column, damage) = (column.name(), damage.to_string());
            tracing::error!(part, column, damage, "a copy of events is damaged: it is made anew");
            cache::damaged(tag);
            Ok(None)
        }
    }
}

/// The parts of a table of one day.
pub(super) fn again(table: &Table) -> Vec<Part> {
    parts(table.copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::New;

    /// A day of so many events of each visitor, as it is cut.
    fn cut(events: &[(i64, usize)]) -> Vec<Header> {
        let of =
            |(visitor, n): &(i64, usize)| vec![New { visitor: *visitor, ..New::default() }; *n];
        let day: Vec<_> = events.iter().flat_map(of).collect();
        let header = |(id, part): (i64, Part)| Header {
            id,
            day: 7,
            events: i64::try_from(part.events).unwrap(),
            visitors: part.visitors,
            seen: 0,
            tag: id,
        };
        (1..).zip(parts(day)).map(header).collect()
    }

    #[test]
    fn what_is_cut_of_a_whole_day_is_not_brought_together_again() {
        for events in [
            &[(1, 10_000), (2, 60_000), (3, 20_000)][..],
            &[(1, 10), (2, 60_000), (3, 10), (4, 60_000), (5, 10), (6, 60_000), (7, 10)],
            &[(1, 200_000)],
            &[(1, 49_999), (2, 49_999), (3, 49_999)],
        ] {
            let day = cut(events);
            assert!(choose(&day, true).is_none(), "{events:?}: {day:?}");
        }
        // Late events of visitors who are in whole parts already are.
        let mut mixed = cut(&[(1, 20_000), (5, 20_000)]);
        mixed.extend(cut(&[(2, 20_000), (9, 20_000)]));
        assert!(choose(&mixed, true).is_some());
    }
}
