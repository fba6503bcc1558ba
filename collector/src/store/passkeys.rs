//! Passkeys of accounts: public keys, so that the table opens nothing; and challenges that were answered.

use consent_core::time::Millis;

use super::{Connection, accounts::AccountId, statement::sql};

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The id that its authenticator gave it.
    pub id: Vec<u8>,
    /// Whose it is.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// Its public key (COSE).
    pub key: Vec<u8>,
    /// The authenticator's counter when it was shown last.
    pub counter: i64,
    /// Whether it may be on several machines.
    pub backup_eligible: bool,
    /// When it was made.
    pub made_at: Millis,
    /// When somebody logged in by it last.
    pub used_at: Option<Millis>,
}

const PASSKEY: &str = "SELECT id, account_id, name, key, counter, backup_eligible, made_at, used_at \
    FROM account_passkey WHERE ";

type Row = (Vec<u8>, i64, String, Vec<u8>, i64, i64, i64, Option<i64>);

fn passkey((id, account, name, key, counter, eligible, made, used): Row) -> Passkey {
    let (account, backup_eligible) = (AccountId(account), eligible != 0);
    let (made_at, used_at) = (Millis(made), used.map(Millis));
    Passkey { id, account, name, key, counter, backup_eligible, made_at, used_at }
}

/// The passkeys of an account, the oldest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn of(db: &mut Connection, account: AccountId) -> sqlx::Result<Vec<Passkey>> {
    let mut all = sql(PASSKEY).bind(account.0);
    all.push("account_id = $1 ORDER BY made_at, id");
    Ok(all.all::<Row>(db).await?.into_iter().map(passkey).collect())
}

/// The passkey of that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, id: &[u8]) -> sqlx::Result<Option<Passkey>> {
    let mut one = sql(PASSKEY).bind(id);
    one.push("id = $1");
    Ok(one.first::<Row>(db).await?.map(passkey))
}

const ADD: &str = "INSERT INTO account_passkey \
    (id, account_id, name, key, counter, backup_eligible, made_at, used_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT (id) DO NOTHING";

/// Keeps a passkey; false where there is one of its id, whoever's.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(db: &mut Connection, passkey: &Passkey) -> sqlx::Result<bool> {
    let Passkey { id, account, name, key, counter, backup_eligible, made_at, .. } = passkey;
    let add = sql(ADD).bind(id.as_slice()).bind(account.0).bind(name).bind(key.as_slice());
    let add = add.bind(*counter).bind(i64::from(*backup_eligible)).bind(made_at.0);
    Ok(add.execute(db).await? == 1)
}

const USE: &str = "UPDATE account_passkey SET counter = $2, used_at = $3 \
    WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))";

/// Notes that a passkey was shown; false where its counter has not grown, though it counts (Web Authentication, Level 3,
/// section 6.1.1).
///
/// # Errors
/// Where the database does not answer.
pub async fn use_it(
    db: &mut Connection,
    id: &[u8],
    counter: u32,
    now: Millis,
) -> sqlx::Result<bool> {
    let done = sql(USE).bind(id).bind(i64::from(counter)).bind(now.0).execute(db).await?;
    Ok(done == 1)
}

const REMOVE: &str = "DELETE FROM account_passkey WHERE account_id = $1 AND id = $2";

/// Forgets a passkey of an account; whether there was one.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove(db: &mut Connection, account: AccountId, id: &[u8]) -> sqlx::Result<bool> {
    Ok(sql(REMOVE).bind(account.0).bind(id).execute(db).await? == 1)
}

const REMOVE_ALL: &str = "DELETE FROM account_passkey WHERE account_id = $1";

/// Forgets every passkey of an account.
///
/// # Errors
/// Where the database does not answer.
pub async fn remove_all(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(REMOVE_ALL).bind(account.0).execute(db).await?;
    Ok(())
}

const OVER: &str = "DELETE FROM account_answered WHERE expires <= $1";
const ANSWER: &str =
    "INSERT INTO account_answered (hash, expires) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";

/// Takes a challenge's answer, once: false where it was answered before. `expires`: when it is over by itself.
///
/// # Errors
/// Where the database does not answer.
pub async fn answer(
    db: &mut Connection,
    hash: &[u8; 32],
    expires: Millis,
    now: Millis,
) -> sqlx::Result<bool> {
    sql(OVER).bind(now.0).execute(db).await?;
    Ok(sql(ANSWER).bind(hash).bind(expires.0).execute(db).await? == 1)
}
