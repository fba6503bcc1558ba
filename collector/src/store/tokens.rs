//! Bearer tokens of the query API, known by their SHA-256.

use consent_core::{ids::base64url, time::Millis};

use super::{Connection, SiteId, statement::sql};

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Scope {
    /// Ask for counts.
    Query,
    /// See leads and their timelines.
    Leads,
    /// Give, change and erase leads, without seeing any.
    #[value(name = "leads:write")]
    LeadsWrite,
    /// See how the collector fares: what was refused, and why. A token that may ask for counts may that
    /// too.
    Operate,
    /// Take events as such, in files.
    Export,
}

impl Scope {
    /// Its name, as on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Leads => "leads",
            Self::LeadsWrite => "leads:write",
            Self::Operate => "operate",
            Self::Export => "export",
        }
    }
}

const INSERT: &str =
    "INSERT INTO token (hash, site_id, scopes, created_at) VALUES ($1, $2, $3, $4)";

/// Adds a token.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    hash: &[u8],
    site: SiteId,
    scopes: &[Scope],
    now: Millis,
) -> sqlx::Result<()> {
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    sql(INSERT).bind(hash).bind(site.0).bind(scopes.join(" ")).bind(now.0).execute(db).await?;
    Ok(())
}

/// By what the audit trail names the token of that hash: the hash's beginning, by which nobody finds the token.
#[must_use]
pub fn id(hash: &[u8]) -> String {
    base64url(hash.get(..9).unwrap_or(hash))
}

/// A token as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// By what the audit trail names it.
    pub id: String,
    /// The site it is for.
    pub site: SiteId,
    scopes: String,
}

impl Token {
    /// Whether it may do that.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        let has = |scope: Scope| self.scopes.split(' ').any(|has| has == scope.as_str());
        has(scope) || (scope == Scope::Operate && has(Scope::Query))
    }
}

const FIND: &str = "SELECT site_id, scopes FROM token WHERE hash = $1";

/// The token of that hash.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, hash: &[u8]) -> sqlx::Result<Option<Token>> {
    let row: Option<(i64, String)> = sql(FIND).bind(hash).first(db).await?;
    Ok(row.map(|(site, scopes)| Token { id: id(hash), site: SiteId(site), scopes }))
}

const LIST: &str = "SELECT scopes, created_at FROM token WHERE site_id = $1 ORDER BY created_at DESC, hash LIMIT 100";

/// The scopes of a site's tokens and when each was made, the newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<(String, Millis)>> {
    let rows: Vec<(String, i64)> = sql(LIST).bind(site.0).all(db).await?;
    Ok(rows.into_iter().map(|(scopes, at)| (scopes, Millis(at))).collect())
}
