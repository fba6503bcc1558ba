//! Sums over events, as marketers ask for them.
//!
//! Everything is summed over events whose consent holds, and a lead is not in reach of any of it.

mod calendar;

use consent_core::time::Millis;
use jiff::tz::TimeZone;

use self::calendar::{first_of_month, monday, months, offsets};

use super::{
    Connection, SiteId, ended,
    engine::Engine,
    statement::{Row, Statement, sql},
};

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Different visitors.
    Visitors,
    /// Visits: what a visitor does without a pause of half an hour, within the days that are asked for. One in which
    /// anything counts that is asked for counts once in each row.
    Visits,
    /// Page views.
    PageViews,
    /// Events of any name.
    Events,
    /// Milliseconds in which a page was in view and in use.
    EngagedTime,
}

/// What sums are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The hour in the site's time zone.
    Hour,
    /// The day in the site's time zone.
    Day,
    /// The week, by its Monday.
    Week,
    /// The month.
    Month,
    /// The page's path.
    Page,
    /// The page's title.
    Title,
    /// The address that the visitor came from.
    Referrer,
    /// The event's name.
    Event,
    /// The purpose under which it was taken.
    Purpose,
    /// The service for which it was taken.
    Service,
    /// A property of the event, as text; nothing where it has none of that name.
    Property(String),
}

/// A condition on the events that are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// It is one of the values.
    Is(Dimension, Vec<String>),
    /// It contains one of the values.
    Contains(Dimension, Vec<String>),
    /// All of these hold.
    And(Vec<Filter>),
    /// At least one of these holds.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is summed.
    pub metrics: Vec<Metric>,
    /// By what.
    pub dimensions: Vec<Dimension>,
    /// Over which events: all of these hold.
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
    /// An hour since 1970, in the site's time zone.
    Hour(i64),
    /// A day since 1970.
    Day(i64),
    /// The Monday of a week.
    Week(i64),
    /// The first day of a month.
    Month(i64),
    /// Anything else.
    Text(String),
}

