//! Accounts of the back office, what each may where, and the links that set a password.
//!
//! An account's address is in no index. Passwords are here as Argon2id texts, tokens of links as SHA-256.

pub mod gone;
pub mod people;
pub mod told;

use std::collections::BTreeMap;

use consent_core::time::{DAY, Millis, SECOND};

use super::{
    Connection, SiteId,
    locks::{self, Lock},
    statement::{Row, sql},
};

/// What somebody is on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// Runs it all.
    Owner,
    /// Runs the site for the owner.
    Administrator,
    /// Reads figures; sees leads masked.
    Marketer,
    /// Answers for people's data.
    PrivacyOfficer,
    /// Checks that all is in order, and sees nobody's data.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::Administrator, Self::Marketer, Self::PrivacyOfficer, Self::Auditor];

    /// Its name in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Administrator => "administrator",
            Self::Marketer => "marketer",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Auditor => "auditor",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// The id of an account's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// An account. Its `Debug` says nothing of whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its row.
    pub id: AccountId,
    /// Its address, in small letters.
    pub email: String,
    /// Its password as an Argon2id text; none before one is set.
    pub password: Option<String>,
    /// What it is on every site that it has no other role on.
    pub everywhere: Option<Role>,
    /// When it was made.
    pub created_at: Millis,
    /// Whether it may not log in any more.
    pub disabled: bool,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

const ACCOUNT: &str =
    "SELECT id, email, password, everywhere, created_at, disabled_at FROM account";

fn account(row: &Row) -> Account {
    Account {
        id: AccountId(row.get(0)),
        email: row.get(1),
        password: row.get(2),
        everywhere: row.get::<Option<String>>(3).and_then(|name| Role::of(&name)),
        created_at: Millis(row.get(4)),
        disabled: row.get::<Option<i64>>(5).is_some(),
    }
}

/// Every account that is not deleted, in the order of their making.
///
/// # Errors
/// Where the database does not answer.
pub async fn all(db: &mut Connection) -> sqlx::Result<Vec<Account>> {
    let mut all = sql(ACCOUNT);
    all.push(" WHERE email <> '' ORDER BY id");
    Ok(all.rows(db).await?.iter().map(account).collect())
}

/// The account of that address, in small letters.
///
/// # Errors
/// Where the database does not answer.
pub async fn by_email(db: &mut Connection, email: &str) -> sqlx::Result<Option<Account>> {
    let mut one = sql(ACCOUNT);
    one.push(" WHERE email = ").push_bind(email);
    Ok(one.row(db).await?.as_ref().map(account))
}

/// The account of that row.
///
/// # Errors
/// Where the database does not answer.
pub async fn by_id(db: &mut Connection, id: AccountId) -> sqlx::Result<Option<Account>> {
    let mut one = sql(ACCOUNT);
    one.push(" WHERE id = ").push_bind(id.0);
    Ok(one.row(db).await?.as_ref().map(account))
}

const ANY: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM account";

/// Whether there is any account.
///
/// # Errors
/// Where the database does not answer.
pub async fn any(db: &mut Connection) -> sqlx::Result<bool> {
    Ok(sql(ANY).one::<i64>(db).await? > 0)
}

const INSERT: &str = "INSERT INTO account (id, email, everywhere, created_at) \
    SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3 FROM account RETURNING id";
const EVERYWHERE: &str = "UPDATE account SET everywhere = $2 WHERE id = $1";
const ROLE: &str = "INSERT INTO account_role (site_id, account_id, role) VALUES ($1, $2, $3) \
    ON CONFLICT (site_id, account_id) DO UPDATE SET role = excluded.role";

/// Gives an address a role on a site, or on all of them, and an account where it has none.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(
    db: &mut Connection,
    email: &str,
    site: Option<SiteId>,
    role: Role,
    now: Millis,
) -> sqlx::Result<Account> {
    locks::take(db, Lock::Accounts).await?;
    let everywhere = site.is_none().then(|| role.as_str());
    let id = match by_email(db, email).await? {
        Some(account) => {
            if everywhere.is_some() {
                sql(EVERYWHERE).bind(account.id.0).bind(everywhere).execute(db).await?;
            }
            account.id
        }
        None => AccountId(sql(INSERT).bind(email).bind(everywhere).bind(now.0).one(db).await?),
    };
    if let Some(site) = site {
        sql(ROLE).bind(site.0).bind(id.0).bind(role.as_str()).execute(db).await?;
    }
    by_id(db, id).await?.ok_or(sqlx::Error::RowNotFound)
}

