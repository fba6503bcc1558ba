//! A part of a site's day: its events by visitor and time, one blob a column.
//!
//! What stands in a blob, unpressed, of `n` events (numbers as in [`super::bytes`]):
//! - `visitor`, `grant`: runs of equal ones, each the difference to the run before (signed) and how many; visitors
//!   ascend;
//! - `at`: the difference to the event before (signed), the first to 0;
//! - `engaged`: milliseconds of use, 0 where the event tells of none;
//! - all others: how many different texts there are; of each its length and one more, and its bytes, where 0 alone is
//!   no text; how many bytes a place takes (0, 1, 2 or 4: as few as do); the `n` places, the smallest byte first.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    New, Text, Wanted,
    bytes::{Damage, Reader, press, put, put_signed, unpress},
    texts::Texts,
};

/// Events of a part, at most, unless one visitor has more.
pub const PART: usize = 50_000;

/// A day is the most that a page is used without a pause.
const MAX_ENGAGED: i64 = 86_400_000;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The visitor's row.
    Visitor,
    /// The grant under which it was taken.
    Grant,
    /// When it happened.
    At,
    /// [`super::Event::engaged`].
    Engaged,
    /// One of [`TEXTS`].
    Text(usize),
}

/// Columns of texts, by their places.
pub(super) const TEXTS: [(Wanted, &str); 10] = [
    (Wanted::NAME, "name"),
    (Wanted::PAGE, "page"),
    (Wanted::QUERY, "query"),
    (Wanted::TITLE, "title"),
    (Wanted::REFERRER, "referrer"),
    (Wanted::PROPERTIES, "properties"),
    (Wanted::PURPOSE, "purpose"),
    (Wanted::SERVICE, "service"),
    (Wanted::LANGUAGE, "language"),
    (Wanted::CAMPAIGN, "campaign"),
];

impl Column {
    /// Every column.
    pub fn all() -> impl Iterator<Item = Self> {
        let texts = (0..TEXTS.len()).map(Self::Text);
        [Self::Visitor, Self::Grant, Self::At, Self::Engaged].into_iter().chain(texts)
    }

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Grant => "grant",
            Self::At => "at",
            Self::Engaged => "engaged",
            Self::Text(place) => TEXTS.get(place).map_or("", |(_, name)| name),
        }
    }

    /// Whether a question that wants these needs it; grants are needed where some are gone.
    #[must_use]
    pub fn is_wanted(self, wanted: Wanted, grants: bool) -> bool {
        match self {
            Self::Visitor | Self::At => true,
            Self::Grant => grants,
            Self::Engaged => wanted.has(Wanted::ENGAGED),
            Self::Text(place) => TEXTS.get(place).is_some_and(|(one, _)| wanted.has(*one)),
        }
    }
}

/// A part as it is stored.
#[derive(Clone, Debug)]
pub struct Part {
    /// How many events it has.
    pub events: usize,
    /// The first and the last visitor's row.
    pub visitors: (i64, i64),
    /// Its columns.
    pub columns: Vec<(Column, Vec<u8>)>,
}

/// Parts of events of one day, which come by visitor and time. Where it can be, a visitor's lie in one.
#[must_use]
pub fn parts(events: &[New<'_>]) -> Vec<Part> {
    let mut rest = events;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let mut cut = rest.len().min(PART);
        if let (Some(last), Some(next)) = (rest.get(cut - 1), rest.get(cut))
            && last.visitor == next.visitor
        {
            let whole = rest[..cut].iter().rposition(|event| event.visitor != last.visitor);
            cut = whole.map_or(cut, |place| place + 1);
        }
        let (own, later) = rest.split_at(cut);
        all.push(part(own));
        rest = later;
    }
    all
}