impl Cell {
    /// The same, so many days before.
    #[must_use]
    pub fn earlier(&self, days: i64) -> Self {
        match self {
            Self::Hour(hour) => Self::Hour(hour - 24 * days),
            Self::Day(day) => Self::Day(day - days),
            Self::Week(day) => Self::Week(monday(day - days)),
            Self::Month(day) => Self::Month(first_of_month(day - days)),
            Self::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// A row of an answer.
pub type Line = (Vec<Cell>, Vec<i64>);

/// What a statement says of one engine or the other.
#[derive(Clone, Copy)]
struct Words {
    postgres: bool,
    /// Whether visits are counted, from a table of their own.
    visits: bool,
}

impl Words {
    const fn of(self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.postgres { postgres } else { sqlite }
    }

    /// The metric, with what it needs.
    const fn metric(self, metric: Metric) -> &'static str {
        match metric {
            Metric::Visitors => "COUNT(DISTINCT e.visitor_id)",
            Metric::Visits => "COUNT(DISTINCT CAST(e.visitor_id AS TEXT) || '.' || CAST(e.visit AS TEXT))",
            Metric::PageViews => {
                "CAST(SUM(CASE WHEN e.name = 'page_view' THEN 1 ELSE 0 END) AS BIGINT)"
            }
            Metric::Events => "COUNT(*)",
            // A page writes what it likes: what is no whole number is none, and a day is the most.
            Metric::EngagedTime => self.of(
                "CAST(SUM(CASE WHEN e.name = 'user_engagement' AND json_type(e.properties -> 'engaged_ms') = 'integer' \
                 THEN max(0, min(86400000, e.properties ->> 'engaged_ms')) ELSE 0 END) AS BIGINT)",
                "CAST(SUM(CASE WHEN e.name = 'user_engagement' \
                 AND json_typeof(CAST(e.properties AS JSON) -> 'engaged_ms') = 'number' \
                 AND CAST(e.properties AS JSON) ->> 'engaged_ms' ~ '^[0-9]{1,15}$' \
                 THEN LEAST(86400000, CAST(CAST(e.properties AS JSON) ->> 'engaged_ms' AS BIGINT)) ELSE 0 END) AS BIGINT)",
            ),
        }
    }

    /// Adds a dimension's value.
    fn dimension<'q>(
        self,
        query: &mut Statement<'q>,
        dimension: &'q Dimension,
        report: &Report,
        zone: &TimeZone,
    ) {
        match dimension {
            Dimension::Day => query.push("e.day"),
            Dimension::Week => query.push("(e.day - (e.day + 3) % 7)"),
            Dimension::Hour => {
                query.push("((e.at + ");
                steps(query, "e.at", &offsets(zone, report.days));
                query.push(") / 3600000)")
            }
            Dimension::Month => {
                let months: Vec<_> =
                    months(report.days).into_iter().map(|day| (day, day)).collect();
                steps(query, "e.day", &months);
                query
            }
            Dimension::Page => query.push("e.page"),
            Dimension::Title => query.push("e.title"),
            Dimension::Referrer => query.push("e.referrer"),
            Dimension::Event => query.push("e.name"),
            Dimension::Purpose => query.push("e.purpose"),
            Dimension::Service => query.push("e.service"),
            Dimension::Property(name) => {
                query.push(self.of(
                    "COALESCE(CASE json_type(e.properties -> ",
                    "COALESCE(CAST(e.properties AS JSON) ->> ",
                ));
                query.push_bind(name);
                if !self.postgres {
                    query.push(
                        ") WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(e.properties ->> ",
                    );
                    query.push_bind(name).push(" AS TEXT) END");
                }
                query.push(self.of(", '')", ", '') COLLATE \"C\""))
            }
        };
    }

    /// Adds a condition.
    fn filter<'q>(
        self,
        query: &mut Statement<'q>,
        filter: &'q Filter,
        report: &Report,
        zone: &TimeZone,
    ) {
        let all = |query: &mut Statement<'q>, parts: &'q [Filter], between, none| {
            query.push("(");
            for (at, part) in parts.iter().enumerate() {
                query.push(if at == 0 { "" } else { between });
                self.filter(query, part, report, zone);
            }
            query.push(if parts.is_empty() { none } else { "" }).push(")");
        };
        match filter {
            Filter::Is(dimension, values) => {
                self.dimension(query, dimension, report, zone);
                query.push(" IN (");
                query.push_list(values);
                query.push(")");
            }
            Filter::Contains(dimension, values) => {
                query.push("(");
                for (at, value) in values.iter().enumerate() {
                    query.push(if at == 0 { "" } else { " OR " });
                    query.push(self.of("instr(", "strpos("));
                    self.dimension(query, dimension, report, zone);
                    query.push(", ").push_bind(value).push(") > 0");
                }
                query.push(")");
            }
            Filter::And(parts) => all(query, parts, " AND ", "1 = 1"),
            Filter::Or(parts) => all(query, parts, " OR ", "1 = 0"),
            Filter::Not(part) => {
                query.push("NOT ");
                all(query, std::slice::from_ref(part), "", "");
            }
        }
    }

    /// Adds the table `e` of everything that may count.
    fn table(self, query: &mut Statement<'_>, site: SiteId, days: (i64, i64), now: Millis) {
        query.push(if self.visits { SEEN } else { ALL });
        query.push(
            " FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id \
             WHERE e.site_id = ",
        );
        query.push_bind(site.0).push(" AND e.day >= ").push_bind(days.0);
        query.push(" AND e.day <= ").push_bind(days.1);
        ended::leave_out(query, site, now);
        query.push(if self.visits { VISITS } else { ") e" });
    }
}

const ALL: &str = "(SELECT e.at, e.day, e.name, e.page, e.title, e.referrer, e.properties, \
    g.visitor_id, g.purpose, g.service";
/// The same, with the moment of what the visitor did before, and then the number of the visit among theirs.
const SEEN: &str = "(SELECT s.*, CAST(SUM(CASE WHEN s.at - s.before < 1800000 THEN 0 ELSE 1 END) \
    OVER (PARTITION BY s.visitor_id ORDER BY s.at, s.id) AS BIGINT) AS visit FROM \
    (SELECT e.id, e.at, e.day, e.name, e.page, e.title, e.referrer, e.properties, \
    g.visitor_id, g.purpose, g.service, \
    LAG(e.at) OVER (PARTITION BY g.visitor_id ORDER BY e.at, e.id) AS before";
