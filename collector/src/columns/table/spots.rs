//! A table's events by time, whoever's they are.

use super::{New, Segment, Table, Text};

/// Where an event lies in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    run: u32,
    visitor: u32,
    at: u32,
}

impl Table {
    /// Where every event lies whose name is among these, by time, and in one moment by visitor; all of them where no
    /// names are given.
    #[must_use]
    pub fn by_time(&self, names: &[String]) -> Vec<Spot> {
        let all = names.is_empty();
        let names: Vec<Text> = names.iter().filter_map(|name| self.find(name)).collect();
        let mut spots = Vec::new();
        for Segment { visitor, run, from, to } in &self.segments {
            let names_of = &self.runs[*run as usize].texts[0];
            let wanted =
                (*from..*to).filter(|at| all || names.contains(&names_of.get(*at as usize)));
            spots.extend(wanted.map(|at| Spot { run: *run, visitor: *visitor, at }));
        }
        // Visitors are numbered in the order of their rows.
        spots.sort_unstable_by_key(|spot| (self.moment(*spot), spot.visitor, spot.run, spot.at));
        spots
    }

    fn moment(&self, spot: Spot) -> i64 {
        self.runs[spot.run as usize].at[spot.at as usize]
    }

    /// The event that lies there.
    ///
    /// # Panics
    /// Where the place is one of another table.
    #[must_use]
    pub fn event(&self, spot: Spot) -> New<'_> {
        self.copy(spot.visitor, spot.run, spot.at)
    }
}

#[cfg(test)]
mod tests {
    use crate::{columns::New, store::scores::table};

    #[test]
    fn events_come_by_time_over_all_visitors_and_by_name_where_names_are_given() {
        let event = |visitor, at, name| New { visitor, at, name, ..New::default() };
        let mut events = [
            event(1, 5, "a"),
            event(1, 9, "b"),
            event(2, 5, "b"),
            event(2, 7, "a"),
            event(3, 1, "c"),
        ];
        let table = table(&mut events).unwrap();
        let found = |names: &[&str]| -> Vec<(i64, i64)> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let spots = table.by_time(&names).into_iter().map(|spot| table.event(spot));
            spots.map(|event| (event.at, event.visitor)).collect()
        };
        assert_eq!(found(&[]), [(1, 3), (5, 1), (5, 2), (7, 2), (9, 1)]);
        assert_eq!(found(&["b", "nothing"]), [(5, 2), (9, 1)]);
        assert_eq!(found(&["nothing"]), []);
    }
}