fn part(events: &[New<'_>]) -> Part {
    let visitors = events.first().zip(events.last());
    let column = |column| (column, press(&encoded(events, column)));
    Part {
        events: events.len(),
        visitors: visitors.map_or((0, 0), |(first, last)| (first.visitor, last.visitor)),
        columns: Column::all().map(column).collect(),
    }
}

fn encoded(events: &[New<'_>], column: Column) -> Vec<u8> {
    match column {
        Column::Visitor => runs(events.iter().map(|event| event.visitor)),
        Column::Grant => runs(events.iter().map(|event| event.grant)),
        Column::At => {
            let mut bytes = Vec::with_capacity(3 * events.len());
            let mut before = 0;
            for event in events {
                put_signed(&mut bytes, event.at.wrapping_sub(before));
                before = event.at;
            }
            bytes
        }
        Column::Engaged => {
            let mut bytes = Vec::with_capacity(events.len());
            for event in events {
                put(&mut bytes, engaged(event.name, event.properties));
            }
            bytes
        }
        Column::Text(place) => match place {
            0 => words(events.iter().map(|event| Some(event.name))),
            1 => words(events.iter().map(|event| Some(event.page))),
            2 => words(events.iter().map(|event| Some(event.query))),
            3 => words(events.iter().map(|event| Some(event.title))),
            4 => words(events.iter().map(|event| Some(event.referrer))),
            5 => words(events.iter().map(|event| event.properties)),
            6 => words(events.iter().map(|event| Some(event.purpose))),
            7 => words(events.iter().map(|event| Some(event.service))),
            8 => words(events.iter().map(|event| Some(event.language))),
            _ => {
                let all = events.iter().map(|event| campaign(event.name, event.properties));
                let all: Vec<_> = all.collect();
                words(all.iter().map(Option::as_deref))
            }
        },
    }
}

/// Milliseconds of use that an event tells of. A page writes what it likes: what is no whole number is none.
fn engaged(name: &str, properties: Option<&str>) -> u64 {
    let Some(text) = properties.filter(|_| name == "user_engagement") else { return 0 };
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return 0 };
    let told = object.get("engaged_ms").map_or(0, |told| match told.as_i64() {
        Some(told) => told,
        None if told.is_u64() => MAX_ENGAGED,
        None => 0,
    });
    told.clamp(0, MAX_ENGAGED).cast_unsigned()
}

/// `SOURCE / CAMPAIGN` of an event that tells of a campaign.
fn campaign(name: &str, properties: Option<&str>) -> Option<String> {
    let text = properties.filter(|_| name == "campaign_visit")?;
    let object: Value = serde_json::from_str(text).ok()?;
    let source = object.get("source")?.as_str()?;
    Some(match object.get("campaign").and_then(Value::as_str) {
        Some(campaign) => format!("{source} / {campaign}"),
        None => source.to_owned(),
    })
}

fn runs(numbers: impl Iterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0_i64;
    let mut run: Option<(i64, u64)> = None;
    for number in numbers.map(Some).chain([None]) {
        match (&mut run, number) {
            (Some((own, length)), Some(number)) if *own == number => *length += 1,
            (run, number) => {
                if let Some((own, length)) = *run {
                    put_signed(&mut bytes, own.wrapping_sub(before));
                    put(&mut bytes, length);
                    before = own;
                }
                *run = number.map(|number| (number, 1));
            }
        }
    }
    bytes
}

fn words<'t>(texts: impl ExactSizeIterator<Item = Option<&'t str>>) -> Vec<u8> {
    let mut places = Vec::with_capacity(texts.len());
    let mut known: HashMap<Option<&str>, u32> = HashMap::new();
    let mut bytes = Vec::new();
    for text in texts {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        places.push(*known.entry(text).or_insert_with(|| {
            put(&mut bytes, text.map_or(0, |text| text.len() as u64 + 1));
            bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
            next
        }));
    }
    let mut all = Vec::with_capacity(bytes.len() + 8 + places.len());
    put(&mut all, known.len() as u64);
    all.append(&mut bytes);
    let width: u8 = match known.len() {
        0..=1 => 0,
        2..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    };
    all.push(width);
    for place in places {
        all.extend_from_slice(&place.to_le_bytes()[..width.into()]);
    }
    all
}

/// Places of a text column, as few bytes as do.
#[derive(Debug)]
enum Places {
    Same,
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

/// A column of texts in memory.
#[derive(Debug)]
pub(super) struct Words {
    words: Vec<Text>,
    places: Places,
}

impl Words {
    /// A column that was not read.
    fn nothing(place: usize) -> Self {
        let optional =
            matches!(TEXTS.get(place), Some(&(Wanted::PROPERTIES | Wanted::CAMPAIGN, _)));
        Self { words: vec![if optional { Text::NONE } else { Text::EMPTY }], places: Places::Same }
    }

    #[inline]
    pub(super) fn get(&self, event: usize) -> Text {
        let place = match &self.places {
            Places::Same => 0,
            Places::One(places) => usize::from(places[event]),
            Places::Two(places) => usize::from(places[event]),
            Places::Four(places) => places[event] as usize,
        };
        self.words.get(place).copied().unwrap_or(Text::EMPTY)
    }

