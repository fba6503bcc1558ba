//! Many rows in few statements: on SQLite with a place for each value, on PostgreSQL with a list for each column,
//! so that a group is one way to the server whatever its size.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr, postgres::PgArguments};

use super::{
    engine::{Connection, Engine},
    statement::{Statement, Value, Whole, sql},
};

/// Rows of one statement, at most: a bound on its parameters (SQLite takes 32,766).
const CHUNK: usize = 512;

/// Rows by powers of two: few statements to prepare, whatever their number.
pub(super) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = (1 << rest.len().checked_ilog2()?).min(CHUNK);
        let (chunk, others) = rest.split_at(size);
        rest = others;
        Some(chunk)
    })
}

/// Inserts rows into a table and its columns (`TABLE (COLUMN, …)`); `after` follows them.
///
/// # Errors
/// Where the database does not answer, or does not take them.
pub(super) async fn insert<const N: usize>(
    db: &mut Connection,
    into: &'static str,
    rows: &[[Value<'_>; N]],
    after: &'static str,
) -> sqlx::Result<()> {
    if let Engine::Postgres(db) = db.engine().await? {
        if let Some((text, lists)) = unnest(into, rows, after)? {
            sqlx::query_with(text, lists).execute(db).await?;
        }
        return Ok(());
    }
    for chunk in chunks(rows) {
        values(into, chunk, after).execute(db).await?;
    }
    Ok(())
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
    if let Engine::Postgres(db) = db.engine().await? {
        let Some((text, lists)) = unnest(into, rows, after)? else { return Ok(Vec::new()) };
        return sqlx::query_as_with(text, lists).fetch_all(db).await;
    }
    let mut answered = Vec::with_capacity(rows.len());
    for chunk in chunks(rows) {
        answered.extend(values(into, chunk, after).all::<T>(db).await?);
    }
    Ok(answered)
}

fn values<'q, const N: usize>(
    into: &'static str,
    rows: &[[Value<'q>; N]],
    after: &'static str,
) -> Statement<'q> {
    let mut statement = sql("INSERT INTO ");
    statement.push(into).push(" VALUES ").push_rows(rows.iter().cloned()).push(" ").push(after);
    statement
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
    use sqlx::Arguments as _;
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
