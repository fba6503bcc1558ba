//! Visits: what a visitor does without a pause of half an hour, within the days of a table.

use super::Event;

/// A pause that ends a visit, in milliseconds.
const PAUSE: i64 = 1_800_000;

/// Tells visits apart, of events that come by visitor and time.
#[derive(Debug, Default)]
pub struct Visits {
    last: Option<(u32, i64)>,
    number: u32,
}

impl Visits {
    /// The number of the visit of which the next event is.
    pub const fn of(&mut self, event: &Event) -> u32 {
        match self.last {
            Some((visitor, at)) if visitor == event.visitor && event.at - at < PAUSE => {}
            _ => self.number = self.number.wrapping_add(1),
        }
        self.last = Some((event.visitor, event.at));
        self.number
    }
}

/// Counts in how many groups something is, each once: of visits or visitors that come one after the other.
#[derive(Debug, Default)]
pub struct Distinct {
    /// Of each group, what was counted last, and one more.
    last: Vec<u32>,
}

impl Distinct {
    /// Whether it was not in the group before.
    pub fn is_new(&mut self, group: u32, one: u32) -> bool {
        let place = group as usize;
        if self.last.len() <= place {
            self.last.resize(place + 1, 0);
        }
        let mark = one.wrapping_add(1);
        std::mem::replace(&mut self.last[place], mark) != mark
    }
}
