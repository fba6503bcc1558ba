//! A part in memory: what [`super::part`] made, read again, each value checked.

use super::{
    Column, Text, Wanted,
    bytes::{Damage, Reader, unpress},
    part::TEXTS,
    texts::Texts,
};

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

    /// Has each text say the same by other numbers.
    fn renumber(&mut self, numbers: &[Text]) {
        for word in &mut self.words {
            // That there is none has no number.
            *word = numbers.get(word.index()).copied().unwrap_or(*word);
        }
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
    pub(super) day: i64,
    pub(super) spans: Vec<Span>,
    pub(super) at: Vec<i64>,
    pub(super) engaged: Vec<u32>,
    /// Where they were read: nothing else.
    pub(super) grants: Vec<i64>,
    pub(super) texts: [Words; TEXTS.len()],
}

impl Run {
    /// Reads a part of so many events of a day.
    pub(super) fn read<'b>(
        (day, events): (i64, usize),
        columns: impl Iterator<Item = (Column, &'b [u8])>,
        texts: &mut Texts,
    ) -> Result<Self, (Column, Damage)> {
        let mut run = Self {
            day,
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

    /// Has its texts say the same by the numbers of other texts.
    pub(super) fn renumber(&mut self, numbers: &[Text]) {
        for words in &mut self.texts {
            words.renumber(numbers);
        }
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
