//! Who accounts are at an OpenID Connect provider, and which log-ins by it were used.

use consent_core::time::Millis;

use super::{Connection, accounts::AccountId, statement::sql};

const FIND: &str = "SELECT account_id FROM account_identity WHERE issuer = $1 AND subject = $2";

/// Whose that subject is.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    issuer: &str,
    subject: &str,
) -> sqlx::Result<Option<AccountId>> {
    let found: Option<(i64,)> = sql(FIND).bind(issuer).bind(subject).first(db).await?;
    Ok(found.map(|(id,)| AccountId(id)))
}

const BIND: &str = "INSERT INTO account_identity (issuer, subject, account_id, bound_at) \
    VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

/// Binds a subject to an account; whether that was done. It is not where either is bound at that issuer already.
///
/// # Errors
/// Where the database does not answer.
pub async fn bind(
    db: &mut Connection,
    (issuer, subject): (&str, &str),
    account: AccountId,
    now: Millis,
) -> sqlx::Result<bool> {
    let bind = sql(BIND).bind(issuer).bind(subject).bind(account.0).bind(now.0);
    Ok(bind.execute(db).await? == 1)
}

const UNBIND: &str = "DELETE FROM account_identity WHERE account_id = $1";

/// Forgets who an account is at any provider; how many there were.
///
/// # Errors
/// Where the database does not answer.
pub async fn unbind(db: &mut Connection, account: AccountId) -> sqlx::Result<u64> {
    sql(UNBIND).bind(account.0).execute(db).await
}

const EXPIRED: &str = "DELETE FROM account_sign_on WHERE expires <= $1";
const USE: &str =
    "INSERT INTO account_sign_on (hash, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Uses a log-in up; whether it was there to be used.
///
/// # Errors
/// Where the database does not answer.
pub async fn use_up(
    db: &mut Connection,
    hash: &[u8; 32],
    expires: Millis,
    now: Millis,
) -> sqlx::Result<bool> {
    sql(EXPIRED).bind(now.0).execute(db).await?;
    Ok(sql(USE).bind(hash).bind(expires.0).execute(db).await? == 1)
}
