//! Roles that are taken away, and accounts that are deleted.
//!
//! The row of a deleted account stays without anything of whose it was: its id stands in trails, and is never given to
//! somebody else.

use consent_core::time::Millis;

use super::{AccountId, Role, all, roles};
use crate::store::{Connection, SiteId, sites, statement::sql};

const NO_ROLE: &str = "DELETE FROM account_role WHERE account_id = $1 AND site_id = $2";
const NOWHERE: &str = "UPDATE account SET everywhere = NULL WHERE id = $1";

/// Takes a role away: on a site, or the one on every site.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_role(
    db: &mut Connection,
    account: AccountId,
    site: Option<SiteId>,
) -> sqlx::Result<()> {
    match site {
        Some(site) => sql(NO_ROLE).bind(account.0).bind(site.0).execute(db).await?,
        None => sql(NOWHERE).bind(account.0).execute(db).await?,
    };
    Ok(())
}

const GONE: [&str; 11] = [
    "DELETE FROM account_session WHERE account_id = $1",
    "DELETE FROM account_link WHERE account_id = $1",
    "DELETE FROM account_role WHERE account_id = $1",
    "DELETE FROM account_waiting WHERE account_id = $1",
    "DELETE FROM account_totp WHERE account_id = $1",
    "DELETE FROM account_recovery WHERE account_id = $1",
    "DELETE FROM account_passkey WHERE account_id = $1",
    "DELETE FROM account_identity WHERE account_id = $1",
    "DELETE FROM account_draft WHERE account_id = $1",
    "DELETE FROM account_refused WHERE account_id = $1",
    "DELETE FROM account_log_in WHERE account_id = $1",
];
const EMPTY: &str = "UPDATE account SET email = '', password = NULL, everywhere = NULL, \
    disabled_at = $2 WHERE id = $1";

/// Deletes an account: address, password, everything that it logs in by, roles, sessions, log-ins.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete(db: &mut Connection, account: AccountId, now: Millis) -> sqlx::Result<()> {
    for text in GONE {
        sql(text).bind(account.0).execute(db).await?;
    }
    sql(EMPTY).bind(account.0).bind(now.0).execute(db).await.map(drop)
}

/// The sites that have an owner who may log in, and nothing for every site where somebody owns all.
///
/// # Errors
/// Where the database does not answer.
pub async fn owned(db: &mut Connection) -> sqlx::Result<Vec<Option<SiteId>>> {
    let ids = sites::ids(db).await?;
    let mut owned = Vec::new();
    for account in all(db).await? {
        if account.disabled {
            continue;
        }
        let own = roles(db, account.id).await?;
        owned.extend((account.everywhere == Some(Role::Owner)).then_some(None));
        let owns =
            |site: &SiteId| own.get(site).copied().or(account.everywhere) == Some(Role::Owner);
        owned.extend(ids.iter().copied().filter(owns).map(Some));
    }
    owned.sort_unstable();
    owned.dedup();
    Ok(owned)
}
