//! Log-ins in the audit trail of every site that the account may see. One that fails is told a little later, by a task of
//! the collector: what a try writes does not depend on how many sites there are.

use consent_core::time::{Millis, SECOND};
use serde_json::json;

use super::Outcome;
use crate::store::{
    Connection,
    accounts::{AccountId, told},
    audit::{Actor, Entry},
    sixteen,
    statement::sql,
};

/// How long it may take to judge a try: a call has no longer. What is not let in by then was refused.
const JUDGED: i64 = 15 * SECOND;

const REFUSED: &str = "INSERT INTO account_refused (id, account_id, at) VALUES ($1, $2, $3)";

/// Tells of a log-in, or keeps a failed one to be told.
pub(super) async fn tell(
    db: &mut Connection,
    id: &[u8; 16],
    account: AccountId,
    outcome: Outcome,
    now: Millis,
) -> sqlx::Result<()> {
    if outcome.is_refusal() {
        return sql(REFUSED).bind(id).bind(account.0).bind(now.0).execute(db).await.map(drop);
    }
    // It is told as what it is (`account.password`), and nobody has come in by it who was not in.
    if outcome == Outcome::Changed {
        return Ok(());
    }
    told::tell_of(db, account, &entry(account, outcome, now)).await
}

fn entry(account: AccountId, outcome: Outcome, at: Millis) -> Entry {
    let id = account.0.to_string();
    // Who failed has not shown to be that account.
    let by = match outcome.is_refusal() {
        true => Actor::Job("log_in"),
        false => Actor::Account(id.clone()),
    };
    let details = json!({ "how": outcome.how() });
    Entry { at, by, action: "account.log_in", object: ("account", id), details }
}

const TAKE: &str = "DELETE FROM account_refused WHERE id = $1 RETURNING account_id, at";

/// Tells that a try was let in.
pub(super) async fn let_in(
    db: &mut Connection,
    id: &[u8; 16],
    (account, outcome, at): (AccountId, Outcome, Millis),
) -> sqlx::Result<()> {
    undo(db, id).await?;
    told::tell_of(db, account, &entry(account, outcome, at)).await
}

/// Forgets a try that is not to be told as one that failed.
pub(super) async fn undo(db: &mut Connection, id: &[u8; 16]) -> sqlx::Result<()> {
    sql(TAKE).bind(id).first::<(i64, i64)>(db).await.map(drop)
}

const WAITING: &str = "SELECT id FROM account_refused r WHERE at <= $1 AND NOT EXISTS ( \
    SELECT 1 FROM account_waiting w WHERE w.log_in_id = r.id AND w.expires > $2) ORDER BY at, id LIMIT 100";

/// Tells of tries that failed, but for those whose second step may come still, each in a transaction of its own; how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn refused(db: &mut Connection, now: Millis) -> sqlx::Result<usize> {
    let waiting: Vec<(Vec<u8>,)> = sql(WAITING).bind(now.0 - JUDGED).bind(now.0).all(db).await?;
    let n = waiting.len();
    for (id,) in waiting {
        let id = sixteen(id, "id")?;
        let mut tx = db.begin().await?;
        // Of two collectors one takes it.
        if let Some((account, at)) = sql(TAKE).bind(&id).first::<(i64, i64)>(&mut tx).await? {
            let account = AccountId(account);
            let entry = entry(account, Outcome::Refused, Millis(at));
            told::tell_of(&mut tx, account, &entry).await?;
        }
        tx.commit().await?;
    }
    Ok(n)
}
