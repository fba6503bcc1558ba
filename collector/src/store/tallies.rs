//! Counts without anybody in them.

use std::collections::BTreeMap;

use consent_core::ids::{PurposeKey, ServiceKey};

use super::{Connection, SiteId, rows};

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

/// How much is added to which counts: of a site, a day in its time zone, a kind, and its detail.
pub type Counts = BTreeMap<(SiteId, i64, Kind, String), i64>;

/// Adds to counts.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(db: &mut Connection, counts: &Counts) -> sqlx::Result<()> {
    // In their order, so that nobody waits for somebody who waits for them.
    let counts: Vec<_> = counts
        .iter()
        .map(|((site, day, kind, detail), n)| {
            [site.0.into(), (*day).into(), kind.as_str().into(), detail.into(), (*n).into()]
        })
        .collect();
    let more = "ON CONFLICT (site_id, day, kind, detail) DO UPDATE SET n = tally.n + excluded.n";
    rows::insert(db, "tally (site_id, day, kind, detail, n)", &counts, more).await?;
    Ok(())
}
