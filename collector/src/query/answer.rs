//! Answers to questions, with what they stand for.

use std::collections::HashMap;

use consent_core::time::Millis;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Question, date,
    withheld::{self, Groups, Withheld},
};
use crate::{
    error::Problem,
    openapi::shape,
    site::SiteFile,
    store::{
        Connection, SiteId,
        columns::Whose,
        questions::{self, Cell, Filter, Line, Report},
        reports, tallies,
    },
};

/// Rows that are put together at once, at most: dimensions times dimensions can be as many as there are events.
pub const MAX_ROWS: u32 = 100_000;

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// Its rows: times in their order, then the largest first sum, then names.
    pub results: Vec<Row>,
    /// What is not among them, since too few visitors stand behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
    /// What to send as `after` for more; null where there is no more.
    pub next: Option<String>,
    /// For how much of the traffic it stands.
    pub meta: Meta,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AnswerRow")]
pub struct Row {
    /// Values of the dimensions, in the order asked.
    pub dimensions: Vec<String>,
    /// Sums, in the order asked.
    pub metrics: Vec<i64>,
    /// The same sums in the period compared with, where one is asked for; null where they are withheld. Days are
    /// matched by their place in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Option<Vec<i64>>>,
}

/// For how much of the traffic an answer stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Meta {
    /// First and last day of what was asked, or compared with.
    #[schemars(schema_with = "shape::days")]
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

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It has too many rows.
    #[error(
        "the dimensions make more than {0} rows, of which each has to be looked at: ask by fewer of them, for fewer days, \
         or with a filter"
    )]
    TooManyRows(u32),
    /// It cannot be looked through for small groups.
    #[error(
        "the site protects small groups (`[statistics] smallest_group`), so that {} dimensions can be asked for at once \
         at most",
        withheld::MAX_DIMENSIONS
    )]
    TooManyDimensions,
    /// Who is in its segment would take more memory than one question may.
    #[error(
        "too many visitors are looked at at once to find who is in the segment: ask for fewer days, or with a segment of \
         fewer conditions"
    )]
    TooManyVisitors,
}

/// Whose events are asked about of some days: of the period compared with it is found anew.
pub type WhoseIn<'a> = dyn Fn((i64, i64)) -> Whose + Send + Sync + 'a;

impl From<Unanswered> for Problem {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::Database(error) => error.into(),
            Unanswered::TooManyRows(_) => {
                Self::field("dimensions", "too_many_rows", why.to_string())
            }
            Unanswered::TooManyDimensions => Self::field("dimensions", "count", why.to_string()),
            Unanswered::TooManyVisitors => Self::field("date_range", "too_much", why.to_string()),
        }
    }
}

/// Answers a question as of `now`, of everybody or of a segment's visitors: what rests on a consent that has run out by then
/// is left out.
///
/// # Errors
/// Where the database does not answer, or too many rows would have to be put together.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    file: &SiteFile,
    (question, of): (&Question, Option<&WhoseIn<'_>>),
    now: Millis,
) -> Result<Answer, Unanswered> {
    let zone = TimeZone::get(&file.timezone)
        .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let smallest = file.statistics.smallest_group.into();
    let asking = Asking { site, zone: &zone, now, smallest, of };
    let mut report = question.report.clone();
    if of.is_some() {
        report.filters.push(Filter::Theirs);
    }
    let report = &report;
    let mut groups = if question.whole {
        asking.all(db, report).await?
    } else {
        asking.page(db, report).await?
    };
    let mut meta = meta(db, site, file, report.days).await?;
    let length = report.days.1 - report.days.0 + 1;
    let mut before = None;
    if question.compare {
        let days = (report.days.0 - length, report.days.1 - length);
        let report = Report { days, ..report.clone() };
        before = Some(Before::of(asking.all(db, &report).await?));
        meta.previous = Some(Box::new(self::meta(db, site, file, days).await?));
    }
    let limit = if question.whole { MAX_ROWS } else { report.limit };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = groups.shown.len() > limit;
    groups.shown.truncate(limit);
    let results = groups.shown.into_iter().map(|(cells, metrics)| {
        let earlier = || cells.iter().map(|cell| cell.earlier(length)).collect();
        let previous = before.as_ref().map(|it| it.sums(&earlier(), metrics.len()));
        Row { dimensions: cells.into_iter().map(shown).collect(), metrics, previous }
    });
    Ok(Answer {
        results: results.collect(),
        withheld: groups.withheld,
        next: more.then(|| (report.offset.saturating_add(report.limit)).to_string()),
        meta,
    })
}

