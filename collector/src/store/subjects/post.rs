//! Mail about requests that waits to be sent: taken under a lease, looked at again right before it is handed over, as
//! the mail of [`crate::store::mail::outbox`] is.

use consent_core::{ids::LeadId, time::Millis};

use crate::store::{Connection, SiteId, mail::outbox::Outcome, sixteen, statement::sql};

/// What a mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Asks to confirm.
    Confirm,
    /// It was received.
    Received,
    /// It was answered.
    Answered,
}

impl About {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Received => "received",
            Self::Answered => "answered",
        }
    }

    fn parse(name: &str) -> sqlx::Result<Self> {
        let known = [Self::Confirm, Self::Received, Self::Answered];
        let found = known.into_iter().find(|about| about.as_str() == name);
        found.ok_or_else(|| sqlx::Error::ColumnDecode {
            index: "about".to_owned(),
            source: "an unknown mail".into(),
        })
    }
}

const INSERT: &str = "INSERT INTO subject_mail (site_id, asking_id, about, detail, created_at, state, due_at, \
    attempts, lease_until, ended_at, reason) \
    SELECT a.site_id, a.id, $3, $4, $5, 'waiting', $5, 0, 0, NULL, '' FROM subject_asking a \
    WHERE a.site_id = $1 AND a.id = $2 ON CONFLICT (site_id, asking_id, about) DO NOTHING";

/// Puts a mail there, once; false where the request did not come by the form, and nobody's address is known.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (about, detail): (About, &str),
    now: Millis,
) -> sqlx::Result<bool> {
    let insert = sql(INSERT).bind(site.0).bind(id.as_bytes()).bind(about.as_str());
    Ok(insert.bind(detail).bind(now.0).execute(db).await? > 0)
}

/// A mail that one collector works at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The site's row.
    pub site: SiteId,
    /// What was asked.
    pub id: LeadId,
    /// What it says.
    pub about: About,
    /// Why it was answered as it was.
    pub detail: String,
    /// How often it has been tried, this time included.
    pub attempts: i64,
    /// Until when it is this collector's.
    pub lease: Millis,
}

const DUE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM subject_mail \
    WHERE site_id = $1 AND state = 'waiting' AND due_at <= $2 AND lease_until <= $2 LIMIT 1) AS due";

/// Whether there is something to send.
///
/// # Errors
/// Where the database does not answer.
pub async fn is_due(db: &mut Connection, site: SiteId, now: Millis) -> sqlx::Result<bool> {
    Ok(sql(DUE).bind(site.0).bind(now.0).one::<i64>(db).await? > 0)
}

const NEXT: &str = "SELECT asking_id, about FROM subject_mail WHERE site_id = $1 AND state = 'waiting' \
    AND due_at <= $2 AND lease_until <= $2 ORDER BY due_at, about LIMIT 1";
// Of two collectors the second waits here for the first, and finds the lease taken.
const CLAIM: &str = "UPDATE subject_mail SET lease_until = $5, attempts = attempts + 1 \
    WHERE site_id = $1 AND asking_id = $2 AND about = $3 AND state = 'waiting' AND due_at <= $4 \
    AND lease_until <= $4 RETURNING detail, attempts";

/// Takes the mail that has waited longest; none where nothing is due, or another collector was quicker.
///
/// # Errors
/// Where the database does not answer.
pub async fn claim(
    db: &mut Connection,
    site: SiteId,
    now: Millis,
    lease: Millis,
) -> sqlx::Result<Option<Notice>> {
    let next: Option<(Vec<u8>, String)> = sql(NEXT).bind(site.0).bind(now.0).first(db).await?;
    let Some((id, about)) = next else { return Ok(None) };
    let claim = sql(CLAIM).bind(site.0).bind(id.as_slice()).bind(&about);
    let claimed: Option<(String, i64)> = claim.bind(now.0).bind(lease.0).first(db).await?;
    let Some((detail, attempts)) = claimed else { return Ok(None) };
    let (about, id) = (About::parse(&about)?, LeadId::from_bytes(sixteen(id, "asking_id")?));
    Ok(Some(Notice { site, id, about, detail, attempts, lease }))
}

// What asks to confirm is sent to nobody who has, nor when its link has ended.
const HAND: &str = "UPDATE subject_mail SET lease_until = lease_until \
    WHERE site_id = $1 AND asking_id = $2 AND about = $3 AND lease_until = $4 AND lease_until > $5 \
    AND state = 'waiting' AND EXISTS (SELECT 1 FROM subject_asking a WHERE a.site_id = $1 AND a.id = $2 \
        AND ($3 <> 'confirm' OR (a.confirmed_at IS NULL AND a.until > $5)))";

/// Looks once more right before a mail is handed to the mail server.
///
/// # Errors
/// Where the database does not answer; then it must not be sent.
pub async fn hand(db: &mut Connection, mail: &Notice, now: Millis) -> sqlx::Result<bool> {
    let hand = sql(HAND).bind(mail.site.0).bind(mail.id.as_bytes()).bind(mail.about.as_str());
    Ok(hand.bind(mail.lease.0).bind(now.0).execute(db).await? > 0)
}

const SETTLE: &str = "UPDATE subject_mail \
    SET state = $5, ended_at = $6, due_at = $7, reason = $8, lease_until = 0 \
    WHERE site_id = $1 AND asking_id = $2 AND about = $3 AND lease_until = $4 AND state = 'waiting'";

/// Says what became of a mail, and why, where it was not sent.
///
/// # Errors
/// Where the database does not answer.
pub async fn settle(
    db: &mut Connection,
    mail: &Notice,
    outcome: Outcome,
    reason: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let (state, ended, due) = match outcome {
        Outcome::Sent => ("sent", Some(now.0), now),
        Outcome::Failed => ("failed", Some(now.0), now),
        Outcome::Later(due) => ("waiting", None, due),
    };
    let settle = sql(SETTLE).bind(mail.site.0).bind(mail.id.as_bytes()).bind(mail.about.as_str());
    let settle = settle.bind(mail.lease.0).bind(state).bind(ended).bind(due.0);
    settle.bind(reason).execute(db).await.map(drop)
}
