//! What people ask for about their own data: the requests, and what of a linked visitor belongs to a lead.

use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};

use super::{Connection, SiteId, VisitorRow, sixteen, statement::sql};

pub mod answer;
pub mod asking;
pub mod post;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: LeadId,
    /// What is asked for.
    pub kind: String,
    /// Under which law.
    pub law: String,
    /// When it came.
    pub received_at: Millis,
    /// Until when it is to be answered.
    pub due_at: Millis,
    /// `open`, `done`, `unknown` (nobody was found) or `refused`.
    pub state: String,
    /// Since when it is not open any more.
    pub closed_at: Option<Millis>,
}

const INSERT: &str = "INSERT INTO subject_request \
    (site_id, id, kind, law, received_at, due_at, state, closed_at) \
    VALUES ($1, $2, $3, $4, $5, $6, 'open', NULL)";

/// Records a request, which is open.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(db: &mut Connection, site: SiteId, request: &Request) -> sqlx::Result<()> {
    let insert = sql(INSERT).bind(site.0).bind(request.id.as_bytes()).bind(&request.kind);
    let insert = insert.bind(&request.law).bind(request.received_at.0).bind(request.due_at.0);
    insert.execute(db).await.map(drop)
}

const CLOSE: &str = "UPDATE subject_request SET state = $3, closed_at = $4 \
    WHERE site_id = $1 AND id = $2 AND state = 'open'";

/// Closes a request; false where it is not open.
///
/// # Errors
/// Where the database does not answer.
pub async fn close(
    db: &mut Connection,
    site: SiteId,
    id: LeadId,
    state: &'static str,
    now: Millis,
) -> sqlx::Result<bool> {
    let close = sql(CLOSE).bind(site.0).bind(id.as_bytes()).bind(state).bind(now.0);
    Ok(close.execute(db).await? > 0)
}

const LIST: &str = "SELECT id, kind, law, received_at, due_at, state, closed_at \
    FROM subject_request WHERE site_id = $1 ORDER BY due_at, id";
const FIND: &str = "SELECT id, kind, law, received_at, due_at, state, closed_at \
    FROM subject_request WHERE site_id = $1 AND id = $2";

type Row = (Vec<u8>, String, String, i64, i64, String, Option<i64>);

/// Every request of a site, the one that is due first first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Request>> {
    let rows: Vec<Row> = sql(LIST).bind(site.0).all(db).await?;
    rows.into_iter().map(request).collect()
}

/// The request of that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: LeadId) -> sqlx::Result<Option<Request>> {
    let row: Option<Row> = sql(FIND).bind(site.0).bind(id.as_bytes()).first(db).await?;
    row.map(request).transpose()
}

fn request((id, kind, law, received_at, due_at, state, closed_at): Row) -> sqlx::Result<Request> {
    Ok(Request {
        id: LeadId::from_bytes(sixteen(id, "id")?),
        kind,
        law,
        received_at: Millis(received_at),
        due_at: Millis(due_at),
        state,
        closed_at: closed_at.map(Millis),
    })
}

const VISITOR: &str = "SELECT g.visitor_id, l.linked_at FROM lead_link l \
    JOIN consent_grant g ON g.site_id = l.site_id AND g.id = l.grant_id \
    WHERE l.site_id = $1 AND l.lead_id = $2";

/// The visitor that a lead is linked to, and since when.
///
/// # Errors
/// Where the database does not answer.
pub async fn visitor(
    db: &mut Connection,
    site: SiteId,
    lead: LeadId,
) -> sqlx::Result<Option<(VisitorRow, Millis)>> {
    let row: Option<(i64, i64)> = sql(VISITOR).bind(site.0).bind(lead.as_bytes()).first(db).await?;
    Ok(row.map(|(visitor, since)| (VisitorRow(visitor), Millis(since))))
}

/// An event of a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: Uuid7,
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// For which purpose.
    pub purpose: String,
    /// The page's path, and the allowed part of its query.
    pub page: (String, String),
    /// The page's title.
    pub title: String,
    /// The address that led there.
    pub referrer: String,
    /// More about it, a JSON object.
    pub properties: Option<String>,
}

const EVENTS: &str = "SELECT e.id, e.at, e.name, g.purpose, e.page, e.query, e.title, e.referrer, e.properties \
    FROM consent_grant g JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE g.site_id = $1 AND g.visitor_id = $2 AND e.at >= $3 ORDER BY e.at, e.id";

/// All events of a visitor from then on.
///
/// # Errors
/// Where the database does not answer.
pub async fn events(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    since: Millis,
) -> sqlx::Result<Vec<Event>> {
    let rows = sql(EVENTS).bind(site.0).bind(visitor.0).bind(since.0).rows(db).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(id) = Uuid7::from_bytes(sixteen(row.get(0), "id")?) else { continue };
        events.push(Event {
            id,
            at: Millis(row.get(1)),
            name: row.get(2),
            purpose: row.get(3),
            page: (row.get(4), row.get(5)),
            title: row.get(6),
            referrer: row.get(7),
            properties: row.get(8),
        });
    }
    Ok(events)
}

/// A decision of a visitor, as proof of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When it was decided.
    pub decided_at: Millis,
    /// By which act.
    pub method: String,
    /// The language it was shown in.
    pub language: String,
    /// The page.
    pub page: String,
    /// On which kind of device ([`crate::device::Device::as_str`]).
    pub device: String,
    /// What was chosen, as JSON.
    pub choices: String,
    /// The receipt.
    pub receipt: Option<String>,
    /// Its place in the consent log.
    pub log_index: i64,
}

const DECISIONS: &str = "SELECT decided_at, method, language, page, device, choices, receipt, log_index \
    FROM decision WHERE site_id = $1 AND visitor_id = $2 ORDER BY log_index";

/// All decisions of a visitor.
///
/// # Errors
/// Where the database does not answer.
pub async fn decisions(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
) -> sqlx::Result<Vec<Decision>> {
    type Row = (i64, String, String, String, String, String, Option<String>, i64);
    let rows: Vec<Row> = sql(DECISIONS).bind(site.0).bind(visitor.0).all(db).await?;
    let one = |(decided_at, method, language, page, device, choices, receipt, log_index): Row| {
        let decided_at = Millis(decided_at);
        Decision { decided_at, method, language, page, device, choices, receipt, log_index }
    };
    Ok(rows.into_iter().map(one).collect())
}

const GRANTED: &str = "SELECT DISTINCT purpose, service FROM consent_grant \
    WHERE site_id = $1 AND visitor_id = $2 ORDER BY purpose, service";

/// The purposes and services that a visitor's grants stand for.
///
/// # Errors
/// Where the database does not answer.
pub async fn granted(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
) -> sqlx::Result<Vec<(String, String)>> {
    sql(GRANTED).bind(site.0).bind(visitor.0).all(db).await
}