const VISITS: &str = ") s) e";

/// Adds what holds from which value of a column on: the first before all.
fn steps(query: &mut Statement<'_>, column: &'static str, steps: &[(i64, i64)]) {
    let Some(((_, first), later)) = steps.split_first() else { return };
    query.push("CASE ");
    for (from, value) in later.iter().rev() {
        query.push("WHEN ").push(column).push(" >= ").push_bind(*from);
        query.push(" THEN CAST(").push_bind(*value).push(" AS BIGINT) ");
    }
    if later.is_empty() {
        query.push("WHEN 1 = 0 THEN 0 ");
    }
    query.push("ELSE CAST(").push_bind(*first).push(" AS BIGINT) END");
}

/// Answers a question as of `now`, in the site's time zone. One row more than the limit says that there are more.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    report: &Report,
    zone: &TimeZone,
    now: Millis,
) -> sqlx::Result<Vec<Line>> {
    let words = Words {
        postgres: matches!(db.engine().await?, Engine::Postgres(_)),
        visits: report.metrics.contains(&Metric::Visits),
    };
    let mut query = sql("SELECT ");
    let mut comma = "";
    for dimension in &report.dimensions {
        query.push(comma);
        words.dimension(&mut query, dimension, report, zone);
        comma = ", ";
    }
    for metric in &report.metrics {
        query.push(comma).push(words.metric(*metric));
        comma = ", ";
    }
    query.push(" FROM ");
    words.table(&mut query, site, report.days, now);
    let mut before = " WHERE ";
    for filter in &report.filters {
        query.push(before);
        words.filter(&mut query, filter, report, zone);
        before = " AND ";
    }
    group(&mut query, report);
    query.push(" LIMIT ").push_bind(i64::from(report.limit) + 1);
    query.push(" OFFSET ").push_bind(i64::from(report.offset));
    let rows = query.rows(db).await?;
    Ok(rows.iter().map(|row| line(row, report)).collect())
}

/// Places of columns in an answer, from 1, as far as there can be any.
const PLACES: [&str; 20] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20",
];

/// Times in their order, then the largest first sum, then names: the same order every time. Columns by their places,
/// for what has values in it is not the same twice to a database.
fn group(query: &mut Statement<'_>, report: &Report) {
    let dimensions = || report.dimensions.iter().zip(PLACES);
    if report.dimensions.is_empty() {
        return;
    }
    let mut before = " GROUP BY ";
    for (_, place) in dimensions() {
        query.push(before).push(place);
        before = ", ";
    }
    let (times, names): (Vec<_>, Vec<_>) =
        dimensions().partition(|(dimension, _)| dimension.is_time());
    let times = times.into_iter().map(|(_, place)| (place, ""));
    let sum = PLACES.get(report.dimensions.len()).map(|place| (*place, " DESC"));
    let names = names.into_iter().map(|(_, place)| (place, ""));
    before = " ORDER BY ";
    for (place, way) in times.chain(sum).chain(names) {
        query.push(before).push(place).push(way);
        before = ", ";
    }
}

impl Dimension {
    /// Whether it is a time.
    #[must_use]
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month)
    }
}

fn line(row: &Row, report: &Report) -> Line {
    let cells = report.dimensions.iter().enumerate().map(|(at, dimension)| match dimension {
        Dimension::Hour => Cell::Hour(row.get(at)),
        Dimension::Day => Cell::Day(row.get(at)),
        Dimension::Week => Cell::Week(row.get(at)),
        Dimension::Month => Cell::Month(row.get(at)),
        _ => Cell::Text(row.get(at)),
    });
    let from = report.dimensions.len();
    let sums =
        (from..from + report.metrics.len()).map(|at| row.get::<Option<i64>>(at).unwrap_or(0));
    (cells.collect(), sums.collect())
}
