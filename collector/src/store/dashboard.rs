//! Visits, and what they were made of.
//!
//! A visit is what a visitor did without a pause of more than half an hour. It is put together from the events of
//! the days that are asked for, so that one which began the evening before begins anew at midnight of the first.
//! Visits without a page view are left out. All sums come from one statement over one set of rows: they agree with
//! each other.

use consent_core::time::Millis;

use super::{
    Connection, SiteId, ended,
    engine::Engine,
    statement::{Statement, sql},
};

/// A property of visits by which they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A page that was seen.
    Page,
    /// The first page.
    Entry,
    /// The last page.
    Exit,
    /// The host that led here; empty: none is known.
    Source,
    /// `SOURCE / CAMPAIGN`, as the address of the first view had it.
    Campaign,
    /// The language in which its visitor decided.
    Language,
    /// An event that happened.
    Event,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 7] = [
        Self::Page,
        Self::Entry,
        Self::Exit,
        Self::Source,
        Self::Campaign,
        Self::Language,
        Self::Event,
    ];

    /// Its name in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Source => "source",
            Self::Campaign => "campaign",
            Self::Language => "language",
            Self::Event => "event",
        }
    }

    /// The rows of its breakdown: what is grouped by, and among which events.
    const fn rows(self) -> &'static str {
        match self {
            Self::Page => "SELECT 'page' AS kind, page AS label, ",
            Self::Entry => "SELECT 'entry' AS kind, entry AS label, ",
            Self::Exit => "SELECT 'exit' AS kind, leaving AS label, ",
            Self::Source => "SELECT 'source' AS kind, source AS label, ",
            Self::Campaign => "SELECT 'campaign' AS kind, campaign AS label, ",
            Self::Language => "SELECT 'language' AS kind, language AS label, ",
            Self::Event => "SELECT 'event' AS kind, name AS label, ",
        }
    }

    const fn among(self) -> &'static str {
        match self {
            Self::Page => " FROM chosen WHERE name = 'page_view' GROUP BY page",
            Self::Entry => " FROM chosen GROUP BY entry",
            Self::Exit => " FROM chosen GROUP BY leaving",
            Self::Source => " FROM chosen GROUP BY source",
            Self::Campaign => " FROM chosen WHERE campaign IS NOT NULL GROUP BY campaign",
            Self::Language => " FROM chosen GROUP BY language",
            Self::Event => " FROM chosen WHERE name <> 'page_view' GROUP BY name",
        }
    }

    /// What its longest rows are first by.
    const fn order(self) -> &'static str {
        match self {
            Self::Page => " ORDER BY views DESC, label LIMIT ",
            Self::Event => " ORDER BY events DESC, label LIMIT ",
            _ => " ORDER BY visits DESC, label LIMIT ",
        }
    }

    /// The condition on a visit, before its value.
    const fn is(self) -> &'static str {
        match self {
            Self::Page => " AND saw_page = 1",
            Self::Event => " AND had_event = 1",
            Self::Entry => " AND entry = ",
            Self::Exit => " AND leaving = ",
            Self::Source => " AND source = ",
            Self::Campaign => " AND campaign = ",
            Self::Language => " AND language = ",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// Where the sums are wanted by hour: when the first day begins.
    pub by_hour_from: Option<Millis>,
    /// Hosts of the site itself, which lead nobody here.
    pub own_hosts: &'a [String],
    /// Conditions on the visits, one for a field at most.
    pub filters: &'a [(Field, String)],
    /// Rows of each breakdown; 0: none.
    pub rows: u32,
}

/// Sums over visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Different visitors.
    pub visitors: i64,
    /// Page views.
    pub views: i64,
    /// Visits.
    pub visits: i64,
    /// Visits of one page view.
    pub bounces: i64,
    /// Milliseconds that pages were seen and had the focus.
    pub engaged: i64,
    /// Events of any kind.
    pub events: i64,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Of all of it.
    pub total: Sums,
    /// By day since 1970, or by hour since the first day began.
    pub times: Vec<(i64, Sums)>,
    /// By field and value, the longest first.
    pub breakdowns: Vec<(Field, String, Sums)>,
}

