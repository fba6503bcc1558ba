//! The query language of `POST /api/v1/query` and `ashiato query`.

pub mod asked;

use std::collections::HashMap;

use consent_core::time::Millis;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    error::{FieldError, Problem},
    site::SiteFile,
    store::{
        Connection, SiteId,
        questions::{self, Cell, Report},
        reports, tallies,
    },
};

/// Days that one question may span.
const MAX_DAYS: i64 = 800;
/// Metrics, and dimensions, of one question, at most.
const MAX_COLUMNS: usize = 10;
/// Rows of one answer, at most.
const MAX_LIMIT: u32 = 10_000;
/// Rows of the period compared with, at most.
const MAX_COMPARED: u32 = 1_000_000;

/// A question as it is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The site's key.
    pub site: String,
    /// [`asked::METRICS`].
    pub metrics: Vec<String>,
    /// [`asked::DIMENSIONS`], or `property:NAME`.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// `["is" | "is_not" | "contains" | "contains_not", DIMENSION, [VALUES]]`, `["and" | "or", [FILTERS]]` or
    /// `["not", FILTER]`: all of which must hold.
    #[serde(default)]
    pub filters: Vec<serde_json::Value>,
    /// First and last day, `YYYY-MM-DD`, in the site's time zone.
    pub date_range: (String, String),
    /// `previous_period`: as many days, just before.
    #[serde(default)]
    pub compare: Option<String>,
    /// Rows, at most.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}

const fn default_limit() -> u32 {
    100
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Its rows.
    pub results: Vec<Row>,
    /// What to send as `after` for more; null where there is no more.
    pub next: Option<String>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Values of the dimensions, in the order asked.
    pub dimensions: Vec<String>,
    /// Sums, in the order asked.
    pub metrics: Vec<i64>,
    /// The same sums in the period compared with; days are matched by their place in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Vec<i64>>,
}

/// For how much of the traffic an answer stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meta {
    /// First and last day of what was asked, or compared with.
    pub date_range: (String, String),
    /// Browsers that were asked in these days.
    pub asked: i64,
    /// First decisions in these days.
    pub decided: i64,
    /// The part of those asked who granted what page views need; null where nobody was asked.
    pub consented_share: Option<f64>,
    /// The same of the period compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Meta>>,
}

/// A question that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is summed.
    pub report: Report,
    /// Whether the period before is to stand beside it.
    pub compare: bool,
}

