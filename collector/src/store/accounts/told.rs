//! What is done with accounts, in the trails of the sites that it is about: those that the account may see.

use super::{AccountId, Role, by_id, roles};
use crate::store::{
    Connection, SiteId,
    audit::{self, Entry},
    sites,
};

/// The sites on which an account has a role, in the order of their rows.
///
/// # Errors
/// Where the database does not answer.
pub async fn sites_of(
    db: &mut Connection,
    account: AccountId,
) -> sqlx::Result<Vec<(SiteId, Role)>> {
    let everywhere = by_id(db, account).await?.and_then(|account| account.everywhere);
    let own = roles(db, account).await?;
    let all = sites::ids(db).await?;
    let role = |site: SiteId| own.get(&site).copied().or(everywhere).map(|role| (site, role));
    Ok(all.into_iter().filter_map(role).collect())
}

/// Tells the trails of those sites, in their order: last in the caller's transaction.
///
/// # Errors
/// Where the database does not answer.
pub async fn tell(db: &mut Connection, sites: &[SiteId], entry: &Entry) -> sqlx::Result<()> {
    let mut sites = sites.to_vec();
    sites.sort_unstable();
    sites.dedup();
    for site in sites {
        audit::append(db, site, entry).await?;
    }
    Ok(())
}

/// The same of every site on which the account has a role.
///
/// # Errors
/// Where the database does not answer.
pub async fn tell_of(db: &mut Connection, account: AccountId, entry: &Entry) -> sqlx::Result<()> {
    let sites: Vec<_> = sites_of(db, account).await?.into_iter().map(|(site, _)| site).collect();
    tell(db, &sites, entry).await
}
