//! Events. Only what the gate has permitted can be stored.

use std::collections::{BTreeMap, HashSet};

use consent_core::{event::Event, gate::Permitted, ids::Uuid7};

use super::{
    Connection, SiteId,
    columns::{self, FreshEvents},
    rows, sixteen,
    statement::Value,
};

/// An event to store, with its address already cleaned.
#[derive(Debug)]
pub struct Row<'a> {
    /// The yes that allows it.
    pub event: Permitted<Event<'a>>,
    /// Its site.
    pub site: SiteId,
    /// Its day in the site's time zone, since 1970.
    pub day: i64,
    /// The page's path.
    pub page: &'a str,
    /// The allowed part of its query.
    pub query: String,
    /// The address that led there, cleaned.
    pub referrer: String,
}

const INTO: &str =
    "event (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties)";
const ONCE_ANSWERING: &str = "ON CONFLICT (site_id, id) DO NOTHING RETURNING site_id, id";

/// Stores events whose ids are expected to be new, as nearly always they are. Answers whether all of
/// them were; if not, the caller rolls back and calls [`insert`], which is slower: the database then looks before
/// it writes (on PostgreSQL that is two fifths of writing an event), and says of each row whether it was new.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert_new(db: &mut Connection, events: &[Row<'_>]) -> sqlx::Result<bool> {
    let values = values(events)?;
    match rows::insert(db, INTO, &values, "").await {
        Ok(_) => {
            match columns::stamp(db).await? {
                Some(stamp) => columns::add_new(db, fresh(&values), stamp).await?,
                None => columns::add(db, events.iter().map(|row| (row.site, id(row)))).await?,
            }
            Ok(true)
        }
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Stores events; those whose ids are there already are left as they are. Answers which were new.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    events: &[Row<'_>],
) -> sqlx::Result<HashSet<(SiteId, Uuid7)>> {
    let stored: Vec<(i64, Vec<u8>)> =
        rows::insert_answering(db, INTO, &values(events)?, ONCE_ANSWERING).await?;
    let mut new = HashSet::with_capacity(stored.len());
    for (site, id) in stored {
        if let Some(id) = Uuid7::from_bytes(sixteen(id, "id")?) {
            new.insert((SiteId(site), id));
        }
    }
    let ids = new.iter().map(|(site, id)| (*site, *id.as_bytes()));
    columns::add(db, ids).await?;
    Ok(new)
}

/// What [`values`] says, for whoever copies it.
fn fresh(values: &[[Value<'_>; 11]]) -> BTreeMap<SiteId, FreshEvents> {
    let mut sites: BTreeMap<SiteId, FreshEvents> = BTreeMap::new();
    let number =
        |value: &Value<'_>| if let Value::Number(Some(number)) = value { *number } else { 0 };
    for [site, id, grant, name, at, day, page, query, title, referrer, properties] in values {
        let Value::Bytes(Some(id)) = id else { continue };
        let texts = [name, page, query, title, referrer, properties].map(|value| match value {
            Value::Text(text) => text.as_deref(),
            Value::Number(_) | Value::Bytes(_) => None,
        });
        if let Ok(id) = <[u8; 16]>::try_from(&**id) {
            let events = sites.entry(SiteId(number(site))).or_default();
            events.add(id, (number(grant), number(at), number(day)), texts);
        }
    }
    sites
}

fn id(row: &Row<'_>) -> [u8; 16] {
    *row.event.action().observation().id.as_bytes()
}

/// What is observed more of an event, as JSON; none where there is nothing.
fn properties(row: &Row<'_>) -> sqlx::Result<Option<String>> {
    let given = &row.event.action().observation().properties;
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    (!given.is_empty()).then(|| serde_json::to_string(given).map_err(encode)).transpose()
}

/// In the order of their ids, which begin with a time: so they come to lie one after the other.
fn values<'a>(events: &'a [Row<'_>]) -> sqlx::Result<Vec<[Value<'a>; 11]>> {
    let mut events: Vec<_> = events.iter().collect();
    events.sort_by_key(|row| (row.site, row.event.action().observation().id));
    events.into_iter().map(value).collect()
}

fn value<'a>(row: &'a Row<'_>) -> sqlx::Result<[Value<'a>; 11]> {
    let observation = row.event.action().observation();
    Ok([
        row.site.0.into(),
        observation.id.as_bytes().into(),
        row.event.grant().into(),
        observation.name.as_str().into(),
        observation.at.0.into(),
        row.day.into(),
        row.page.into(),
        (&row.query).into(),
        (&observation.page.title).into(),
        (&row.referrer).into(),
        properties(row)?.into(),
    ])
}
