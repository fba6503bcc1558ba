//! Statements in one text for both engines, and the rows that they answer.
//!
//! Placeholders are `$1`, `$2`, …; types are TEXT, BIGINT and bytes only. A number that a statement makes
//! (`COUNT`, `CASE`, `SUM`) is a BIGINT on both, by CAST where PostgreSQL would say otherwise.

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use sqlx::{
    Arguments as _, AssertSqlSafe, Decode, FromRow, Postgres, Row as _, SqlSafeStr as _, SqlStr,
    Sqlite, Type,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

use super::engine::{Connection, Engine};

/// A value of a statement's placeholder.
#[derive(Clone, Debug)]
pub enum Value<'q> {
    /// A BIGINT.
    Number(Option<i64>),
    /// A TEXT.
    Text(Option<Cow<'q, str>>),
    /// Bytes.
    Bytes(Option<Cow<'q, [u8]>>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(text: &'q str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(text: &'q String) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl<'q> From<Option<&'q str>> for Value<'q> {
    fn from(text: Option<&'q str>) -> Self {
        Self::Text(text.map(Cow::from))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::from))
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(bytes: &'q [u8]) -> Self {
        Self::Bytes(Some(bytes.into()))
    }
}

impl<'q, const N: usize> From<&'q [u8; N]> for Value<'q> {
    fn from(bytes: &'q [u8; N]) -> Self {
        Self::Bytes(Some(bytes.as_slice().into()))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes.into()))
    }
}

impl From<Option<Vec<u8>>> for Value<'_> {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        Self::Bytes(bytes.map(Cow::from))
    }
}

/// What a column may be read as, on either engine.
pub trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

/// A row whose columns are read one by one.
#[derive(Debug)]
pub struct Row(Of);

enum Of {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(Of::Sqlite(row))
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(Of::Postgres(row))
    }
}

impl std::fmt::Debug for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is stored is not to be seen in a log.
        f.write_str("…")
    }
}

impl Row {
    /// The column at that place, from 0.
    ///
    /// # Panics
    /// Where it is not of that type, or there is none: the statement and its reader stand side by side.
    #[must_use]
    pub fn get<T: Column>(&self, place: usize) -> T {
        match &self.0 {
            Of::Sqlite(row) => row.get(place),
            Of::Postgres(row) => row.get(place),
        }
    }

    /// The column at that place, where somebody may have written anything into it.
    ///
    /// # Errors
    /// Where it is not of that type.
    pub fn try_get<T: Column>(&self, place: usize) -> sqlx::Result<T> {
        match &self.0 {
            Of::Sqlite(row) => row.try_get(place),
            Of::Postgres(row) => row.try_get(place),
        }
    }
}

/// A whole row as a tuple.
pub trait Whole:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Whole for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// Stands for the place of a value in a text that is put together: `?` on SQLite, which looks numbered places
/// up one by one and takes the square of their number in time; `$1`, `$2`, … on PostgreSQL.
const PLACE: char = '\u{1}';

/// Values as SQLite's thread takes them: each is its own, and a text that is shared at once is copied once.
pub(super) fn for_sqlite<'v, 'q: 'v>(
    values: impl ExactSizeIterator<Item = &'v Value<'q>>,
) -> sqlx::Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text.as_deref().map(Arc::<str>::from)),
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn for_postgres(values: &[Value<'_>]) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Runs a statement on whichever engine the connection is of: sqlx's types differ, what is done does not.
macro_rules! run {
    ($statement:ident, $db:ident, $query:ident, $fetch:ident, $then:expr) => {
        match $db.engine().await? {
            Engine::Sqlite(db) => {
                let (text, values) = $statement.for_sqlite()?;
                sqlx::$query(text, values).$fetch(db).await.map($then)
            }
            Engine::Postgres(db) => {
                let (text, values) = $statement.for_postgres()?;
                sqlx::$query(text, values).$fetch(db).await.map($then)
            }
        }
    };
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Statement<'q> {
    text: Cow<'static, str>,
    values: Vec<Value<'q>>,
    /// How many values its text had a place for before places were added.
    fixed: usize,
}

/// A statement of that text.
#[must_use]
pub fn sql<'q>(text: &'static str) -> Statement<'q> {
    Statement { text: text.into(), values: Vec::new(), fixed: 0 }
}

