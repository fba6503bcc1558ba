//! Sums over events, as marketers ask for them.
//!
//! Everything is summed over events whose consent holds, and a lead is not in reach of any of it.

mod answer;
mod calendar;
pub mod filters;

use consent_core::time::Millis;
use jiff::tz::TimeZone;

use self::calendar::{first_of_month, monday};
use super::{Connection, SiteId, columns};
use crate::columns::Table;

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

/// Rows that are told apart, at most, before the first of them are chosen: each takes memory.
pub const MAX_GROUPS: u32 = 1_000_000;

/// Answers a question as of `now`, in the site's time zone. One row more than the limit says that there are more. None where
/// it makes more than [`MAX_GROUPS`].
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    report: &Report,
    zone: &TimeZone,
    now: Millis,
) -> sqlx::Result<Option<Vec<Line>>> {
    let (own, zone) = (report.clone(), zone.clone());
    let answer = move |table: Table| answer::lines(&table, &own, &zone, MAX_GROUPS);
    columns::ask(db, site, (report.days, now), answer::wanted(report), answer).await
}

impl Dimension {
    /// Whether it is a time.
    #[must_use]
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month)
    }
}
