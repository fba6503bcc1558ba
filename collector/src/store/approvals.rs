//! What waits for a second person: what was asked, of which leads, by whom, and who decided it.
//!
//! The leads are those that were there when it was asked: an erased one falls out with its row, and none comes in.
//! That nobody decides what they asked for themselves is a constraint of the table too.

use consent_core::{ids::LeadId, time::Millis};

use super::{
    Connection, SiteId,
    accounts::AccountId,
    sixteen,
    statement::{Row, sql},
};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: LeadId,
    /// What is to be done: a name of [`crate::intake::approval::Kind`].
    pub kind: String,
    /// To what: an id, or nothing.
    pub object: String,
    /// Why, in the words of who asked.
    pub reason: String,
    /// Who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Millis,
    /// It is decided, and then used, before that.
    pub until: Millis,
    /// `waiting`, `approved`, `declined`, `withdrawn` or `done`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Millis>,
    /// Leads that it was asked of.
    pub size: i64,
}

const INSERT: &str = "INSERT INTO approval \
    (site_id, id, kind, object, reason, asked_by, asked_at, until, state, size) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0)";

/// Records what is asked for, which waits; of no lead yet.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, asked: &Approval) -> sqlx::Result<()> {
    let insert = sql(INSERT).bind(site.0).bind(asked.id.as_bytes()).bind(&asked.kind);
    let insert = insert.bind(&asked.object).bind(&asked.reason).bind(asked.asked_by.0);
    insert.bind(asked.asked_at.0).bind(asked.until.0).execute(db).await.map(drop)
}

const OF_USABLE: &str = "INSERT INTO approval_lead (site_id, approval_id, lead_id) \
    SELECT lead.site_id, $2, lead.id FROM lead WHERE lead.site_id = $1 AND lead.ground_since IS NOT NULL";
const OF_ONE: &str = "INSERT INTO approval_lead (site_id, approval_id, lead_id) \
    SELECT lead.site_id, $2, lead.id FROM lead WHERE lead.site_id = $1 AND lead.id = $3";
const SIZE: &str = "UPDATE approval SET size = size + $3 WHERE site_id = $1 AND id = $2";

/// Fixes the leads that it is asked of: those named, or where none are, all whose persons may be contacted now. How
/// many they are.
///
/// # Errors
/// Where the database does not answer.
pub async fn fix(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    leads: Option<&[LeadId]>,
) -> sqlx::Result<u64> {
    let mut size = 0;
    match leads {
        None => size = sql(OF_USABLE).bind(site.0).bind(id.as_bytes()).execute(db).await?,
        Some(leads) => {
            for lead in leads {
                let one = sql(OF_ONE).bind(site.0).bind(id.as_bytes()).bind(lead.as_bytes());
                size += one.execute(db).await?;
            }
        }
    }
    let count = i64::try_from(size).unwrap_or(i64::MAX);
    sql(SIZE).bind(site.0).bind(id.as_bytes()).bind(count).execute(db).await?;
    Ok(size)
}

const LEADS: &str = "SELECT lead_id FROM approval_lead WHERE site_id = $1 AND approval_id = $2 \
    ORDER BY lead_id";

/// The leads that it was asked of and that are there still.
///
/// # Errors
/// Where the database does not answer.
pub async fn leads(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Vec<LeadId>> {
    let rows: Vec<(Vec<u8>,)> = sql(LEADS).bind(site.0).bind(id.as_bytes()).all(db).await?;
    rows.into_iter().map(|(id,)| sixteen(id, "lead_id").map(LeadId::from_bytes)).collect()
}

const ONE: &str = "SELECT id, kind, object, reason, asked_by, asked_at, until, state, decided_by, \
    decided_at, size FROM approval WHERE site_id = ";

/// What was asked under that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Option<Approval>> {
    let mut one = sql(ONE);
    one.push_bind(site.0).push(" AND id = ").push_bind(id.as_bytes().to_vec());
    one.row(db).await?.as_ref().map(approval).transpose()
}

/// What was asked, the newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId, limit: i64) -> sqlx::Result<Vec<Approval>> {
    let mut all = sql(ONE);
    all.push_bind(site.0).push(" ORDER BY asked_at DESC, id LIMIT ").push_bind(limit);
    all.rows(db).await?.iter().map(approval).collect()
}

fn approval(row: &Row) -> sqlx::Result<Approval> {
    Ok(Approval {
        id: LeadId::from_bytes(sixteen(row.get(0), "id")?),
        kind: row.get(1),
        object: row.get(2),
        reason: row.get(3),
        asked_by: AccountId(row.get(4)),
        asked_at: Millis(row.get(5)),
        until: Millis(row.get(6)),
        state: row.get(7),
        decided_by: row.get::<Option<i64>>(8).map(AccountId),
        decided_at: row.get::<Option<i64>>(9).map(Millis),
        size: row.get(10),
    })
}

const DECIDE: &str = "UPDATE approval SET state = $4, decided_by = $3, decided_at = $5, until = $6 \
    WHERE site_id = $1 AND id = $2 AND state = 'waiting' AND asked_by <> $3 AND until > $5";

/// Approves or declines it; until when it may be used then. False where it does not wait any more, or whoever decides
/// has asked for it.
///
/// # Errors
/// Where the database does not answer.
pub async fn decide(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    (by, approved): (AccountId, bool),
    (now, until): (Millis, Millis),
) -> sqlx::Result<bool> {
    let state = if approved { "approved" } else { "declined" };
    let decide = sql(DECIDE).bind(site.0).bind(id.as_bytes()).bind(by.0).bind(state);
    Ok(decide.bind(now.0).bind(until.0).execute(db).await? > 0)
}

const WITHDRAW: &str = "UPDATE approval SET state = 'withdrawn' \
    WHERE site_id = $1 AND id = $2 AND state = 'waiting' AND asked_by = $3";

/// Takes back what was asked for; false where it does not wait any more, or somebody else has asked.
///
/// # Errors
/// Where the database does not answer.
pub async fn withdraw(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    by: AccountId,
) -> sqlx::Result<bool> {
    Ok(sql(WITHDRAW).bind(site.0).bind(id.as_bytes()).bind(by.0).execute(db).await? > 0)
}

const DONE: &str = "UPDATE approval SET state = 'done' \
    WHERE site_id = $1 AND id = $2 AND state = 'approved' AND until > $3";

/// Uses it up; false where it is not approved, or its time is over.
///
/// # Errors
/// Where the database does not answer.
pub async fn done(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    now: Millis,
) -> sqlx::Result<bool> {
    Ok(sql(DONE).bind(site.0).bind(id.as_bytes()).bind(now.0).execute(db).await? > 0)
}