/// What is made of an event by the means of one engine. A number that is none, or too large, counts nothing.
struct Own {
    host: &'static str,
    campaign: &'static str,
    engaged: &'static str,
}

const ON_SQLITE: Own = Own {
    host: "substr(substr(e.referrer, instr(e.referrer, '://') + 3), 1, \
        instr(substr(e.referrer, instr(e.referrer, '://') + 3) || '/', '/') - 1)",
    campaign: "CASE WHEN e.name = 'campaign_visit' AND json_type(e.properties, '$.source') = 'text' \
        THEN (e.properties ->> '$.source') || CASE WHEN json_type(e.properties, '$.campaign') = 'text' \
            THEN ' / ' || (e.properties ->> '$.campaign') ELSE '' END END",
    engaged: "CASE WHEN e.name = 'user_engagement' AND json_type(e.properties, '$.engaged_ms') = 'integer' \
        THEN MAX(0, MIN(e.properties ->> '$.engaged_ms', 86400000)) ELSE 0 END",
};

const ON_POSTGRES: Own = Own {
    host: "split_part(split_part(e.referrer, '://', 2), '/', 1)",
    // What has a NUL in it cannot be read as text here. One condition after the other: AND has no order.
    campaign: "CASE WHEN e.name <> 'campaign_visit' OR e.properties IS NULL THEN NULL \
        WHEN strpos(e.properties, '\\u0000') > 0 THEN NULL \
        WHEN json_typeof(e.properties::json -> 'source') = 'string' \
        THEN (e.properties::json ->> 'source') || CASE WHEN json_typeof(e.properties::json -> 'campaign') = 'string' \
            THEN ' / ' || (e.properties::json ->> 'campaign') ELSE '' END END",
    engaged: "CASE WHEN e.name <> 'user_engagement' OR e.properties IS NULL THEN 0 \
        WHEN strpos(e.properties, '\\u0000') > 0 THEN 0 \
        WHEN NOT e.properties ~ '\"engaged_ms\":[0-9]{1,12}[,}]' THEN 0 \
        ELSE LEAST(CAST(e.properties::json ->> 'engaged_ms' AS BIGINT), 86400000) END",
};

const SUMS: &str = "CAST(COUNT(DISTINCT v) AS BIGINT) AS visitors, \
    CAST(SUM(CASE WHEN name = 'page_view' THEN 1 ELSE 0 END) AS BIGINT) AS views, \
    CAST(COUNT(DISTINCT visit) AS BIGINT) AS visits, \
    CAST(COUNT(DISTINCT CASE WHEN seen = 1 THEN visit END) AS BIGINT) AS bounces, \
    CAST(SUM(engaged) AS BIGINT) AS engaged, \
    CAST(COUNT(*) AS BIGINT) AS events";

const FROM: &str = " AS engaged, LAG(e.at) OVER (PARTITION BY g.visitor_id ORDER BY e.at, e.id) AS earlier \
    FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id \
    JOIN decision d ON d.site_id = g.site_id AND d.visitor_id = g.visitor_id AND d.receipt_id = g.receipt_id \
    WHERE e.site_id = ";
/// Numbers each visitor's visits: a pause of more than half an hour begins the next.
const MARKED: &str = "), marked AS (SELECT told.*, \
    SUM(CASE WHEN earlier IS NULL OR at - earlier > 1800000 THEN 1 ELSE 0 END) \
        OVER (PARTITION BY v ORDER BY at, id) AS n FROM told), \
    whole AS (SELECT v, v * 1000000 + n AS visit, name, page, language, engaged, bucket, \
    SUM(CASE WHEN name = 'page_view' THEN 1 ELSE 0 END) OVER (PARTITION BY v, n) AS seen, \
    FIRST_VALUE(page) OVER (PARTITION BY v, n \
        ORDER BY CASE WHEN name = 'page_view' THEN 0 ELSE 1 END, at, id) AS entry, \
    FIRST_VALUE(page) OVER (PARTITION BY v, n \
        ORDER BY CASE WHEN name = 'page_view' THEN 0 ELSE 1 END, at DESC, id DESC) AS leaving, \
    FIRST_VALUE(source) OVER (PARTITION BY v, n \
        ORDER BY CASE WHEN name = 'page_view' THEN 0 ELSE 1 END, at, id) AS source, \
    MAX(campaign) OVER (PARTITION BY v, n) AS campaign";
