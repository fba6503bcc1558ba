//! The months of the table of events, on PostgreSQL. A month can be dropped at once when all of it is to be
//! forgotten; SQLite has one table for all of them.
//!
//! An event's month is that of its id, which is a `UUIDv7` (RFC 9562, section 5.7): its first 48 bits are the
//! time. So the id alone keeps it from counting twice, whichever month it lies in.

use consent_core::time::Millis;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Connection,
    engine::Engine,
    locks::{self, Lock},
};

/// Months that are there before the first event of them comes.
const AHEAD: i64 = 2;

const EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";

/// Makes the partitions of this month, the one before it and the next ones, where they are missing.
///
/// # Errors
/// Where the database does not answer.
pub async fn ahead(db: &mut Connection, now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Partitions).await?;
    if let Engine::Postgres(db) = tx.engine().await? {
        for month in Month::around(now) {
            make(db, month).await?;
        }
    }
    tx.commit().await
}

/// A month of UTC, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month(Date);

impl Month {
    fn around(now: Millis) -> impl Iterator<Item = Self> {
        let today =
            Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let first = today.first_of_month();
        (-1..=AHEAD).map(move |months| Self(first.saturating_add(Span::new().months(months))))
    }

    fn name(self) -> String {
        format!("event_{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// The smallest id of the month, as PostgreSQL writes bytes.
    fn bound(self) -> String {
        let start =
            self.0.to_zoned(TimeZone::UTC).map_or(0, |day| day.timestamp().as_millisecond());
        format!("'\\x{start:012x}{:020}'", 0)
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(Span::new().months(1)))
    }
}

/// Makes a month. What has come of it before lies where everything lies that has no month, and moves.
async fn make(db: &mut PgConnection, month: Month) -> sqlx::Result<()> {
    let (name, from, to) = (month.name(), month.bound(), month.next().bound());
    if sqlx::query_scalar(EXISTS).bind(&name).fetch_one(&mut *db).await? {
        return Ok(());
    }
    let statements = format!(
        "CREATE TABLE {name} (LIKE event INCLUDING ALL); \
         WITH moved AS (DELETE FROM event_other WHERE id >= {from} AND id < {to} RETURNING *) \
         INSERT INTO {name} SELECT * FROM moved; \
         ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to});"
    );
    // Made of numbers alone.
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(db).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_by_the_time_in_their_ids() {
        let months: Vec<_> = Month::around(Millis(1_798_761_600_000)).collect();
        let names: Vec<_> = months.iter().map(|month| month.name()).collect();
        assert_eq!(names, ["event_2026_12", "event_2027_01", "event_2027_02", "event_2027_03"]);
        assert_eq!(months[1].bound(), "'\\x01a2ce8bd40000000000000000000000'");
        assert_eq!(months[0].next(), months[1]);
    }
}
