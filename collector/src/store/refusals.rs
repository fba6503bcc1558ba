//! What was refused, by hour, without whose it was.

use consent_core::time::{Millis, SECOND};

use super::{Connection, SiteId, statement::sql};

/// The hour of a time, since 1970.
#[must_use]
pub const fn hour(at: Millis) -> i64 {
    at.0.div_euclid(3_600 * SECOND)
}

/// Refusals of one site, hour, reason and event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Hours since 1970.
    pub hour: i64,
    /// The reason's stable name.
    pub reason: String,
    /// A name that the site's configuration has, or nothing: what a client made up is not kept.
    pub event: String,
    /// How many.
    pub n: i64,
}

const ADD: &str = "INSERT INTO refusal (site_id, hour, reason, event, n) \
    VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (site_id, hour, reason, event) DO UPDATE SET n = refusal.n + excluded.n";

/// Adds refusals.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(db: &mut Connection, site: SiteId, count: &Count) -> sqlx::Result<()> {
    sql(ADD)
        .bind(site.0)
        .bind(count.hour)
        .bind(&count.reason)
        .bind(&count.event)
        .bind(count.n)
        .execute(db)
        .await?;
    Ok(())
}

const LIST: &str = "SELECT hour, reason, event, n FROM refusal \
    WHERE site_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, reason, event";

/// The refusals of a site from the first hour to before the last, in order.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(
    db: &mut Connection,
    site: SiteId,
    (from, before): (i64, i64),
) -> sqlx::Result<Vec<Count>> {
    let rows: Vec<(i64, String, String, i64)> =
        sql(LIST).bind(site.0).bind(from).bind(before).all(db).await?;
    let count = |(hour, reason, event, n)| Count { hour, reason, event, n };
    Ok(rows.into_iter().map(count).collect())
}
