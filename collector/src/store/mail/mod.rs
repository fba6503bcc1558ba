//! Permission to send advertising by e-mail: what people asked for, and have confirmed.
//!
//! An address stands here only as a keyed hash ([`crate::keys::Keys::mail_address`]). A confirmed opt-in is the
//! record that the law asks for: it stays when its lead is erased, until the time that the site keeps records.

use consent_core::{ids::LeadId, time::Millis};

use super::{Connection, SiteId, sixteen, statement::sql};

pub mod outbox;
pub mod suppression;

/// The id of an opt-in, and of the mail that asks to confirm it.
pub type OptInId = [u8; 16];
/// A keyed hash of an address.
pub type Address = [u8; 32];

/// What somebody ticked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Its id.
    pub id: OptInId,
    /// The lead that came with it.
    pub lead: LeadId,
    /// Whose address.
    pub address: Address,
    /// The form.
    pub form: &'a str,
    /// The agreement's key.
    pub agreement: &'a str,
    /// The text beside the checkbox.
    pub wording: &'a str,
    /// Its SHA-256, base64url.
    pub hash: &'a str,
    /// The page, cleaned.
    pub page: &'a str,
    /// The language that the page was in.
    pub language: &'a str,
    /// The policy's revision.
    pub revision: u32,
    /// The edition of the site file.
    pub edition: i64,
    /// When.
    pub at: Millis,
    /// Since when the same is confirmed already, where it is.
    pub confirmed: Option<Millis>,
}

const INSERT: &str = "INSERT INTO mail_opt_in \
    (site_id, id, lead_id, address, form, agreement, wording, wording_hash, page, language, revision, \
    edition, asked_at, confirmed_at, method) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// Stores what somebody ticked.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, asked: &Asked<'_>) -> sqlx::Result<()> {
    sql(INSERT)
        .bind(site.0)
        .bind(&asked.id)
        .bind(asked.lead.as_bytes())
        .bind(&asked.address)
        .bind(asked.form)
        .bind(asked.agreement)
        .bind(asked.wording)
        .bind(asked.hash)
        .bind(asked.page)
        .bind(asked.language)
        .bind(i64::from(asked.revision))
        .bind(asked.edition)
        .bind(asked.at.0)
        .bind(asked.confirmed.map(|at| at.0))
        .bind(asked.confirmed.map(|_| "double_opt_in_before"))
        .execute(db)
        .await?;
    Ok(())
}

const CONFIRMED: &str = "SELECT MIN(confirmed_at) FROM mail_opt_in \
    WHERE site_id = $1 AND address = $2 AND wording_hash = $3 \
    AND confirmed_at IS NOT NULL AND ended_at IS NULL";

/// Since when that person has confirmed those words, and has not said stop.
///
/// # Errors
/// Where the database does not answer.
pub async fn confirmed_since(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    hash: &str,
) -> sqlx::Result<Option<Millis>> {
    let found: Option<(Option<i64>,)> =
        sql(CONFIRMED).bind(site.0).bind(address).bind(hash).first(db).await?;
    Ok(found.and_then(|(at,)| at).map(Millis))
}

/// An opt-in as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its lead; it may be erased.
    pub lead: LeadId,
    /// Whether it is there.
    pub lead_is_there: bool,
    /// Whose address.
    pub address: Address,
    /// The text beside the checkbox.
    pub wording: String,
    /// Its SHA-256, base64url.
    pub hash: String,
    /// The language that the page was in.
    pub language: String,
    /// When it was confirmed.
    pub confirmed: Option<Millis>,
    /// When the person said stop, or was erased.
    pub ended: Option<Millis>,
}

const FIND: &str = "SELECT o.lead_id, CAST(CASE WHEN l.id IS NULL THEN 0 ELSE 1 END AS BIGINT), o.address, \
    o.wording, o.wording_hash, o.language, o.confirmed_at, o.ended_at \
    FROM mail_opt_in o LEFT JOIN lead l ON l.site_id = o.site_id AND l.id = o.lead_id \
    WHERE o.site_id = $1 AND o.id = $2";

/// The opt-in of that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    id: &OptInId,
) -> sqlx::Result<Option<Standing>> {
    let Some(row) = sql(FIND).bind(site.0).bind(id).row(db).await? else { return Ok(None) };
    Ok(Some(Standing {
        lead: LeadId::from_bytes(sixteen(row.get(0), "lead_id")?),
        lead_is_there: row.get::<i64>(1) == 1,
        address: digest(row.get(2), "address")?,
        wording: row.get(3),
        hash: row.get(4),
        language: row.get(5),
        confirmed: row.get::<Option<i64>>(6).map(Millis),
        ended: row.get::<Option<i64>>(7).map(Millis),
    }))
}

