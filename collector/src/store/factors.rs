//! What an account shows beside its password: an authenticator app, passkeys ([`passkeys`]), and codes for whoever has
//! lost them. Secrets are here sealed, codes as keyed hashes.

use consent_core::time::{Millis, SECOND};

use super::{Connection, accounts::AccountId, passkeys, statement::sql};

/// An account's authenticator app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
    /// When it was set up.
    pub made_at: Millis,
    /// Since when its codes are asked for; none before a first code has shown that it is set up.
    pub confirmed_at: Option<Millis>,
}

const APP: &str = "SELECT secret, made_at, confirmed_at FROM account_totp WHERE account_id = $1";

/// The app of an account, confirmed or not.
///
/// # Errors
/// Where the database does not answer.
pub async fn app(db: &mut Connection, account: AccountId) -> sqlx::Result<Option<App>> {
    let row: Option<(Vec<u8>, i64, Option<i64>)> = sql(APP).bind(account.0).first(db).await?;
    Ok(row.map(|(sealed, made, confirmed)| App {
        sealed,
        made_at: Millis(made),
        confirmed_at: confirmed.map(Millis),
    }))
}

const SET_UP: &str = "INSERT INTO account_totp (account_id, secret, made_at, confirmed_at, step) \
    VALUES ($1, $2, $3, NULL, 0) ON CONFLICT (account_id) DO UPDATE \
    SET secret = excluded.secret, made_at = excluded.made_at WHERE account_totp.confirmed_at IS NULL";

/// Keeps the secret of an app that is being set up, in the place of one that was never confirmed. One that counts
/// stays.
///
/// # Errors
/// Where the database does not answer.
pub async fn set_up(
    db: &mut Connection,
    account: AccountId,
    sealed: &[u8],
    now: Millis,
) -> sqlx::Result<()> {
    sql(SET_UP).bind(account.0).bind(sealed).bind(now.0).execute(db).await?;
    Ok(())
}

const CONFIRM: &str = "UPDATE account_totp SET confirmed_at = $2, step = $3 \
    WHERE account_id = $1 AND confirmed_at IS NULL";

/// Has an app count, whose code of that step was shown; false where it does already, or is none.
///
/// # Errors
/// Where the database does not answer.
pub async fn confirm(
    db: &mut Connection,
    account: AccountId,
    step: i64,
    now: Millis,
) -> sqlx::Result<bool> {
    Ok(sql(CONFIRM).bind(account.0).bind(now.0).bind(step).execute(db).await? == 1)
}

const TAKE_STEP: &str = "UPDATE account_totp SET step = $2 \
    WHERE account_id = $1 AND confirmed_at IS NOT NULL AND step < $2";

/// Takes the code of that step, once: false where it, or a later one, was taken before.
///
/// # Errors
/// Where the database does not answer.
pub async fn take_step(db: &mut Connection, account: AccountId, step: i64) -> sqlx::Result<bool> {
    Ok(sql(TAKE_STEP).bind(account.0).bind(step).execute(db).await? == 1)
}

const REMOVE_APP: &str = "DELETE FROM account_totp WHERE account_id = $1";

/// Forgets an account's app.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove_app(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(REMOVE_APP).bind(account.0).execute(db).await?;
    Ok(())
}

const COUNTS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM \
    (SELECT account_id FROM account_totp WHERE account_id = $1 AND confirmed_at IS NOT NULL \
    UNION ALL SELECT account_id FROM account_passkey WHERE account_id = $1) AS factor";

/// Whether an account is asked for something beside its password.
///
/// # Errors
/// Where the database does not answer.
pub async fn has_second(db: &mut Connection, account: AccountId) -> sqlx::Result<bool> {
    Ok(sql(COUNTS).bind(account.0).one::<i64>(db).await? > 0)
}

const NO_CODES: &str = "DELETE FROM account_recovery WHERE account_id = $1";
const CODE: &str = "INSERT INTO account_recovery (account_id, digest) VALUES ($1, $2)";

