//! Visits: what a visitor does without a pause of half an hour, within the days of a table.

use super::Table;

/// A pause that ends a visit, in milliseconds.
const PAUSE: i64 = 1_800_000;

/// The visits of a table.
#[derive(Debug)]
pub struct Visits {
    /// Of each event, in the table's order, the number of its visit.
    pub of_event: Vec<u32>,
    /// Of each visit, whether it goes on over midnight: its events do not follow each other in the table.
    pub is_parted: Vec<bool>,
}

impl Visits {
    /// Tells a table's visits apart.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let mut visits = Self { of_event: Vec::new(), is_parted: Vec::new() };
        // Of each visitor: the last moment, its day, and the visit.
        let mut last = vec![(i64::MIN, 0_i64, 0_u32); table.visitors()];
        table.moments(|visitor, day, at| {
            let (before, its_day, visit) = &mut last[visitor as usize];
            let goes_on = *before != i64::MIN && at - *before < PAUSE;
            if !goes_on {
                *visit = u32::try_from(visits.is_parted.len()).unwrap_or(u32::MAX);
                visits.is_parted.push(false);
            } else if *its_day != day {
                visits.is_parted[*visit as usize] = true;
            }
            (*before, *its_day) = (at, day);
            visits.of_event.push(*visit);
        });
        visits
    }
}

/// Counts in how many groups something is, each once.
#[derive(Debug, Default)]
pub struct Distinct {
    /// Of each group, what was counted last, and one more.
    last: Vec<u32>,
    /// What was counted of what comes in several places.
    seen: hashbrown::HashSet<u64, foldhash::fast::RandomState>,
}

impl Distinct {
    /// Whether it was not in the group before. What comes in one place alone needs no look at all the others.
    pub fn is_new(&mut self, group: u32, one: u32, comes_again: bool) -> bool {
        let place = group as usize;
        if self.last.len() <= place {
            self.last.resize(place + 1, 0);
        }
        let mark = one.wrapping_add(1);
        if self.last[place] == mark {
            return false;
        }
        self.last[place] = mark;
        !comes_again || self.seen.insert(u64::from(group) << 32 | u64::from(one))
    }
}
