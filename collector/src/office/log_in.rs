//! Logging in: by a link, once, and then by address and password.
//!
//! An address without an account, one whose account is disabled and a wrong password are answered alike, after as
//! much work, and are held against the address alike.

use consent_core::time::Millis;

use super::{delay, desk::Desk, hash, password, token};
use crate::{
    keys::{self, Keys, KeysError},
    store::{
        accounts::{self, Account, AccountId, Bearer, Role},
        locks::{self, Lock},
        log_ins::{self, Outcome, Session},
    },
};

/// Why nobody can log in just now.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database does not answer.
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    /// No password can be worked on.
    #[error(transparent)]
    Password(#[from] password::Unworkable),
    /// The system has no random numbers.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogIn {
    /// A session has begun; its token.
    In(String),
    /// Address and password do not belong together.
    Refused,
    /// There were too many tries: the next may come in so many milliseconds.
    Wait(i64),
}

/// Who tries, as far as that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    /// [`super::agent::of`] it.
    pub agent: &'a str,
    /// The language its pages were in.
    pub language: &'a str,
}

/// Logs in by address and password.
///
/// # Errors
/// Where that cannot be judged; then nobody is in.
pub async fn by_password(
    desk: &Desk,
    keys: &Keys,
    (email, given): (&str, String),
    browser: Browser<'_>,
    now: Millis,
) -> Result<LogIn, Failure> {
    let digest = keys.log_in_digest(email);
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let (failures, until) = log_ins::failures(&mut tx, &digest).await?;
    if until > now {
        tx.rollback().await?;
        db.keep();
        return Ok(LogIn::Wait(until.0 - now.0));
    }
    // Counted before it is judged: who tries many at once has one try.
    log_ins::fail(&mut tx, &digest, now.plus(delay::after(failures + 1)), now).await?;
    let account = accounts::by_email(&mut tx, email).await?;
    let (outcome, tried) = (Outcome::Refused, keys::random()?);
    if let Some(account) = &account {
        // Written here, so that a refusal writes nothing more than it does where there is no account.
        log_ins::note(&mut tx, &tried, account.id, (outcome, browser.agent), now).await?;
    }
    tx.commit().await?;
    db.keep();

    let able = account.as_ref().filter(|account| !account.disabled);
    let kept = able.and_then(|account| account.password.clone());
    let is_it = password::verify(given, kept).await?;

    let Some(account) = account.filter(|_| is_it) else { return Ok(LogIn::Refused) };
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    log_ins::forgive(&mut tx, &digest).await?;
    log_ins::let_in(&mut tx, &tried).await?;
    let token = begin(&mut tx, account.id, browser, now).await?;
    tx.commit().await?;
    db.keep();
    Ok(LogIn::In(token))
}

/// Sets the password of a link's account, makes the first owner's where it is that, and logs in; every session of
/// before ends. Nothing where the link is not good any more.
///
/// # Errors
/// Where that cannot be done; then the link stays as it was.
pub async fn by_link(
    desk: &Desk,
    keys: &Keys,
    link: &str,
    (email, given): (&str, String),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Option<String>, Failure> {
    let kept = password::hash(given).await?;
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let bearer = accounts::link(&mut tx, &hash(link), now).await?;
    let account = match bearer {
        Some(Bearer::Account(account)) => Some(account),
        Some(Bearer::First) => Some(accounts::add(&mut tx, email, None, Role::Owner, now).await?),
        None => None,
    };
    let used = accounts::use_link(&mut tx, &hash(link), now).await?;
    let Some(account) = account.filter(|_| used) else {
        tx.rollback().await?;
        db.keep();
        return Ok(None);
    };
    accounts::set_password(&mut tx, account.id, &kept).await?;
    log_ins::end_all(&mut tx, account.id).await?;
    log_ins::forgive(&mut tx, &keys.log_in_digest(&account.email)).await?;
    note(&mut tx, account.id, Outcome::Link, browser, now).await?;
    let token = begin(&mut tx, account.id, browser, now).await?;
    tx.commit().await?;
    db.keep();
    Ok(Some(token))
}

/// Changes a password that is known, ends every other session and begins a new one; nothing where the known one
/// is wrong. Wrong ones are held against the address as at the log-in.
///
/// # Errors
/// Where that cannot be done; then the password stays as it was.
pub async fn change(
    desk: &Desk,
    keys: &Keys,
    account: &Account,
    (known, given): (String, String),
    browser: Browser<'_>,
    now: Millis,
) -> Result<LogIn, Failure> {
    match by_password(desk, keys, (&account.email, known), browser, now).await? {
        LogIn::In(_) => {}
        other => return Ok(other),
    }
    let kept = password::hash(given).await?;
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    accounts::set_password(&mut tx, account.id, &kept).await?;
    log_ins::end_all(&mut tx, account.id).await?;
    note(&mut tx, account.id, Outcome::Changed, browser, now).await?;
    let token = begin(&mut tx, account.id, browser, now).await?;
    tx.commit().await?;
    db.keep();
    Ok(LogIn::In(token))
}

pub(super) async fn note(
    db: &mut crate::store::Connection,
    account: AccountId,
    outcome: Outcome,
    browser: Browser<'_>,
    now: Millis,
) -> Result<(), Failure> {
    log_ins::note(db, &keys::random()?, account, (outcome, browser.agent), now).await?;
    Ok(())
}

pub(super) async fn begin(
    db: &mut crate::store::Connection,
    account: AccountId,
    browser: Browser<'_>,
    now: Millis,
) -> Result<String, Failure> {
    let token = token()?;
    let session = Session {
        hash: hash(&token).to_vec(),
        account,
        language: browser.language.to_owned(),
        agent: browser.agent.to_owned(),
        begun_at: now,
        seen_at: now,
    };
    log_ins::begin(db, &session).await?;
    Ok(token)
}
