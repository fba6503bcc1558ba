//! Leads of every origin, as the back office lists them: by where they came from, on what ground, and whether they may be
//! used.

use super::{LOCKED, NEWEST, OFFSET, Stored, USABLE, all, select};
use crate::store::{Connection, SiteId, reports::Holding};

/// Which leads; what is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// A name of [`consent_core::lead::Origin`].
    pub origin: String,
    /// A name of [`consent_core::lead::Ground`].
    pub ground: String,
    /// Whether their persons may be contacted.
    pub usable: Option<bool>,
}

/// Those leads, the newest first; one more than `limit` says that there are more. Of a locked one that came by no form
/// nothing is to be opened.
///
/// # Errors
/// Where the database does not answer.
pub async fn listed(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    which: &Which,
    (limit, offset): (u32, u32),
) -> sqlx::Result<Vec<Stored>> {
    let mut leads = select(site, holding);
    if !which.origin.is_empty() {
        leads.push(" AND lead.origin = ").push_bind(which.origin.clone());
    }
    if !which.ground.is_empty() {
        leads.push(" AND lead.ground = ").push_bind(which.ground.clone());
    }
    match which.usable {
        Some(true) => drop(leads.push(USABLE)),
        Some(false) => drop(leads.push(LOCKED)),
        None => {}
    }
    leads.push(NEWEST).push_bind(i64::from(limit) + 1);
    leads.push(OFFSET).push_bind(i64::from(offset));
    all(db, site, leads).await
}
