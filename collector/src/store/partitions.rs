//! The months of the table of events, on PostgreSQL. A month can be dropped at once when all of it is to be
//! forgotten; SQLite has one table for all of them.
//!
//! An event's month is that of its id, which is a `UUIDv7` (RFC 9562, section 5.7): its first 48 bits are the
//! time. So the id alone keeps it from counting twice, whichever month it lies in.

use std::collections::BTreeMap;

use consent_core::time::Millis;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Connection, SiteId,
    audit::{self, Actor, Entry},
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

    /// The month of a partition's name; `None` where it has none.
    fn of(name: &str) -> Option<Self> {
        let (year, month) = name.strip_prefix("event_")?.split_once('_')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().map(Self)
    }

    fn name(self) -> String {
        format!("event_{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// The smallest id of the month, as PostgreSQL writes bytes.
    fn bound(self) -> String {
        format!("'\\x{:012x}{:020}'", self.start().0, 0)
    }

    fn start(self) -> Millis {
        let start = self.0.to_zoned(TimeZone::UTC).map(|day| day.timestamp().as_millisecond());
        Millis(start.unwrap_or(0))
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

const NAMES: &str =
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass";

/// Drops the months that lie before `oldest` as a whole, and deletes what is older among the events without a
/// month. What happened since then by its own time stays, though its id was made by a clock that went wrong: it
/// is one of those without a month from now on. The sites' audit trails are told how many went.
///
/// # Errors
/// Where the database does not answer.
pub async fn drop_before(db: &mut Connection, oldest: Millis, now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let mut gone: Vec<(i64, i64)> = Vec::new();
    locks::take(&mut tx, Lock::Partitions).await?;
    if let Engine::Postgres(db) = tx.engine().await? {
        let names: Vec<String> = sqlx::query_scalar(NAMES).fetch_all(&mut *db).await?;
        let months = names.iter().filter_map(|name| Month::of(name));
        for month in months.filter(|month| month.next().start() <= oldest) {
            let name = month.name();
            let counts = format!(
                "SELECT site_id, COUNT(*) FROM {name} WHERE at < {oldest} GROUP BY site_id",
                oldest = oldest.0
            );
            // Made of numbers alone.
            let counts: Vec<(i64, i64)> =
                sqlx::query_as(AssertSqlSafe(counts)).fetch_all(&mut *db).await?;
            gone.extend(counts);
            // As store::columns::gone writes it.
            let statements = format!(
                "INSERT INTO event_gone (site_id, day, events) \
                 SELECT site_id, day, string_agg(int8send(grant_id) || int8send(at), ''::bytea) \
                 FROM {name} WHERE at < {oldest} GROUP BY site_id, day; \
                 ALTER TABLE event DETACH PARTITION {name}; \
                 INSERT INTO event SELECT * FROM {name} WHERE at >= {oldest}; \
                 DROP TABLE {name};",
                oldest = oldest.0
            );
            // Made of numbers alone.
            sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *db).await?;
        }
        let other: Vec<(i64, i64)> =
            sqlx::query_as(DELETE_OTHER).bind(oldest.0).fetch_all(&mut *db).await?;
        gone.extend(other);
    }
    let mut counts = BTreeMap::new();
    for (site, n) in gone {
        *counts.entry(site).or_insert(0) += n;
    }
    for (site, n) in counts {
        let entry = Entry {
            at: now,
            by: Actor::Job("months"),
            action: "retention.dispose",
            object: ("rule", "the longest retention of all sites".to_owned()),
            details: json!({ "kind": "events", "count": n, "until": oldest }),
        };
        audit::append(&mut tx, SiteId(site), &entry).await?;
    }
    tx.commit().await
}

const DELETE_OTHER: &str = "WITH gone AS (DELETE FROM event_other WHERE at < $1 RETURNING site_id, day, grant_id, at), \
    told AS (INSERT INTO event_gone (site_id, day, events) \
        SELECT site_id, day, string_agg(int8send(grant_id) || int8send(at), ''::bytea) FROM gone GROUP BY site_id, day) \
    SELECT site_id, COUNT(*) FROM gone GROUP BY site_id";

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
        assert_eq!(Month::of("event_2027_01"), Some(months[1]));
        for other in ["event_other", "event_2027_13", "lead_2027_01", "event_2027"] {
            assert_eq!(Month::of(other), None, "{other}");
        }
    }
}
