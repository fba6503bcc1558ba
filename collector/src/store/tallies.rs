//! Counts without anybody in them.

use consent_core::ids::{PurposeKey, ServiceKey};

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
