//! Counts without anybody in them.

use consent_core::{
    gate::Refusal,
    ids::{PurposeKey, ServiceKey},
    time::{Millis, SECOND},
};

use super::{Connection, SiteId, statement::sql};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A browser fetched what asks.
    Asked,
    /// A first decision.
    Decided,
    /// A switch ([`switch`]) granted by a first decision.
    Granted,
}

impl Kind {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Decided => "decided",
            Self::Granted => "granted",
        }
    }
}

/// The name of a switch: `PURPOSE/SERVICE`, or `PURPOSE` where it has no service.
#[must_use]
pub fn switch(purpose: &PurposeKey, service: Option<&ServiceKey>) -> String {
    service.map_or_else(|| purpose.to_string(), |service| format!("{purpose}/{service}"))
}

const ADD: &str = "INSERT INTO tally (site_id, day, kind, detail, n) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (site_id, day, kind, detail) DO UPDATE SET n = tally.n + excluded.n";

/// Adds `n` to a count. `day` is in the site's time zone.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(
    db: &mut Connection,
    site: SiteId,
    day: i64,
    (kind, detail): (Kind, &str),
    n: i64,
) -> sqlx::Result<()> {
    sql(ADD).bind(site.0).bind(day).bind(kind.as_str()).bind(detail).bind(n).execute(db).await?;
    Ok(())
}

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The consent, or the event itself, did not allow it.
    Event(Refusal),
    /// A bot asked for a session.
    Bot,
}

impl Reason {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event(refusal) => refusal.as_str(),
            Self::Bot => "bot",
        }
    }
}

const REFUSE: &str = "INSERT INTO refusal (site_id, hour, reason, event, n) \
    VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (site_id, hour, reason, event) DO UPDATE SET n = refusal.n + excluded.n";

/// Adds `n` refusals. `event` is a name that the site's configuration has, or nothing: what a
/// client made up is not kept.
///
/// # Errors
/// Where the database does not answer.
pub async fn refuse(
    db: &mut Connection,
    site: SiteId,
    now: Millis,
    (reason, event): (Reason, &str),
    n: i64,
) -> sqlx::Result<()> {
    sql(REFUSE)
        .bind(site.0)
        .bind(now.0.div_euclid(3_600 * SECOND))
        .bind(reason.as_str())
        .bind(event)
        .bind(n)
        .execute(db)
        .await?;
    Ok(())
}
