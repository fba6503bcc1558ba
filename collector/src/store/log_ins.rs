//! Who is logged in, who logged in when, and how long the next try has to wait.

pub mod told;

use consent_core::time::{DAY, Millis, SECOND};

use super::{Connection, accounts::AccountId, statement::sql};

const HOUR: i64 = 3_600 * SECOND;
/// A browser is logged out that was not used for so long.
pub const IDLE: i64 = 2 * HOUR;
/// A browser is logged out so long after its log-in, however busy.
pub const WHOLE: i64 = 12 * HOUR;
/// How exactly it is known when a browser was used last.
const EXACT: i64 = 60 * SECOND;
/// How long log-ins are remembered.
const REMEMBERED: i64 = 180 * DAY;
/// How long failures are held against an address after the last.
const FORGIVEN: i64 = DAY;

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of its token.
    pub hash: Vec<u8>,
    /// Its account.
    pub account: AccountId,
    /// Of its pages; empty: as the browser asks.
    pub language: String,
    /// What browser it is.
    pub agent: String,
    /// Since when.
    pub begun_at: Millis,
    /// When it was used last, to the minute.
    pub seen_at: Millis,
}

impl Session {
    /// Whether its last use is to be written down.
    #[must_use]
    pub fn is_stale(&self, now: Millis) -> bool {
        now.0 - self.seen_at.0 >= EXACT
    }
}

const SESSION: &str =
    "SELECT hash, account_id, language, agent, begun_at, seen_at FROM account_session WHERE ";
const ALIVE: &str = " AND seen_at > $2 AND begun_at > $3";

type Row = (Vec<u8>, i64, String, String, i64, i64);

fn session((hash, account, language, agent, begun, seen): Row) -> Session {
    let (account, begun_at, seen_at) = (AccountId(account), Millis(begun), Millis(seen));
    Session { hash, account, language, agent, begun_at, seen_at }
}

/// The session of that token's hash, as long as it holds.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, hash: &[u8], now: Millis) -> sqlx::Result<Option<Session>> {
    let mut find = sql(SESSION).bind(hash).bind(now.0 - IDLE).bind(now.0 - WHOLE);
    find.push("hash = $1").push(ALIVE);
    Ok(find.first::<Row>(db).await?.map(session))
}

/// Every session of an account that holds, the one used last first.
///
/// # Errors
/// Where the database does not answer.
pub async fn of(
    db: &mut Connection,
    account: AccountId,
    now: Millis,
) -> sqlx::Result<Vec<Session>> {
    let mut all = sql(SESSION).bind(account.0).bind(now.0 - IDLE).bind(now.0 - WHOLE);
    all.push("account_id = $1").push(ALIVE).push(" ORDER BY seen_at DESC, hash LIMIT 50");
    Ok(all.all::<Row>(db).await?.into_iter().map(session).collect())
}

const ENDED: &str = "DELETE FROM account_session WHERE seen_at <= $1 OR begun_at <= $2";
const BEGIN: &str = "INSERT INTO account_session \
    (hash, account_id, language, agent, begun_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6)";

/// Begins a session; those that have ended by themselves are gone with that.
///
/// # Errors
/// Where the database does not answer.
pub async fn begin(db: &mut Connection, session: &Session) -> sqlx::Result<()> {
    let Session { hash, account, language, agent, begun_at, seen_at } = session;
    sql(ENDED).bind(seen_at.0 - IDLE).bind(seen_at.0 - WHOLE).execute(db).await?;
    let begin = sql(BEGIN).bind(hash.as_slice()).bind(account.0).bind(language).bind(agent);
    begin.bind(begun_at.0).bind(seen_at.0).execute(db).await?;
    Ok(())
}

const SEEN: &str = "UPDATE account_session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2";

/// Notes that a session was used.
///
/// # Errors
/// Where the database does not answer.
pub async fn seen(db: &mut Connection, hash: &[u8], now: Millis) -> sqlx::Result<()> {
    sql(SEEN).bind(hash).bind(now.0).execute(db).await?;
    Ok(())
}

const SPEAK: &str = "UPDATE account_session SET language = $2 WHERE hash = $1";

