//! What a disposal has disposed of so far: counted in the transaction that deletes, so that the record of it is
//! right whatever becomes of the collector.

use consent_core::time::Millis;

use crate::store::{Connection, SiteId, statement::sql};

/// What has gone by a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The kind of data.
    pub kind: String,
    /// The rule, as it stands in the site file.
    pub rule: String,
    /// Days that are kept.
    pub days: i64,
    /// The revision of the policy whose file has the rule.
    pub revision: i64,
    /// How many.
    pub n: i64,
    /// When it was begun.
    pub since: Millis,
    /// What is older has gone.
    pub until: Millis,
}

const ADD: &str = "INSERT INTO disposal (site_id, kind, rule, days, revision, n, since, until) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (site_id, kind, rule, days, revision) \
    DO UPDATE SET n = disposal.n + excluded.n, until = excluded.until";

/// Adds to what has gone.
///
/// # Errors
/// Where the database does not answer.
pub async fn add(db: &mut Connection, site: SiteId, counted: &Counted) -> sqlx::Result<()> {
    let add = sql(ADD).bind(site.0).bind(&counted.kind).bind(&counted.rule).bind(counted.days);
    let add = add.bind(counted.revision).bind(counted.n);
    add.bind(counted.since.0).bind(counted.until.0).execute(db).await.map(drop)
}

const OPEN: &str = "SELECT COUNT(*) FROM disposal WHERE site_id = $1";

/// Whether something has gone of which the trail has not been told.
///
/// # Errors
/// Where the database does not answer.
pub async fn open(db: &mut Connection, site: SiteId) -> sqlx::Result<bool> {
    Ok(sql(OPEN).bind(site.0).one::<i64>(db).await? > 0)
}

const TAKE: &str = "DELETE FROM disposal WHERE site_id = $1 \
    RETURNING kind, rule, days, revision, n, since, until";

/// Takes everything that is counted, for the caller's transaction to tell the trail of.
///
/// # Errors
/// Where the database does not answer.
pub async fn take(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Counted>> {
    let rows: Vec<(String, String, i64, i64, i64, i64, i64)> =
        sql(TAKE).bind(site.0).all(db).await?;
    let counted = |(kind, rule, days, revision, n, since, until)| Counted {
        kind,
        rule,
        days,
        revision,
        n,
        since: Millis(since),
        until: Millis(until),
    };
    let mut all: Vec<_> = rows.into_iter().map(counted).collect();
    all.sort_by(|one, other| {
        (&one.kind, &one.rule, one.days).cmp(&(&other.kind, &other.rule, other.days))
    });
    Ok(all)
}
