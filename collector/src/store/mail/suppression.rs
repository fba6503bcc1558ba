//! Who has said stop, and who was asked to confirm not long ago.

use consent_core::time::{DAY, Millis};

use super::Address;
use crate::store::{Connection, SiteId, statement::sql};

const INSERT: &str = "INSERT INTO mail_suppression (site_id, address, since, how) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (site_id, address) DO NOTHING";

/// Records that a person has said stop; false where they had.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    how: &'static str,
    now: Millis,
) -> sqlx::Result<bool> {
    let insert = sql(INSERT).bind(site.0).bind(address).bind(now.0).bind(how);
    Ok(insert.execute(db).await? > 0)
}

const DELETE: &str = "DELETE FROM mail_suppression WHERE site_id = $1 AND address = $2";

/// Takes it back; false where there is none.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete(db: &mut Connection, site: SiteId, address: &Address) -> sqlx::Result<bool> {
    Ok(sql(DELETE).bind(site.0).bind(address).execute(db).await? > 0)
}

const TAKEN_BACK: &str =
    "INSERT INTO mail_unsuppressed (site_id, address, at, reason) VALUES ($1, $2, $3, $4)";

/// Takes it back by hand, and writes down why; false where there is none. No ground comes back with it.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_back(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    reason: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    if !delete(db, site, address).await? {
        return Ok(false);
    }
    let kept = sql(TAKEN_BACK).bind(site.0).bind(address).bind(now.0).bind(reason);
    kept.execute(db).await?;
    Ok(true)
}

const FIND: &str = "SELECT since FROM mail_suppression WHERE site_id = $1 AND address = $2";

/// Since when a person wants nothing any more.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
) -> sqlx::Result<Option<Millis>> {
    let found: Option<(i64,)> = sql(FIND).bind(site.0).bind(address).first(db).await?;
    Ok(found.map(|(since,)| Millis(since)))
}

/// Thirty days.
const MONTH: i64 = 30 * DAY;

// One row decides: of two forms at once one gets it.
const MAY_ASK: &str = "INSERT INTO mail_cooldown (site_id, address, last_at, sent, since) \
    VALUES ($1, $2, $3, 1, $3) ON CONFLICT (site_id, address) DO UPDATE SET last_at = $3, \
    sent = CASE WHEN mail_cooldown.since <= $5 THEN 1 ELSE mail_cooldown.sent + 1 END, \
    since = CASE WHEN mail_cooldown.since <= $5 THEN $3 ELSE mail_cooldown.since END \
    WHERE mail_cooldown.last_at <= $4 AND (mail_cooldown.sent < $6 OR mail_cooldown.since <= $5)";

/// Whether an address may be sent a mail now that asks to confirm: not a second one in so many milliseconds, nor more
/// than so many in thirty days, however often it is written into a form. A yes counts.
///
/// # Errors
/// Where the database does not answer.
pub async fn may_ask(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    (pause, most): (i64, i64),
    now: Millis,
) -> sqlx::Result<bool> {
    let ask = sql(MAY_ASK).bind(site.0).bind(address).bind(now.0);
    let ask = ask.bind(now.plus(-pause).0).bind(now.plus(-MONTH).0).bind(most);
    Ok(ask.execute(db).await? > 0)
}

const COOLED: &str = "DELETE FROM mail_cooldown WHERE site_id = $1 AND last_at <= $2";

/// Forgets who was asked more than thirty days ago.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget_cooled(db: &mut Connection, site: SiteId, now: Millis) -> sqlx::Result<()> {
    sql(COOLED).bind(site.0).bind(now.plus(-MONTH).0).execute(db).await.map(drop)
}
