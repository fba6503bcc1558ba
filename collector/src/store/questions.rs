//! Sums over events, as marketers ask for them.
//!
//! Everything is summed over events whose consent holds, and a lead is not in reach of any of it.

mod answer;
mod calendar;
pub mod filters;

use std::sync::Arc;

use consent_core::time::Millis;
use jiff::tz::TimeZone;

use self::calendar::{first_of_month, monday};
use super::{
    Connection, SiteId,
    columns::{self, Whose},
};
use crate::columns::{Members, Table};

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
    /// Different visitors who would be in the row as well, if events counted of others too than of those who are asked about
    /// ([`Filter::Theirs`]).
    Others,
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
    /// The language in which its visitor decided.
    Language,
    /// The kind of device on which its visitor decided; nothing where it is not known.
    Device,
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
    /// It is of somebody who is asked about: of anybody, where nobody in particular is.
    Theirs,
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

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its rows: one more than the limit says that there are more. None where there are more than [`MAX_GROUPS`].
    pub lines: Option<Vec<Line>>,
    /// How many visitors have events of which each of the lists of conditions holds that were to be counted.
    pub visitors: Vec<i64>,
}

/// Answers a question as of `now`, in the site's time zone, and counts the visitors of other conditions on the same days.
/// None where there is no finding whom it is about.
///
/// # Errors
/// Where the database does not answer.
pub async fn run(
    db: &mut Connection,
    site: SiteId,
    (report, counted): (&Report, &[Vec<Filter>]),
    whose: Option<&Whose>,
    (zone, now): (&TimeZone, Millis),
) -> sqlx::Result<Option<Answer>> {
    let (own, others, zone) = (report.clone(), counted.to_vec(), zone.clone());
    let answer = move |table: Table, members: Option<Members>| {
        let members = members.map(Arc::new);
        Answer {
            visitors: answer::visitors(&table, &others, members.as_ref()),
            lines: answer::lines(&table, &own, members.as_ref(), (&zone, MAX_GROUPS)),
        }
    };
    let columns = counted.iter().map(|filters| filters::columns(filters));
    let wanted = columns.fold(answer::wanted(report), |all, one| all | one);
    columns::ask_of(db, site, (report.days, now), (wanted, whose), answer).await
}

impl Dimension {
    /// Whether it is a time.
    #[must_use]
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month)
    }
}
