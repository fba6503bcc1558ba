//! What is held about one visitor, for the visitor's own page; and erasing all of it.
//!
//! Of leads only that they are linked: what was written into a form is sealed, and stays so here.

use consent_core::{
    ids::{LeadId, ReceiptId, Uuid7},
    time::Millis,
};

use super::{
    Connection, SiteId, VisitorRow, sixteen,
    statement::{Row, sql},
};

const FORGET: &str = "DELETE FROM own_page_code WHERE site_id = $1 AND expires <= $2";
const USE: &str = "INSERT INTO own_page_code (site_id, digest, expires) VALUES ($1, $2, $3) \
    ON CONFLICT (site_id, digest) DO NOTHING";

/// Uses a code up, by its digest; whether it had not been used yet. Those that are over by `now` are forgotten.
///
/// # Errors
/// Where the database does not answer.
pub async fn use_code(
    db: &mut Connection,
    site: SiteId,
    digest: &[u8; 32],
    (now, expires): (Millis, Millis),
) -> sqlx::Result<bool> {
    sql(FORGET).bind(site.0).bind(now.0).execute(db).await?;
    let used = sql(USE).bind(site.0).bind(digest).bind(expires.0).execute(db).await?;
    Ok(used == 1)
}

/// A decision on record.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its id.
    pub id: Uuid7,
    /// Its receipt's id.
    pub receipt_id: ReceiptId,
    /// Its receipt, a compact JWS.
    pub receipt: String,
    /// By which act ([`consent_core::choices::Method`]).
    pub method: String,
    /// In which language.
    pub language: String,
    /// On which page.
    pub page: String,
    /// On which kind of device ([`crate::device::Device::as_str`]).
    pub device: String,
    /// What was chosen, as JSON ([`consent_core::choices::Choices`]).
    pub choices: String,
    /// When, by the collector's clock.
    pub recorded_at: Millis,
    /// Its leaf in the consent log.
    pub log_index: i64,
}

const DECISIONS: &str = "SELECT id, receipt_id, receipt, method, language, page, choices, recorded_at, log_index, device \
    FROM decision WHERE site_id = $1 AND visitor_id = $2 ORDER BY log_index DESC LIMIT $3";

/// A visitor's decisions, the newest first, `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn decisions(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    limit: u32,
) -> sqlx::Result<Vec<Decision>> {
    let query = sql(DECISIONS).bind(site.0).bind(visitor.0).bind(i64::from(limit));
    query.rows(db).await?.iter().map(decision).collect()
}

fn decision(row: &Row) -> sqlx::Result<Decision> {
    Ok(Decision {
        id: uuid(row.get(0))?,
        receipt_id: ReceiptId::from_bytes(sixteen(row.get(1), "receipt_id")?),
        receipt: row.get(2),
        method: row.get(3),
        language: row.get(4),
        page: row.get(5),
        choices: row.get(6),
        recorded_at: Millis(row.get(7)),
        log_index: row.get(8),
        device: row.get(9),
    })
}

fn uuid(bytes: Vec<u8>) -> sqlx::Result<Uuid7> {
    let invalid = || sqlx::Error::Decode("an id is no UUIDv7".into());
    Uuid7::from_bytes(sixteen(bytes, "id")?).ok_or_else(invalid)
}

/// An event on record.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: Uuid7,
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// The page's path.
    pub page: String,
    /// What of the page's parameters was kept.
    pub query: String,
    /// The page's title.
    pub title: String,
    /// Where the visitor came from.
    pub referrer: String,
    /// More about it, a JSON object.
    pub properties: Option<String>,
    /// For which purpose.
    pub purpose: String,
    /// For which service; nothing where the purpose has none.
    pub service: String,
}

const EVENTS: &str = "SELECT e.id, e.at, e.name, e.page, e.query, e.title, e.referrer, e.properties, g.purpose, g.service \
    FROM consent_grant g JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE g.site_id = $1 AND g.visitor_id = $2 ORDER BY e.at DESC, e.id DESC LIMIT $3 OFFSET $4";

/// A visitor's events, the newest first: `limit` at most, after passing over `offset`.
///
/// # Errors
/// Where the database does not answer.
pub async fn events(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    (limit, offset): (u32, u32),
) -> sqlx::Result<Vec<Event>> {
    let query = sql(EVENTS).bind(site.0).bind(visitor.0);
    let rows = query.bind(i64::from(limit)).bind(i64::from(offset)).rows(db).await?;
    rows.iter().map(event).collect()
}

