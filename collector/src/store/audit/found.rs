//! What is looked for in a trail, the newest first.

use consent_core::time::Millis;

use super::{Recorded, recorded};
use crate::store::{Connection, SiteId, statement::sql};

/// What is looked for; what is empty narrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// An action, or the noun that several begin with.
    pub action: String,
    /// The id of what it was done to.
    pub object: String,
    /// The kind of who did it.
    pub actor_kind: String,
    /// Who did it.
    pub actor: String,
    /// From that time on.
    pub since: Millis,
    /// Before that time.
    pub until: Millis,
}

const NEWEST: &str = "SELECT seq, at, actor_kind, actor, action, object_kind, object, details, leaf \
    FROM audit WHERE site_id = $1 AND seq < $2 AND at >= $3 AND at < $4 \
    AND ($5 = '' OR action = $5 OR substr(action, 1, length($5) + 1) = $5 || '.') \
    AND ($6 = '' OR object = $6) AND ($7 = '' OR actor_kind = $7) AND ($8 = '' OR actor = $8) \
    ORDER BY seq DESC LIMIT $9";

/// Entries before the place `before`, the newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn newest(
    db: &mut Connection,
    site: SiteId,
    wanted: &Wanted,
    (before, limit): (i64, i64),
) -> sqlx::Result<Vec<Recorded>> {
    let newest = sql(NEWEST).bind(site.0).bind(before).bind(wanted.since.0).bind(wanted.until.0);
    let newest = newest.bind(&wanted.action).bind(&wanted.object).bind(&wanted.actor_kind);
    newest.bind(&wanted.actor).bind(limit).rows(db).await?.iter().map(recorded).collect()
}

const VERIFIED: &str = "SELECT seq, at, actor_kind, actor, action, object_kind, object, details, leaf \
    FROM audit WHERE site_id = $1 AND action = 'audit.verify' ORDER BY seq DESC LIMIT 1";

/// The entry of the last verification.
///
/// # Errors
/// Where the database does not answer.
pub async fn verified(db: &mut Connection, site: SiteId) -> sqlx::Result<Option<Recorded>> {
    sql(VERIFIED).bind(site.0).row(db).await?.as_ref().map(recorded).transpose()
}
