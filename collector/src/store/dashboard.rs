//! Visits, and what they were made of.
//!
//! A visit is what a visitor did without a pause of half an hour ([`crate::columns::Visits`]). It is put together from
//! the events of the days that are asked for, so that one which began the evening before begins anew at midnight of
//! the first. Visits without a page view are left out. All sums come from one set of events: they agree with each
//! other.

mod answer;

use consent_core::time::Millis;

use super::{Connection, SiteId, columns};
use crate::columns::Table;

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
    let own = answer::Own {
        by_hour_from: asked.by_hour_from.map(|from| from.0),
        own_hosts: asked.own_hosts.to_vec(),
        filters: asked.filters.to_vec(),
        rows: asked.rows as usize,
    };
    let answer = move |table: Table| answer::overview(&table, &own);
    columns::ask(db, site, (asked.days, now), answer::wanted(), answer).await
}