/// What is the same of all questions that an answer takes.
pub(super) struct Asking<'a> {
    pub(super) site: SiteId,
    pub(super) zone: &'a TimeZone,
    pub(super) now: Millis,
    /// Visitors that have to stand behind whatever is told.
    pub(super) smallest: i64,
    /// Whose events are asked about; none: everybody's.
    pub(super) of: Option<&'a WhoseIn<'a>>,
}

impl Asking<'_> {
    /// The rows from an offset on, and one more than the limit where there are more.
    async fn page(&self, db: &mut Connection, report: &Report) -> Result<Groups, Unanswered> {
        if self.smallest <= 1 {
            return Ok(Groups::whole(self.lines(db, report).await?));
        }
        let mut groups = self.all(db, report).await?;
        let offset = usize::try_from(report.offset).unwrap_or(usize::MAX);
        groups.shown.drain(..offset.min(groups.shown.len()));
        Ok(groups)
    }

    /// Every row.
    async fn all(&self, db: &mut Connection, report: &Report) -> Result<Groups, Unanswered> {
        let report = Report { limit: MAX_ROWS, offset: 0, ..report.clone() };
        if self.smallest <= 1 {
            return Ok(Groups::whole(few(self.lines(db, &report).await?)?));
        }
        withheld::guard(self, db, &report).await
    }

    /// Rows as they are, one more than the limit where there are more.
    async fn lines(&self, db: &mut Connection, report: &Report) -> Result<Vec<Line>, Unanswered> {
        let answer = self.ask(db, report, &[]).await?;
        answer.lines.ok_or(Unanswered::TooManyRows(questions::MAX_GROUPS))
    }

    /// The same with how many visitors there are of which other conditions hold.
    pub(super) async fn ask(
        &self,
        db: &mut Connection,
        report: &Report,
        counted: &[Vec<Filter>],
    ) -> Result<questions::Answer, Unanswered> {
        let whose = self.of.map(|of| of(report.days));
        let (asked, at) = ((report, counted), (self.zone, self.now));
        let answer = questions::run(db, self.site, asked, whose.as_ref(), at).await?;
        answer.ok_or(Unanswered::TooManyVisitors)
    }
}

/// Rows that are no more than can be put together.
pub(super) fn few(lines: Vec<Line>) -> Result<Vec<Line>, Unanswered> {
    let most = usize::try_from(MAX_ROWS).unwrap_or(usize::MAX);
    if lines.len() > most { Err(Unanswered::TooManyRows(MAX_ROWS)) } else { Ok(lines) }
}

/// The period before, by the rows' values.
struct Before {
    /// Sums; none where they are withheld.
    rows: HashMap<Vec<Cell>, Option<Vec<i64>>>,
    /// Whether anything at all is told of it.
    told: bool,
}

impl Before {
    fn of(groups: Groups) -> Self {
        let told = groups.withheld.as_ref().is_none_or(|withheld| !withheld.whole);
        let shown = groups.shown.into_iter().map(|(cells, sums)| (cells, Some(sums)));
        let hidden = groups.hidden.into_iter().map(|cells| (cells, None));
        Self { rows: shown.chain(hidden).collect(), told }
    }

    fn sums(&self, cells: &Vec<Cell>, metrics: usize) -> Option<Vec<i64>> {
        let none = self.told.then(|| vec![0; metrics]);
        self.rows.get(cells).cloned().unwrap_or(none)
    }
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
