//! Reading leads: sealed, as they are stored.
//!
//! What may be done with a lead depends on the ground on which the person may be contacted. Whatever hands leads
//! out (a list, an export, a webhook) takes them from [`usable`], which gives no locked one. A locked
//! lead is seen only by who answers what the person wrote ([`listed`]) or is asked about it ([`one`]).

pub mod listed;

use std::collections::HashMap;

use consent_core::{contact::ContactKind, ids::LeadId, time::Millis};

use crate::{
    keys::leads::{Sealed, SealedField, WrappedKey},
    store::{
        Connection, SiteId,
        reports::{Holding, push_link},
        sixteen,
        statement::{Row, Statement, sql},
    },
};

/// A lead as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: LeadId,
    /// Where it came from: a name of [`consent_core::lead::Origin`].
    pub origin: String,
    /// Its form, or nothing.
    pub form: String,
    /// On what ground the person may be contacted: a name of [`consent_core::lead::Ground`].
    pub ground: String,
    /// Since when; not at all where the lead is locked.
    pub ground_since: Option<Millis>,
    /// What was agreed to, a JSON object.
    pub agreements: String,
    /// The page.
    pub page: String,
    /// When it came.
    pub received_at: Millis,
    /// When it last changed: it came, was corrected, was given its ground, or lost it.
    pub changed_at: Millis,
    /// Counts corrections, from 1.
    pub version: i64,
    /// Since when it is tied to a visitor.
    pub linked_at: Option<Millis>,
    /// What was filled in.
    pub sealed: Sealed,
}

/// A lead whose person may be contacted. Only this module makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable(Stored);

impl Usable {
    /// The lead.
    #[must_use]
    pub const fn lead(&self) -> &Stored {
        &self.0
    }
}

/// The one place that says which leads may be used.
const USABLE: &str = " AND lead.ground_since IS NOT NULL";
const LOCKED: &str = " AND lead.ground_since IS NULL";

const LEADS: &str = "SELECT lead.id, lead.origin, lead.form, lead.ground, lead.ground_since, \
    lead.agreements, lead.page, lead.received_at, lead.changed_at, lead.version, \
    k.kek, k.wrapped, ";
const KEYS: &str = " LEFT JOIN lead_key k ON k.site_id = lead.site_id AND k.lead_id = lead.id \
    WHERE lead.site_id = ";
const NEWEST: &str = " ORDER BY lead.received_at DESC, lead.id LIMIT ";
const OFFSET: &str = " OFFSET ";
const BY_ID: &str = " AND lead.id = ";

fn select<'q>(site: SiteId, holding: Holding) -> Statement<'q> {
    let mut leads = sql(LEADS);
    push_link(&mut leads, site, holding);
    leads.push(KEYS).push_bind(site.0);
    leads
}

const AMONG_APPROVED: &str = " AND EXISTS (SELECT 1 FROM approval_lead a WHERE a.site_id = lead.site_id \
    AND a.lead_id = lead.id AND a.approval_id = ";

/// Which leads a listing has, and where it goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Those that changed from that time on, the one whose change lies longest back first; else all, the newest first.
    pub changed_since: Option<Millis>,
    /// After the lead at that place: when it came, or where changes are asked for, when it last changed; and its id.
    pub after: Option<(Millis, LeadId)>,
    /// Of those only that were approved under that id to leave.
    pub approved: Option<LeadId>,
}

impl Search {
    /// The place of a lead in the listing.
    #[must_use]
    pub const fn place(&self, lead: &Stored) -> (Millis, LeadId) {
        let at = if self.changed_since.is_some() { lead.changed_at } else { lead.received_at };
        (at, lead.id)
    }

    /// Narrows `leads` to a page of the listing. No lead comes twice or is left out because others come or go
    /// between two pages: a page begins after a place, and places do not move. Where changes are asked for, a lead that
    /// changes once more moves to the end, and comes again.
    fn push(&self, leads: &mut Statement<'_>, limit: u32) {
        if let Some(since) = self.changed_since {
            leads.push(" AND lead.changed_at >= ").push_bind(since.0);
        }
        if let Some(id) = self.approved {
            leads.push(AMONG_APPROVED).push_bind(id.as_bytes().to_vec()).push(")");
        }
        if let Some((at, id)) = self.after {
            leads.push(match self.changed_since {
                Some(_) => " AND (lead.changed_at, lead.id) > (",
                None => " AND (lead.received_at, lead.id) < (",
            });
            leads.push_bind(at.0).push(", ").push_bind(id.as_bytes().to_vec()).push(")");
        }
        leads.push(match self.changed_since {
            Some(_) => " ORDER BY lead.changed_at, lead.id LIMIT ",
            None => " ORDER BY lead.received_at DESC, lead.id DESC LIMIT ",
        });
        leads.push_bind(i64::from(limit));
    }
}

/// A page of the leads whose persons may be contacted.
///
/// # Errors
/// Where the database does not answer.
pub async fn usable(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    search: &Search,
    limit: u32,
) -> sqlx::Result<Vec<Usable>> {
    let mut leads = select(site, holding);
    leads.push(USABLE);
    search.push(&mut leads, limit);
    Ok(all(db, site, leads).await?.into_iter().map(Usable).collect())
}

