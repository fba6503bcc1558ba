//! Mail that waits to be sent. Who sends takes one under a lease, looks again right before it is handed to the mail
//! server, and says what became of it; a collector that dies in between leaves it to the next.

use consent_core::{ids::LeadId, time::Millis};

use super::{Address, OptInId, digest};
use crate::store::{Connection, SiteId, sixteen, statement::sql};

const INSERT: &str = "INSERT INTO mail_outbox \
    (site_id, id, lead_id, field, digest, created_at, state, due_at, attempts, lease_until, handed_until, reason) \
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $6, 0, 0, 0, '')";

/// Puts a mail there that asks to confirm an opt-in, to the address in that field of the lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    id: &OptInId,
    lead: LeadId,
    (field, address): (&str, &[u8; 32]),
    now: Millis,
) -> sqlx::Result<()> {
    let insert = sql(INSERT).bind(site.0).bind(id).bind(lead.as_bytes()).bind(field);
    insert.bind(address).bind(now.0).execute(db).await.map(drop)
}

/// A mail that one collector works at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The site's row.
    pub site: SiteId,
    /// The opt-in.
    pub id: OptInId,
    /// Its lead.
    pub lead: LeadId,
    /// The lead's field that has the address.
    pub field: String,
    /// The address, as [`crate::store::leads::read::of_person`] finds it.
    pub digest: [u8; 32],
    /// How often it has been tried, this time included.
    pub attempts: i64,
    /// Until when it is this collector's.
    pub lease: Millis,
}

const DUE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM mail_outbox \
    WHERE site_id = $1 AND state = 'waiting' AND due_at <= $2 AND lease_until <= $2 LIMIT 1) AS due";

/// Whether there is something to send.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_due(db: &mut Connection, site: SiteId, now: Millis) -> sqlx::Result<bool> {
    Ok(sql(DUE).bind(site.0).bind(now.0).one::<i64>(db).await? > 0)
}

// Of two collectors the second waits here for the first, and finds the lease taken.
const CLAIM: &str = "UPDATE mail_outbox SET lease_until = $3, attempts = attempts + 1 \
    WHERE site_id = $1 AND state = 'waiting' AND due_at <= $2 AND lease_until <= $2 AND id = \
    (SELECT id FROM mail_outbox WHERE site_id = $1 AND state = 'waiting' AND due_at <= $2 \
        AND lease_until <= $2 ORDER BY due_at LIMIT 1) \
    RETURNING id, lead_id, field, digest, attempts";

/// Takes the mail that has waited longest; none where nothing is due, or another collector was quicker.
///
/// # Errors
/// Where the database does not answer.
pub async fn claim(
    db: &mut Connection,
    site: SiteId,
    now: Millis,
    lease: Millis,
) -> sqlx::Result<Option<Claimed>> {
    let Some(row) = sql(CLAIM).bind(site.0).bind(now.0).bind(lease.0).row(db).await? else {
        return Ok(None);
    };
    Ok(Some(Claimed {
        site,
        id: sixteen(row.get(0), "id")?,
        lead: LeadId::from_bytes(sixteen(row.get(1), "lead_id")?),
        field: row.get(2),
        digest: digest(row.get(3), "digest")?,
        attempts: row.get(4),
        lease,
    }))
}

// A stop deletes the row, or finds it handed over: one of the two waits for the other.
const HAND: &str = "UPDATE mail_outbox SET handed_until = lease_until \
    WHERE site_id = $1 AND id = $2 AND lease_until = $3 AND lease_until > $4 AND state = 'waiting' \
    AND EXISTS (SELECT 1 FROM mail_opt_in o WHERE o.site_id = $1 AND o.id = $2 \
        AND o.confirmed_at IS NULL AND o.ended_at IS NULL)";

