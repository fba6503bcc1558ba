//! Site files that are being written in the back office.

use consent_core::time::Millis;

use super::{Connection, accounts::AccountId, statement::sql};

const FIND: &str = "SELECT text FROM account_draft WHERE account_id = $1";

/// What that account is writing.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, account: AccountId) -> sqlx::Result<Option<String>> {
    let found: Option<(String,)> = sql(FIND).bind(account.0).first(db).await?;
    Ok(found.map(|(text,)| text))
}

const KEEP: &str = "INSERT INTO account_draft (account_id, text, saved_at) VALUES ($1, $2, $3) \
    ON CONFLICT (account_id) DO UPDATE SET text = excluded.text, saved_at = excluded.saved_at";

/// Keeps what that account is writing.
///
/// # Errors
/// Where the database does not answer.
pub async fn keep(
    db: &mut Connection,
    account: AccountId,
    text: &str,
    now: Millis,
) -> sqlx::Result<()> {
    sql(KEEP).bind(account.0).bind(text).bind(now.0).execute(db).await?;
    Ok(())
}

const DROP: &str = "DELETE FROM account_draft WHERE account_id = $1";

/// Forgets what that account was writing.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(DROP).bind(account.0).execute(db).await?;
    Ok(())
}
