//! The consent log read as a whole: its leaves with what they stand for.

use super::{
    Connection,
    statement::{Row, sql},
};

/// A leaf and everything in the database that names it.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Its place.
    pub index: i64,
    /// Its hash, whatever is stored for one.
    pub hash: Vec<u8>,
    /// The decision that it stands for; where somebody has written something else into its columns
    /// than can stand there, why it cannot be read.
    pub decision: Option<Result<Decision, String>>,
    /// The erasure that it stands for: which leaf's record, and when.
    pub erasure: Option<(i64, i64)>,
    /// The leaf that says that this one's record was erased.
    pub erased_by: Option<i64>,
}

/// A decision as it stands in the database, whatever has become of it.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The site's row.
    pub site_id: i64,
    /// The site's key, where there is such a row.
    pub site_key: Option<String>,
    /// Its id.
    pub id: Vec<u8>,
    /// The mark of the session that sent it.
    pub session: Vec<u8>,
    /// The visitor's row.
    pub visitor_id: Option<i64>,
    /// The visitor's hash, where there is such a row.
    pub visitor_hash: Option<Vec<u8>>,
    /// Its receipt's id.
    pub receipt_id: Option<Vec<u8>>,
    /// The edition of the site file.
    pub edition: i64,
    /// By which act.
    pub method: String,
    /// The language.
    pub language: String,
    /// The page.
    pub page: String,
    /// The banner.
    pub banner: String,
    /// By the page's clock.
    pub decided_at: i64,
    /// By the collector's clock.
    pub recorded_at: i64,
    /// What was chosen.
    pub choices: String,
    /// The receipt.
    pub receipt: Option<String>,
    /// The salt.
    pub salt: Vec<u8>,
    /// The kind of device.
    pub device: String,
}

const LEAVES: &str = "SELECT leaf.idx, leaf.hash, note.erased, note.erased_at, gone.log_index, \
        d.site_id, site.key AS site_key, d.id, d.session, d.visitor_id, v.hash AS visitor_hash, \
        d.receipt_id, d.edition, d.method, d.language, d.page, d.banner, d.decided_at, \
        d.recorded_at, d.choices, d.receipt, d.salt, d.device \
    FROM log_leaf AS leaf \
    LEFT JOIN log_erasure AS note ON note.log_index = leaf.idx \
    LEFT JOIN log_erasure AS gone ON gone.erased = leaf.idx \
    LEFT JOIN decision AS d ON d.log_index = leaf.idx \
    LEFT JOIN site ON site.id = d.site_id \
    LEFT JOIN visitor AS v ON v.site_id = d.site_id AND v.id = d.visitor_id \
    WHERE leaf.idx >= $1 ORDER BY leaf.idx LIMIT $2";

/// Leaves from `first` on, in order.
///
/// # Errors
/// Where the database does not answer.
pub async fn leaves(db: &mut Connection, first: i64, limit: i64) -> sqlx::Result<Vec<Leaf>> {
    let rows = sql(LEAVES).bind(first).bind(limit).rows(db).await?;
    rows.iter().map(leaf).collect()
}

fn leaf(row: &Row) -> sqlx::Result<Leaf> {
    let (erased, erased_at): (Option<i64>, Option<i64>) = (row.try_get(2)?, row.try_get(3)?);
    let decision: Option<i64> = row.try_get(5)?;
    Ok(Leaf {
        index: row.try_get(0)?,
        hash: row.try_get(1)?,
        erasure: erased.zip(erased_at),
        erased_by: row.try_get(4)?,
        decision: decision.map(|_| self::decision(row).map_err(|error| error.to_string())),
    })
}

/// Somebody may have written something else into the columns than can stand there.
fn decision(row: &Row) -> sqlx::Result<Decision> {
    Ok(Decision {
        site_id: row.try_get(5)?,
        site_key: row.try_get(6)?,
        id: row.try_get(7)?,
        session: row.try_get(8)?,
        visitor_id: row.try_get(9)?,
        visitor_hash: row.try_get(10)?,
        receipt_id: row.try_get(11)?,
        edition: row.try_get(12)?,
        method: row.try_get(13)?,
        language: row.try_get(14)?,
        page: row.try_get(15)?,
        banner: row.try_get(16)?,
        decided_at: row.try_get(17)?,
        recorded_at: row.try_get(18)?,
        choices: row.try_get(19)?,
        receipt: row.try_get(20)?,
        salt: row.try_get(21)?,
        device: row.try_get(22)?,
    })
}

const DOCUMENTS: &str = "SELECT site_id, edition, document FROM policy ORDER BY site_id, edition";

/// Every site file ever put in force, as it is stored: site, edition, document.
///
/// # Errors
/// Where the database does not answer.
pub async fn documents(db: &mut Connection) -> sqlx::Result<Vec<(i64, i64, String)>> {
    sql(DOCUMENTS).all(db).await
}

const LOOSE_DECISIONS: &str = "SELECT d.log_index FROM decision AS d \
    LEFT JOIN log_leaf AS leaf ON leaf.idx = d.log_index WHERE leaf.idx IS NULL \
    ORDER BY d.log_index LIMIT 100";
const LOOSE_ERASURES: &str = "SELECT e.log_index FROM log_erasure AS e \
    LEFT JOIN log_leaf AS leaf ON leaf.idx = e.log_index WHERE leaf.idx IS NULL \
    ORDER BY e.log_index LIMIT 100";

/// Places that records name and that have no leaf, a hundred of each kind at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn loose(db: &mut Connection) -> sqlx::Result<Vec<i64>> {
    let mut places: Vec<(i64,)> = sql(LOOSE_DECISIONS).all(db).await?;
    places.extend(sql(LOOSE_ERASURES).all::<(i64,)>(db).await?);
    Ok(places.into_iter().map(|(place,)| place).collect())
}

const CLAIMED: &str = "SELECT log_index FROM decision GROUP BY log_index HAVING COUNT(*) > 1 \
    ORDER BY log_index LIMIT 100";

/// Places that more than one decision names, a hundred at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn claimed(db: &mut Connection) -> sqlx::Result<Vec<i64>> {
    let places: Vec<(i64,)> = sql(CLAIMED).all(db).await?;
    Ok(places.into_iter().map(|(place,)| place).collect())
}