/// Looks once more right before a mail is handed to the mail server: whether its lead is there, its person has not
/// said stop, and it is this collector's still.
///
/// # Errors
/// Where the database does not answer; then it must not be sent.
pub async fn hand(db: &mut Connection, mail: &Claimed, now: Millis) -> sqlx::Result<bool> {
    let hand = sql(HAND).bind(mail.site.0).bind(&mail.id).bind(mail.lease.0).bind(now.0);
    Ok(hand.execute(db).await? > 0)
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server has taken it.
    Sent,
    /// It is tried again from then on.
    Later(Millis),
    /// It is given up.
    Failed,
}

const SETTLE: &str = "UPDATE mail_outbox \
    SET state = $4, ended_at = $5, due_at = $6, reason = $7, lease_until = 0, handed_until = 0 \
    WHERE site_id = $1 AND id = $2 AND lease_until = $3 AND state = 'waiting'";

/// Says what became of a mail, and why, where it was not sent.
///
/// # Errors
/// Where the database does not answer.
pub async fn settle(
    db: &mut Connection,
    mail: &Claimed,
    outcome: Outcome,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let (state, ended, due) = match outcome {
        Outcome::Sent => ("sent", Some(now.0), now),
        Outcome::Failed => ("failed", Some(now.0), now),
        Outcome::Later(due) => ("waiting", None, due),
    };
    let settle = sql(SETTLE).bind(mail.site.0).bind(&mail.id).bind(mail.lease.0);
    settle.bind(state).bind(ended).bind(due.0).bind(reason).execute(db).await.map(drop)
}

const STOP: &str = "DELETE FROM mail_outbox \
    WHERE site_id = $1 AND digest = $2 AND state = 'waiting' AND handed_until <= $3";
const UNDER_WAY: &str = "SELECT COUNT(*) FROM mail_outbox \
    WHERE site_id = $1 AND digest = $2 AND state = 'waiting' AND handed_until > $3";

/// Takes back what waits for an address. Whether a mail is being handed over just now, which nobody can take back.
///
/// # Errors
/// Where the database does not answer.
pub async fn stop(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    now: Millis,
) -> sqlx::Result<bool> {
    sql(STOP).bind(site.0).bind(address).bind(now.0).execute(db).await?;
    let under_way: i64 = sql(UNDER_WAY).bind(site.0).bind(address).bind(now.0).one(db).await?;
    Ok(under_way > 0)
}

const COUNTS: &str = "SELECT state, reason, COUNT(*), MIN(created_at) FROM \
    (SELECT state, reason, created_at FROM mail_outbox WHERE site_id = $1 \
    UNION ALL SELECT state, reason, created_at FROM subject_mail WHERE site_id = $1) AS mails \
    GROUP BY state, reason ORDER BY state, reason";

/// How many mails stand how and why, and since when the oldest of them is there.
///
/// # Errors
/// Where the database does not answer.
pub async fn counts(
    db: &mut Connection,
    site: SiteId,
) -> sqlx::Result<Vec<(String, String, i64, i64)>> {
    sql(COUNTS).bind(site.0).all(db).await
}

const RETRY: &str = "UPDATE mail_outbox SET state = 'waiting', ended_at = NULL, due_at = $2, attempts = 0 \
    WHERE site_id = $1 AND (state = 'failed' OR (state = 'waiting' AND due_at > $2)) AND lease_until <= $2";
const RETRY_NOTICES: &str = "UPDATE subject_mail SET state = 'waiting', ended_at = NULL, due_at = $2, attempts = 0 \
    WHERE site_id = $1 AND (state = 'failed' OR (state = 'waiting' AND due_at > $2)) AND lease_until <= $2";

/// Has mail tried again at once that was given up, or waits for its next time. Answers how many.
///
/// # Errors
/// Where the database does not answer.
pub async fn retry(db: &mut Connection, site: SiteId, now: Millis) -> sqlx::Result<u64> {
    let own = sql(RETRY).bind(site.0).bind(now.0).execute(db).await?;
    Ok(own + sql(RETRY_NOTICES).bind(site.0).bind(now.0).execute(db).await?)
}
