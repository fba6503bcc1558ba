//! A part of a site's day: its events by visitor and time, one blob a column.
//!
//! What stands in a blob, unpressed, of `n` events (numbers as in [`super::bytes`]):
//! - `visitor`, `grant`: runs of equal ones, each the difference to the run before (signed) and how many; visitors
//!   ascend;
//! - `at`: the difference to the event before (signed), the first to 0;
//! - `engaged`: milliseconds of use, 0 where the event tells of none;
//! - all others: how many different texts there are; of each its length and one more, and its bytes, where 0 alone is
//!   no text; how many bytes a place takes (0, 1, 2 or 4: as few as do); the `n` places, the smallest byte first.
//!
//! `device` came later than the others: a part without it is of events of which it is not known.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde_json::Value;

use super::{
    New, Wanted,
    bytes::{press, put, put_signed},
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
    /// One of `TEXTS`.
    Text(usize),
}

/// Columns of texts, by their places.
pub(super) const TEXTS: [(Wanted, &str); 11] = [
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
    (Wanted::DEVICE, "device"),
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
pub fn parts<'e>(events: impl IntoIterator<Item = New<'e>>) -> Vec<Part> {
    let events = events.into_iter();
    let mut all = Vec::new();
    let mut own: Vec<New<'_>> = Vec::with_capacity(events.size_hint().0.min(PART));
    for next in events {
        if own.len() >= PART {
            let last = own.last().map(|event| event.visitor);
            let cut =
                own.len() - own.iter().rev().take_while(|it| Some(it.visitor) == last).count();
            // Small parts would be brought together again, and cut the same.
            let splits = last == Some(next.visitor) && cut >= PART / 2;
            let cut = if splits { cut } else { own.len() };
            all.push(part(&own[..cut]));
            own.drain(..cut);
        }
        own.push(next);
    }
    if !own.is_empty() {
        all.push(part(&own));
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
            10 => words(events.iter().map(|event| Some(event.device))),
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
    let mut known: HashMap<Option<&str>, u32, RandomState> = HashMap::default();
    let mut bytes = Vec::new();
    // What one visitor did comes together: most texts are those of the event before.
    let mut last = None;
    for text in texts {
        let place = match last {
            Some((before, place)) if before == text => place,
            _ => {
                let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                *known.entry(text).or_insert_with(|| {
                    put(&mut bytes, text.map_or(0, |text| text.len() as u64 + 1));
                    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
                    next
                })
            }
        };
        places.push(place);
        last = Some((text, place));
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