/// Sets the language of a session's pages.
///
/// # Errors
/// Where the database does not answer.
pub async fn speak(db: &mut Connection, hash: &[u8], language: &str) -> sqlx::Result<()> {
    sql(SPEAK).bind(hash).bind(language).execute(db).await?;
    Ok(())
}

const END: &str = "DELETE FROM account_session WHERE hash = $1 AND account_id = $2";

/// Ends a session of an account.
///
/// # Errors
/// Where the database does not answer.
pub async fn end(db: &mut Connection, hash: &[u8], account: AccountId) -> sqlx::Result<()> {
    sql(END).bind(hash).bind(account.0).execute(db).await?;
    Ok(())
}

const END_ALL: &str = "DELETE FROM account_session WHERE account_id = $1";

/// Ends every session of an account.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_all(db: &mut Connection, account: AccountId) -> sqlx::Result<()> {
    sql(END_ALL).bind(account.0).execute(db).await?;
    Ok(())
}

const END_OTHERS: &str = "DELETE FROM account_session WHERE account_id = $1 AND hash <> $2";

/// Ends every session of an account but one.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_others(db: &mut Connection, account: AccountId, hash: &[u8]) -> sqlx::Result<()> {
    sql(END_OTHERS).bind(account.0).bind(hash).execute(db).await.map(drop)
}

/// How a log-in went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By a link, which set a password.
    Link,
    /// By its password.
    Password,
    /// Not at all: the password was wrong.
    Refused,
    /// The password was changed.
    Changed,
    /// Not yet: the password was right, and nothing was shown beside it so far.
    Waits,
    /// Not at all: the password was right, and what was shown beside it wrong.
    Code,
    /// By its password and an app's code.
    Totp,
    /// By its password and a recovery code.
    Recovery,
    /// By a passkey.
    Passkey,
    /// By its password and a passkey.
    SecondPasskey,
    /// Not at all: a passkey was shown that was not taken.
    NoPasskey,
    /// By an OpenID Connect provider.
    Provider,
}

impl Outcome {
    const ALL: [Self; 12] = [
        Self::Link,
        Self::Password,
        Self::Refused,
        Self::Changed,
        Self::Waits,
        Self::Code,
        Self::Totp,
        Self::Recovery,
        Self::Passkey,
        Self::SecondPasskey,
        Self::NoPasskey,
        Self::Provider,
    ];

    /// Whether nobody got in by it.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Refused | Self::Waits | Self::Code | Self::NoPasskey)
    }

    /// In a word.
    fn how(self) -> &'static str {
        match self.parts() {
            (name, "") => name,
            (_, way) => way,
        }
    }

    /// As the columns `outcome` and `way` have it.
    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Link => ("link", ""),
            Self::Password => ("password", ""),
            Self::Refused => ("refused", ""),
            Self::Changed => ("changed", ""),
            Self::Waits => ("refused", "waits"),
            Self::Code => ("refused", "code"),
            Self::Totp => ("password", "totp"),
            Self::Recovery => ("password", "recovery"),
            Self::Passkey => ("password", "passkey"),
            Self::SecondPasskey => ("password", "second_passkey"),
            Self::NoPasskey => ("refused", "passkey"),
            Self::Provider => ("password", "provider"),
        }
    }
}

const NOTE: &str = "INSERT INTO account_log_in (id, account_id, at, outcome, way, agent) \
    VALUES ($1, $2, $3, $4, $5, $6)";
const FORGET: &str = "DELETE FROM account_log_in WHERE account_id = $1 AND at < $2";

/// Notes how a log-in went, under an id that nobody else has.
///
/// # Errors
/// Where the database does not answer.
pub async fn note(
    db: &mut Connection,
    id: &[u8; 16],
    account: AccountId,
    (outcome, agent): (Outcome, &str),
    now: Millis,
) -> sqlx::Result<()> {
    sql(FORGET).bind(account.0).bind(now.0 - REMEMBERED).execute(db).await?;
    let note = sql(NOTE).bind(id).bind(account.0).bind(now.0);
    let (name, way) = outcome.parts();
    note.bind(name).bind(way).bind(agent).execute(db).await?;
    told::tell(db, id, account, outcome, now).await
}

const LET_IN: &str = "UPDATE account_log_in SET outcome = $2, way = $3 WHERE id = $1 \
    RETURNING account_id, at";

