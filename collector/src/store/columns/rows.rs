//! Events by their rows, for what is not copied.

use crate::columns::{New, Wanted};
use crate::store::{
    Connection, SiteId,
    engine::Engine,
    statement::{Row, Statement, sql},
};

/// An event as its rows say it.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    visitor: i64,
    grant: i64,
    at: i64,
    /// Its day.
    pub(super) day: i64,
    /// Its id.
    pub(super) id: Vec<u8>,
    texts: [Option<String>; 9],
}

impl Taken {
    fn read(row: &Row) -> Self {
        Self {
            visitor: row.get(0),
            grant: row.get(1),
            at: row.get(2),
            day: row.get(3),
            id: row.get(4),
            texts: std::array::from_fn(|place| row.get(5 + place)),
        }
    }

    /// The same, to be copied.
    pub(super) fn copied(&self) -> New<'_> {
        let texts = self.texts.each_ref().map(Option::as_deref);
        let [name, page, query, title, referrer, purpose, service, language, properties] = texts;
        New {
            visitor: self.visitor,
            grant: self.grant,
            at: self.at,
            day: self.day,
            name: name.unwrap_or_default(),
            page: page.unwrap_or_default(),
            query: query.unwrap_or_default(),
            title: title.unwrap_or_default(),
            referrer: referrer.unwrap_or_default(),
            purpose: purpose.unwrap_or_default(),
            service: service.unwrap_or_default(),
            language: language.unwrap_or_default(),
            properties,
        }
    }
}

/// Brings events into the order of copies: by day, visitor, time and id.
pub(super) fn sort(events: &mut [Taken]) {
    events.sort_unstable_by(|one, other| {
        (one.day, one.visitor, one.at, &one.id).cmp(&(
            other.day,
            other.visitor,
            other.at,
            &other.id,
        ))
    });
}

const COLUMNS: [(Wanted, &str); 9] = [
    (Wanted::NAME, ", e.name"),
    (Wanted::PAGE, ", e.page"),
    (Wanted::QUERY, ", e.query"),
    (Wanted::TITLE, ", e.title"),
    (Wanted::REFERRER, ", e.referrer"),
    (Wanted::PURPOSE, ", g.purpose"),
    (Wanted::SERVICE, ", g.service"),
    (Wanted::LANGUAGE, ", d.language"),
    (Wanted::PROPERTIES, ", e.properties"),
];
/// Beside a list of many ids SQLite would rather go through all grants of the site: it keeps to the order of a cross join.
const FROM: &str = " FROM event e CROSS JOIN consent_grant g";
const DECISIONS: &str = " CROSS JOIN decision d";
const WHERE: &str = " WHERE g.site_id = e.site_id AND g.id = e.grant_id";
const OF_DECISIONS: &str = " AND d.site_id = g.site_id AND d.visitor_id = g.visitor_id \
    AND d.receipt_id = g.receipt_id";

fn select<'q>(wanted: Wanted) -> Statement<'q> {
    let derived = wanted.has(Wanted::ENGAGED) || wanted.has(Wanted::CAMPAIGN);
    let wanted = if derived { wanted | Wanted::NAME | Wanted::PROPERTIES } else { wanted };
    let mut query = sql("SELECT g.visitor_id, e.grant_id, e.at, e.day, e.id");
    for (column, text) in COLUMNS {
        query.push(if wanted.has(column) { text } else { ", NULL" });
    }
    if wanted.has(Wanted::LANGUAGE) {
        query.push(FROM).push(DECISIONS).push(WHERE).push(OF_DECISIONS);
    } else {
        query.push(FROM).push(WHERE);
    }
    query.push(" AND e.site_id = ");
    query
}

/// Events of those days.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn of_days(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    wanted: Wanted,
) -> sqlx::Result<Vec<Taken>> {
    let mut query = select(wanted);
    query.push_bind(site.0).push(" AND e.day >= ").push_bind(days.0);
    query.push(" AND e.day <= ").push_bind(days.1);
    Ok(query.rows(db).await?.iter().map(Taken::read).collect())
}

/// The next events in the order of their ids, whole.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn after(
    db: &mut Connection,
    site: SiteId,
    after: &[u8],
    limit: u32,
) -> sqlx::Result<Vec<Taken>> {
    let mut query = select(Wanted::ALL);
    query.push_bind(site.0).push(" AND e.id > ").push_bind(after);
    query.push(" ORDER BY e.id LIMIT ").push_bind(i64::from(limit));
    Ok(query.rows(db).await?.iter().map(Taken::read).collect())
}

/// Ids of one statement on SQLite.
const IDS: usize = 1_024;

/// Those of the events that are there still.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn of_ids(
    db: &mut Connection,
    site: SiteId,
    ids: &[[u8; 16]],
    wanted: Wanted,
) -> sqlx::Result<Vec<Taken>> {
    let mut events = Vec::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(events);
    }
    if let Engine::Postgres(db) = db.engine().await? {
        let mut query = select(wanted);
        query.push_bind(site.0).push(" AND e.id = ANY(");
        let list: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
        let rows = query.rows_with_list(db, list, ")").await?;
        events.extend(rows.iter().map(Taken::read));
        return Ok(events);
    }
    for chunk in ids.chunks(IDS) {
        events.extend(among(site, chunk, wanted).rows(db).await?.iter().map(Taken::read));
    }
    Ok(events)
}

fn among<'q>(site: SiteId, ids: &'q [[u8; 16]], wanted: Wanted) -> Statement<'q> {
    let mut query = select(wanted);
    query.push_bind(site.0).push(" AND e.id IN (");
    // Filled up to a power of two: few statements to prepare, whatever the number.
    let padded = ids.len().next_power_of_two() - ids.len();
    query.push_list(ids.iter().chain(ids.last().into_iter().cycle().take(padded)));
    query.push(")");
    query
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn events_are_found_by_their_ids_however_many_and_not_by_all_grants() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let mut db = Database::at(&url).unwrap().create().await.unwrap();
        for count in [1, 64, IDS] {
            let ids = vec![[0; 16]; count];
            let statement = among(SiteId(1), &ids, Wanted::ALL);
            let steps = statement.explained().rows(&mut db).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get(3)).collect();
            let first = steps.first().unwrap();
            assert_eq!(first, "SEARCH e USING PRIMARY KEY (site_id=? AND id=?)", "{count}");
        }
    }
}
