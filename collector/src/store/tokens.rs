//! Bearer tokens of the query API, known by their SHA-256.

use consent_core::{
    ids::base64url,
    time::{Millis, SECOND},
};

use super::{
    Connection, SiteId,
    statement::{Row, sql},
};

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
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Query, Self::Leads, Self::LeadsWrite, Self::Operate, Self::Export];

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

/// How exactly it is known when a token was used last.
const EXACT: i64 = 60 * SECOND;

/// A token to make.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// What it may do.
    pub scopes: &'a [Scope],
    /// What it is for.
    pub name: &'a str,
    /// Who makes it, as the audit trail names them: kind and id.
    pub made_by: &'a str,
    /// Until when it holds; always where nothing is said.
    pub expires: Option<Millis>,
}

const INSERT: &str = "INSERT INTO token (hash, site_id, scopes, created_at, name, made_by, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Adds a token.
///
/// # Errors
/// Where the database does not answer.
pub async fn insert(
    db: &mut Connection,
    hash: &[u8],
    site: SiteId,
    new: New<'_>,
    now: Millis,
) -> sqlx::Result<()> {
    let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
    let insert = sql(INSERT).bind(hash).bind(site.0).bind(scopes.join(" ")).bind(now.0);
    let insert = insert.bind(new.name).bind(new.made_by);
    insert.bind(new.expires.map(|at| at.0)).execute(db).await.map(drop)
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
    /// What it may do, by name, a space between them.
    pub scopes: String,
    /// When it was made.
    pub created_at: Millis,
    /// What it is for; nothing of one that was made before tokens had names.
    pub name: String,
    /// Who made it: kind and id.
    pub made_by: String,
    /// Until when it holds.
    pub expires_at: Option<Millis>,
    /// When it was used last, to the minute.
    pub used_at: Option<Millis>,
    /// Since when it holds no more.
    pub revoked_at: Option<Millis>,
}

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Somebody has revoked it.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Token {
    /// Whether it may do that.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        let has = |scope: Scope| self.scopes.split(' ').any(|has| has == scope.as_str());
        has(scope) || (scope == Scope::Operate && has(Scope::Query))
    }

    /// Why it holds no more; nothing where it does.
    #[must_use]
    pub fn over(&self, now: Millis) -> Option<Over> {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Some(Over::Revoked),
            (None, Some(at)) if at <= now => Some(Over::Expired),
            _ => None,
        }
    }

    /// Whether its last use is to be written down.
    #[must_use]
    pub fn is_stale(&self, now: Millis) -> bool {
        self.used_at.is_none_or(|at| now.0 - at.0 >= EXACT)
    }
}

const FIND: &str = "SELECT hash, site_id, scopes, created_at, name, made_by, expires_at, used_at, revoked_at \
    FROM token WHERE ";

fn token(row: &Row) -> Token {
    Token {
        id: id(&row.get::<Vec<u8>>(0)),
        site: SiteId(row.get(1)),
        scopes: row.get(2),
        created_at: Millis(row.get(3)),
        name: row.get(4),
        made_by: row.get(5),
        expires_at: row.get::<Option<i64>>(6).map(Millis),
        used_at: row.get::<Option<i64>>(7).map(Millis),
        revoked_at: row.get::<Option<i64>>(8).map(Millis),
    }
}

/// The token of that hash, whether or not it holds.
///
/// # Errors
/// Where the database does not answer.
pub async fn find(db: &mut Connection, hash: &[u8]) -> sqlx::Result<Option<Token>> {
    let mut find = sql(FIND);
    find.push("hash = ").push_bind(hash.to_vec());
    Ok(find.row(db).await?.as_ref().map(token))
}

const NEWEST: &str = " ORDER BY created_at DESC, hash LIMIT 1000";

/// A site's tokens, the newest first.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<Token>> {
    let mut list = sql(FIND);
    list.push("site_id = ").push_bind(site.0).push(NEWEST);
    Ok(list.rows(db).await?.iter().map(token).collect())
}

const HASHES: &str = "SELECT hash FROM token WHERE site_id = $1 AND revoked_at IS NULL";
const REVOKE: &str = "UPDATE token SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL";

/// Revokes the token that the audit trail names so; false where the site has none that is not revoked.
///
/// # Errors
/// Where the database does not answer.
pub async fn revoke(
    db: &mut Connection,
    site: SiteId,
    named: &str,
    now: Millis,
) -> sqlx::Result<bool> {
    let hashes: Vec<(Vec<u8>,)> = sql(HASHES).bind(site.0).all(db).await?;
    let Some((hash,)) = hashes.into_iter().find(|(hash,)| id(hash) == named) else {
        return Ok(false);
    };
    Ok(sql(REVOKE).bind(hash).bind(now.0).execute(db).await? > 0)
}

const USED: &str = "UPDATE token SET used_at = $2 WHERE hash = $1 \
    AND (used_at IS NULL OR used_at < $2)";

/// Notes that a token was used.
///
/// # Errors
/// Where the database does not answer.
pub async fn used(db: &mut Connection, hash: &[u8], now: Millis) -> sqlx::Result<()> {
    sql(USED).bind(hash).bind(now.0).execute(db).await.map(drop)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_scope_of_the_command_line_is_offered_in_the_back_office() {
        assert_eq!(Scope::value_variants(), Scope::ALL);
    }
}
