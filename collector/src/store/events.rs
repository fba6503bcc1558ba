//! Events. Only what the gate has permitted can be stored.

use std::collections::HashSet;

use consent_core::{event::Event, gate::Permitted, ids::Uuid7};
use sqlx::{QueryBuilder, Sqlite};

use super::{Connection, SiteId, sixteen};

/// An event to store, with its address already cleaned.
#[derive(Debug)]
pub struct Row {
    /// The yes that allows it.
    pub event: Permitted<Event>,
    /// Its site.
    pub site: SiteId,
    /// Its day in the site's time zone, since 1970.
    pub day: i64,
    /// The page's path.
    pub page: String,
    /// The allowed part of its query.
    pub query: String,
    /// The address that led there, cleaned.
    pub referrer: String,
}

/// Rows of one statement, at most: a bound on its parameters (SQLite takes 32,766).
const CHUNK: usize = 512;

/// Stores events whose ids are expected to be new, as nearly always they are. Answers whether all of
/// them were; if not, the caller rolls back and calls [`insert`], which is slower since the database
/// then says of each row whether it was new.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert_new(db: &mut Connection, rows: &[Row]) -> sqlx::Result<bool> {
    for chunk in chunks(rows) {
        let stored = statement(chunk, "")?.build().execute(&mut *db).await?.rows_affected();
        if stored < chunk.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Stores events; those whose ids are there already are left as they are. Answers which were new.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, rows: &[Row]) -> sqlx::Result<HashSet<(SiteId, Uuid7)>> {
    let mut new = HashSet::with_capacity(rows.len());
    for chunk in chunks(rows) {
        let mut query = statement(chunk, " RETURNING site_id, id")?;
        let stored: Vec<(i64, Vec<u8>)> = query.build_query_as().fetch_all(&mut *db).await?;
        for (site, id) in stored {
            if let Some(id) = Uuid7::from_bytes(sixteen(id, "id")?) {
                new.insert((SiteId(site), id));
            }
        }
    }
    Ok(new)
}

/// Rows by powers of two: few statements to prepare, whatever their number.
fn chunks(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = (1 << rest.len().checked_ilog2()?).min(CHUNK);
        let (chunk, others) = rest.split_at(size);
        rest = others;
        Some(chunk)
    })
}

fn statement(rows: &[Row], answering: &'static str) -> sqlx::Result<QueryBuilder<Sqlite>> {
    let mut query = QueryBuilder::new(
        "INSERT INTO event \
         (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) ",
    );
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    let mut properties = Vec::with_capacity(rows.len());
    for row in rows {
        let given = &row.event.action().observation().properties;
        properties.push(match given.is_empty() {
            true => None,
            false => Some(serde_json::to_string(given).map_err(encode)?),
        });
    }
    query.push_values(rows.iter().zip(properties), |mut values, (row, properties)| {
        let observation = row.event.action().observation();
        values
            .push_bind(row.site.0)
            .push_bind(observation.id.as_bytes().to_vec())
            .push_bind(row.event.grant())
            .push_bind(observation.name.as_str())
            .push_bind(observation.at.0)
            .push_bind(row.day)
            .push_bind(&row.page)
            .push_bind(&row.query)
            .push_bind(&observation.page.title)
            .push_bind(&row.referrer)
            .push_bind(properties);
    });
    query.push(" ON CONFLICT (site_id, id) DO NOTHING").push(answering);
    Ok(query)
}