const EARLIER: &str = "SELECT e.id, e.at, e.name, e.page, e.query, e.title, e.referrer, e.properties, g.purpose, g.service \
    FROM consent_grant g JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE g.site_id = $1 AND g.visitor_id = $2 AND (e.at < $3 OR (e.at = $3 AND e.id < $4)) \
    ORDER BY e.at DESC, e.id DESC LIMIT $5";

/// The same from an event on, the next older ones: what comes meanwhile moves none of them.
///
/// # Errors
/// Where the database does not answer.
pub async fn earlier_events(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    (last, limit): (Option<&Event>, u32),
) -> sqlx::Result<Vec<Event>> {
    let (at, id) = last.map_or((i64::MAX, [0xff; 16]), |last| (last.at.0, *last.id.as_bytes()));
    let query = sql(EARLIER).bind(site.0).bind(visitor.0).bind(at).bind(&id);
    query.bind(i64::from(limit)).rows(db).await?.iter().map(event).collect()
}

fn event(row: &Row) -> sqlx::Result<Event> {
    Ok(Event {
        id: uuid(row.get(0))?,
        at: Millis(row.get(1)),
        name: row.get(2),
        page: row.get(3),
        query: row.get(4),
        title: row.get(5),
        referrer: row.get(6),
        properties: row.get(7),
        purpose: row.get(8),
        service: row.get(9),
    })
}

const COUNT: &str = "SELECT COUNT(*) FROM consent_grant g \
    JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE g.site_id = $1 AND g.visitor_id = $2";

/// How many events there are of a visitor.
///
/// # Errors
/// Where the database does not answer.
pub async fn count(db: &mut Connection, site: SiteId, visitor: VisitorRow) -> sqlx::Result<u64> {
    let count: i64 = sql(COUNT).bind(site.0).bind(visitor.0).one(db).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A lead that the visitor is linked to, without what it says.
#[derive(Clone, Debug)]
pub struct Link {
    /// The lead.
    pub lead: LeadId,
    /// By which form it came.
    pub form: String,
    /// Since when it is linked.
    pub since: Millis,
}

const LINKS: &str = "SELECT l.lead_id, lead.form, l.linked_at FROM consent_grant g \
    JOIN lead_link l ON l.site_id = g.site_id AND l.grant_id = g.id \
    JOIN lead ON lead.site_id = l.site_id AND lead.id = l.lead_id \
    WHERE g.site_id = $1 AND g.visitor_id = $2 ORDER BY l.linked_at DESC, l.lead_id";

/// The leads that a visitor is linked to.
///
/// # Errors
/// Where the database does not answer.
pub async fn links(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
) -> sqlx::Result<Vec<Link>> {
    let rows: Vec<(Vec<u8>, String, i64)> = sql(LINKS).bind(site.0).bind(visitor.0).all(db).await?;
    rows.into_iter()
        .map(|(lead, form, since)| {
            let lead = LeadId::from_bytes(sixteen(lead, "lead_id")?);
            Ok(Link { lead, form, since: Millis(since) })
        })
        .collect()
}

const ALL_DECISIONS: &str =
    "SELECT id FROM decision WHERE site_id = $1 AND visitor_id = $2 ORDER BY log_index";

/// The ids of all decisions of a visitor, in their order.
///
/// # Errors
/// Where the database does not answer.
pub async fn decision_ids(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
) -> sqlx::Result<Vec<Uuid7>> {
    let rows: Vec<(Vec<u8>,)> = sql(ALL_DECISIONS).bind(site.0).bind(visitor.0).all(db).await?;
    rows.into_iter().map(|(id,)| uuid(id)).collect()
}

const ERASE_VISITOR: &str = "DELETE FROM visitor WHERE site_id = $1 AND id = $2";

/// Erases a visitor's row, once no decision is left that names it.
///
/// # Errors
/// Where the database does not answer, or a decision is left.
pub async fn erase_visitor(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
) -> sqlx::Result<()> {
    sql(ERASE_VISITOR).bind(site.0).bind(visitor.0).execute(db).await?;
    Ok(())
}
