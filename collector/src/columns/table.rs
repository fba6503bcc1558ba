//! A table of one site's events over a range of days.

mod spots;

use std::ops::BitOr;

pub use self::spots::Spot;
use super::{
    order::{Piece, Segment, by_visitor},
    run::Run,
    texts::Texts,
};
use crate::store::VisitorRow;

/// A text of a table: two are the same text where they are the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub(super) u32);

impl Text {
    /// The empty text, which every table has; what stands in a column that is not [`Wanted`].
    pub const EMPTY: Self = Self(0);
    /// Where there is none.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// Its place among the texts of the table, below [`Table::texts`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The same as a number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Which columns a question needs; visitor, moment and day are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(u16);

impl Wanted {
    /// None but those that are always there.
    pub const NONE: Self = Self(0);
    /// [`Event::name`].
    pub const NAME: Self = Self(1);
    /// [`Event::page`].
    pub const PAGE: Self = Self(1 << 1);
    /// [`Event::query`].
    pub const QUERY: Self = Self(1 << 2);
    /// [`Event::title`].
    pub const TITLE: Self = Self(1 << 3);
    /// [`Event::referrer`].
    pub const REFERRER: Self = Self(1 << 4);
    /// [`Event::properties`].
    pub const PROPERTIES: Self = Self(1 << 5);
    /// [`Event::purpose`].
    pub const PURPOSE: Self = Self(1 << 6);
    /// [`Event::service`].
    pub const SERVICE: Self = Self(1 << 7);
    /// [`Event::language`].
    pub const LANGUAGE: Self = Self(1 << 8);
    /// [`Event::engaged`].
    pub const ENGAGED: Self = Self(1 << 9);
    /// [`Event::campaign`].
    pub const CAMPAIGN: Self = Self(1 << 10);
    /// [`Event::device`].
    pub const DEVICE: Self = Self(1 << 11);
    /// All of them.
    pub const ALL: Self = Self((1 << 12) - 1);

    /// Whether all columns of `other` are among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Wanted {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// An event of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose it is: a number below [`Table::visitors`].
    pub visitor: u32,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Its day in the site's time zone, since 1970.
    pub day: i64,
    /// What happened.
    pub name: Text,
    /// The page's path.
    pub page: Text,
    /// The page's title.
    pub title: Text,
    /// The address that led there, cleaned.
    pub referrer: Text,
    /// What of the page's parameters was kept.
    pub query: Text,
    /// Under which purpose it was taken.
    pub purpose: Text,
    /// For which service; empty where the purpose has none.
    pub service: Text,
    /// More about it, a JSON object; none where there is nothing.
    pub properties: Option<Text>,
    /// The language in which its visitor decided.
    pub language: Text,
    /// The kind of device on which its visitor decided; empty where it is not known.
    pub device: Text,
    /// Milliseconds in which a page was in view and in use, where it tells of any: a day at most.
    pub engaged: i64,
    /// `SOURCE / CAMPAIGN`, where it tells of a campaign.
    pub campaign: Option<Text>,
}

/// Events of one site: one visitor after the other, and of each in the order of time.
#[derive(Debug)]
pub struct Table {
    texts: Texts,
    visitors: Vec<i64>,
    pub(super) runs: Vec<Run>,
    pub(super) segments: Vec<Segment>,
}

impl Table {
    /// Puts a table together of what was read: the pieces of runs, which come in the order of their days.
    pub(super) fn new(texts: Texts, runs: Vec<Run>, pieces: Vec<Piece>) -> Self {
        let (visitors, segments) = by_visitor(&runs, pieces);
        Self { texts, visitors, runs, segments }
    }

    /// Every event.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.whole().events()
    }

    /// Every event as it would be copied again, where all columns and the grants were read.
    pub fn copied(&self) -> impl Iterator<Item = New<'_>> {
        self.segments.iter().flat_map(|segment| {
            let own = segment.from..segment.to;
            own.map(|place| self.copy(segment.visitor, segment.run, place))
        })
    }

    /// One of them.
    fn copy(&self, visitor: u32, run: u32, place: u32) -> New<'_> {
        let (run, place) = (&self.runs[run as usize], place as usize);
        let event = run.event(visitor, place);
        New {
            visitor: self.visitors[visitor as usize],
            grant: run.grants.get(place).copied().unwrap_or_default(),
            at: event.at,
            day: event.day,
            name: self.text(event.name),
            page: self.text(event.page),
            title: self.text(event.title),
            referrer: self.text(event.referrer),
            query: self.text(event.query),
            purpose: self.text(event.purpose),
            service: self.text(event.service),
            properties: event.properties.map(|text| self.text(text)),
            language: self.text(event.language),
            device: self.text(event.device),
        }
    }

    /// What a text says.
    #[must_use]
    pub fn text(&self, text: Text) -> &str {
        self.texts.get(text)
    }

    /// What the text at a place says, below [`Self::texts`].
    #[must_use]
    pub fn texts_at(&self, place: usize) -> &str {
        u32::try_from(place).map_or("", |place| self.text(Text(place)))
    }

    /// The text that says this, where any event has it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Text> {
        self.texts.find(text)
    }

    /// How many different texts there are.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.texts.len()
    }

    /// How many visitors there are.
    #[must_use]
    pub fn visitors(&self) -> usize {
        self.visitors.len()
    }

    /// A visitor's row in the database.
    ///
    /// # Panics
    /// Where the number is that of no visitor of the table.
    #[must_use]
    pub fn visitor_row(&self, visitor: u32) -> VisitorRow {
        VisitorRow(self.visitors[visitor as usize])
    }
}

impl Run {
    #[inline]
    pub(super) fn event(&self, visitor: u32, place: usize) -> Event {
        let [
            name,
            page,
            query,
            title,
            referrer,
            properties,
            purpose,
            service,
            language,
            campaign,
            device,
        ] = &self.texts;
        let some = |text: Text| (text != Text::NONE).then_some(text);
        Event {
            visitor,
            at: self.at[place],
            day: self.day,
            name: name.get(place),
            page: page.get(place),
            title: title.get(place),
            referrer: referrer.get(place),
            query: query.get(place),
            purpose: purpose.get(place),
            service: service.get(place),
            properties: some(properties.get(place)),
            language: language.get(place),
            device: device.get(place),
            engaged: self.engaged.get(place).map_or(0, |told| i64::from(*told)),
            campaign: some(campaign.get(place)),
        }
    }
}

/// An event to be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New<'a> {
    /// The id of its visitor's row.
    pub visitor: i64,
    /// The id of the grant under which it was taken.
    pub grant: i64,
    /// [`Event::at`].
    pub at: i64,
    /// [`Event::day`].
    pub day: i64,
    /// [`Event::name`].
    pub name: &'a str,
    /// [`Event::page`].
    pub page: &'a str,
    /// [`Event::title`].
    pub title: &'a str,
    /// [`Event::referrer`].
    pub referrer: &'a str,
    /// [`Event::query`].
    pub query: &'a str,
    /// [`Event::purpose`].
    pub purpose: &'a str,
    /// [`Event::service`].
    pub service: &'a str,
    /// [`Event::properties`].
    pub properties: Option<&'a str>,
    /// [`Event::language`].
    pub language: &'a str,
    /// [`Event::device`].
    pub device: &'a str,
}