const CONFIRM: &str = "UPDATE mail_opt_in SET confirmed_at = $4, method = 'double_opt_in', shown = $5 \
    WHERE site_id = $1 AND address = $2 AND wording_hash = $3 \
    AND confirmed_at IS NULL AND ended_at IS NULL RETURNING lead_id";

/// Records that a person has confirmed those words, on a page that showed `shown`: of every opt-in of theirs that
/// waits for it. Answers the leads; none where somebody else was quicker.
///
/// # Errors
/// Where the database does not answer.
pub async fn confirm(
    db: &mut Connection,
    site: SiteId,
    standing: &Standing,
    shown: &str,
    now: Millis,
) -> sqlx::Result<Vec<LeadId>> {
    let confirm = sql(CONFIRM).bind(site.0).bind(&standing.address).bind(&standing.hash);
    let rows: Vec<(Vec<u8>,)> = confirm.bind(now.0).bind(shown).all(db).await?;
    rows.into_iter().map(|(id,)| sixteen(id, "lead_id").map(LeadId::from_bytes)).collect()
}

const END: &str = "UPDATE mail_opt_in SET ended_at = $3, ended_by = $4 \
    WHERE site_id = $1 AND address = $2 AND ended_at IS NULL";

/// Ends every opt-in of a person: one that was not confirmed cannot be any more.
///
/// # Errors
/// Where the database does not answer.
pub async fn end(
    db: &mut Connection,
    site: SiteId,
    address: &Address,
    by: &'static str,
    now: Millis,
) -> sqlx::Result<()> {
    sql(END).bind(site.0).bind(address).bind(now.0).bind(by).execute(db).await.map(drop)
}

const WITHOUT_LEAD: &str =
    "DELETE FROM mail_opt_in WHERE site_id = $1 AND lead_id = $2 AND confirmed_at IS NULL";
const END_OF_LEAD: &str = "UPDATE mail_opt_in SET ended_at = $3, ended_by = 'erased' \
    WHERE site_id = $1 AND lead_id = $2 AND ended_at IS NULL";

/// Forgets what a lead's person was asked to confirm, and has not: its address is another now.
///
/// # Errors
/// Where the database does not answer.
pub async fn forget_unconfirmed(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
) -> sqlx::Result<()> {
    sql(WITHOUT_LEAD).bind(site.0).bind(lead.as_bytes()).execute(db).await.map(drop)
}

/// What becomes of the opt-ins of a lead that is erased: the record of what was confirmed ends and stays for its time,
/// the rest goes.
///
/// # Errors
/// Where the database does not answer.
pub async fn end_of_lead(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
    now: Millis,
) -> sqlx::Result<()> {
    forget_unconfirmed(db, site, lead).await?;
    sql(END_OF_LEAD).bind(site.0).bind(lead.as_bytes()).bind(now.0).execute(db).await.map(drop)
}

const FORGOTTEN: &str = "DELETE FROM mail_opt_in WHERE site_id = $1 AND confirmed_at IS NULL AND NOT EXISTS \
    (SELECT 1 FROM lead l WHERE l.site_id = mail_opt_in.site_id AND l.id = mail_opt_in.lead_id)";
const ERASED: &str = "UPDATE mail_opt_in SET ended_at = $2, ended_by = 'erased' \
    WHERE site_id = $1 AND ended_at IS NULL AND NOT EXISTS \
    (SELECT 1 FROM lead l WHERE l.site_id = mail_opt_in.site_id AND l.id = mail_opt_in.lead_id)";
const OLD: &str = "DELETE FROM mail_opt_in WHERE site_id = $1 AND ended_at < $2";

/// Ends the records of leads that are gone, and deletes those that ended before `kept`: from their end on no
/// mail rests on them. What was never confirmed goes with its lead.
///
/// # Errors
/// Where the database does not answer.
pub async fn sweep(
    db: &mut Connection,
    site: SiteId,
    kept: Millis,
    now: Millis,
) -> sqlx::Result<u64> {
    let mut gone = sql(FORGOTTEN).bind(site.0).execute(db).await?;
    sql(ERASED).bind(site.0).bind(now.0).execute(db).await?;
    gone += sql(OLD).bind(site.0).bind(kept.0).execute(db).await?;
    Ok(gone)
}

/// Thirty-two bytes of a column that holds a keyed hash.
pub(super) fn digest(bytes: Vec<u8>, column: &str) -> sqlx::Result<[u8; 32]> {
    <[u8; 32]>::try_from(bytes).map_err(|bytes| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{} bytes where a hash has 32", bytes.len()).into(),
    })
}
