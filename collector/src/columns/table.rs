//! A table of one site's events over a range of days.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::BitOr,
};

use crate::store::VisitorRow;

/// A text of a table: two are the same text where they are the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(u32);

impl Text {
    /// The empty text, which every table has; what stands in a column that is not [`Wanted`].
    pub const EMPTY: Self = Self(0);

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
    /// All of them.
    pub const ALL: Self = Self((1 << 9) - 1);

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
}

/// Events of one site, in the order of their days, and in each day by visitor, then by time: so those of one
/// visitor come in the order of time.
#[derive(Debug)]
pub struct Table {
    texts: Vec<Box<str>>,
    known: HashMap<Box<str>, Text>,
    visitors: Vec<i64>,
    events: Vec<Event>,
}

impl Table {
    /// Every event.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.iter().copied()
    }

    /// What a text says.
    #[must_use]
    pub fn text(&self, text: Text) -> &str {
        self.texts.get(text.index()).map_or("", |text| text)
    }

    /// The text that says this, where any event has it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Text> {
        self.known.get(text).copied()
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

/// An event to put into a table.
#[derive(Clone, Debug, Default)]
pub struct New<'a> {
    /// The id of its visitor's row.
    pub visitor: i64,
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
}

/// Puts a table together.
#[derive(Debug)]
pub struct Builder {
    table: Table,
    numbers: HashMap<i64, u32>,
}

impl Default for Builder {
    fn default() -> Self {
        let table = Table {
            texts: vec!["".into()],
            known: HashMap::from([("".into(), Text::EMPTY)]),
            visitors: Vec::new(),
            events: Vec::new(),
        };
        Self { table, numbers: HashMap::new() }
    }
}

impl Builder {
    /// Adds an event. They come in the table's order.
    pub fn push(&mut self, new: &New<'_>) {
        let event = Event {
            visitor: self.visitor(new.visitor),
            at: new.at,
            day: new.day,
            name: self.text(new.name),
            page: self.text(new.page),
            title: self.text(new.title),
            referrer: self.text(new.referrer),
            query: self.text(new.query),
            purpose: self.text(new.purpose),
            service: self.text(new.service),
            properties: new.properties.map(|text| self.text(text)),
            language: self.text(new.language),
        };
        self.table.events.push(event);
    }

    /// The table.
    #[must_use]
    pub fn finish(self) -> Table {
        self.table
    }

    fn visitor(&mut self, row: i64) -> u32 {
        let next = u32::try_from(self.table.visitors.len()).unwrap_or(u32::MAX);
        match self.numbers.entry(row) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.table.visitors.push(row);
                *new.insert(next)
            }
        }
    }

    fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.table.known.get(text) {
            return *known;
        }
        let new = Text(u32::try_from(self.table.texts.len()).unwrap_or(u32::MAX));
        self.table.texts.push(text.into());
        self.table.known.insert(text.into(), new);
        new
    }
}
