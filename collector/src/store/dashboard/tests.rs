use proptest::prelude::*;

use super::{answer::Own, *};
use crate::{columns::New, store::scores::table};

const DAY: i64 = 86_400_000;
const PAGES: [&str; 3] = ["/", "/a", "/b"];

/// Visitor, minute, page, and whether it is a view.
type Act = (i64, i64, usize, bool);

fn made(acts: &[Act]) -> Table {
    let of = |&(visitor, minute, page, is_view): &Act| New {
        visitor,
        at: minute * 60_000,
        day: minute * 60_000 / DAY,
        name: if is_view { "page_view" } else { "click" },
        page: PAGES[page],
        referrer: "https://search.example/",
        language: if visitor % 2 == 0 { "ja" } else { "en" },
        device: if minute % 3 == 0 { "phone" } else { "computer" },
        ..New::default()
    };
    table(&mut acts.iter().map(of).collect::<Vec<_>>()).unwrap()
}

fn members(table: &Table, since: &[Option<i64>]) -> Members {
    let from = |visitor| {
        let row = usize::try_from(table.visitor_row(visitor).0).unwrap();
        since[row].map(|minute| minute * 60_000)
    };
    Members::new((0..u32::try_from(table.visitors()).unwrap()).map(from).collect())
}

proptest! {
    /// A segment's visits are what they would be if nobody else had come, and what is left out is what the others did.
    #[test]
    fn visits_of_a_segment_are_those_of_its_visitors_alone(
        acts in prop::collection::vec((0..6_i64, 0..3_000_i64, 0..3_usize, any::<bool>()), 0..60),
        since in prop::collection::vec(prop::option::of(0..2_000_i64), 6),
        entry in prop::option::of(0..3_usize),
    ) {
        let filters: Vec<_> = entry.map(|page| (Field::Entry, PAGES[page].to_owned())).into_iter().collect();
        let own = Own { by_hour_from: None, own_hosts: Vec::new(), filters, rows: 100 };
        let of = |acts: &[Act], own: &Own| answer::overview(&made(acts), own);
        let table = made(&acts);
        let members = members(&table, &since);
        let (told, beside) = parted(table, Some(&members), &own, true);
        let is_theirs = |act: &&Act| since[usize::try_from(act.0).unwrap()].is_some_and(|from| act.1 >= from);
        let alone: Vec<_> = acts.iter().filter(is_theirs).copied().collect();
        let rest: Vec<_> = acts.iter().filter(|act| !is_theirs(act)).copied().collect();
        prop_assert_eq!(told, of(&alone, &own));
        prop_assert_eq!(beside.others, Some(of(&rest, &own)));
        let bare = Own { filters: Vec::new(), rows: 0, ..own.clone() };
        let mut without = vec![of(&acts, &bare).total];
        without.extend(entry.map(|_| of(&alone, &bare).total));
        prop_assert_eq!(beside.without, without);
    }
}

proptest! {
    /// What a row of devices, or languages, says is what one sees who chooses it; and rows are of what was done on each.
    #[test]
    fn whoever_chooses_a_device_sees_the_figures_of_its_row(
        acts in prop::collection::vec((0..6_i64, 0..3_000_i64, 0..3_usize, any::<bool>()), 0..60),
        field in prop_oneof![Just(Field::Device), Just(Field::Language)],
    ) {
        let all = Own { by_hour_from: None, own_hosts: Vec::new(), filters: Vec::new(), rows: 100 };
        let whole = answer::overview(&made(&acts), &all);
        let rows: Vec<_> = whole.breakdowns.iter().filter(|(of, ..)| *of == field).collect();
        prop_assert_eq!(rows.iter().map(|row| row.2.events).sum::<i64>(), whole.total.events);
        prop_assert_eq!(rows.iter().map(|row| row.2.views).sum::<i64>(), whole.total.views);
        for (_, value, sums) in rows {
            let own = Own { filters: vec![(field, value.clone())], ..all.clone() };
            let chosen = answer::overview(&made(&acts), &own);
            prop_assert_eq!(chosen.total, *sums, "{}", value);
            let plain = acts.iter().filter(|&&(visitor, minute, _, is_view)| {
                is_view && match field {
                    Field::Device => (minute % 3 == 0) == (value == "phone"),
                    _ => (visitor % 2 == 0) == (value == "ja"),
                }
            });
            prop_assert_eq!(chosen.total.views, i64::try_from(plain.count()).unwrap());
        }
        let nowhere = Own { filters: vec![(field, "tablet".to_owned())], ..all };
        prop_assert_eq!(answer::overview(&made(&acts), &nowhere), Overview::default());
    }
}

#[test]
fn what_is_not_narrowed_down_leaves_nothing_out() {
    let own = Own { by_hour_from: None, own_hosts: Vec::new(), filters: Vec::new(), rows: 3 };
    let (told, beside) = parted(made(&[(1, 1, 0, true)]), None, &own, true);
    assert_eq!((told.total.visitors, beside), (1, Beside::default()));
}
