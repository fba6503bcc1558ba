//! The audit trail of a site: what was done with its data, by whom, when, and on what ground. It only grows, and
//! holds nobody's personal data: people are named by the ids of their leads, visitors by none.
//!
//! An entry is a leaf of the site's own tree ([`crate::log::tree`], RFC 6962), so that whoever holds an earlier root
//! finds what was changed, dropped, moved or dated back since. It is appended in the transaction of what it tells
//! of, and last in it: appending holds the site's trail until that transaction ends.

pub mod found;

use consent_core::time::Millis;
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    Connection, SiteId,
    statement::{Row, sql},
};
use crate::log::tree::{self, Edge, Hash};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at the command line, by the name that the system knows them by.
    Command(String),
    /// The collector by itself: which of its tasks.
    Job(&'static str),
    /// The bearer of an API token, by [`super::tokens::id`].
    Token(String),
    /// Somebody with an account, by its id.
    Account(String),
    /// A visitor, about themselves.
    Visitor,
}

impl Actor {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Command(user) => ("command", user),
            Self::Job(task) => ("job", task),
            Self::Token(id) => ("token", id),
            Self::Account(id) => ("account", id),
            Self::Visitor => ("visitor", ""),
        }
    }
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was done.
    pub at: Millis,
    /// By whom.
    pub by: Actor,
    /// What: `NOUN.VERB`, as in `lead.erase`. docs/audit.md lists them.
    pub action: &'static str,
    /// To what: its kind and its id, or nothing where there is no single one.
    pub object: (&'static str, String),
    /// What else is to be known of it, a JSON object without personal data.
    pub details: Json,
}

/// An entry as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Its place in the site's trail, from 0.
    pub seq: i64,
    /// When it was done.
    pub at: i64,
    /// The kind of who did it.
    pub actor_kind: String,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The kind of what it was done to.
    pub object_kind: String,
    /// The id of what it was done to.
    pub object: String,
    /// What else is known of it, a JSON object as text.
    pub details: String,
    /// What was appended for it.
    #[serde(skip)]
    pub leaf: Vec<u8>,
}

/// What a leaf is the hash of. The order of the fields and the tag belong to the form.
#[derive(Serialize)]
#[serde(tag = "record", rename = "ashiato-audit-1")]
struct Leaf<'a> {
    site: i64,
    #[serde(flatten)]
    entry: &'a Recorded,
}

impl Recorded {
    /// The leaf that stands for this entry, of what it says now.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn worked_out(&self, site: SiteId) -> sqlx::Result<Hash> {
        let text = serde_json::to_vec(&Leaf { site: site.0, entry: self });
        Ok(tree::leaf(&text.map_err(|error| sqlx::Error::Encode(Box::new(error)))?))
    }
}

const HOLD: &str = "INSERT INTO audit_head (site_id, size, edge) VALUES ($1, 0, $2) \
    ON CONFLICT (site_id) DO UPDATE SET size = audit_head.size RETURNING size, edge";
const APPEND: &str = "INSERT INTO audit \
    (site_id, seq, at, actor_kind, actor, action, object_kind, object, details, leaf) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const GROW: &str = "UPDATE audit_head SET size = $2, edge = $3 WHERE site_id = $1";

/// Appends an entry inside the caller's transaction, and answers its place.
///
/// # Errors
/// Where the database does not answer, or the trail's head is damaged.
pub async fn append(db: &mut Connection, site: SiteId, entry: &Entry) -> sqlx::Result<i64> {
    let head: Option<(i64, Vec<u8>)> = sql(HOLD).bind(site.0).bind(Vec::new()).first(db).await?;
    let (seq, edge) = head.ok_or(sqlx::Error::RowNotFound)?;
    let mut edge = resumed(seq, &edge)?;
    let (actor_kind, actor) = entry.by.parts();
    let recorded = Recorded {
        seq,
        at: entry.at.0,
        actor_kind: actor_kind.to_owned(),
        actor: actor.to_owned(),
        action: entry.action.to_owned(),
        object_kind: entry.object.0.to_owned(),
        object: entry.object.1.clone(),
        details: entry.details.to_string(),
        leaf: Vec::new(),
    };
    let leaf = recorded.worked_out(site)?;
    edge.push(leaf, |_, _| {});
    sql(APPEND)
        .bind(site.0)
        .bind(seq)
        .bind(recorded.at)
        .bind(&recorded.actor_kind)
        .bind(&recorded.actor)
        .bind(&recorded.action)
        .bind(&recorded.object_kind)
        .bind(&recorded.object)
        .bind(&recorded.details)
        .bind(&leaf)
        .execute(db)
        .await?;
    sql(GROW).bind(site.0).bind(seq + 1).bind(edge.roots().concat()).execute(db).await?;
    Ok(seq)
}

/// The edge as it is stored.
fn resumed(size: i64, edge: &[u8]) -> sqlx::Result<Edge> {
    let (roots, rest) = edge.as_chunks::<32>();
    let size = u64::try_from(size).ok().filter(|_| rest.is_empty());
    size.and_then(|size| Edge::resumed(size, roots.to_vec())).ok_or_else(|| {
        sqlx::Error::Protocol(
            "the audit trail's head is damaged: `ashiato audit verify`".to_owned(),
        )
    })
}

const HEAD: &str = "SELECT size, edge FROM audit_head WHERE site_id = $1";

/// How many entries a site's trail has by its head, and the root over them.
///
/// # Errors
/// Where the database does not answer, or the head is damaged.
pub async fn head(db: &mut Connection, site: SiteId) -> sqlx::Result<(i64, Hash)> {
    let head: Option<(i64, Vec<u8>)> = sql(HEAD).bind(site.0).first(db).await?;
    let (size, edge) = head.unwrap_or_default();
    Ok((size, resumed(size, &edge)?.root()))
}

/// What of a trail is to be listed.
#[derive(Clone, Debug)]
pub struct Search {
    /// An action, or the noun that several begin with; everything where it is empty.
    pub action: String,
    /// What was done to this id; everything where it is empty.
    pub object: String,
    /// From this time on.
    pub since: Millis,
}

impl Search {
    /// The whole trail.
    #[must_use]
    pub const fn everything() -> Self {
        Self { action: String::new(), object: String::new(), since: Millis(i64::MIN) }
    }
}

const LIST: &str = "SELECT seq, at, actor_kind, actor, action, object_kind, object, details, leaf \
    FROM audit WHERE site_id = $1 AND seq >= $2 AND at >= $3 \
    AND ($4 = '' OR action = $4 OR substr(action, 1, length($4) + 1) = $4 || '.') \
    AND ($5 = '' OR object = $5) ORDER BY seq LIMIT $6";

/// Entries from `first` on, in order, `limit` at most.
///
/// # Errors
/// Where the database does not answer.
pub async fn list(
    db: &mut Connection,
    site: SiteId,
    search: &Search,
    first: i64,
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    let list = sql(LIST).bind(site.0).bind(first).bind(search.since.0);
    let list = list.bind(&search.action).bind(&search.object).bind(limit);
    list.rows(db).await?.iter().map(recorded).collect()
}

/// Somebody may have written something else into the columns than can stand there.
fn recorded(row: &Row) -> sqlx::Result<Recorded> {
    Ok(Recorded {
        seq: row.try_get(0)?,
        at: row.try_get(1)?,
        actor_kind: row.try_get(2)?,
        actor: row.try_get(3)?,
        action: row.try_get(4)?,
        object_kind: row.try_get(5)?,
        object: row.try_get(6)?,
        details: row.try_get(7)?,
        leaf: row.try_get(8)?,
    })
}
