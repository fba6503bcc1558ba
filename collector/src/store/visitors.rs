//! Visitors and where they stand.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use consent_core::{
    ids::{ReceiptId, VisitorHash},
    standing::{Grant, Standing, Subject},
    time::Millis,
};

use super::{
    Connection, SiteId, VisitorRow, rows, sixteen,
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
    let Some(last) = hashes.last() else {
        return Ok(found);
    };
    let mut query = sql(
        "SELECT v.id, v.hash, v.receipt, v.revision, v.expires, g.id, g.purpose, g.service, g.since, \
         v.decided_at, v.recorded_at FROM visitor v LEFT JOIN consent_grant g \
         ON g.site_id = v.site_id AND g.visitor_id = v.id AND g.receipt_id = v.receipt \
         WHERE v.site_id = ",
    );
    query.push_bind(site.0).push(" AND v.hash IN (");
    // Lists are filled up to a power of two: few statements to prepare, whatever the number.
    let padded = hashes.len().next_power_of_two();
    let filled = hashes.iter().chain(std::iter::repeat_n(last, padded - hashes.len()));
    query.push_list(filled.map(VisitorHash::as_bytes));
    query.push(")");
    let mut rows: BTreeMap<VisitorHash, (VisitorRow, Recorded)> = BTreeMap::new();
    for row in query.rows(db).await? {
        let hash = VisitorHash::from_bytes(sixteen(row.get(1), "hash")?);
        let recorded = match rows.entry(hash) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert((VisitorRow(row.get(0)), Recorded::read(&row)?)),
        };
        if let Some(id) = row.get::<Option<i64>>(5) {
            recorded.1.grants.push(grant(&row, id)?);
        }
    }
    for (hash, (row, recorded)) in rows {
        let times = recorded.times;
        let standing = recorded.standing(Subject::Visitor(hash));
        found.insert(hash, Visitor { row, standing, times });
    }
    Ok(found)
}

struct Recorded {
    receipt: Option<ReceiptId>,
    revision: u32,
    expires: Millis,
    times: Times,
    grants: Vec<Grant>,
}

impl Recorded {
    fn read(row: &Row) -> sqlx::Result<Self> {
        let receipt: Option<Vec<u8>> = row.get(2);
        let receipt = receipt.map(|bytes| sixteen(bytes, "receipt")).transpose()?;
        Ok(Self {
            receipt: receipt.map(ReceiptId::from_bytes),
            revision: u32::try_from(row.get::<i64>(3)).unwrap_or(0),
            expires: Millis(row.get(4)),
            times: Times { decided: Millis(row.get(9)), recorded: Millis(row.get(10)) },
            grants: Vec::new(),
        })
    }

    fn standing(self, subject: Subject) -> Standing {
        match self.receipt {
            Some(receipt) => {
                Standing::recorded(subject, self.revision, receipt, self.expires, self.grants)
            }
            None => Standing::none(subject),
        }
    }
}

fn grant(row: &Row, id: i64) -> sqlx::Result<Grant> {
    let invalid = |column: &str, error: consent_core::ids::Invalid| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    };
    let purpose: String = row.get(6);
    let service: String = row.get(7);
    Ok(Grant {
        id,
        purpose: purpose.parse().map_err(|error| invalid("purpose", error))?,
        service: match service.as_str() {
            "" => None,
            service => Some(service.parse().map_err(|error| invalid("service", error))?),
        },
        since: Millis(row.get(8)),
    })
}

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
