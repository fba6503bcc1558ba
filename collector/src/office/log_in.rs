//! Logging in: by a link, once, and then by address and password, and by what [`super::second`] asks for beside it.
//!
//! An address without an account, one whose account is disabled and a wrong password are answered alike, after as
//! much work, and are held against the address alike. That there is a second step learns who knows the password.

use consent_core::time::Millis;

use super::{delay, desk::Desk, hash, password, second, token};
use crate::{
    keys::{self, Keys, KeysError},
    store::{
        Connection,
        accounts::{self, Account, AccountId, Bearer, Role},
        factors,
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
    /// A second factor cannot be read.
    #[error(transparent)]
    Factor(#[from] keys::factors::FactorError),
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogIn {
    /// A session has begun; its token.
    In(String),
    /// The password is right, and something is to be shown beside it; the token by which the log-in waits.
    Second(String),
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

/// What became of a password that was shown.
pub(super) enum Judged {
    /// It is the account's; the row of the try in its history. It is held against the address until it is forgiven.
    Right(Account, [u8; 16]),
    /// It is not.
    Wrong,
    /// So many milliseconds are to be waited.
    Wait(i64),
}

/// Whether address and password belong together.
pub(super) async fn judge(
    desk: &Desk,
    keys: &Keys,
    (email, given): (&str, String),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Judged, Failure> {
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    if let Some(ms) = held_back(&mut tx, &keys.log_in_digest(email), now).await? {
        tx.rollback().await?;
        db.keep();
        return Ok(Judged::Wait(ms));
    }
    let account = accounts::by_email(&mut tx, email).await?;
    let tried = keys::random()?;
    if let Some(account) = &account {
        // Written here, so that a refusal writes nothing more than it does where there is no account.
        let how = (Outcome::Refused, browser.agent);
        log_ins::note(&mut tx, &tried, account.id, how, now).await?;
    }
    tx.commit().await?;
    db.keep();

    let able = account.as_ref().filter(|account| !account.disabled);
    let kept = able.and_then(|account| account.password.clone());
    let is_it = password::verify(given, kept).await?;
    let right = account.filter(|_| is_it).map(|account| Judged::Right(account, tried));
    Ok(right.unwrap_or(Judged::Wrong))
}

/// Whether an account is as it was when its password was read: working on that takes a while, and what was changed
/// meanwhile counts.
pub(super) async fn still(db: &mut Connection, judged: &Account) -> sqlx::Result<bool> {
    let account = accounts::by_id(db, judged.id).await?;
    Ok(account.is_some_and(|account| !account.disabled && account.password == judged.password))
}

/// Counts a try before it is judged: who tries many at once has one try. The wait in milliseconds where it comes too
/// early.
pub(super) async fn held_back(
    db: &mut Connection,
    digest: &[u8; 32],
    now: Millis,
) -> Result<Option<i64>, Failure> {
    let (failures, until) = log_ins::failures(db, digest).await?;
    if until > now {
        return Ok(Some(until.0 - now.0));
    }
    log_ins::fail(db, digest, now.plus(delay::after(failures + 1)), now).await?;
    Ok(None)
}

/// Takes back that a try of that moment was counted, and no other: what failed before stays held against the address,
/// and whoever was counted since waits.
pub(super) async fn uncount(
    db: &mut Connection,
    digest: &[u8; 32],
    tried: Millis,
) -> Result<(), Failure> {
    let (failures, until) = log_ins::failures(db, digest).await?;
    let is_last = until == tried.plus(delay::after(failures));
    Ok(log_ins::uncount(db, digest, if is_last { tried } else { until }).await?)
}

/// Logs in by address and password, as far as that goes.
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
    let (account, tried) = match judge(desk, keys, (email, given), browser, now).await? {
        Judged::Right(account, tried) => (account, tried),
        Judged::Wrong => return Ok(LogIn::Refused),
        Judged::Wait(ms) => return Ok(LogIn::Wait(ms)),
    };
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    if !still(&mut tx, &account).await? {
        tx.rollback().await?;
        db.keep();
        return Ok(LogIn::Refused);
    }
    let done = if factors::has_second(&mut tx, account.id).await? {
        // Not forgiven yet: the password alone wins no new tries of what stands beside it.
        log_ins::let_in(&mut tx, &tried, Outcome::Waits).await?;
        LogIn::Second(second::wait(&mut tx, account.id, tried, now).await?)
    } else {
        log_ins::forgive(&mut tx, &keys.log_in_digest(email)).await?;
        log_ins::let_in(&mut tx, &tried, Outcome::Password).await?;
        LogIn::In(begin(&mut tx, account.id, browser, now).await?)
    };
    tx.commit().await?;
    db.keep();
    Ok(done)
}

/// Sets the password of a link's account, makes the first owner's where it is that, and logs in as far as a password
/// does; every session of before ends. Nothing where the link is not good any more.
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
) -> Result<Option<LogIn>, Failure> {
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
    factors::end_waiting_of(&mut tx, account.id).await?;
    log_ins::forgive(&mut tx, &keys.log_in_digest(&account.email)).await?;
    // Whoever reads somebody's mail gets no further by a link than by a password.
    let done = if factors::has_second(&mut tx, account.id).await? {
        let tried = note(&mut tx, account.id, Outcome::Waits, browser, now).await?;
        LogIn::Second(second::wait(&mut tx, account.id, tried, now).await?)
    } else {
        note(&mut tx, account.id, Outcome::Link, browser, now).await?;
        LogIn::In(begin(&mut tx, account.id, browser, now).await?)
    };
    tx.commit().await?;
    db.keep();
    Ok(Some(done))
}

/// Writes a row of an account's history, and answers its id.
pub(super) async fn note(
    db: &mut Connection,
    account: AccountId,
    outcome: Outcome,
    browser: Browser<'_>,
    now: Millis,
) -> Result<[u8; 16], Failure> {
    let id = keys::random()?;
    log_ins::note(db, &id, account, (outcome, browser.agent), now).await?;
    Ok(id)
}

/// Begins a session, and answers its token.
pub(super) async fn begin(
    db: &mut Connection,
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