impl Query {
    /// What it asks, checked.
    ///
    /// # Errors
    /// 422 with every field that cannot be answered.
    pub fn question(&self) -> Result<Question, Problem> {
        let mut errors = Vec::new();
        let mut fault = |field: String, code, message: String| {
            errors.push(FieldError { field, code, message });
        };
        let metrics: Vec<_> = self.metrics.iter().filter_map(|name| asked::metric(name)).collect();
        for (at, name) in self.metrics.iter().enumerate() {
            if asked::metric(name).is_none() {
                let message = format!("{name:?} is not one of {}", asked::metrics());
                fault(format!("metrics[{at}]"), "unknown", message);
            }
        }
        if self.metrics.is_empty() || self.metrics.len() > MAX_COLUMNS {
            fault("metrics".to_owned(), "count", format!("ask for 1 to {MAX_COLUMNS} metrics"));
        }
        let dimensions: Vec<_> =
            self.dimensions.iter().filter_map(|name| asked::dimension(name)).collect();
        for (at, name) in self.dimensions.iter().enumerate() {
            if asked::dimension(name).is_none() {
                let message = format!("{name:?} is not one of {}", asked::dimensions());
                fault(format!("dimensions[{at}]"), "unknown", message);
            } else if self.dimensions.iter().take(at).any(|other| other == name) {
                fault(format!("dimensions[{at}]"), "twice", format!("{name:?} is asked for twice"));
            }
        }
        if self.dimensions.len() > MAX_COLUMNS {
            let message = format!("{MAX_COLUMNS} dimensions at most");
            fault("dimensions".to_owned(), "count", message);
        }
        let filters = asked::filters(&self.filters, &mut fault);
        let days = match days(&self.date_range) {
            Ok(days) => days,
            Err(message) => {
                fault("date_range".to_owned(), "invalid", message);
                (0, 0)
            }
        };
        if self.compare.as_deref().is_some_and(|compare| compare != "previous_period") {
            fault("compare".to_owned(), "unknown", "write previous_period, or nothing".to_owned());
        }
        if !(1..=MAX_LIMIT).contains(&self.limit) {
            fault("limit".to_owned(), "range", format!("1 to {MAX_LIMIT}"));
        }
        let offset = match self.after.as_deref().map(str::parse) {
            None => 0,
            Some(Ok(offset)) => offset,
            Some(Err(_)) => {
                fault("after".to_owned(), "invalid", "send what `next` said".to_owned());
                0
            }
        };
        if errors.is_empty() {
            let limit = self.limit;
            let compare = self.compare.is_some();
            Ok(Question {
                report: Report { metrics, dimensions, filters, days, limit, offset },
                compare,
            })
        } else {
            Err(Problem::content(errors))
        }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

/// First and last day, since 1970, of a range as people write it.
pub(crate) fn days((first, last): &(String, String)) -> Result<(i64, i64), String> {
    let day = |text: &str| -> Result<i64, String> {
        let date: Date = match (text.len(), text.parse()) {
            (10, Ok(date)) => date,
            _ => return Err(format!("{text:?} is not a day as YYYY-MM-DD")),
        };
        let span = EPOCH.until(date).map_err(|error| error.to_string())?;
        Ok(i64::from(span.get_days()))
    };
    let (first, last) = (day(first)?, day(last)?);
    if first > last {
        return Err("the first day lies after the last".to_owned());
    }
    if last - first >= MAX_DAYS {
        return Err(format!("{MAX_DAYS} days at most"));
    }
    Ok((first, last))
}

/// A day, as people write it.
pub(crate) fn date(day: i64) -> String {
    EPOCH.checked_add(day.days()).map_or_else(|_| day.to_string(), |date| date.to_string())
}

/// Answers a question as of `now`: what rests on a consent that has run out by then is left out.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    file: &SiteFile,
    question: &Question,
    now: Millis,
) -> sqlx::Result<Answer> {
    let report = &question.report;
    let zone = TimeZone::get(&file.timezone)
        .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let mut lines = questions::run(db, site, report, &zone, now).await?;
    let limit = usize::try_from(report.limit).unwrap_or(usize::MAX);
    let more = lines.len() > limit;
    lines.truncate(limit);
    let mut meta = meta(db, site, file, report.days).await?;
    let length = report.days.1 - report.days.0 + 1;
    let mut before = None;
    if question.compare {
        let days = (report.days.0 - length, report.days.1 - length);
        let report = Report { days, limit: MAX_COMPARED, offset: 0, ..report.clone() };
        let lines = questions::run(db, site, &report, &zone, now).await?;
        meta.previous = Some(Box::new(self::meta(db, site, file, days).await?));
        before = Some(lines.into_iter().collect::<HashMap<Vec<Cell>, Vec<i64>>>());
    }
    let none = || vec![0; report.metrics.len()];
    let results = lines.into_iter().map(|(cells, metrics)| {
        let previous = before.as_ref().map(|before| {
            let earlier: Vec<_> = cells.iter().map(|cell| cell.earlier(length)).collect();
            before.get(&earlier).cloned().unwrap_or_else(none)
        });
        Row { dimensions: cells.into_iter().map(shown).collect(), metrics, previous }
    });
    Ok(Answer {
        results: results.collect(),
        next: more.then(|| (report.offset.saturating_add(report.limit)).to_string()),
        meta,
    })
}

fn shown(cell: Cell) -> String {
    match cell {
        Cell::Hour(hour) => {
            format!("{}T{:02}:00", date(hour.div_euclid(24)), hour.rem_euclid(24))
        }
        Cell::Day(day) | Cell::Week(day) => date(day),
        Cell::Month(day) => date(day).chars().take(7).collect(),
        Cell::Text(text) => text,
    }
}

/// For how much of the traffic figures of those days stand.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn meta(
    db: &mut Connection,
    site: SiteId,
    file: &SiteFile,
    days: (i64, i64),
) -> sqlx::Result<Meta> {
    let share = reports::share(db, site, days).await?;
    let switches = file
        .purposes
        .iter()
        .flat_map(|purpose| purpose.services.iter().map(move |service| (purpose, service)));
    let views = switches
        .filter(|(_, service)| service.events.iter().any(|event| event.as_str() == "page_view"))
        .map(|(purpose, service)| tallies::switch(&purpose.key, Some(&service.key)))
        .next();
    let granted = views.and_then(|switch| share.granted.get(&switch).copied()).unwrap_or(0);
    // A browser that kept what asks from an earlier time is not counted as asked again.
    let asked = share.asked.max(share.decided);
    let consented_share = (asked > 0).then(|| {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let part = granted as f64 / asked as f64;
        (part * 10_000.0).round() / 10_000.0
    });
    let date_range = (date(days.0), date(days.1));
    Ok(Meta { date_range, asked, decided: share.decided, consented_share, previous: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::questions::{Dimension, Filter};

    fn query(json: &str) -> Query {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_whole_question_is_understood() {
        let report = query(
            r#"{"site":"shop","metrics":["visitors","page_views"],"dimensions":["time:day","page"],
                "filters":[["is","page",["/pricing"]]],"date_range":["2026-11-01","2026-11-22"],
                "compare":null,"limit":100,"after":null}"#,
        )
        .question()
        .unwrap()
        .report;
        assert_eq!(report.days, (20_758, 20_779));
        assert_eq!(date(report.days.0), "2026-11-01");
        assert_eq!(report.filters, [Filter::Is(Dimension::Page, vec!["/pricing".to_owned()])]);
    }

    #[test]
    fn every_field_that_cannot_be_answered_is_named_at_once() {
        let problem = query(
            r#"{"site":"shop","metrics":["visitor"],"dimensions":["page","page","browser"],
                "filters":[["like","page",["x"]],["is","time:day",["x"]],["is","page",[]],"page",
                    ["or",[["is","page",["x"]],["not",["is","page","x"]]]],["and",[]],["contains","page",[""]],
                    ["not",["not",["not",["not",["not",["is","page",["x"]]]]]]]],
                "date_range":["2026-11-22","2026-11-01"],"compare":"previous_year","limit":0,"after":"x"}"#,
        )
        .question()
        .unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "metrics[0]",
                "dimensions[1]",
                "dimensions[2]",
                "filters[0]",
                "filters[1]",
                "filters[2]",
                "filters[3]",
                "filters[4][1][1][1]",
                "filters[5]",
                "filters[6]",
                "filters[7][1][1][1][1][1]",
                "date_range",
                "compare",
                "limit",
                "after"
            ]
        );
    }

    #[test]
    fn days_are_calendar_days() {
        for (first, last) in [
            ("2026-02-30", "2026-03-01"),
            ("1", "2"),
            ("2026-11-01T00", "2026-11-02"),
            ("2020-01-01", "2026-01-01"),
        ] {
            assert!(days(&(first.to_owned(), last.to_owned())).is_err(), "{first}");
        }
        assert_eq!(days(&("2024-02-29".to_owned(), "2024-02-29".to_owned())), Ok((19_782, 19_782)));
    }
}
