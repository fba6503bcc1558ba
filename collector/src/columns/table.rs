//! A table of one site's events over a range of days.

mod spots;

use std::ops::BitOr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use self::spots::Spot;
use super::{
    Damage, Mask,
    order::{Segment, segments},
    part::Column,
    run::Run,
    texts::Texts,
};
use crate::store::VisitorRow;

/// A text of a table: two are the same text where they are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Events of one site, in the order of their days, and in each day by visitor, then by time: so those of one
/// visitor come in the order of time.
#[derive(Debug)]
pub struct Table {
    texts: Texts,
    visitors: Vec<i64>,
    pub(super) days: Vec<Day>,
}

#[derive(Debug)]
pub(super) struct Day {
    pub(super) day: i64,
    pub(super) runs: Vec<(Run, i64)>,
    pub(super) segments: Vec<Segment>,
}

impl Table {
    /// Every event.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.places().map(|(day, run, visitor, place)| event(day.day, run, visitor, place))
    }

    fn places(&self) -> impl Iterator<Item = (&Day, &Run, u32, usize)> {
        self.days.iter().flat_map(|day| {
            day.segments.iter().flat_map(move |segment| {
                let (run, _) = &day.runs[segment.run as usize];
                (segment.from..segment.to).map(move |at| (day, run, segment.visitor, at as usize))
            })
        })
    }

    /// Every event's visitor, day and moment, in the same order.
    pub(super) fn moments(&self, mut each: impl FnMut(u32, i64, i64)) {
        for day in &self.days {
            for segment in &day.segments {
                let (run, _) = &day.runs[segment.run as usize];
                for at in &run.at[segment.from as usize..segment.to as usize] {
                    each(segment.visitor, day.day, *at);
                }
            }
        }
    }

    /// Of each visitor, whether there is anything of them on more than one day.
    #[must_use]
    pub fn returning(&self) -> Vec<bool> {
        let mut first = vec![None; self.visitors()];
        let mut returning = vec![false; self.visitors()];
        for day in &self.days {
            for segment in &day.segments {
                let visitor = segment.visitor as usize;
                let seen = *first[visitor].get_or_insert(day.day);
                returning[visitor] |= seen != day.day;
            }
        }
        returning
    }

    /// Every event as it would be copied again, where all columns and the grants were read.
    pub fn copied(&self) -> impl Iterator<Item = New<'_>> {
        self.places().map(|(day, run, visitor, place)| self.whole(day, run, visitor, place))
    }

    fn whole(&self, day: &Day, run: &Run, visitor: u32, place: usize) -> New<'_> {
        let event = event(day.day, run, visitor, place);
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

#[inline]
fn event(day: i64, run: &Run, visitor: u32, place: usize) -> Event {
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
    ] = &run.texts;
    let some = |text: Text| (text != Text::NONE).then_some(text);
    Event {
        visitor,
        at: run.at[place],
        day,
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
        engaged: run.engaged.get(place).map_or(0, |told| i64::from(*told)),
        campaign: some(campaign.get(place)),
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

/// A part as it was found in the database.
#[derive(Clone, Debug)]
pub struct Stored<B> {
    /// How many events it has.
    pub events: usize,
    /// How long the list of grants that are gone was when it was made: what stands there later is left out.
    pub seen: i64,
    /// Its columns, as many as are wanted.
    pub columns: Vec<(Column, B)>,
}

/// Puts a table together, day by day.
#[derive(Debug)]
pub struct Builder {
    table: Table,
    numbers: HashMap<i64, u32, RandomState>,
    mask: Mask,
}

impl Builder {
    /// A table without what the mask hides.
    #[must_use]
    pub fn new(mask: Mask) -> Self {
        let table = Table { texts: Texts::default(), visitors: Vec::new(), days: Vec::new() };
        Self { table, numbers: HashMap::default(), mask }
    }

    /// Adds a day, by its parts. Days come in their order.
    ///
    /// # Errors
    /// Where a blob is damaged: the place of its part, and the column; then nothing is added.
    pub fn day<B: AsRef<[u8]>>(
        &mut self,
        day: i64,
        parts: &[Stored<B>],
    ) -> Result<(), (usize, Column, Damage)> {
        let mut runs = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            let columns = part.columns.iter().map(|(column, blob)| (*column, blob.as_ref()));
            let run = Run::read(part.events, columns, &mut self.table.texts);
            runs.push((run.map_err(|(column, damage)| (place, column, damage))?, part.seen));
        }
        let (visitors, numbers) = (&mut self.table.visitors, &mut self.numbers);
        let segments = segments(day, &runs, &self.mask, |row| {
            *numbers.entry(row).or_insert_with(|| {
                visitors.push(row);
                u32::try_from(visitors.len() - 1).unwrap_or(u32::MAX)
            })
        });
        self.table.days.push(Day { day, runs, segments });
        Ok(())
    }

    /// The table.
    #[must_use]
    pub fn finish(self) -> Table {
        self.table
    }
}
