//! Reading days into a table, some of them at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    Damage, Mask, Table,
    order::{Piece, shown},
    part::Column,
    run::Run,
    shards::{at_once, ways},
    texts::Texts,
};

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

/// A day since 1970, and its parts.
pub type Day<B> = (i64, Vec<Stored<B>>);

/// What cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The day's place among those that were to be read.
    pub day: usize,
    /// The part's among those of the day.
    pub part: usize,
    /// The column.
    pub column: Column,
    /// Why not.
    pub damage: Damage,
}

/// What was read of some days.
#[derive(Default)]
struct Read {
    texts: Texts,
    runs: Vec<Run>,
    pieces: Vec<Piece>,
}

impl Table {
    /// Reads the parts of days, which come in their order, without what the mask hides. Where it is told to stop, it has
    /// no events of the days that were not reached.
    ///
    /// # Errors
    /// Where a blob is damaged.
    pub fn read<B: AsRef<[u8]> + Sync>(
        days: &[Day<B>],
        mask: &Mask,
        stop: &AtomicBool,
    ) -> Result<Self, Broken> {
        let mut all = Read::default();
        let mut first = 0;
        let chunks = chunks(days).into_iter().map(|chunk| {
            first += chunk.len();
            (first - chunk.len(), chunk)
        });
        let read = |(first, chunk)| Read::days(first, chunk, mask, stop);
        for (place, read) in at_once(chunks.collect(), read).into_iter().enumerate() {
            let read = read?;
            if place == 0 { all = read } else { all.join(read) }
        }
        Ok(Self::new(all.texts, all.runs, all.pieces))
    }
}

/// Days in as many chunks as are read at once, about equally long.
fn chunks<B>(days: &[Day<B>]) -> Vec<&[Day<B>]> {
    let events = |(_, parts): &Day<B>| parts.iter().map(|it| it.events).sum();
    let lengths: Vec<usize> = days.iter().map(events).collect();
    let mut rest = days;
    let mut chunks = Vec::new();
    for length in ways(&lengths) {
        let (chunk, later) = rest.split_at(length);
        chunks.push(chunk);
        rest = later;
    }
    chunks
}

impl Read {
    fn days<B: AsRef<[u8]>>(
        first: usize,
        days: &[Day<B>],
        mask: &Mask,
        stop: &AtomicBool,
    ) -> Result<Self, Broken> {
        let mut read = Self::default();
        for (place, (day, parts)) in days.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            for (part, stored) in parts.iter().enumerate() {
                let columns = stored.columns.iter().map(|(column, blob)| (*column, blob.as_ref()));
                let run = Run::read((*day, stored.events), columns, &mut read.texts);
                let run = run.map_err(|(column, damage)| {
                    let day = first + place;
                    Broken { day, part, column, damage }
                })?;
                let own = u32::try_from(read.runs.len()).unwrap_or(u32::MAX);
                shown(&run, own, (mask, stored.seen), &mut read.pieces);
                read.runs.push(run);
            }
        }
        Ok(read)
    }

    /// Adds what was read of later days.
    fn join(&mut self, mut later: Self) {
        let numbers = self.texts.join(&later.texts);
        let before = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        for run in &mut later.runs {
            run.renumber(&numbers);
        }
        self.runs.append(&mut later.runs);
        let moved = |piece: Piece| Piece { run: piece.run.saturating_add(before), ..piece };
        self.pieces.extend(later.pieces.into_iter().map(moved));
    }
}