const SAW_PAGE: &str = ", MAX(CASE WHEN name = 'page_view' AND page = ";
const HAD_EVENT: &str = ", MAX(CASE WHEN name = ";

/// Answers as of `now`: what rests on a consent that has run out by then is left out.
///
/// # Errors
/// Where the database does not answer.
pub async fn overview(
    db: &mut Connection,
    site: SiteId,
    asked: &Asked<'_>,
    now: Millis,
) -> sqlx::Result<Overview> {
    let own = match db.engine().await? {
        Engine::Sqlite(_) => ON_SQLITE,
        Engine::Postgres(_) => ON_POSTGRES,
    };
    let rows = statement(site, asked, &own, now).rows(db).await?;
    let mut overview = Overview::default();
    for row in rows {
        let sums = Sums {
            visitors: row.get(2),
            views: row.get::<Option<i64>>(3).unwrap_or(0),
            visits: row.get(4),
            bounces: row.get(5),
            engaged: row.get::<Option<i64>>(6).unwrap_or(0),
            events: row.get(7),
        };
        let (kind, label): (String, Option<String>) = (row.get(0), row.get(1));
        let label = label.unwrap_or_default();
        match Field::ALL.into_iter().find(|field| field.as_str() == kind) {
            Some(field) => overview.breakdowns.push((field, label, sums)),
            None if kind == "time" => {
                overview.times.push((label.parse().unwrap_or_default(), sums));
            }
            None => overview.total = sums,
        }
    }
    overview.times.sort_unstable_by_key(|(time, _)| *time);
    Ok(overview)
}

fn statement<'q>(site: SiteId, asked: &'q Asked<'_>, own: &Own, now: Millis) -> Statement<'q> {
    let mut query =
        sql("WITH told AS (SELECT g.visitor_id AS v, e.id AS id, e.at AS at, e.name AS name, \
        e.page AS page, d.language AS language, ");
    match asked.by_hour_from {
        Some(from) => query.push("(e.at - ").push_bind(from.0).push(") / 3600000"),
        None => query.push("e.day"),
    };
    query.push(" AS bucket, CASE WHEN ").push(own.host).push(" IN ('', ");
    query.push_list(asked.own_hosts.iter().map(String::as_str).chain(["localhost."]));
    query.push(") THEN '' ELSE ").push(own.host).push(" END AS source, ");
    query.push(own.campaign).push(" AS campaign, ").push(own.engaged);
    query.push(FROM).push_bind(site.0);
    query.push(" AND e.day >= ").push_bind(asked.days.0);
    query.push(" AND e.day <= ").push_bind(asked.days.1);
    ended::leave_out(&mut query, site, now);
    query.push(MARKED);
    for (field, value) in asked.filters {
        match field {
            Field::Page => query
                .push(SAW_PAGE)
                .push_bind(value)
                .push(" THEN 1 ELSE 0 END) OVER (PARTITION BY v, n) AS saw_page"),
            Field::Event => query
                .push(HAD_EVENT)
                .push_bind(value)
                .push(" THEN 1 ELSE 0 END) OVER (PARTITION BY v, n) AS had_event"),
            _ => &mut query,
        };
    }
    query.push(" FROM marked), chosen AS MATERIALIZED (SELECT * FROM whole WHERE seen > 0");
    for (field, value) in asked.filters {
        query.push(field.is());
        if !matches!(field, Field::Page | Field::Event) {
            query.push_bind(value);
        }
    }
    query.push(") SELECT 'total' AS kind, '' AS label, ").push(SUMS).push(" FROM chosen");
    query.push(" UNION ALL SELECT 'time', CAST(bucket AS TEXT), ").push(SUMS);
    query.push(" FROM chosen GROUP BY bucket");
    if asked.rows > 0 {
        for field in Field::ALL {
            query.push(" UNION ALL SELECT * FROM (").push(field.rows()).push(SUMS);
            query.push(field.among()).push(field.order());
            query.push_bind(i64::from(asked.rows)).push(") AS part");
        }
    }
    query
}
