//! Events. Only what the gate has permitted can be stored.

use std::collections::HashSet;

use consent_core::{event::Event, gate::Permitted, ids::Uuid7};
use sqlx::PgConnection;

use super::{
    Connection, SiteId,
    engine::Engine,
    rows::chunks,
    sixteen,
    statement::{Statement, sql},
};

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

/// Stores events whose ids are expected to be new, as nearly always they are. Answers whether all of
/// them were; if not, the caller rolls back and calls [`insert`], which is slower since the database
/// then says of each row whether it was new.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert_new(db: &mut Connection, rows: &[Row]) -> sqlx::Result<bool> {
    if let Engine::Postgres(db) = db.engine().await? {
        let columns = Columns::of(rows)?;
        let stored = columns.bind(sqlx::query(UNNEST)).execute(db).await?.rows_affected();
        return Ok(stored == rows.len() as u64);
    }
    for chunk in chunks(rows) {
        if values(chunk, "")?.execute(db).await? < chunk.len() as u64 {
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
    let mut stored: Vec<(i64, Vec<u8>)> = Vec::with_capacity(rows.len());
    if let Engine::Postgres(db) = db.engine().await? {
        stored = unnest_answering(db, rows).await?;
    } else {
        for chunk in chunks(rows) {
            stored
                .extend(values(chunk, " RETURNING site_id, id")?.all::<(i64, Vec<u8>)>(db).await?);
        }
    }
    let mut new = HashSet::with_capacity(stored.len());
    for (site, id) in stored {
        if let Some(id) = Uuid7::from_bytes(sixteen(id, "id")?) {
            new.insert((SiteId(site), id));
        }
    }
    Ok(new)
}

/// What is observed more of an event, as JSON; none where there is nothing.
fn properties(row: &Row) -> sqlx::Result<Option<String>> {
    let given = &row.event.action().observation().properties;
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    (!given.is_empty()).then(|| serde_json::to_string(given).map_err(encode)).transpose()
}

// ---- SQLite: many rows of values.

fn values<'q>(rows: &'q [Row], answering: &'static str) -> sqlx::Result<Statement<'q>> {
    let mut insert = sql("INSERT INTO event \
         (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) VALUES ");
    let mut before = "(";
    for row in rows {
        let observation = row.event.action().observation();
        insert.push(before).push_bind(row.site.0);
        insert.push(", ").push_bind(observation.id.as_bytes());
        insert.push(", ").push_bind(row.event.grant());
        insert.push(", ").push_bind(observation.name.as_str());
        insert.push(", ").push_bind(observation.at.0);
        insert.push(", ").push_bind(row.day);
        insert.push(", ").push_bind(&row.page);
        insert.push(", ").push_bind(&row.query);
        insert.push(", ").push_bind(&observation.page.title);
        insert.push(", ").push_bind(&row.referrer);
        insert.push(", ").push_bind(properties(row)?).push(")");
        before = ", (";
    }
    insert.push(" ON CONFLICT (site_id, id) DO NOTHING").push(answering);
    Ok(insert)
}

// ---- PostgreSQL: a list for each column, one statement whatever the number of rows.

const UNNEST: &str = "INSERT INTO event \
    (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) \
    SELECT * FROM UNNEST($1::BIGINT[], $2::BYTEA[], $3::BIGINT[], $4::TEXT[], $5::BIGINT[], \
        $6::BIGINT[], $7::TEXT[], $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::TEXT[]) \
    ON CONFLICT (site_id, id) DO NOTHING";
const UNNEST_ANSWERING: &str = "INSERT INTO event \
    (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) \
    SELECT * FROM UNNEST($1::BIGINT[], $2::BYTEA[], $3::BIGINT[], $4::TEXT[], $5::BIGINT[], \
        $6::BIGINT[], $7::TEXT[], $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::TEXT[]) \
    ON CONFLICT (site_id, id) DO NOTHING RETURNING site_id, id";

async fn unnest_answering(
    db: &mut PgConnection,
    rows: &[Row],
) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    let stored = Columns::of(rows)?.bind(sqlx::query(UNNEST_ANSWERING)).fetch_all(db).await?;
    stored.iter().map(sqlx::FromRow::from_row).collect()
}

#[derive(Default)]
struct Columns<'q> {
    numbers: [Vec<i64>; 4],
    ids: Vec<&'q [u8]>,
    texts: [Vec<&'q str>; 5],
    properties: Vec<Option<String>>,
}

impl<'q> Columns<'q> {
    fn of(rows: &'q [Row]) -> sqlx::Result<Self> {
        let mut columns = Self::default();
        for row in rows {
            let observation = row.event.action().observation();
            let numbers = [row.site.0, row.event.grant(), observation.at.0, row.day];
            for (column, number) in columns.numbers.iter_mut().zip(numbers) {
                column.push(number);
            }
            let page = &observation.page;
            let texts =
                [observation.name.as_str(), &row.page, &row.query, &page.title, &row.referrer];
            for (column, text) in columns.texts.iter_mut().zip(texts) {
                column.push(text);
            }
            columns.ids.push(observation.id.as_bytes());
            columns.properties.push(properties(row)?);
        }
        Ok(columns)
    }

    fn bind<'a>(self, statement: PgStatement<'a>) -> PgStatement<'a> {
        let [sites, grants, times, days] = self.numbers;
        let [names, pages, queries, titles, referrers] = self.texts;
        statement
            .bind(sites)
            .bind(self.ids)
            .bind(grants)
            .bind(names)
            .bind(times)
            .bind(days)
            .bind(pages)
            .bind(queries)
            .bind(titles)
            .bind(referrers)
            .bind(self.properties)
    }
}

type PgStatement<'a> = sqlx::query::Query<'a, sqlx::Postgres, sqlx::postgres::PgArguments>;
