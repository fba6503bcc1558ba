//! What a visitor does by their own page beside deciding: opening it, and having everything erased.

use consent_core::{
    ids::VisitorHash,
    time::{Millis, SECOND},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    store::{
        Connection, SiteId,
        audit::{Actor, Entry},
        held, visitors,
    },
    transparency::{self, Appender},
};

/// How long what opens the page is good for, in milliseconds, either way of the collector's clock.
pub const CODE_LIFETIME: i64 = 120 * SECOND;

/// What opens a visitor's own page: a signed body, by its signature. It opens the page once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Of which site.
    pub site: SiteId,
    digest: [u8; 32],
}

impl Code {
    /// Of a body that is signed so.
    #[must_use]
    pub fn of(site: SiteId, signature: &[u8; 32]) -> Self {
        Self { site, digest: Sha256::digest(signature).into() }
    }
}

/// Uses a code up; whether it had not been used before.
///
/// # Errors
/// Where the database does not answer.
pub async fn open(db: &mut Connection, code: Code, now: Millis) -> sqlx::Result<bool> {
    // Signed by a clock that is ahead, it stays good for longer.
    let expires = now.plus(2 * CODE_LIFETIME);
    held::use_code(db, code.site, &code.digest, (now, expires)).await
}

/// Erases everything that is held about a visitor, the proofs of consent included, inside the caller's transaction:
/// grants with all that rests on them go with the decisions, and the log says of each that it was erased. Whether
/// there was anything.
///
/// # Errors
/// Where the database does not answer; then nothing is erased.
pub async fn erase(
    db: &mut Connection,
    log: &mut Appender,
    (site, visitor): (SiteId, VisitorHash),
    now: Millis,
) -> sqlx::Result<bool> {
    log.hold(db).await?;
    let found = visitors::find(db, site, &[visitor]).await?;
    let Some(found) = found.get(&visitor) else { return Ok(false) };
    for decision in held::decision_ids(db, site, found.row).await? {
        transparency::erase(db, log, (site, decision), now).await?;
    }
    held::erase_visitor(db, site, found.row).await?;
    Ok(true)
}

/// What the audit trail is told of it: that it was done, and not by whom.
#[must_use]
pub fn erased(now: Millis) -> Entry {
    let (by, object) = (Actor::Visitor, ("visitor", String::new()));
    Entry { at: now, by, action: "visitor.erase", object, details: json!({}) }
}
