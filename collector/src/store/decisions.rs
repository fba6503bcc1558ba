//! Decisions: the proof of consent.

use std::collections::HashMap;

use consent_core::{
    choices::Choices,
    ids::{ReceiptId, Uuid7},
    time::Millis,
    wire::ConsentRequest,
};

use crate::device::Device;

use super::{
    Connection, SiteId, VisitorRow, rows, sixteen,
    statement::{Value, sql},
};

/// A decision as recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The mark of the session that sent it.
    pub session: Vec<u8>,
    /// What was chosen, as it was recorded ([`written`]).
    pub choices: String,
    /// Its visitor.
    pub visitor: Option<VisitorRow>,
    /// Its receipt's id.
    pub receipt_id: Option<ReceiptId>,
    /// Its receipt.
    pub receipt: Option<String>,
    /// Whether it is the visitor's latest.
    pub in_force: bool,
}

/// Choices as they are recorded.
///
/// # Errors
/// Where they cannot be written down.
pub fn written(choices: &Choices) -> sqlx::Result<String> {
    serde_json::to_string(choices).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// The decisions of those ids; what is not recorded is not in the answer.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    ids: &[Uuid7],
) -> sqlx::Result<HashMap<Uuid7, Recorded>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = sql("SELECT d.id, d.session, d.visitor_id, d.receipt_id, d.receipt, \
         CAST(CASE WHEN v.receipt = d.receipt_id THEN 1 ELSE 0 END AS BIGINT), d.choices \
         FROM decision d LEFT JOIN visitor v ON v.site_id = d.site_id AND v.id = d.visitor_id \
         WHERE d.site_id = ");
    query.push_bind(site.0).push(" AND d.id IN (");
    query.push_filled(ids.iter().map(Uuid7::as_bytes));
    query.push(")");
    let mut found = HashMap::new();
    for row in query.rows(db).await? {
        let receipt_id: Option<Vec<u8>> = row.get(3);
        let receipt_id = receipt_id.map(|bytes| sixteen(bytes, "receipt_id")).transpose()?;
        let recorded = Recorded {
            session: row.get(1),
            visitor: row.get::<Option<i64>>(2).map(VisitorRow),
            receipt_id: receipt_id.map(ReceiptId::from_bytes),
            receipt: row.get(4),
            in_force: row.get::<i64>(5) == 1,
            choices: row.get(6),
        };
        if let Some(id) = Uuid7::from_bytes(sixteen(row.get(0), "id")?) {
            found.insert(id, recorded);
        }
    }
    Ok(found)
}

/// A decision to record.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// Its site.
    pub site: SiteId,
    /// As it was sent; its page is cleaned already.
    pub request: &'a ConsentRequest,
    /// The mark of the session that sent it.
    pub session: [u8; 32],
    /// Its visitor.
    pub visitor: Option<VisitorRow>,
    /// The edition of the site file in force.
    pub edition: i64,
    /// When it is recorded.
    pub now: Millis,
    /// On which kind of device.
    pub device: Device,
    /// What was chosen ([`written`]).
    pub choices: String,
    /// Its receipt's id and the receipt; none for a first refusal.
    pub receipt: Option<(ReceiptId, String)>,
    /// What the log's commitment is salted with.
    pub salt: &'a [u8; 32],
    /// Its leaf in the log.
    pub log_index: i64,
}

const INTO: &str = "decision (site_id, id, session, visitor_id, receipt_id, edition, method, \
    language, page, banner, decided_at, recorded_at, choices, receipt, salt, log_index, device)";

/// Records decisions.
///
/// # Errors
/// Where the database does not answer, or has one of that id.
pub async fn insert(db: &mut Connection, decisions: &[&Decision<'_>]) -> sqlx::Result<()> {
    let decisions: Vec<_> = decisions.iter().map(|decision| values(decision)).collect();
    rows::insert(db, INTO, &decisions, "").await?;
    Ok(())
}

fn values<'q>(decision: &'q Decision<'_>) -> [Value<'q>; 17] {
    let request = decision.request;
    let receipt = decision.receipt.as_ref();
    [
        decision.site.0.into(),
        request.id.as_bytes().into(),
        (&decision.session).into(),
        decision.visitor.map(|visitor| visitor.0).into(),
        receipt.map(|(id, _)| id.as_bytes().to_vec()).into(),
        decision.edition.into(),
        request.method.as_str().into(),
        (&request.language).into(),
        (&request.page).into(),
        (&request.banner).into(),
        request.decided_at.0.into(),
        decision.now.0.into(),
        (&decision.choices).into(),
        receipt.map(|(_, receipt)| receipt.as_str()).into(),
        decision.salt.into(),
        decision.log_index.into(),
        decision.device.as_str().into(),
    ]
}

const ERASE: &str = "DELETE FROM decision WHERE site_id = $1 AND id = $2 RETURNING log_index";

/// Erases a decision with its receipt and salt; its place in the log, where there is one. What the
/// log's leaf says without them is nothing. Grants of that receipt go with it, and what rests on them: what
/// nobody can prove was agreed to is not kept.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<Option<i64>> {
    let erased: Option<(i64,)> = sql(ERASE).bind(site.0).bind(id.as_bytes()).first(db).await?;
    Ok(erased.map(|(index,)| index))
}