impl<'q> Statement<'q> {
    /// Gives the next placeholder its value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self.fixed += 1;
        self
    }

    /// Adds to the text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a placeholder and its value, after all those of [`Statement::bind`].
    pub fn push_bind(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        self.values.push(value.into());
        self.text.to_mut().push(PLACE);
        self
    }

    /// Adds a list of placeholders, with commas between them.
    pub fn push_list<V: Into<Value<'q>>>(&mut self, values: impl IntoIterator<Item = V>) {
        let mut comma = "";
        for value in values {
            self.push(comma).push_bind(value);
            comma = ", ";
        }
    }

    /// The same, with the last one again and again up to a power of two: few statements to prepare, whatever the number.
    pub fn push_filled<V: Into<Value<'q>> + Clone>(
        &mut self,
        values: impl ExactSizeIterator<Item = V> + Clone,
    ) {
        let missing = values.len().next_power_of_two() - values.len();
        let last = values.clone().last().into_iter().cycle().take(missing);
        self.push_list(values.chain(last));
    }

    /// The text with its places as `place` writes them, by their numbers.
    fn text(&self, place: impl Fn(&mut String, usize)) -> SqlStr {
        match &self.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(marked) => {
                let mut text = String::with_capacity(marked.len() + 8 * self.values.len());
                for (number, part) in marked.split(PLACE).enumerate() {
                    if number > 0 {
                        place(&mut text, self.fixed + number);
                    }
                    text.push_str(part);
                }
                // Only texts of this program were added; what comes from outside is a value.
                AssertSqlSafe(text).into_sql_str()
            }
        }
    }

    /// The same, asking SQLite how it would go about it.
    #[cfg(test)]
    pub(super) fn explained(mut self) -> Self {
        self.text.to_mut().insert_str(0, "EXPLAIN QUERY PLAN ");
        self
    }

    fn for_sqlite(self) -> sqlx::Result<(SqlStr, SqliteArguments)> {
        let fixed = self.fixed;
        let text = self.text(|text, number| match fixed {
            0 => text.push('?'),
            // Beside numbered places one without a number would begin to count anew.
            _ => {
                // Writing to a string does not fail.
                let _ = write!(text, "?{number}");
            }
        });
        Ok((text, for_sqlite(self.values.iter())?))
    }

    fn for_postgres(self) -> sqlx::Result<(SqlStr, PgArguments)> {
        let text = self.text(|text, number| {
            // Writing to a string does not fail.
            let _ = write!(text, "${number}");
        });
        Ok((text, for_postgres(&self.values)?))
    }

    /// Runs it; how many rows it changed.
    ///
    /// # Errors
    /// Where the database does not answer, or does not take it.
    pub async fn execute(self, db: &mut Connection) -> sqlx::Result<u64> {
        run!(self, db, query_with, execute, |done| done.rows_affected())
    }

    /// All rows, column by column.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn rows(self, db: &mut Connection) -> sqlx::Result<Vec<Row>> {
        run!(self, db, query_with, fetch_all, |rows| rows.into_iter().map(Row::from).collect())
    }

    /// Its text where nothing was bound to it, as a part of another one.
    pub(super) fn plain(&self) -> &str {
        &self.text
    }

    /// The first row, column by column.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn row(self, db: &mut Connection) -> sqlx::Result<Option<Row>> {
        run!(self, db, query_with, fetch_optional, |row| row.map(Row::from))
    }

    /// All rows as tuples.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn all<T: Whole>(self, db: &mut Connection) -> sqlx::Result<Vec<T>> {
        run!(self, db, query_as_with, fetch_all, |rows| rows)
    }

    /// The first row as a tuple.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn first<T: Whole>(self, db: &mut Connection) -> sqlx::Result<Option<T>> {
        run!(self, db, query_as_with, fetch_optional, |row| row)
    }

    /// The only column of the only row.
    ///
    /// # Errors
    /// Where the database does not answer, or there is no row.
    pub async fn one<T: Column + Send + Unpin>(self, db: &mut Connection) -> sqlx::Result<T>
    where
        (T,): Whole,
    {
        self.first::<(T,)>(db).await?.map(|(value,)| value).ok_or(sqlx::Error::RowNotFound)
    }
}
