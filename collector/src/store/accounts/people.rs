//! Who has a role on a site, as those see it who run it.

use consent_core::time::Millis;

use super::{Account, AccountId, Role, all, roles};
use crate::store::{Connection, SiteId, statement::sql};

/// Somebody with a role on a site.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// What it is there.
    pub role: Role,
    /// Whether that is of this site alone, and not of every one.
    pub own: bool,
    /// On how many other sites it has a role of its own.
    pub elsewhere: usize,
    /// When it logged in last, by itself.
    pub last: Option<Millis>,
}

const LAST: &str = "SELECT MAX(at) FROM account_log_in \
    WHERE account_id = $1 AND outcome <> 'refused' AND outcome <> 'changed'";

/// Everybody who has a role on the site, in the order in which the accounts were made.
///
/// # Errors
/// Where the database does not answer.
pub async fn of(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Person>> {
    let mut people = Vec::new();
    for account in all(db).await? {
        let own = roles(db, account.id).await?;
        let here = own.get(&site).copied();
        let Some(role) = here.or(account.everywhere) else { continue };
        let elsewhere = own.len() - usize::from(here.is_some());
        let (own, last) = (here.is_some(), last(db, account.id).await?);
        people.push(Person { account, role, own, elsewhere, last });
    }
    Ok(people)
}

async fn last(db: &mut Connection, account: AccountId) -> sqlx::Result<Option<Millis>> {
    let last: Option<(Option<i64>,)> = sql(LAST).bind(account.0).first(db).await?;
    Ok(last.and_then(|(at,)| at).map(Millis))
}
