//! Whose events of a table are asked about.

use super::{Event, Table, order::Segment};

/// Some of a table's visitors, by their numbers: from when on what they did counts, in milliseconds since 1970; none
/// for whoever is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members(Vec<Option<i64>>);

/// The events of a table that are not its members', while it has theirs alone.
#[derive(Debug)]
pub struct Others(Vec<Segment>);

impl Members {
    /// Those, of as many as the table has.
    #[must_use]
    pub const fn new(from: Vec<Option<i64>>) -> Self {
        Self(from)
    }

    /// Whether an event is one of theirs.
    #[must_use]
    pub fn have(&self, event: &Event) -> bool {
        self.from(event.visitor).is_some_and(|from| event.at >= from)
    }

    /// Whether a visitor is among them, since whenever.
    #[must_use]
    pub fn has(&self, visitor: u32) -> bool {
        self.from(visitor).is_some()
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> i64 {
        i64::try_from(self.0.iter().flatten().count()).unwrap_or(i64::MAX)
    }

    fn from(&self, visitor: u32) -> Option<i64> {
        self.0.get(visitor as usize).copied().flatten()
    }
}

impl Table {
    /// Leaves out what lies outside of those days. Visitors keep their numbers.
    pub fn keep_days(&mut self, (first, last): (i64, i64)) {
        let runs = &self.runs;
        self.segments.retain(|own| (first..=last).contains(&runs[own.run as usize].day));
    }

    /// Leaves the events of some visitors alone. The others' can be put in their place: [`Table::turn`].
    #[must_use]
    pub fn part(&mut self, members: &Members) -> Others {
        let mut others = Vec::new();
        let mut theirs = Vec::with_capacity(self.segments.len());
        for segment in &self.segments {
            let at = &self.runs[segment.run as usize].at;
            let own = &at[segment.from as usize..segment.to as usize];
            // A segment's events follow each other in time.
            let before = match members.from(segment.visitor) {
                Some(from) => own.partition_point(|at| *at < from),
                None => own.len(),
            };
            let cut = segment.from + u32::try_from(before).unwrap_or(0);
            if cut > segment.from {
                others.push(Segment { to: cut, ..*segment });
            }
            if cut < segment.to {
                theirs.push(Segment { from: cut, ..*segment });
            }
        }
        self.segments = theirs;
        Others(others)
    }

    /// Puts the others' events in the place of those that it has, and the other way round.
    pub fn turn(&mut self, others: &mut Others) {
        std::mem::swap(&mut self.segments, &mut others.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{columns::New, store::scores::table};

    fn seen(table: &Table) -> Vec<(i64, i64)> {
        table.events().map(|it| (table.visitor_row(it.visitor).0, it.at)).collect()
    }

    #[test]
    fn a_table_is_parted_into_what_members_did_since_and_all_else() {
        let of = |visitor, day, at| New { visitor, day, at, ..New::default() };
        let mut events =
            [of(7, 1, 10), of(7, 1, 20), of(8, 1, 15), of(7, 2, 30), of(9, 2, 31), of(8, 3, 50)];
        let mut table = table(&mut events).unwrap();
        table.keep_days((1, 2));
        assert_eq!(seen(&table), [(7, 10), (7, 20), (7, 30), (8, 15), (9, 31)]);
        let from =
            (0..u32::try_from(table.visitors()).unwrap()).map(|it| match table.visitor_row(it).0 {
                7 => Some(20),
                9 => Some(i64::MIN),
                _ => None,
            });
        let members = Members::new(from.collect());
        assert_eq!(members.count(), 2);
        let all = 0..u32::try_from(table.visitors()).unwrap();
        let has = all.filter(|it| members.has(*it)).map(|it| table.visitor_row(it).0);
        assert_eq!(has.collect::<Vec<_>>(), [7, 9]);
        let have: Vec<_> = table.events().map(|it| members.have(&it)).collect();
        assert_eq!(have, [false, true, true, false, true]);
        let mut others = table.part(&members);
        assert_eq!(seen(&table), [(7, 20), (7, 30), (9, 31)]);
        table.turn(&mut others);
        assert_eq!(seen(&table), [(7, 10), (8, 15)]);
        table.turn(&mut others);
        assert_eq!(seen(&table), [(7, 20), (7, 30), (9, 31)]);
    }
}
