//! Many rows in few statements: on SQLite with a place for each value, on PostgreSQL with a list for each column,
//! so that a group is one way to the server whatever its size.

use sqlx::{
    Arguments as _, AssertSqlSafe, SqlSafeStr as _, SqlStr, postgres::PgArguments,
    sqlite::SqliteArguments,
};

use super::{
    engine::{Connection, Engine},
    statement::{Value, Whole, for_sqlite},
};

/// Rows of one statement, at most: a bound on its parameters (SQLite takes 32,766).
const CHUNK: usize = 512;

/// Rows by powers of two: few statements to prepare, whatever their number.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = (1 << rest.len().checked_ilog2()?).min(CHUNK);
        let (chunk, others) = rest.split_at(size);
        rest = others;
        Some(chunk)
    })
}

/// Inserts rows into a table and its columns (`TABLE (COLUMN, …)`), and answers how many were; `after` follows
/// them.
///
/// # Errors
/// Where the database does not answer, or does not take them.
pub(super) async fn insert<const N: usize>(
    db: &mut Connection,
    into: &'static str,
    rows: &[[Value<'_>; N]],
    after: &'static str,
) -> sqlx::Result<u64> {
    let mut inserted = 0;
    match db.engine().await? {
        Engine::Sqlite(db) => {
            for chunk in chunks(rows) {
                let (text, values) = values(into, chunk, after)?;
                inserted += sqlx::query_with(text, values).execute(&mut *db).await?.rows_affected();
            }
        }
        Engine::Postgres(db) => {
            if let Some((text, lists)) = unnest(into, rows, after)? {
                inserted = sqlx::query_with(text, lists).execute(db).await?.rows_affected();
            }
        }
    }
    Ok(inserted)
}

/// The same, and what the `RETURNING` in `after` answers.
///
/// # Errors
/// Where the database does not answer, or does not take them.
pub(super) async fn insert_answering<T: Whole, const N: usize>(
    db: &mut Connection,
    into: &'static str,
    rows: &[[Value<'_>; N]],
    after: &'static str,
) -> sqlx::Result<Vec<T>> {
    let mut answered = Vec::with_capacity(rows.len());
    match db.engine().await? {
        Engine::Sqlite(db) => {
            for chunk in chunks(rows) {
                let (text, values) = values(into, chunk, after)?;
                let query = sqlx::query_as_with::<_, T, _>(text, values);
                answered.append(&mut query.fetch_all(&mut *db).await?);
            }
        }
        Engine::Postgres(db) => {
            if let Some((text, lists)) = unnest(into, rows, after)? {
                answered = sqlx::query_as_with(text, lists).fetch_all(db).await?;
            }
        }
    }
    Ok(answered)
}

/// The statement with a place for each value. The text is repeated, not written place by place: it is made anew
/// for every group.
fn values<const N: usize>(
    into: &'static str,
    rows: &[[Value<'_>; N]],
    after: &'static str,
) -> sqlx::Result<(SqlStr, SqliteArguments)> {
    let row = format!("({}), ", ["?"; N].join(", "));
    let text = row.repeat(rows.len());
    // Of texts of this program alone.
    let text = format!("INSERT INTO {into} VALUES {} {after}", text.trim_end_matches(", "));
    Ok((AssertSqlSafe(text).into_sql_str(), for_sqlite(rows.as_flattened().iter())?))
}

/// The statement with a list for each column; nothing where there are no rows.
fn unnest<const N: usize>(
    into: &'static str,
    rows: &[[Value<'_>; N]],
    after: &'static str,
) -> sqlx::Result<Option<(SqlStr, PgArguments)>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut lists = PgArguments::default();
    let mut places = String::new();
    for (column, kind) in first.iter().enumerate() {
        let own = rows.iter().map(|row| &row[column]);
        let kind = match kind {
            Value::Number(_) => {
                add(&mut lists, own.map(number).collect::<Option<Vec<_>>>())?;
                "BIGINT"
            }
            Value::Text(_) => {
                add(&mut lists, own.map(text).collect::<Option<Vec<_>>>())?;
                "TEXT"
            }
            Value::Bytes(_) => {
                add(&mut lists, own.map(bytes).collect::<Option<Vec<_>>>())?;
                "BYTEA"
            }
        };
        let comma = if column == 0 { "" } else { ", " };
        places.push_str(&format!("{comma}${}::{kind}[]", column + 1));
    }
    // Of texts of this program alone.
    let text = format!("INSERT INTO {into} SELECT * FROM UNNEST({places}) {after}");
    Ok(Some((AssertSqlSafe(text).into_sql_str(), lists)))
}

fn add<'q, L>(lists: &mut PgArguments, list: Option<L>) -> sqlx::Result<()>
where
    L: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let mixed = || sqlx::Error::Protocol("a column of rows has values of two kinds".to_owned());
    lists.add(list.ok_or_else(mixed)?).map_err(sqlx::Error::Encode)
}

const fn number(value: &Value<'_>) -> Option<Option<i64>> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn text<'v>(value: &'v Value<'_>) -> Option<Option<&'v str>> {
    if let Value::Text(text) = value { Some(text.as_deref()) } else { None }
}

fn bytes<'v>(value: &'v Value<'_>) -> Option<Option<&'v [u8]>> {
    if let Value::Bytes(bytes) = value { Some(bytes.as_deref()) } else { None }
}
