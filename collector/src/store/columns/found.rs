//! What a question needs of the database, read in one snapshot.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::AtomicBool,
};

use consent_core::time::Millis;

use super::{
    super::{Connection, SiteId, ended, statement::sql},
    cache::{self, Blob},
    gone, queue,
    rows::{self, Taken},
};
use crate::columns::{Broken, Column, Damage, Mask, Stored, Table, Wanted, parts};

/// A part's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) id: i64,
    pub(super) day: i64,
    pub(super) events: i64,
    pub(super) visitors: (i64, i64),
    pub(super) seen: i64,
    pub(super) tag: i64,
}

const HEADERS: &str = "SELECT id, day, events, first_visitor, last_visitor, seen, tag FROM event_part \
    WHERE site_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, id";

/// Parts of those days, by day and id.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn headers(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
) -> sqlx::Result<Vec<Header>> {
    let rows = sql(HEADERS).bind(site.0).bind(days.0).bind(days.1).rows(db).await?;
    let header = |row: &crate::store::statement::Row| Header {
        id: row.get(0),
        day: row.get(1),
        events: row.get(2),
        visitors: (row.get(3), row.get(4)),
        seen: row.get(5),
        tag: row.get(6),
    };
    Ok(rows.iter().map(header).collect())
}

const UNCOPIED: &str = "SELECT after FROM event_uncopied WHERE site_id = $1";

/// Up to which id the site's events from before are copied, where that is not through yet.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn uncopied(db: &mut Connection, site: SiteId) -> sqlx::Result<Option<Vec<u8>>> {
    Ok(sql(UNCOPIED).bind(site.0).first::<(Vec<u8>,)>(db).await?.map(|(after,)| after))
}

/// Parts of which columns are read at once.
const PARTS: usize = 64;

/// The columns of parts that are wanted, or all of them; grants too, where something has to be left out of a part.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn columns(
    db: &mut Connection,
    site: SiteId,
    headers: Vec<Header>,
    wanted: Option<Wanted>,
    mask: &Mask,
    keep: bool,
) -> sqlx::Result<Vec<(Header, Vec<(Column, Blob)>)>> {
    let mut all = Vec::with_capacity(headers.len());
    let mut missing: Vec<(usize, Vec<Column>)> = Vec::new();
    for (place, header) in headers.into_iter().enumerate() {
        let grants = mask.concerns(header.day, header.visitors, header.seen);
        let needed = Column::all()
            .filter(|column| wanted.is_none_or(|wanted| column.is_wanted(wanted, grants)));
        let mut there = Vec::new();
        let mut own = Vec::new();
        for column in needed {
            match cache::get(header.tag, column) {
                Some(blob) => there.push((column, blob)),
                None => own.push(column),
            }
        }
        if !own.is_empty() {
            missing.push((place, own));
        }
        all.push((header, there));
    }
    for chunk in missing.chunks(PARTS) {
        let mut places: HashMap<i64, (usize, &[Column])> = HashMap::new();
        let mut names = Vec::new();
        for (place, own) in chunk {
            if let Some((header, _)) = all.get(*place) {
                places.insert(header.id, (*place, own));
            }
            names.extend(own.iter().map(|column| column.name()));
        }
        names.sort_unstable();
        names.dedup();
        let mut query = sql("SELECT part_id, name, data FROM event_column WHERE site_id = ");
        query.push_bind(site.0).push(" AND part_id IN (");
        query.push_list(places.keys().copied());
        query.push(") AND name IN (").push_list(names);
        query.push(")");
        let rows: Vec<(i64, String, Vec<u8>)> = query.all(db).await?;
        for (id, name, data) in rows {
            let Some((place, own)) = places.get(&id) else { continue };
            let Some(column) = own.iter().find(|column| column.name() == name) else { continue };
            let Some((header, there)) = all.get_mut(*place) else { continue };
            let blob = Blob::from(data);
            if keep {
                cache::put(header.tag, *column, &blob);
            }
            there.push((*column, blob));
        }
    }
    Ok(all)
}

