//! What was decided, by how and where: for the page that shows it.

use consent_core::time::Millis;

use super::{Connection, SiteId, statement::sql, tallies::Kind};

/// Decisions of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// `accept_all`, `reject_all`, `custom`, `withdraw`, `gpc`.
    pub method: String,
    /// The language of what asked.
    pub language: String,
    /// The banner's version.
    pub banner: String,
    /// The kind of device ([`crate::device::Device::as_str`]).
    pub device: String,
    /// How many.
    pub n: i64,
}

const DECIDED: &str = "SELECT method, language, banner, device, CAST(COUNT(*) AS BIGINT) FROM decision \
    WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 \
    GROUP BY method, language, banner, device ORDER BY method, language, banner, device LIMIT 4000";

/// The decisions recorded from the first moment to before the last.
///
/// # Errors
/// Where the database does not answer.
pub async fn by_method(
    db: &mut Connection,
    site: SiteId,
    (from, before): (Millis, Millis),
) -> sqlx::Result<Vec<Decided>> {
    let rows: Vec<(String, String, String, String, i64)> =
        sql(DECIDED).bind(site.0).bind(from.0).bind(before.0).all(db).await?;
    let decided =
        |(method, language, banner, device, n)| Decided { method, language, banner, device, n };
    Ok(rows.into_iter().map(decided).collect())
}

const WITHDRAWN: &str = "SELECT recorded_at / 900000, CAST(COUNT(*) AS BIGINT) FROM decision \
    WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at < $3 AND method = 'withdraw' \
    GROUP BY recorded_at / 900000";

/// When how many withdrew, to the quarter of an hour: the moment it began, and the number.
///
/// # Errors
/// Where the database does not answer.
pub async fn withdrawn(
    db: &mut Connection,
    site: SiteId,
    (from, before): (Millis, Millis),
) -> sqlx::Result<Vec<(Millis, i64)>> {
    let rows: Vec<(i64, i64)> =
        sql(WITHDRAWN).bind(site.0).bind(from.0).bind(before.0).all(db).await?;
    Ok(rows.into_iter().map(|(quarter, n)| (Millis(quarter * 900_000), n)).collect())
}

const DAYS: &str = "SELECT day, kind, CAST(SUM(n) AS BIGINT) FROM tally \
    WHERE site_id = $1 AND day >= $2 AND day <= $3 AND kind IN ('asked', 'decided') \
    GROUP BY day, kind ORDER BY day, kind";

/// How many were asked and decided, by day.
///
/// # Errors
/// Where the database does not answer.
pub async fn by_day(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
) -> sqlx::Result<Vec<(i64, (i64, i64))>> {
    let rows: Vec<(i64, String, i64)> =
        sql(DAYS).bind(site.0).bind(days.0).bind(days.1).all(db).await?;
    let mut by_day: Vec<(i64, (i64, i64))> = Vec::new();
    for (day, kind, n) in rows {
        if by_day.last().is_none_or(|(last, _)| *last != day) {
            by_day.push((day, (0, 0)));
        }
        if let Some((_, (asked, decided))) = by_day.last_mut() {
            if kind == Kind::Asked.as_str() { *asked = n } else { *decided = n }
        }
    }
    Ok(by_day)
}
