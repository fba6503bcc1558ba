//! Visitors and where they stand.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use consent_core::{
    ids::{ReceiptId, VisitorHash},
    standing::{Grant, Standing, Subject},
    time::Millis,
};

use super::{
    Connection, SiteId, VisitorRow,
    engine::Engine,
    rows, sixteen,
    statement::{Row, Statement, Value, sql},
};

/// A visitor as recorded.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Their row.
    pub row: VisitorRow,
    /// What they have granted.
    pub standing: Standing,
    /// Since when.
    pub times: Times,
}

/// When a decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// By the page's clock, as corrected by the collector's.
    pub decided: Millis,
    /// When the collector recorded it.
    pub recorded: Millis,
}

/// The visitors of those hashes; who is not recorded is not in the answer.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(
    db: &mut Connection,
    site: SiteId,
    hashes: &[VisitorHash],
) -> sqlx::Result<BTreeMap<VisitorHash, Visitor>> {
    let mut found = BTreeMap::new();
    if hashes.is_empty() {
        return Ok(found);
    }
    let mut query = sql(FIND);
    query.push_bind(site.0).push(" AND v.hash IN (");
    query.push_filled(hashes.iter().map(VisitorHash::as_bytes));
    query.push(")");
    for row in query.rows(db).await? {
        let hash = VisitorHash::from_bytes(sixteen(row.get(1), "hash")?);
        let subject = Subject::Visitor(hash);
        let receipt: Option<Vec<u8>> = row.get(2);
        let standing = match receipt {
            Some(receipt) => {
                let receipt = ReceiptId::from_bytes(sixteen(receipt, "receipt")?);
                let revision = u32::try_from(row.get::<i64>(3)).unwrap_or(0);
                let grants = grants(row.get::<Option<String>>(7).as_deref().unwrap_or_default())?;
                Standing::recorded(subject, revision, receipt, Millis(row.get(4)), grants)
            }
            None => Standing::none(subject),
        };
        let times = Times { decided: Millis(row.get(5)), recorded: Millis(row.get(6)) };
        found.insert(hash, Visitor { row: VisitorRow(row.get(0)), standing, times });
    }
    Ok(found)
}

/// A row for each visitor, with what they have granted in its last column: a row for each grant would cost five
/// times the way between the database's thread and ours. No key has a comma or a space in it.
const FIND: &str = "SELECT v.id, v.hash, v.receipt, v.revision, v.expires, v.decided_at, v.recorded_at, \
    (SELECT string_agg(CAST(g.id AS TEXT) || ' ' || CAST(g.since AS TEXT) || ' ' || g.purpose || ' ' || g.service, ',') \
    FROM consent_grant g \
    WHERE g.site_id = v.site_id AND g.visitor_id = v.id AND g.receipt_id = v.receipt) \
    FROM visitor v WHERE v.site_id = ";

/// The grants of [`FIND`]'s last column.
fn grants(text: &str) -> sqlx::Result<Vec<Grant>> {
    text.split_terminator(',').map(grant).collect()
}

fn grant(text: &str) -> sqlx::Result<Grant> {
    let invalid = || {
        let source = format!("{text:?} is not ID SINCE PURPOSE SERVICE").into();
        sqlx::Error::ColumnDecode { index: "consent_grant".to_owned(), source }
    };
    let mut parts = text.split(' ');
    let mut part = || parts.next().ok_or_else(invalid);
    let (id, since, purpose, service) = (part()?, part()?, part()?, part()?);
    let since = Millis(since.parse().map_err(|_| invalid())?);
    granted(id.parse().map_err(|_| invalid())?, since, purpose, service)
}

fn granted(id: i64, since: Millis, purpose: &str, service: &str) -> sqlx::Result<Grant> {
    let invalid = |_| {
        let source = format!("{purpose:?} and {service:?} are no PURPOSE and SERVICE").into();
        sqlx::Error::ColumnDecode { index: "consent_grant".to_owned(), source }
    };
    let purpose = purpose.parse().map_err(invalid)?;
    let service = (!service.is_empty()).then(|| service.parse()).transpose().map_err(invalid)?;
    Ok(Grant { id, since, purpose, service })
}