/// What a question found.
pub(super) struct Found {
    pub(super) mask: Mask,
    pub(super) parts: Vec<(Header, Vec<(Column, Blob)>)>,
    pub(super) rows: Vec<Taken>,
}

/// A part that cannot be read.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) part: i64,
    pub(super) tag: i64,
    pub(super) column: Column,
    pub(super) damage: Damage,
}

impl Found {
    /// By the copies as far as there are any.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(super) async fn copies(
        db: &mut Connection,
        site: SiteId,
        days: (i64, i64),
        wanted: Wanted,
        now: Millis,
    ) -> sqlx::Result<Self> {
        let mut tx = db.snapshot().await?;
        if uncopied(&mut tx, site).await?.is_some() {
            tx.rollback().await?;
            return Self::rows(db, site, days, wanted, now).await;
        }
        let mut mask = run_out(&mut tx, site, now).await?;
        for gone in gone::list(&mut tx, site, days).await? {
            gone.hide(&mut mask);
        }
        let headers = headers(&mut tx, site, days).await?;
        let parts = columns(&mut tx, site, headers, Some(wanted), &mask, true).await?;
        let ids = queue::groups(&mut tx, site).await?.events_of(|_| true);
        let mut rows = rows::of_ids(&mut tx, site, &ids, wanted).await?;
        tx.commit().await?;
        rows.retain(|row| (days.0..=days.1).contains(&row.day));
        Ok(Self { mask, parts, rows })
    }

    /// By the rows alone.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(super) async fn rows(
        db: &mut Connection,
        site: SiteId,
        days: (i64, i64),
        wanted: Wanted,
        now: Millis,
    ) -> sqlx::Result<Self> {
        let mut tx = db.snapshot().await?;
        let mask = run_out(&mut tx, site, now).await?;
        let rows = rows::of_days(&mut tx, site, days, wanted).await?;
        tx.commit().await?;
        Ok(Self { mask, parts: Vec::new(), rows })
    }

    /// The table, or what is damaged; as far as it has come, where nobody waits for it.
    pub(super) fn table(mut self, stop: &AtomicBool) -> Result<Table, Damaged> {
        rows::sort(&mut self.rows);
        let mut days: BTreeMap<i64, (Vec<Header>, Vec<Stored<Blob>>)> = BTreeMap::new();
        for (header, columns) in self.parts {
            let (headers, own) = days.entry(header.day).or_default();
            headers.push(header);
            let events = usize::try_from(header.events).unwrap_or(0);
            own.push(Stored { events, seen: header.seen, columns });
        }
        for rows in self.rows.chunk_by(|one, next| one.day == next.day) {
            let Some(first) = rows.first() else { continue };
            let (_, own) = days.entry(first.day).or_default();
            let news = rows.iter().map(Taken::copied);
            // They were read together with what is gone, and are not.
            own.extend(parts(news).into_iter().map(|part| Stored {
                events: part.events,
                seen: i64::MAX,
                columns:
                    part.columns.into_iter().map(|(column, blob)| (column, blob.into())).collect(),
            }));
        }
        let (headers, days): (Vec<_>, Vec<_>) =
            days.into_iter().map(|(day, (headers, own))| (headers, (day, own))).unzip();
        Table::read(&days, &self.mask, stop).map_err(|broken| {
            let Broken { day, part, column, damage } = broken;
            let header = headers.get(day).and_then(|headers| headers.get(part));
            let (part, tag) = header.map_or((0, 0), |header| (header.id, header.tag));
            Damaged { part, tag, column, damage }
        })
    }
}

/// Leaves out everything of visitors whose consent has run out by `now`.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn run_out(db: &mut Connection, site: SiteId, now: Millis) -> sqlx::Result<Mask> {
    let mut mask = Mask::default();
    for visitor in ended::run_out(db, site, now, u32::MAX).await? {
        mask.visitor(visitor.0);
    }
    Ok(mask)
}
