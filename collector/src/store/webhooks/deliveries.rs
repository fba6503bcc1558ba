//! What receivers are told, and what came of it.

use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};

use super::uuid;
use crate::{
    store::{
        Connection, SiteId, sixteen,
        statement::{Row, sql},
    },
    webhooks::told::{Event, Facts, Message},
};

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is sent when its time has come.
    Waiting,
    /// It is being sent; when its time has come, whoever sent it is taken for dead.
    Sending,
    /// The receiver took it.
    Delivered,
    /// Before it was taken something else happened to the lead.
    Overtaken,
    /// It was given up.
    Dead,
}

impl State {
    const ALL: [Self; 5] =
        [Self::Waiting, Self::Sending, Self::Delivered, Self::Overtaken, Self::Dead];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Overtaken => "overtaken",
            Self::Dead => "dead",
        }
    }

    /// Whether nothing more comes of it.
    const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Overtaken | Self::Dead)
    }
}

/// Something that is told, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The webhook-id.
    pub id: Uuid7,
    /// Who is told.
    pub webhook: Uuid7,
    /// Of which lead.
    pub lead: LeadId,
    /// What.
    pub message: Message,
    /// Since when it is to be told.
    pub made_at: Millis,
    /// How it stands.
    pub state: State,
    /// How often it was sent.
    pub attempts: i64,
    /// The same since it was made, or told to be tried again.
    pub tries: i64,
    /// When it is sent, or taken for not sent.
    pub next_at: Millis,
    /// What came of the last attempt; nothing before one.
    pub answer: String,
}

const COLUMNS: &str = "SELECT id, webhook_id, lead_id, event, version, ground, ground_since, linked_at, \
    made_at, state, attempts, tries, next_at, answer FROM webhook_delivery WHERE site_id = ";

fn delivery(row: &Row) -> sqlx::Result<Delivery> {
    let damaged = |index: &str| sqlx::Error::ColumnDecode {
        index: index.to_owned(),
        source: "no such name".into(),
    };
    let (event, state): (String, String) = (row.get(3), row.get(9));
    let state = State::ALL.into_iter().find(|it| it.as_str() == state);
    let facts = Facts {
        version: row.get(4),
        ground: row.get(5),
        ground_since: row.get::<Option<i64>>(6).map(Millis),
    };
    Ok(Delivery {
        id: uuid(row.get(0), "id")?,
        webhook: uuid(row.get(1), "webhook_id")?,
        lead: LeadId::from_bytes(sixteen(row.get(2), "lead_id")?),
        message: Message {
            event: Event::named(&event).ok_or_else(|| damaged("event"))?,
            facts,
            linked_at: row.get::<Option<i64>>(7).map(Millis),
        },
        made_at: Millis(row.get(8)),
        state: state.ok_or_else(|| damaged("state"))?,
        attempts: row.get(10),
        tries: row.get(11),
        next_at: Millis(row.get(12)),
        answer: row.get(13),
    })
}

const OF_WEBHOOK: &str = " AND webhook_id = ";
const OF_LEAD: &str = " AND lead_id = ";
const OPEN: &str = " AND state IN ('waiting', 'sending', 'dead')";

/// What is to be told of a lead, and was not yet. There is one at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn open(
    db: &mut Connection,
    site: SiteId,
    webhook: Uuid7,
    lead: LeadId,
) -> sqlx::Result<Option<Delivery>> {
    let mut open = sql(COLUMNS);
    open.push_bind(site.0).push(OF_WEBHOOK).push_bind(webhook.as_bytes());
    open.push(OF_LEAD).push_bind(lead.as_bytes().to_vec()).push(OPEN);
    open.row(db).await?.as_ref().map(delivery).transpose()
}

const BY_ID: &str = " AND id = ";

/// The delivery of that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<Option<Delivery>> {
    let mut find = sql(COLUMNS);
    find.push_bind(site.0).push(BY_ID).push_bind(id.as_bytes().to_vec());
    find.row(db).await?.as_ref().map(delivery).transpose()
}

const IN_TIME: &str = " AND state IN ('waiting', 'sending') AND next_at <= ";
const BY_TIME: &str = " ORDER BY next_at, id LIMIT ";

/// Leads of which a receiver is to be told something by now, those that have waited longest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn due(
    db: &mut Connection,
    site: SiteId,
    webhook: Uuid7,
    now: Millis,
    limit: usize,
) -> sqlx::Result<Vec<LeadId>> {
    let mut due = sql(COLUMNS);
    due.push_bind(site.0).push(OF_WEBHOOK).push_bind(webhook.as_bytes());
    due.push(IN_TIME).push_bind(now.0).push(BY_TIME);
    due.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = due.rows(db).await?;
    rows.iter().map(|row| Ok(LeadId::from_bytes(sixteen(row.get(2), "lead_id")?))).collect()
}