/// A page of leads, those that are locked among them, or them alone: for who answers what people wrote, or is to know
/// which leads there are. Of a locked one that came by no form nothing is to be opened.
///
/// # Errors
/// Where the database does not answer.
pub async fn held(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    (search, locked_only): (&Search, bool),
    limit: u32,
) -> sqlx::Result<Vec<Stored>> {
    let mut leads = select(site, holding);
    if locked_only {
        leads.push(LOCKED);
    }
    search.push(&mut leads, limit);
    all(db, site, leads).await
}

/// The lead of that id, if its person may be contacted.
///
/// # Errors
/// Where the database does not answer.
pub async fn usable_one(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    lead: LeadId,
) -> sqlx::Result<Option<Usable>> {
    let mut leads = select(site, holding);
    leads.push(USABLE).push(BY_ID).push_bind(lead.as_bytes().to_vec());
    Ok(all(db, site, leads).await?.pop().map(Usable))
}

/// The lead of that id, locked or not: for who is asked about it.
///
/// # Errors
/// Where the database does not answer.
pub async fn one(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    lead: LeadId,
) -> sqlx::Result<Option<Stored>> {
    let mut leads = select(site, holding);
    leads.push(BY_ID).push_bind(lead.as_bytes().to_vec());
    Ok(all(db, site, leads).await?.pop())
}

const BY_DIGEST: &str =
    "SELECT lead_id FROM lead_index WHERE site_id = $1 AND kind = $2 AND digest = $3";

/// Every lead of whoever is found by one of these, locked or not.
///
/// # Errors
/// Where the database does not answer.
pub async fn known(
    db: &mut Connection,
    site: SiteId,
    digests: &[(ContactKind, [u8; 32])],
) -> sqlx::Result<Vec<LeadId>> {
    let mut leads = Vec::new();
    for digest in digests {
        leads.extend(of_person(db, site, *digest).await?);
    }
    leads.sort_unstable();
    leads.dedup();
    Ok(leads)
}

/// Every lead of the person who is found by that keyed hash, locked or not.
///
/// # Errors
/// Where the database does not answer.
pub async fn of_person(
    db: &mut Connection,
    site: SiteId,
    (kind, digest): (ContactKind, [u8; 32]),
) -> sqlx::Result<Vec<LeadId>> {
    let found = sql(BY_DIGEST).bind(site.0).bind(kind.as_str()).bind(&digest);
    let ids: Vec<(Vec<u8>,)> = found.all(db).await?;
    ids.into_iter().map(|(id,)| sixteen(id, "lead_id").map(LeadId::from_bytes)).collect()
}

const NAMES: &str = "SELECT DISTINCT field FROM lead_field WHERE site_id = $1";

/// The names of all fields that leads of a site have.
///
/// # Errors
/// Where the database does not answer.
pub async fn fields(db: &mut Connection, site: SiteId) -> sqlx::Result<Vec<String>> {
    let names: Vec<(String,)> = sql(NAMES).bind(site.0).all(db).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

const FIELDS: &str = "SELECT lead_id, field, version, value FROM lead_field WHERE site_id = ";
const AMONG: &str = " AND lead_id IN (";

/// Times that leads are read anew which somebody corrects between the two statements.
const TRIES: u32 = 8;

/// Leads with their fields: each of one version, since the key of another one opens nothing.
async fn all(db: &mut Connection, site: SiteId, leads: Statement<'_>) -> sqlx::Result<Vec<Stored>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let found = at_once(db, site, leads.clone()).await?;
        let whole = |lead: &Stored| lead.sealed.fields.iter().all(|it| it.version == lead.version);
        if found.iter().all(whole) || tries == TRIES {
            return Ok(found);
        }
    }
}

async fn at_once(
    db: &mut Connection,
    site: SiteId,
    leads: Statement<'_>,
) -> sqlx::Result<Vec<Stored>> {
    let rows = leads.rows(db).await?;
    let mut found = rows.iter().map(stored).collect::<sqlx::Result<Vec<_>>>()?;
    if found.is_empty() {
        return Ok(found);
    }
    let places: HashMap<_, _> = found.iter().enumerate().map(|(at, it)| (it.id, at)).collect();
    let mut fields = sql(FIELDS);
    fields.push_bind(site.0).push(AMONG);
    fields.push_list(found.iter().map(|lead| lead.id.as_bytes().to_vec()));
    fields.push(")");
    for row in fields.rows(db).await? {
        let lead = LeadId::from_bytes(sixteen(row.get(0), "lead_id")?);
        let field = SealedField { field: row.get(1), version: row.get(2), value: row.get(3) };
        if let Some(at) = places.get(&lead) {
            found[*at].sealed.fields.push(field);
        }
    }
    Ok(found)
}

fn stored(row: &Row) -> sqlx::Result<Stored> {
    let key = row.get::<Option<String>>(10).zip(row.get::<Option<Vec<u8>>>(11));
    let key = key.map(|(kek, wrapped)| WrappedKey { kek, wrapped });
    Ok(Stored {
        id: LeadId::from_bytes(sixteen(row.get(0), "id")?),
        origin: row.get(1),
        form: row.get(2),
        ground: row.get(3),
        ground_since: row.get::<Option<i64>>(4).map(Millis),
        agreements: row.get(5),
        page: row.get(6),
        received_at: Millis(row.get(7)),
        changed_at: Millis(row.get(8)),
        version: row.get(9),
        linked_at: row.get::<Option<i64>>(12).map(Millis),
        sealed: Sealed { key, fields: Vec::new() },
    })
}
