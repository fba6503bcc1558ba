//! Visits, and what they were made of.
//!
//! A visit is what a visitor did without a pause of half an hour ([`crate::columns::Visits`]). It is put together from
//! the events of the days that are asked for, so that one which began the evening before begins anew at midnight of
//! the first. Visits without a page view are left out. All sums come from one set of events: they agree with each
//! other.

mod answer;
#[cfg(test)]
mod tests;

use consent_core::time::Millis;

use super::{
    Connection, SiteId,
    columns::{self, Whose},
};
use crate::columns::{Members, Table};

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
    /// The kind of device on which its visitor decided; empty: it is not known.
    Device,
    /// The language in which its visitor decided.
    Language,
    /// An event that happened.
    Event,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 8] = [
        Self::Page,
        Self::Entry,
        Self::Exit,
        Self::Source,
        Self::Campaign,
        Self::Device,
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
            Self::Device => "device",
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
    /// Whose visits; none: everybody's.
    pub whose: Option<&'a Whose>,
    /// Whether it is to be told what the conditions leave out.
    pub beside: bool,
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

/// What conditions leave out; nothing where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Sums of the same days without any of them, and, where there are others beside whose visits they are, without those.
    pub without: Vec<Sums>,
    /// The same of all who are not asked about, where not everybody is: every row of it.
    pub others: Option<Overview>,
}

/// Answers as of `now`, with what is left out, where that is asked for: what rests on a consent that has run out by then is
/// in neither. None where there is no finding whose visits are asked about.
///
/// # Errors
/// Where the database does not answer.
pub async fn overview(
    db: &mut Connection,
    site: SiteId,
    asked: &Asked<'_>,
    now: Millis,
) -> sqlx::Result<Option<(Overview, Beside)>> {
    let own = answer::Own {
        by_hour_from: asked.by_hour_from.map(|from| from.0),
        own_hosts: asked.own_hosts.to_vec(),
        filters: asked.filters.to_vec(),
        rows: asked.rows as usize,
    };
    let beside = asked.beside;
    let answer =
        move |table: Table, members: Option<Members>| parted(table, members.as_ref(), &own, beside);
    columns::ask_of(db, site, (asked.days, now), (answer::wanted(), asked.whose), answer).await
}

fn parted(
    mut table: Table,
    members: Option<&Members>,
    own: &answer::Own,
    wanted: bool,
) -> (Overview, Beside) {
    let mut beside = Beside::default();
    let narrow = !own.filters.is_empty();
    let bare = answer::Own { filters: Vec::new(), rows: 0, ..own.clone() };
    if wanted && (narrow || members.is_some()) {
        beside.without.push(answer::overview(&table, &bare).total);
    }
    let Some(members) = members else { return (answer::overview(&table, own), beside) };
    let mut others = table.part(members);
    let overview = answer::overview(&table, own);
    if wanted {
        if narrow {
            beside.without.push(answer::overview(&table, &bare).total);
        }
        table.turn(&mut others);
        let every = if own.rows > 0 { usize::MAX } else { 0 };
        let own = answer::Own { rows: every, ..own.clone() };
        beside.others = Some(answer::overview(&table, &own));
    }
    (overview, beside)
}