/// Keeps an account's recovery codes; those of before are worth nothing any more.
///
/// # Errors
/// Where the database does not answer.
pub async fn set_codes(
    db: &mut Connection,
    account: AccountId,
    digests: &[[u8; 32]],
) -> sqlx::Result<()> {
    sql(NO_CODES).bind(account.0).execute(db).await?;
    for digest in digests {
        sql(CODE).bind(account.0).bind(digest).execute(db).await?;
    }
    Ok(())
}

const CODES: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM account_recovery WHERE account_id = $1";

/// How many recovery codes are left.
///
/// # Errors
/// Where the database does not answer.
pub async fn codes(db: &mut Connection, account: AccountId) -> sqlx::Result<i64> {
    sql(CODES).bind(account.0).one(db).await
}

const USE_CODE: &str = "DELETE FROM account_recovery WHERE account_id = $1 AND digest = $2";

/// Uses a recovery code up; whether it was there to be used.
///
/// # Errors
/// Where the database does not answer.
pub async fn use_code(
    db: &mut Connection,
    account: AccountId,
    digest: &[u8; 32],
) -> sqlx::Result<bool> {
    Ok(sql(USE_CODE).bind(account.0).bind(digest).execute(db).await? == 1)
}

/// Forgets whatever an account shows beside its password.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    remove_app(db, account).await?;
    passkeys::remove_all(db, account).await?;
    set_codes(db, account, &[]).await?;
    end_waiting_of(db, account).await
}

/// How long a log-in waits for what is shown beside the password.
pub const WAIT: i64 = 600 * SECOND;

/// A log-in whose password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose it is.
    pub account: AccountId,
    /// Its row in the history.
    pub log_in: [u8; 16],
}

const OVER: &str = "DELETE FROM account_waiting WHERE expires <= $1";
const BEGIN_WAITING: &str = "INSERT INTO account_waiting (hash, account_id, log_in_id, expires) \
    VALUES ($1, $2, $3, $4)";

/// Has a log-in wait under the hash of its token.
///
/// # Errors
/// Where the database does not answer.
pub async fn wait(
    db: &mut Connection,
    hash: &[u8; 32],
    waiting: Waiting,
    now: Millis,
) -> sqlx::Result<()> {
    sql(OVER).bind(now.0).execute(db).await?;
    let begin = sql(BEGIN_WAITING).bind(hash).bind(waiting.account.0).bind(&waiting.log_in);
    begin.bind(now.0 + WAIT).execute(db).await?;
    Ok(())
}

const WAITING: &str =
    "SELECT account_id, log_in_id FROM account_waiting WHERE hash = $1 AND expires > $2";

/// The log-in that waits under that hash, as long as it does.
///
/// # Errors
/// Where the database does not answer.
pub async fn waiting(
    db: &mut Connection,
    hash: &[u8; 32],
    now: Millis,
) -> sqlx::Result<Option<Waiting>> {
    let row: Option<(i64, Vec<u8>)> = sql(WAITING).bind(hash).bind(now.0).first(db).await?;
    let found = row.map(|(account, log_in)| {
        let log_in = super::sixteen(log_in, "log_in_id")?;
        Ok(Waiting { account: AccountId(account), log_in })
    });
    found.transpose()
}

const END_WAITING: &str = "DELETE FROM account_waiting WHERE hash = $1";

/// Ends the waiting under that hash; whether it did wait.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_waiting(db: &mut Connection, hash: &[u8; 32]) -> sqlx::Result<bool> {
    Ok(sql(END_WAITING).bind(hash).execute(db).await? == 1)
}

const END_WAITING_OF: &str = "DELETE FROM account_waiting WHERE account_id = $1";

/// Ends every log-in of an account that waits.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_waiting_of(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(END_WAITING_OF).bind(account.0).execute(db).await?;
    Ok(())
}