/// Where the visitors of those hashes stand with `services`: what they have granted of them. Who is not recorded is not
/// in the answer. For whoever asks about nothing else: on SQLite a third of what [`find`] costs, which events would pay
/// with every batch.
///
/// # Errors
/// Where the database does not answer.
pub async fn standings<'q>(
    db: &mut Connection,
    site: SiteId,
    hashes: &'q [VisitorHash],
    services: impl IntoIterator<Item = &'q str>,
) -> sqlx::Result<BTreeMap<VisitorHash, Standing>> {
    let mut found: BTreeMap<VisitorHash, (Recorded, Vec<Grant>)> = BTreeMap::new();
    if hashes.is_empty() {
        return Ok(BTreeMap::new());
    }
    // That of no service is one that no grant of an event rests on: a list needs something.
    let services = std::iter::once("").chain(services);
    let rows = if let Engine::Postgres(own) = db.engine().await? {
        let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.as_bytes().as_slice()).collect();
        let query = sqlx::query(ONE_BY_ONE).bind(site.0).bind(hashes);
        let rows = query.bind(services.collect::<Vec<_>>()).fetch_all(own).await?;
        rows.into_iter().map(Row::from).collect()
    } else {
        let mut query = sql(STANDINGS);
        query.push_list(services);
        query.push(") WHERE v.site_id = ").push_bind(site.0).push(" AND v.hash IN (");
        query.push_filled(hashes.iter().map(VisitorHash::as_bytes));
        query.push(")");
        query.rows(db).await?
    };
    for row in rows {
        let hash = VisitorHash::from_bytes(sixteen(row.get(0), "hash")?);
        let (_, grants) = match found.entry(hash) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let receipt: Option<Vec<u8>> = row.get(1);
                let receipt = receipt.map(|receipt| sixteen(receipt, "receipt")).transpose()?;
                let revision = u32::try_from(row.get::<i64>(2)).unwrap_or(0);
                let receipt = receipt.map(ReceiptId::from_bytes);
                entry.insert((
                    Recorded { receipt, revision, expires: Millis(row.get(3)) },
                    Vec::new(),
                ))
            }
        };
        if let Some(id) = row.get::<Option<i64>>(4) {
            let (purpose, service) = (row.get::<String>(6), row.get::<String>(7));
            grants.push(granted(id, Millis(row.get(5)), &purpose, &service)?);
        }
    }
    let standing = |(hash, (recorded, grants)): (VisitorHash, (Recorded, Vec<Grant>))| {
        let subject = Subject::Visitor(hash);
        let standing = recorded.receipt.map_or_else(
            || Standing::none(subject),
            |receipt| {
                Standing::recorded(subject, recorded.revision, receipt, recorded.expires, grants)
            },
        );
        (hash, standing)
    };
    Ok(found.into_iter().map(standing).collect())
}

struct Recorded {
    receipt: Option<ReceiptId>,
    revision: u32,
    expires: Millis,
}

const STANDINGS: &str = "SELECT v.hash, v.receipt, v.revision, v.expires, g.id, g.since, g.purpose, g.service \
    FROM visitor v LEFT JOIN consent_grant g ON g.site_id = v.site_id AND g.visitor_id = v.id \
    AND g.receipt_id = v.receipt AND g.service IN (";

/// The same on PostgreSQL, each visitor and their grants by their keys whatever the server believes: before it has counted
/// the tables' rows it takes them for a handful, goes through all of a site's grants once for each visitor, and stores a
/// sixth of the events.
const ONE_BY_ONE: &str = "SELECT v.hash, v.receipt, v.revision, v.expires, g.id, g.since, g.purpose, g.service \
    FROM UNNEST($2::BYTEA[]) AS wanted (hash) CROSS JOIN LATERAL (\
        SELECT id, hash, receipt, revision, expires FROM visitor \
        WHERE site_id = $1 AND hash = wanted.hash OFFSET 0) AS v LEFT JOIN LATERAL (\
        SELECT id, since, purpose, service FROM consent_grant \
        WHERE site_id = $1 AND visitor_id = v.id AND receipt_id = v.receipt AND service = ANY($3::TEXT[]) OFFSET 0\
    ) AS g ON TRUE";

/// A visitor to record.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Of which site.
    pub site: SiteId,
    /// By what the site knows them.
    pub hash: VisitorHash,
    /// What they have granted.
    pub standing: &'a Standing,
    /// Since when.
    pub times: Times,
}

const INTO: &str = "visitor (site_id, hash, receipt, revision, expires, decided_at, recorded_at)";

/// Records visitors who are new.
///
/// # Errors
/// Where the database does not answer, or has one of them already.
pub async fn insert(
    db: &mut Connection,
    new: &[New<'_>],
) -> sqlx::Result<HashMap<(SiteId, VisitorHash), VisitorRow>> {
    let new: Vec<_> = new
        .iter()
        .map(|New { site, hash, standing, times }| {
            let [receipt, rest @ ..] = values(standing, *times);
            let [revision, expires, decided, recorded] = rest;
            let hash = hash.as_bytes().into();
            [site.0.into(), hash, receipt, revision, expires, decided, recorded]
        })
        .collect();
    let answered = "RETURNING site_id, hash, id";
    let made: Vec<(i64, Vec<u8>, i64)> = rows::insert_answering(db, INTO, &new, answered).await?;
    made.into_iter()
        .map(|(site, hash, id)| {
            let hash = VisitorHash::from_bytes(sixteen(hash, "hash")?);
            Ok(((SiteId(site), hash), VisitorRow(id)))
        })
        .collect()
}

/// Receipt, revision, end, and both times.
fn values(standing: &Standing, times: Times) -> [Value<'static>; 5] {
    [
        standing.receipt().map(|receipt| receipt.as_bytes().to_vec()).into(),
        i64::from(standing.revision()).into(),
        standing.expires().0.into(),
        times.decided.0.into(),
        times.recorded.0.into(),
    ]
}

const SET_STANDING: &str = "UPDATE visitor SET receipt = $3, revision = $4, expires = $5, \
    decided_at = $6, recorded_at = $7, ended_at = NULL WHERE site_id = $1 AND id = $2";

/// Puts a decision in force.
///
/// # Errors
/// Where the database does not answer.
pub async fn set_standing(
    db: &mut Connection,
    site: SiteId,
    visitor: VisitorRow,
    standing: &Standing,
    times: Times,
) -> sqlx::Result<()> {
    let statement = sql(SET_STANDING).bind(site.0).bind(visitor.0);
    values(standing, times).into_iter().fold(statement, Statement::bind).execute(db).await?;
    Ok(())
}