/// Notes that a try which was noted as refused was none: how it went on.
///
/// # Errors
/// Where the database does not answer.
pub async fn let_in(db: &mut Connection, id: &[u8; 16], outcome: Outcome) -> sqlx::Result<()> {
    let (name, way) = outcome.parts();
    let noted = sql(LET_IN).bind(id).bind(name).bind(way).first::<(i64, i64)>(db).await?;
    match noted.filter(|_| !outcome.is_refusal()) {
        Some((account, at)) => {
            told::let_in(db, id, (AccountId(account), outcome, Millis(at))).await
        }
        None => Ok(()),
    }
}

const UNDO: &str = "DELETE FROM account_log_in WHERE id = $1";

/// Takes back the note of a try that was no log-in: somebody who is logged in has shown their password.
///
/// # Errors
/// Where the database does not answer.
pub async fn undo(db: &mut Connection, id: &[u8; 16]) -> sqlx::Result<()> {
    sql(UNDO).bind(id).execute(db).await?;
    told::undo(db, id).await
}

const HISTORY: &str = "SELECT at, outcome, way, agent FROM account_log_in WHERE account_id = $1 \
    ORDER BY at DESC, id LIMIT 20";

/// The newest log-ins of an account: when, how it went, by what browser.
///
/// # Errors
/// Where the database does not answer.
pub async fn history(
    db: &mut Connection,
    account: AccountId,
) -> sqlx::Result<Vec<(Millis, Outcome, String)>> {
    let rows: Vec<(i64, String, String, String)> = sql(HISTORY).bind(account.0).all(db).await?;
    let outcome = |name: &str, way: &str| {
        Outcome::ALL.into_iter().find(|outcome| outcome.parts() == (name, way))
    };
    let known = rows
        .into_iter()
        .filter_map(|(at, name, way, agent)| Some((Millis(at), outcome(&name, &way)?, agent)));
    Ok(known.collect())
}

const FAILED: &str = "SELECT failures, until FROM account_delay WHERE digest = $1";

/// How often it has failed under that digest, and until when nobody is let in.
///
/// # Errors
/// Where the database does not answer.
pub async fn failures(db: &mut Connection, digest: &[u8; 32]) -> sqlx::Result<(i64, Millis)> {
    let row: Option<(i64, i64)> = sql(FAILED).bind(digest).first(db).await?;
    Ok(row.map_or((0, Millis(0)), |(failures, until)| (failures, Millis(until))))
}

const FORGIVE_OLD: &str = "DELETE FROM account_delay WHERE until <= $1";
const FAIL: &str = "INSERT INTO account_delay (digest, failures, until) VALUES ($1, 1, $2) \
    ON CONFLICT (digest) DO UPDATE SET failures = account_delay.failures + 1, \
    until = CASE WHEN account_delay.until > $2 THEN account_delay.until ELSE $2 END";

/// Counts a try before it is judged, so that several at once do not share one wait.
///
/// # Errors
/// Where the database does not answer.
pub async fn fail(
    db: &mut Connection,
    digest: &[u8; 32],
    until: Millis,
    now: Millis,
) -> sqlx::Result<()> {
    sql(FORGIVE_OLD).bind(now.0 - FORGIVEN).execute(db).await?;
    sql(FAIL).bind(digest).bind(until.0).execute(db).await?;
    Ok(())
}

const UNCOUNT_ONLY: &str = "DELETE FROM account_delay WHERE digest = $1 AND failures <= 1";
const UNCOUNT: &str =
    "UPDATE account_delay SET failures = failures - 1, until = $2 WHERE digest = $1";

/// Counts one try less, with nobody let in until then.
///
/// # Errors
/// Where the database does not answer.
pub async fn uncount(db: &mut Connection, digest: &[u8; 32], until: Millis) -> sqlx::Result<()> {
    sql(UNCOUNT_ONLY).bind(digest).execute(db).await?;
    sql(UNCOUNT).bind(digest).bind(until.0).execute(db).await?;
    Ok(())
}

const FORGIVE: &str = "DELETE FROM account_delay WHERE digest = $1";

/// Forgets failures.
///
/// # Errors
/// Where the database does not answer.
pub async fn forgive(db: &mut Connection, digest: &[u8; 32]) -> sqlx::Result<()> {
    sql(FORGIVE).bind(digest).execute(db).await?;
    Ok(())
}
