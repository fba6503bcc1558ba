//! Decisions: the proof of consent.

use consent_core::{
    choices::Choices,
    ids::{ReceiptId, Uuid7},
    time::Millis,
    wire::ConsentRequest,
};
use sqlx::Row as _;

use super::{Connection, SiteId, VisitorRow, sixteen};

/// A decision as recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The mark of the session that sent it.
    pub session: Vec<u8>,
    /// What was chosen, as it was recorded.
    choices: String,
    /// Its visitor.
    pub visitor: Option<VisitorRow>,
    /// Its receipt's id.
    pub receipt_id: Option<ReceiptId>,
    /// Its receipt.
    pub receipt: Option<String>,
    /// Whether it is the visitor's latest.
    pub in_force: bool,
}

impl Recorded {
    /// Whether it is the same choice.
    ///
    /// # Errors
    /// Where choices cannot be written down.
    pub fn chose(&self, choices: &Choices) -> sqlx::Result<bool> {
        Ok(self.choices == written(choices)?)
    }
}

/// Choices as they are recorded.
///
/// # Errors
/// Where they cannot be written down.
pub fn written(choices: &Choices) -> sqlx::Result<String> {
    serde_json::to_string(choices).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

const FIND: &str = "SELECT d.session, d.visitor_id, d.receipt_id, d.receipt, \
    CASE WHEN v.receipt = d.receipt_id THEN 1 ELSE 0 END, d.choices \
    FROM decision d LEFT JOIN visitor v ON v.site_id = d.site_id AND v.id = d.visitor_id \
    WHERE d.site_id = $1 AND d.id = $2";

/// The decision of that id.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<Option<Recorded>> {
    let row =
        sqlx::query(FIND).bind(site.0).bind(id.as_bytes().to_vec()).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    let receipt_id: Option<Vec<u8>> = row.get(2);
    let receipt_id = receipt_id.map(|bytes| sixteen(bytes, "receipt_id")).transpose()?;
    Ok(Some(Recorded {
        session: row.get(0),
        visitor: row.get::<Option<i64>, _>(1).map(VisitorRow),
        receipt_id: receipt_id.map(ReceiptId::from_bytes),
        receipt: row.get(3),
        in_force: row.get::<i64, _>(4) == 1,
        choices: row.get(5),
    }))
}

/// A decision to record.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// As it was sent; its page is cleaned already.
    pub request: &'a ConsentRequest,
    /// The mark of the session that sent it.
    pub session: &'a [u8],
    /// Its visitor.
    pub visitor: Option<VisitorRow>,
    /// The edition of the site file in force.
    pub edition: i64,
    /// When it is recorded.
    pub now: Millis,
    /// Its receipt's id and the receipt; none for a first refusal.
    pub receipt: Option<(ReceiptId, &'a str)>,
    /// What the log's commitment is salted with.
    pub salt: &'a [u8],
    /// Its leaf in the log.
    pub log_index: i64,
}

const INSERT: &str = "INSERT INTO decision (site_id, id, session, visitor_id, receipt_id, edition, \
    method, language, page, banner, decided_at, recorded_at, choices, receipt, salt, log_index) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Records a decision.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    site: SiteId,
    decision: &Decision<'_>,
) -> sqlx::Result<()> {
    let request = decision.request;
    sqlx::query(INSERT)
        .bind(site.0)
        .bind(request.id.as_bytes().to_vec())
        .bind(decision.session)
        .bind(decision.visitor.map(|visitor| visitor.0))
        .bind(decision.receipt.map(|(id, _)| id.as_bytes().to_vec()))
        .bind(decision.edition)
        .bind(request.method.as_str())
        .bind(&request.language)
        .bind(&request.page)
        .bind(&request.banner)
        .bind(request.decided_at.0)
        .bind(decision.now.0)
        .bind(written(&request.choices())?)
        .bind(decision.receipt.map(|(_, receipt)| receipt))
        .bind(decision.salt)
        .bind(decision.log_index)
        .execute(db)
        .await?;
    Ok(())
}

const ERASE: &str = "DELETE FROM decision WHERE site_id = $1 AND id = $2 RETURNING log_index";

/// Erases a decision with its receipt and salt; its place in the log, where there is one. What the
/// log's leaf says without them is nothing.
///
/// # Errors
/// Where the database does not answer.
pub async fn erase(db: &mut Connection, site: SiteId, id: Uuid7) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(ERASE).bind(site.0).bind(id.as_bytes().to_vec()).fetch_optional(db).await
}