    fn read(blob: &[u8], events: usize, texts: &mut Texts) -> Result<Self, Damage> {
        let raw = unpress(blob)?;
        let mut reader = Reader(&raw);
        let count = reader.number()?;
        if count > events as u64 || (count == 0) != (events == 0) {
            return Err(Damage::Content("it has more texts than events"));
        }
        let mut words = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        for _ in 0..count {
            words.push(match reader.number()? {
                0 => Text::NONE,
                length => {
                    let text = str::from_utf8(reader.take(length - 1)?);
                    texts.add(text.map_err(|_| Damage::Content("a text is not UTF-8"))?)
                }
            });
        }
        let width = reader.take(1)?;
        let places = match width {
            [0] => Places::Same,
            [1] => Places::One(reader.take(events as u64)?.to_vec()),
            [2] => {
                let bytes = reader.take(2 * events as u64)?.as_chunks::<2>().0;
                Places::Two(bytes.iter().map(|two| u16::from_le_bytes(*two)).collect())
            }
            [4] => {
                let bytes = reader.take(4 * events as u64)?.as_chunks::<4>().0;
                Places::Four(bytes.iter().map(|four| u32::from_le_bytes(*four)).collect())
            }
            _ => return Err(Damage::Content("places are 0, 1, 2 or 4 bytes wide")),
        };
        reader.end()?;
        let last = match &places {
            Places::Same => 0,
            Places::One(places) => places.iter().max().map_or(0, |last| u64::from(*last)),
            Places::Two(places) => places.iter().max().map_or(0, |last| u64::from(*last)),
            Places::Four(places) => places.iter().max().map_or(0, |last| u64::from(*last)),
        };
        if events > 0 && last >= count {
            return Err(Damage::Content("a place lies behind the last text"));
        }
        Ok(Self { words, places })
    }
}

/// A run of one visitor's events in a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) visitor: i64,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A part in memory, with the columns that were read.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) spans: Vec<Span>,
    pub(super) at: Vec<i64>,
    pub(super) engaged: Vec<u32>,
    /// Where they were read: nothing else.
    pub(super) grants: Vec<i64>,
    pub(super) texts: [Words; TEXTS.len()],
}

impl Run {
    /// Reads a part of so many events.
    pub(super) fn read<'b>(
        events: usize,
        columns: impl Iterator<Item = (Column, &'b [u8])>,
        texts: &mut Texts,
    ) -> Result<Self, (Column, Damage)> {
        let mut run = Self {
            spans: Vec::new(),
            at: Vec::new(),
            engaged: Vec::new(),
            grants: Vec::new(),
            texts: std::array::from_fn(Words::nothing),
        };
        for (column, blob) in columns {
            run.add(events, column, blob, texts).map_err(|damage| (column, damage))?;
        }
        if run.at.len() != events || run.spans.last().map_or(0, |span| span.to as usize) != events {
            return Err((
                Column::Visitor,
                Damage::Content("it is not there, or the times are not"),
            ));
        }
        Ok(run)
    }

    fn add(
        &mut self,
        events: usize,
        column: Column,
        blob: &[u8],
        texts: &mut Texts,
    ) -> Result<(), Damage> {
        if let Column::Text(place) = column {
            if let Some(own) = self.texts.get_mut(place) {
                *own = Words::read(blob, events, texts)?;
            }
            return Ok(());
        }
        let raw = unpress(blob)?;
        let mut reader = Reader(&raw);
        match column {
            Column::Visitor => {
                let mut last = None;
                read_runs(&mut reader, events, |visitor, from, to| {
                    if last.is_some_and(|last| last >= visitor) {
                        return Err(Damage::Content("its visitors do not ascend"));
                    }
                    last = Some(visitor);
                    self.spans.push(Span { visitor, from, to });
                    Ok(())
                })?;
            }
            Column::Grant => {
                self.grants.reserve_exact(events);
                read_runs(&mut reader, events, |grant, _, to| {
                    self.grants.resize(to as usize, grant);
                    Ok(())
                })?;
            }
            Column::At => {
                self.at.reserve_exact(events);
                let mut at = 0_i64;
                for _ in 0..events {
                    at = at.wrapping_add(reader.signed()?);
                    self.at.push(at);
                }
            }
            _ => {
                self.engaged.reserve_exact(events);
                for _ in 0..events {
                    let told = u32::try_from(reader.number()?);
                    self.engaged.push(told.map_err(|_| Damage::Content("nobody is so long here"))?);
                }
            }
        }
        reader.end()
    }
}

fn read_runs(
    reader: &mut Reader<'_>,
    events: usize,
    mut each: impl FnMut(i64, u32, u32) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let wrong = || Damage::Content("its runs are not as long as the part");
    let events = u32::try_from(events).map_err(|_| wrong())?;
    let (mut number, mut from) = (0_i64, 0_u32);
    while from < events {
        number = number.wrapping_add(reader.signed()?);
        let length = u32::try_from(reader.number()?).map_err(|_| wrong())?;
        let to = from.checked_add(length).filter(|to| length > 0 && *to <= events);
        let to = to.ok_or_else(wrong)?;
        each(number, from, to)?;
        from = to;
    }
    Ok(())
}
