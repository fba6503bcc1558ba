use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn of(visitors: &[i64]) -> Vec<bool> {
    hidden(visitors, [vec![(); visitors.len()]], 10)
}

#[test]
fn a_small_row_goes_with_the_smallest_of_the_others() {
    assert_eq!(of(&[40, 12, 3, 30]), [false, true, true, false]);
    assert_eq!(of(&[40, 12, 30]), [false; 3], "nobody is few here");
    assert_eq!(of(&[40, 0, 12]), [false; 3], "nobody is in a row of none");
    assert_eq!(of(&[9, 9]), [true; 2], "there is no other");
    assert_eq!(of(&[10, 1]), [true; 2]);
    assert_eq!(of(&[]), [false; 0]);
    assert_eq!(of(&[10, 10, 1]), [false, true, true], "of two alike, the last");
}

#[test]
fn rows_of_a_day_are_hidden_where_the_day_or_its_week_tells_them() {
    // Two days of one week, and a day of the next.
    let day = |day: i64| vec![Cell::Day(day)];
    let rows = [day(4), day(5), day(11)];
    let which = hidden(&[50, 3, 20], partitions(&rows), 10);
    assert_eq!(which, [true, true, false], "the week's total would tell the second day");
    let hours = [vec![Cell::Hour(9)], vec![Cell::Hour(10)], vec![Cell::Hour(30)]];
    let which = hidden(&[30, 3, 12], partitions(&hours), 10);
    assert_eq!(which, [true, true, false], "the day's total would tell the second hour");
}

#[test]
fn conditions_are_looked_at_together_and_one_by_one() {
    let page =
        |page: &str| Filter::Is(crate::store::questions::Dimension::Page, vec![page.to_owned()]);
    assert!(left_out(&[]).is_empty());
    assert_eq!(left_out(&[page("a")]), [[Filter::Not(Box::new(page("a")))]]);
    let two = left_out(&[page("a"), page("b")]);
    assert_eq!(two.len(), 3);
    assert_eq!(two[1], [page("b"), Filter::Not(Box::new(page("a")))]);
}

#[test]
fn what_is_hidden_is_added_up_where_it_can_be() {
    let line = |page: &str, sums: &[i64]| (vec![Cell::Text(page.to_owned())], sums.to_vec());
    let lines =
        vec![line("a", &[90, 40]), line("b", &[20, 10]), line("c", &[2, 1]), line("d", &[1, 1])];
    let groups = told(lines, &[Metric::PageViews, Metric::Visitors], &[1], 10);
    assert_eq!(groups.shown, [line("a", &[90, 40])]);
    let withheld = groups.withheld.unwrap();
    assert_eq!((withheld.rows, withheld.metrics), (3, vec![Some(23), None]));
    let lines = vec![line("a", &[90, 40])];
    assert!(told(lines, &[Metric::PageViews], &[1], 10).withheld.is_none());
}

#[test]
fn a_row_that_few_out_of_the_segment_would_be_in_goes_with_one_that_many_would_be_in() {
    let by = |own: &[i64], others: &[i64]| hidden_by(&[own, others], [vec![(); own.len()]], 10);
    let none = [false; 3];
    assert_eq!(by(&[40, 30, 20], &[0, 0, 0]), none, "nobody is left out");
    assert_eq!(by(&[40, 30, 20], &[50, 10, 0]), none);
    // The two others of the first row would be all of the segment less what is shown of it.
    assert_eq!(by(&[40, 30, 20], &[2, 30, 50]), [true, true, false]);
    assert_eq!(by(&[40, 30, 20], &[2, 0, 0]), [true, false, false], "there is none to go with it");
    assert_eq!(by(&[3, 30, 20], &[0, 9, 50]), [true, true, true]);
    let line = |page: &str, sums: &[i64]| (vec![Cell::Text(page.to_owned())], sums.to_vec());
    let lines = vec![line("a", &[90, 40, 50]), line("b", &[20, 10, 20]), line("c", &[15, 12, 1])];
    let groups = told(lines, &[Metric::PageViews], &[1, 2], 10);
    assert_eq!(groups.shown, [line("a", &[90])]);
    assert_eq!(groups.withheld.unwrap().metrics, [Some(35)]);
}

fn rows() -> impl Strategy<Value = Vec<(Vec<Cell>, i64)>> {
    let text =
        prop::sample::select(vec!["a", "b", "c"]).prop_map(|text| Cell::Text(text.to_owned()));
    let row = (text.clone(), (0..40_i64).prop_map(Cell::Day), text)
        .prop_map(|(first, day, last)| vec![first, day, last]);
    prop::collection::hash_map(row, 0..40_i64, 0..60).prop_map(|rows| rows.into_iter().collect())
}

proptest! {
    /// The same holds of those who are told and of those who are left out at once, in each line: what is hidden is of ten
    /// visitors or more, or there is nothing in it that is told.
    #[test]
    fn no_total_gives_away_whom_a_segment_leaves_out(rows in rows(), seed in prop::collection::vec(0..40_i64, 60)) {
        let (cells, own): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let others: Vec<_> = seed.into_iter().take(own.len()).collect();
        let which = hidden_by(&[&own, &others], partitions(&cells), 10);
        for counts in [&own, &others] {
            for (count, hidden) in counts.iter().zip(&which) {
                prop_assert!(*hidden || !(1..10).contains(count));
            }
            for partition in partitions(&cells) {
                let mut lines: HashMap<u128, Vec<usize>> = HashMap::new();
                partition.into_iter().enumerate().for_each(|(at, line)| lines.entry(line).or_default().push(at));
                for line in lines.into_values() {
                    let shown = line.iter().any(|at| !which[*at] && counts[*at] > 0);
                    let hidden = line.iter().filter(|at| which[**at]).map(|at| counts[*at]);
                    let most = hidden.filter(|count| *count > 0).max();
                    prop_assert!(!shown || most.is_none_or(|most| most >= 10), "{line:?}");
                }
            }
        }
    }

    /// What somebody works out by any total is of ten visitors or more: whichever dimensions are left out of the
    /// question, and whichever part of the calendar is put in a day's place.
    #[test]
    fn no_total_gives_a_small_row_away(rows in rows()) {
        let (cells, visitors): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let which = hidden(&visitors, partitions(&cells), 10);
        for (count, hidden) in visitors.iter().zip(&which) {
            prop_assert!(*hidden || !(1..10).contains(count));
        }
        for kept in 0..8_u8 {
            for same in [None, Some(Same::Week), Some(Same::Month)] {
                let mut lines: HashMap<Vec<Option<Cell>>, Vec<usize>> = HashMap::new();
                for (at, row) in cells.iter().enumerate() {
                    let part = |(at, cell): (usize, &Cell)| match same {
                        _ if kept & (1 << at) == 0 => None,
                        Some(same) if at == 1 => same.of(cell),
                        _ => Some(cell.clone()),
                    };
                    lines.entry(row.iter().enumerate().map(part).collect()).or_default().push(at);
                }
                for line in lines.into_values() {
                    let hidden: HashSet<_> = line.iter().filter(|at| which[**at]).collect();
                    let shown = line.iter().any(|at| !which[*at] && visitors[*at] > 0);
                    let most = hidden.iter().map(|at| visitors[**at]).max();
                    prop_assert!(!shown || most.is_none_or(|most| most >= 10), "{kept} {line:?}");
                }
            }
        }
    }
}
