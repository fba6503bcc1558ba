//! A table in shards of whole visitors, which are looked at at once: of what is counted of visitors, or of what each of
//! them did, the sums are those of all.

use std::thread;

use super::{Event, Table, order::Segment};

/// Shards of a table, at most.
const MOST: usize = 4;
/// For fewer events another thread is not worth it.
const WORTH: usize = 50_000;

/// Events of some of a table's visitors: one after the other, and of each in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'t> {
    table: &'t Table,
    segments: &'t [Segment],
}

impl<'t> Shard<'t> {
    /// Its events.
    pub fn events(self) -> impl Iterator<Item = Event> + 't {
        self.segments.iter().flat_map(move |segment| {
            let run = &self.table.runs[segment.run as usize];
            (segment.from..segment.to).map(|place| run.event(segment.visitor, place as usize))
        })
    }

    /// The table.
    #[must_use]
    pub const fn table(self) -> &'t Table {
        self.table
    }
}

impl Table {
    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Shard<'_> {
        Shard { table: self, segments: &self.segments }
    }

    /// Looks at all of it, shard by shard, each beside the others. What each gave, in the order of their visitors.
    pub fn by_shards<'t, T: Send>(&'t self, each: impl Fn(Shard<'t>) -> T + Sync) -> Vec<T> {
        let of_visitors = self.segments.chunk_by(|one, next| one.visitor == next.visitor);
        let of_visitors: Vec<_> = of_visitors.map(|own| (own.len(), events(own))).collect();
        let lengths: Vec<usize> = of_visitors.iter().map(|(_, events)| *events).collect();
        let (mut visitors, mut rest) = (of_visitors.iter(), self.segments.as_slice());
        let mut shards = Vec::new();
        for length in ways(&lengths) {
            let own = visitors.by_ref().take(length).map(|(segments, _)| *segments).sum();
            let (segments, later) = rest.split_at(own);
            shards.push(Shard { table: self, segments });
            rest = later;
        }
        at_once(shards, each)
    }
}

fn events(segments: &[Segment]) -> usize {
    segments.iter().map(|segment| (segment.to - segment.from) as usize).sum()
}

/// In how many ways, one at least, work of these lengths is divided, and how many pieces each has: about equally much.
pub(super) fn ways(lengths: &[usize]) -> Vec<usize> {
    let total: usize = lengths.iter().sum();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let many = (total / WORTH + 1).min(cores).min(MOST);
    let mut ways = vec![0; many];
    let (mut way, mut done) = (0, 0);
    for length in lengths {
        if way + 1 < many && done >= total / many * (way + 1) {
            way += 1;
        }
        ways[way] += 1;
        done += length;
    }
    ways
}

/// Does each on a thread of its own, the first on this one. What they gave, in their order.
pub(super) fn at_once<I: Send, T: Send>(all: Vec<I>, each: impl Fn(I) -> T + Sync) -> Vec<T> {
    let each = &each;
    let mut all = all.into_iter();
    let Some(first) = all.next() else { return Vec::new() };
    thread::scope(|scope| {
        let others: Vec<_> = all.map(|one| scope.spawn(move || each(one))).collect();
        let mut done = vec![each(first)];
        done.extend(others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    #[test]
    fn work_is_divided_about_equally_and_little_work_is_not() {
        let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        assert_eq!(ways(&[]), [0]);
        assert_eq!(ways(&[10, 20, 30]), [3]);
        let ways = ways(&[1_000; 1_000]);
        assert_eq!((ways.len(), ways.iter().sum::<usize>()), (cores, 1_000));
        assert!(ways.iter().all(|own| own.abs_diff(1_000 / cores) <= 1), "{ways:?}");
    }

    #[test]
    fn shards_have_whole_visitors_and_all_of_them() {
        let event = |visitor, at| New { visitor, at, day: at % 3, ..New::default() };
        let mut events: Vec<_> =
            (0..200_i64).flat_map(|visitor| (0..1_000).map(move |at| event(visitor, at))).collect();
        let table = table(&mut events).unwrap();
        let shards = table.by_shards(|shard| {
            let seen: Vec<_> = shard.events().map(|event| (event.visitor, event.at)).collect();
            assert!(seen.is_sorted_by_key(|(visitor, at)| (*visitor, at % 3, *at)));
            seen
        });
        let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        assert_eq!(shards.len(), cores);
        for two in shards.windows(2) {
            assert!(two[0].last().unwrap().0 < two[1].first().unwrap().0);
        }
        assert_eq!(shards.concat().len(), events.len());
    }
}
