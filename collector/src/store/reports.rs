//! What marketers ask: sums over events, and the timelines of linked leads.
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

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Different visitors.
    Visitors,
    /// Page views.
    PageViews,
    /// Events of any name.
    Events,
}

/// What sums are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The day in the site's time zone.
    Day,
    /// The page's path.
    Page,
    /// The event's name.
    Event,
}

/// A condition on the events that are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What it looks at.
    pub dimension: Dimension,
    /// Whether it is to be one of the values, or none of them.
    pub is: bool,
    /// The values.
    pub values: Vec<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is summed.
    pub metrics: Vec<Metric>,
    /// By what.
    pub dimensions: Vec<Dimension>,
    /// Over which events.
    pub filters: Vec<Filter>,
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// Rows of the answer, at most.
    pub limit: u32,
    /// Rows to pass over.
    pub offset: u32,
}

/// A value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// A day since 1970.
    Day(i64),
    /// A page or a name.
    Text(String),
}

impl Cell {
    /// The same, so many days before.
    #[must_use]
    pub fn earlier(&self, days: i64) -> Self {
        match self {
            Self::Day(day) => Self::Day(day - days),
            Self::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// A row of an answer.
pub type Line = (Vec<Cell>, Vec<i64>);

impl Metric {
    const fn sql(self) -> &'static str {
        match self {
            Self::Visitors => "COUNT(DISTINCT g.visitor_id)",
            Self::PageViews => {
                "CAST(SUM(CASE WHEN e.name = 'page_view' THEN 1 ELSE 0 END) AS BIGINT)"
            }
            Self::Events => "COUNT(*)",
        }
    }
}

impl Dimension {
    const fn sql(self) -> &'static str {
        match self {
            Self::Day => "e.day",
            Self::Page => "e.page",
            Self::Event => "e.name",
        }
    }
}

/// Answers a question as of `now`. One row more than the limit says that there are more.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    report: &Report,
    now: Millis,
) -> sqlx::Result<Vec<Line>> {
    let mut query = sql("SELECT ");
    let dimensions = report.dimensions.iter().map(|dimension| dimension.sql());
    let metrics = report.metrics.iter().map(|metric| metric.sql());
    list(&mut query, dimensions.clone().chain(metrics));
    query.push(
        " FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id \
         WHERE e.site_id = ",
    );
    query.push_bind(site.0).push(" AND e.day >= ").push_bind(report.days.0);
    query.push(" AND e.day <= ").push_bind(report.days.1);
    ended::leave_out(&mut query, site, now);
    for filter in &report.filters {
        query.push(" AND ").push(filter.dimension.sql());
        query.push(if filter.is { " IN (" } else { " NOT IN (" });
        query.push_list(&filter.values);
        query.push(")");
    }
    if !report.dimensions.is_empty() {
        query.push(" GROUP BY ");
        list(&mut query, dimensions);
        order(&mut query, report);
    }
    query.push(" LIMIT ").push_bind(i64::from(report.limit) + 1);
    query.push(" OFFSET ").push_bind(i64::from(report.offset));
    let rows = query.rows(db).await?;
    let lines = rows.iter().map(|row| {
        let cells = report.dimensions.iter().enumerate().map(|(at, dimension)| match dimension {
            Dimension::Day => Cell::Day(row.get(at)),
            Dimension::Page | Dimension::Event => Cell::Text(row.get(at)),
        });
        let from = report.dimensions.len();
        let sums =
            (from..from + report.metrics.len()).map(|at| row.get::<Option<i64>>(at).unwrap_or(0));
        (cells.collect(), sums.collect())
    });
    Ok(lines.collect())
}

/// Days in their order, then the largest first sum, then names: the same order every time.
fn order(query: &mut Statement<'_>, report: &Report) {
    let (days, names): (Vec<Dimension>, Vec<Dimension>) =
        report.dimensions.iter().partition(|dimension| **dimension == Dimension::Day);
    let days = days.iter().map(|day| (day.sql(), ""));
    let sums = report.metrics.first().map(|metric| (metric.sql(), " DESC"));
    let names = names.iter().map(|name| (name.sql(), ""));
    let mut before = " ORDER BY ";
    for (column, way) in days.chain(sums).chain(names) {
        query.push(before).push(column).push(way);
        before = ", ";
    }
}

/// Adds columns, with commas between them.
fn list(query: &mut Statement<'_>, columns: impl Iterator<Item = &'static str>) {
    let mut comma = "";
    for column in columns {
        query.push(comma).push(column);
        comma = ", ";
    }
}

const TALLY: &str = "SELECT kind, detail, CAST(SUM(n) AS BIGINT) FROM tally \
    WHERE site_id = $1 AND day >= $2 AND day <= $3 GROUP BY kind, detail";

/// How many were asked, decided, and granted what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Browsers that were asked.
    pub asked: i64,
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

const TIMELINE: &str = "SELECT e.id, e.at, e.name, e.page, e.title, e.properties \
    FROM lead_link l \
    JOIN consent_grant lg ON lg.site_id = l.site_id AND lg.id = l.grant_id \
    JOIN consent_grant g ON g.site_id = lg.site_id AND g.visitor_id = lg.visitor_id \
    JOIN event e ON e.site_id = g.site_id AND e.grant_id = g.id \
    WHERE l.site_id = $1 AND l.lead_id = $2 AND e.at >= l.linked_at \
    ORDER BY e.at, e.id LIMIT $3";

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
        let events = steps.iter().find(|step| step.starts_with("SEARCH e ")).unwrap();
        assert!(events.contains("event_by_grant (site_id=? AND grant_id=?)"), "{steps:#?}");
    }
}