const INSERT: &str = "INSERT INTO webhook_delivery (site_id, id, webhook_id, lead_id, event, version, \
    ground, ground_since, linked_at, made_at, state, attempts, tries, next_at, answer) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', 0, 0, $10, '')";

/// Has something told.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    (id, webhook, lead): (Uuid7, Uuid7, LeadId),
    message: &Message,
    now: Millis,
) -> sqlx::Result<()> {
    let Message { event, facts, linked_at } = message;
    let insert = sql(INSERT).bind(site.0).bind(id.as_bytes()).bind(webhook.as_bytes());
    let insert = insert.bind(lead.as_bytes()).bind(event.as_str()).bind(facts.version);
    let insert = insert.bind(&facts.ground).bind(facts.ground_since.map(|since| since.0));
    let insert = insert.bind(linked_at.map(|at| at.0)).bind(now.0);
    insert.execute(db).await.map(drop)
}

const DELETE: &str = "DELETE FROM webhook_delivery WHERE site_id = $1 AND id = $2";

/// Takes back what was never sent.
///
/// # Errors
/// Where the database does not answer.
pub async fn delete(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<()> {
    sql(DELETE).bind(site.0).bind(id.as_bytes()).execute(db).await.map(drop)
}

const SEND: &str = "UPDATE webhook_delivery \
    SET state = 'sending', attempts = attempts + 1, tries = tries + 1, next_at = $3 \
    WHERE site_id = $1 AND id = $2";

/// Notes before it is sent that it is, and until when an answer is waited for.
///
/// # Errors
/// Where the database does not answer.
pub async fn send(db: &mut Connection, site: SiteId, id: Uuid7, until: Millis) -> sqlx::Result<()> {
    sql(SEND).bind(site.0).bind(id.as_bytes()).bind(until.0).execute(db).await.map(drop)
}

const FARED: &str = "UPDATE webhook_delivery SET state = $3, next_at = $4, ended_at = $5, answer = $6 \
    WHERE site_id = $1 AND id = $2";

/// Notes what came of it, and when it is sent next, where it is.
///
/// # Errors
/// Where the database does not answer.
pub async fn fared(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    (state, answer): (State, &str),
    next_at: Millis,
    now: Millis,
) -> sqlx::Result<()> {
    let ended_at = state.is_over().then_some(now.0);
    let fared = sql(FARED).bind(site.0).bind(id.as_bytes()).bind(state.as_str());
    let fared = fared.bind(next_at.0).bind(ended_at).bind(answer);
    fared.execute(db).await.map(drop)
}

const HURRY: &str = "UPDATE webhook_delivery SET next_at = $3, tries = 0 \
    WHERE site_id = $1 AND webhook_id = $2 AND state = 'waiting'";

/// Sends at once what waits.
///
/// # Errors
/// Where the database does not answer.
pub async fn hurry(
    db: &mut Connection,
    site: SiteId,
    webhook: Uuid7,
    now: Millis,
) -> sqlx::Result<()> {
    sql(HURRY).bind(site.0).bind(webhook.as_bytes()).bind(now.0).execute(db).await.map(drop)
}

const AGAIN: &str = "UPDATE webhook_delivery SET state = 'waiting', tries = 0, next_at = $3, ended_at = NULL \
    WHERE site_id = $1 AND id = $2 AND state IN ('dead', 'waiting')";

/// Tries again what was given up, or waits; false where there is no such delivery.
///
/// # Errors
/// Where the database does not answer.
pub async fn again(
    db: &mut Connection,
    site: SiteId,
    id: Uuid7,
    now: Millis,
) -> sqlx::Result<bool> {
    Ok(sql(AGAIN).bind(site.0).bind(id.as_bytes()).bind(now.0).execute(db).await? > 0)
}

const OVER: &str = "DELETE FROM webhook_delivery WHERE site_id = $1 AND ended_at < $2 \
    AND state IN ('delivered', 'overtaken')";

/// Drops what was delivered or overtaken before that; how much.
///
/// # Errors
/// Where the database does not answer.
pub async fn drop_before(db: &mut Connection, site: SiteId, before: Millis) -> sqlx::Result<u64> {
    sql(OVER).bind(site.0).bind(before.0).execute(db).await
}

const DEAD: &str = " AND state = 'dead'";
const NEWEST: &str = " ORDER BY id DESC LIMIT ";

/// Deliveries of a site, the newest first: all, or those that were given up.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(
    db: &mut Connection,
    site: SiteId,
    only_dead: bool,
    limit: i64,
) -> sqlx::Result<Vec<Delivery>> {
    let mut list = sql(COLUMNS);
    list.push_bind(site.0).push(if only_dead { DEAD } else { "" });
    list.push(NEWEST).push_bind(limit);
    list.rows(db).await?.iter().map(delivery).collect()
}
