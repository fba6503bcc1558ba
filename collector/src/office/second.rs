//! The second step of a log-in: a code of the app, or one of the recovery codes.
//!
//! A code counts once. Wrong ones are held against the address like wrong passwords, and nothing is forgiven before
//! both steps are done.

use consent_core::time::Millis;

use super::{
    desk::Desk,
    hash,
    log_in::{Browser, Failure, begin, held_back, note},
    recovery, token, totp,
};
use crate::{
    keys::Keys,
    store::{
        Connection,
        accounts::{self, Account, AccountId},
        factors::{self, Waiting},
        locks::{self, Lock},
        log_ins::{self, Outcome},
    },
};

/// What became of the second step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Second {
    /// A session has begun; its token, and how many recovery codes are left where one was used.
    In(String, Option<i64>),
    /// It is no code of the account, or was used before.
    Refused,
    /// There were too many tries: the next may come in so many milliseconds.
    Wait(i64),
    /// No log-in waits: it took too long, or the account changed meanwhile.
    Over,
}

/// Has a log-in wait whose password was right, and answers the token by which it does.
pub(super) async fn wait(
    db: &mut Connection,
    account: AccountId,
    log_in: [u8; 16],
    now: Millis,
) -> Result<String, Failure> {
    let token = token()?;
    factors::wait(db, &hash(&token), Waiting { account, log_in }, now).await?;
    Ok(token)
}

/// Goes on with the log-in that waits under that token, by a code.
///
/// # Errors
/// Where that cannot be judged; then nobody is in.
pub async fn by_code(
    desk: &Desk,
    keys: &Keys,
    (waiting, given): (&str, &str),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Second, Failure> {
    let mut db = desk.hold().await?;
    let mut tx = db.begin().await?;
    locks::take(&mut tx, Lock::Accounts).await?;
    let done = step(&mut tx, keys, (&hash(waiting), given), browser, now).await?;
    tx.commit().await?;
    db.keep();
    Ok(done)
}

/// The log-in that waits under that hash, and whose it is.
pub(super) async fn waiting(
    db: &mut Connection,
    hash: &[u8; 32],
    now: Millis,
) -> Result<Option<(Waiting, Account)>, Failure> {
    let Some(waiting) = factors::waiting(db, hash, now).await? else { return Ok(None) };
    let account = accounts::by_id(db, waiting.account).await?;
    Ok(account.filter(|account| !account.disabled).map(|account| (waiting, account)))
}

/// Ends the waiting, forgives what was wrong before, and begins a session; its token.
pub(super) async fn enter(
    db: &mut Connection,
    keys: &Keys,
    (hash, waiting, account): (&[u8; 32], Waiting, &Account),
    (outcome, browser): (Outcome, Browser<'_>),
    now: Millis,
) -> Result<String, Failure> {
    log_ins::forgive(db, &keys.log_in_digest(&account.email)).await?;
    log_ins::let_in(db, &waiting.log_in, outcome).await?;
    factors::end_waiting(db, hash).await?;
    begin(db, account.id, browser, now).await
}

async fn step(
    db: &mut Connection,
    keys: &Keys,
    (hash, given): (&[u8; 32], &str),
    browser: Browser<'_>,
    now: Millis,
) -> Result<Second, Failure> {
    let Some((waiting, account)) = waiting(db, hash, now).await? else {
        return Ok(Second::Over);
    };
    let digest = keys.log_in_digest(&account.email);
    if let Some(ms) = held_back(db, &digest, now).await? {
        return Ok(Second::Wait(ms));
    }
    let Some(outcome) = take(db, keys, &account, given, now).await? else {
        note(db, account.id, Outcome::Code, browser, now).await?;
        return Ok(Second::Refused);
    };
    let whose = (hash, waiting, &account);
    let token = enter(db, keys, whose, (outcome, browser), now).await?;
    let left = match outcome {
        Outcome::Recovery => Some(factors::codes(db, account.id).await?),
        _ => None,
    };
    Ok(Second::In(token, left))
}

/// Takes a code of an account, of either kind, once: which it was; nothing where it is none.
pub(super) async fn take(
    db: &mut Connection,
    keys: &Keys,
    account: &Account,
    given: &str,
    now: Millis,
) -> Result<Option<Outcome>, Failure> {
    if totp::digits(given).is_some() {
        let app = factors::app(db, account.id).await?.filter(|app| app.confirmed_at.is_some());
        let Some(app) = app else { return Ok(None) };
        let secret = keys.open_totp(account.id, &app.sealed)?;
        let Some(step) = totp::step(&secret, given, now) else { return Ok(None) };
        return Ok(factors::take_step(db, account.id, step).await?.then_some(Outcome::Totp));
    }
    let Some(code) = recovery::letters(given) else { return Ok(None) };
    let digest = keys.recovery_digest(account.id, &code);
    Ok(factors::use_code(db, account.id, &digest).await?.then_some(Outcome::Recovery))
}