const PASSWORD: &str = "UPDATE account SET password = $2 WHERE id = $1";

/// Sets an account's password.
///
/// # Errors
/// Where the database does not answer.
pub async fn set_password(
    db: &mut Connection,
    account: AccountId,
    password: &str,
) -> sqlx::Result<()> {
    sql(PASSWORD).bind(account.0).bind(password).execute(db).await?;
    Ok(())
}

const DISABLE: &str = "UPDATE account SET disabled_at = $2 WHERE id = $1";
const NO_LINKS: &str = "DELETE FROM account_link WHERE account_id = $1";
const NO_STEPS: &str = "DELETE FROM account_waiting WHERE account_id = $1";

/// Lets nobody log in by that account any more; its links are gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn disable(db: &mut Connection, account: AccountId, now: Millis) -> sqlx::Result<()> {
    sql(DISABLE).bind(account.0).bind(now.0).execute(db).await?;
    sql(NO_LINKS).bind(account.0).execute(db).await?;
    sql(NO_STEPS).bind(account.0).execute(db).await?;
    Ok(())
}

/// Lets an account log in again.
///
/// # Errors
/// Where the database does not answer.
pub async fn enable(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(DISABLE).bind(account.0).bind(None::<i64>).execute(db).await?;
    Ok(())
}

const ROLES: &str = "SELECT site_id, role FROM account_role WHERE account_id = $1";

/// What an account is, by site, where that is not what it is everywhere.
///
/// # Errors
/// Where the database does not answer.
pub async fn roles(
    db: &mut Connection,
    account: AccountId,
) -> sqlx::Result<BTreeMap<SiteId, Role>> {
    let rows: Vec<(i64, String)> = sql(ROLES).bind(account.0).all(db).await?;
    Ok(rows.into_iter().filter_map(|(site, role)| Some((SiteId(site), Role::of(&role)?))).collect())
}

/// How long the link of a known account waits to be used.
pub const LINK_TIME: i64 = DAY;
/// The same of the first owner's, who stands before the machine.
pub const FIRST_LINK: i64 = 3_600 * SECOND;

const OLD_LINKS: &str = "DELETE FROM account_link WHERE expires <= $1";
const LINK: &str = "INSERT INTO account_link (hash, account_id, expires) VALUES ($1, $2, $3)";

/// Keeps a link: of an account, whose earlier ones are gone with that, or of the first owner.
///
/// # Errors
/// Where the database does not answer.
pub async fn add_link(
    db: &mut Connection,
    hash: &[u8; 32],
    account: Option<AccountId>,
    now: Millis,
) -> sqlx::Result<()> {
    sql(OLD_LINKS).bind(now.0).execute(db).await?;
    if let Some(account) = account {
        sql(NO_LINKS).bind(account.0).execute(db).await?;
    }
    let expires = now.plus(if account.is_some() { LINK_TIME } else { FIRST_LINK });
    let account = account.map(|account| account.0);
    sql(LINK).bind(hash).bind(account).bind(expires.0).execute(db).await?;
    Ok(())
}

/// Whose a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// An account's.
    Account(Account),
    /// Whoever stands before a database that has no account yet.
    First,
}

const FIND_LINK: &str = "SELECT account_id FROM account_link WHERE hash = $1 AND expires > $2";

/// Whose link that is; nobody's where it was used, has expired, or its account may not log in.
///
/// # Errors
/// Where the database does not answer.
pub async fn link(
    db: &mut Connection,
    hash: &[u8; 32],
    now: Millis,
) -> sqlx::Result<Option<Bearer>> {
    let found: Option<(Option<i64>,)> = sql(FIND_LINK).bind(hash).bind(now.0).first(db).await?;
    Ok(match found {
        None => None,
        Some((None,)) => (!any(db).await?).then_some(Bearer::First),
        Some((Some(id),)) => {
            let account = by_id(db, AccountId(id)).await?;
            account.filter(|account| !account.disabled).map(Bearer::Account)
        }
    })
}

const USE_LINK: &str = "DELETE FROM account_link WHERE hash = $1 AND expires > $2";

/// Uses a link up; whether it was there to be used.
///
/// # Errors
/// Where the database does not answer.
pub async fn use_link(db: &mut Connection, hash: &[u8; 32], now: Millis) -> sqlx::Result<bool> {
    Ok(sql(USE_LINK).bind(hash).bind(now.0).execute(db).await? == 1)
}
