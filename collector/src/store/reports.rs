//! For how much of the traffic an answer stands, and the timelines of linked leads.
//!
//! No statement here joins a lead with an event but through `lead_link`, so that an unlinked lead
//! has no timeline by any query.

use std::collections::BTreeMap;

use consent_core::{
    ids::{LeadId, Uuid7},
    time::Millis,
};

use super::{
    Connection, SiteId, ended, sixteen,
    statement::{Statement, sql},
    tallies::Kind,
};

const TALLY: &str = "SELECT kind, detail, CAST(SUM(n) AS BIGINT) FROM tally \
    WHERE site_id = $1 AND day >= $2 AND day <= $3 GROUP BY kind, detail";

/// How many were asked, decided, and granted what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Browsers that were asked.
    pub asked: i64,
    /// The same by kind of device ([`crate::device::Device::as_str`]).
    pub asked_on: BTreeMap<String, i64>,
    /// First decisions.
    pub decided: i64,
    /// First decisions that granted it, by switch.
    pub granted: BTreeMap<String, i64>,
}

/// For how much of the traffic an answer stands.
///
/// # Errors
/// Where the database does not answer.
pub async fn share(db: &mut Connection, site: SiteId, days: (i64, i64)) -> sqlx::Result<Share> {
    let rows: Vec<(String, String, i64)> =
        sql(TALLY).bind(site.0).bind(days.0).bind(days.1).all(db).await?;
    let mut share = Share::default();
    for (kind, detail, n) in rows {
        if kind == Kind::Asked.as_str() {
            share.asked += n;
            share.asked_on.insert(detail, n);
        } else if kind == Kind::Decided.as_str() {
            share.decided += n;
        } else if kind == Kind::Granted.as_str() {
            share.granted.insert(detail, n);
        }
    }
    Ok(share)
}

/// Which consents hold: those of this policy revision that have not run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The policy's revision.
    pub revision: u32,
    /// The time now.
    pub now: Millis,
}

/// A lead's link `l`, and the visitor `v` whose consent holds it; no visitor where none does.
const LINK: &str = " FROM lead \
    LEFT JOIN lead_link l ON l.site_id = lead.site_id AND l.lead_id = lead.id \
    LEFT JOIN consent_grant g ON g.site_id = l.site_id AND g.id = l.grant_id";
const HOLDER: &str = " LEFT JOIN visitor v ON v.site_id = g.site_id AND v.id = g.visitor_id \
    AND v.revision = ";
/// When the lead was linked, as long as that holds.
const LINKED_AT: &str = "CASE WHEN v.id IS NULL THEN NULL ELSE l.linked_at END";

/// Adds when a lead was linked, as long as that holds, and the tables of that: `lead`, `l`, `g`, `v`.
pub(super) fn push_link(query: &mut Statement<'_>, site: SiteId, holding: Holding) {
    query.push(LINKED_AT).push(LINK);
    ended::leave_out(query, site, holding.now);
    query.push(HOLDER).push_bind(i64::from(holding.revision));
}

/// An event in a lead's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event's id.
    pub id: Uuid7,
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// The page's path.
    pub page: String,
    /// The page's title.
    pub title: String,
    /// More about it, a JSON object.
    pub properties: Option<String>,
}

/// The first ones are chosen by their times, and those alone are read.
const TIMELINE: &str = "SELECT e.id, e.at, e.name, e.page, e.title, e.properties \
    FROM (SELECT e.id, e.at FROM lead_link l \
        JOIN consent_grant lg ON lg.site_id = l.site_id AND lg.id = l.grant_id \
        JOIN consent_grant g ON g.site_id = lg.site_id AND g.visitor_id = lg.visitor_id \
        JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id AND e.at >= l.linked_at \
        WHERE l.site_id = $1 AND l.lead_id = $2 ORDER BY e.at, e.id LIMIT $3) AS first \
    JOIN event e ON e.site_id = $1 AND e.id = first.id ORDER BY first.at, first.id";

/// Events in one timeline, at most.
pub const TIMELINE_MAX: u32 = 1_000;

/// What is known of a lead's browsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timeline {
    /// There is no such lead.
    NoLead,
    /// It is tied to nobody, so nothing is known.
    Unlinked,
    /// What its visitor did since then.
    Linked(Millis, Vec<Moment>),
}

/// The timeline of a lead: from the moment it was linked on, not backwards, and only while the
/// consent that links it holds.
///
/// # Errors
/// Where the database does not answer.
pub async fn timeline(
    db: &mut Connection,
    site: SiteId,
    holding: Holding,
    lead: LeadId,
) -> sqlx::Result<Timeline> {
    let id = lead.as_bytes();
    let mut linked = sql("SELECT ");
    push_link(&mut linked, site, holding);
    linked.push(" WHERE lead.site_id = ").push_bind(site.0);
    linked.push(" AND lead.id = ").push_bind(id);
    let linked: Option<(Option<i64>,)> = linked.first(db).await?;
    let since = match linked {
        None => return Ok(Timeline::NoLead),
        Some((None,)) => return Ok(Timeline::Unlinked),
        Some((Some(since),)) => Millis(since),
    };
    let rows = sql(TIMELINE).bind(site.0).bind(id).bind(i64::from(TIMELINE_MAX)).rows(db).await?;
    let mut moments = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(id) = Uuid7::from_bytes(sixteen(row.get(0), "id")?) else {
            continue;
        };
        moments.push(Moment {
            id,
            at: Millis(row.get(1)),
            name: row.get(2),
            page: row.get(3),
            title: row.get(4),
            properties: row.get(5),
        });
    }
    Ok(Timeline::Linked(since, moments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn a_timeline_is_found_by_its_grants_and_not_among_all_events() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let mut db = Database::at(&url).unwrap().create().await.unwrap();
        let steps = sql(TIMELINE).explained().rows(&mut db).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get(3)).collect();
        let events: Vec<_> = steps.iter().filter(|step| step.starts_with("SEARCH e ")).collect();
        let expected = [
            "SEARCH e USING COVERING INDEX event_by_grant (site_id=? AND grant_id=? AND at>?)",
            "SEARCH e USING PRIMARY KEY (site_id=? AND id=?)",
        ];
        assert_eq!(events, expected, "{steps:#?}");
    }
}
