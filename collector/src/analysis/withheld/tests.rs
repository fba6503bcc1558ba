use proptest::prelude::*;

use super::*;

#[test]
fn a_step_is_told_where_enough_took_it_and_enough_did_not() {
    let of = |visitors: &[i64]| steps(visitors, 5);
    assert_eq!(of(&[12, 7, 7, 0]), [true; 4]);
    assert_eq!(of(&[12, 9, 6]), [true, false, true], "three left, and six of the first");
    assert_eq!(of(&[12, 4, 0]), [true, false, true]);
    assert_eq!(of(&[4, 0, 0]), [false; 3], "nothing is told of too few");
    assert_eq!(of(&[0, 0]), [true; 2]);
    assert_eq!(of(&[]), [false; 0]);
    assert_eq!(steps(&[3, 2, 1], 1), [true; 3], "nothing is withheld unless the site says so");
}

#[test]
fn groups_are_told_where_the_rest_could_be_too() {
    let of = |total: [i64; 2], all: &[[i64; 2]]| {
        groups(&total, &all.iter().map(|group| group.to_vec()).collect::<Vec<_>>(), 5)
    };
    assert_eq!(of([30, 10], &[[20, 5], [10, 5]]), [true, true], "there is no rest");
    assert_eq!(of([32, 10], &[[20, 5], [10, 5]]), [true, false], "the rest would be two");
    assert_eq!(of([30, 12], &[[20, 10], [10, 2]]), [false, false], "two of the second step");
    assert_eq!(of([30, 3], &[[20, 0], [10, 3]]), [false, false], "the total is not told whole");
    assert_eq!(groups(&[3, 1], &[vec![2, 1], vec![1, 0]], 1), [true, true]);
}

fn cohort(visitors: i64, again: &[Option<i64>]) -> Cohort {
    Cohort { start: 0, visitors, again: again.to_vec(), over: 0 }
}

#[test]
fn small_cohorts_go_with_another_and_cells_that_tell_of_few_are_not_told() {
    let all = [
        cohort(30, &[Some(12), Some(27), None]),
        cohort(8, &[Some(8), Some(0), None]),
        cohort(2, &[Some(1), None, None]),
    ];
    let (rows, cells) = cohorts(&all, [vec![(); 3]], 5);
    assert_eq!(rows, [true, false, false], "the total would tell of the two");
    assert_eq!(cells, [[true, false, true], [false, false, true], [false, true, true]]);
    let (rows, cells) = cohorts(&all, [vec![(); 3]], 1);
    assert!(rows.iter().chain(cells.iter().flatten()).all(|told| *told));
}

#[test]
fn ways_on_and_the_end_of_a_path_are_parts_of_one_whole() {
    assert_eq!(ways(&[20, 3], 10, 5), (vec![true, false], false), "the end would tell of three");
    assert_eq!(ways(&[20, 3, 1], 0, 5), (vec![false; 3], true), "nobody ended, which is told");
    assert_eq!(ways(&[20, 7], 2, 5), (vec![true, false], false));
    assert_eq!(ways(&[20, 7], 5, 5), (vec![true; 2], true));
    assert_eq!(ways(&[2, 1], 1, 1), (vec![true; 2], true));
}

#[test]
fn a_segment_that_leaves_out_few_is_found() {
    assert!(leaves_out_few([(9, 9), (5, 9)], 5));
    assert!(!leaves_out_few([(9, 9), (4, 9)], 5));
    assert!(leaves_out_few([(9, 8)], 5), "who is told apart otherwise counts too");
}

/// Visitors of each step, each no more than before.
fn funnel(most: i64) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(0..most, 4).prop_map(|mut all| {
        all.sort_unstable_by(|a, b| b.cmp(a));
        all
    })
}

/// What is not told is of five or more, or of nobody, by whatever two figures that are.
fn tells_nobody(visitors: &[i64], told: &[bool]) -> Result<(), TestCaseError> {
    let told: Vec<_> =
        visitors.iter().zip(told).filter(|(_, told)| **told).map(|(n, _)| *n).collect();
    for (at, n) in told.iter().enumerate() {
        prop_assert!(!few(*n, 5));
        for earlier in &told[..at] {
            prop_assert!(!few(earlier - n, 5), "{visitors:?}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_two_steps_tell_of_few(visitors in funnel(30)) {
        tells_nobody(&visitors, &steps(&visitors, 5))?;
    }

    /// Neither a group, nor what is left of the total, by any number of groups that is asked for.
    #[test]
    fn no_groups_and_no_rest_tell_of_few(all in prop::collection::vec(funnel(20), 0..6)) {
        let mut all = all;
        all.sort_by_key(|group| -group[0]);
        let total: Vec<i64> = (0..4).map(|step| all.iter().map(|group| group[step]).sum()).collect();
        let mut before: Vec<usize> = Vec::new();
        for asked in 0..=all.len() {
            let told = groups(&total, &all[..asked], 5);
            let shown: Vec<_> = (0..asked).filter(|at| told[*at]).collect();
            prop_assert!(shown.starts_with(&before) || before.starts_with(&shown));
            if shown.len() > before.len() {
                before.clone_from(&shown);
            }
            if shown.is_empty() {
                continue;
            }
            let rest: Vec<i64> = (0..4).map(|step| total[step] - shown.iter().map(|at| all[*at][step]).sum::<i64>()).collect();
            for steps in shown.iter().map(|at| &all[*at]).chain([&rest, &total]) {
                tells_nobody(steps, &[true; 4])?;
            }
        }
    }

    /// The others, whatever of the ways is shown, are nobody or five and more; so is each way, and the end.
    #[test]
    fn no_way_on_and_no_rest_tells_of_few(on in prop::collection::vec(1..20_i64, 0..6), ended in 0..20_i64, shown in 0..6_usize) {
        let (told, ends) = ways(&on, ended, 5);
        let parts = on.iter().zip(&told).filter(|(_, told)| **told).map(|(n, _)| *n);
        let parts: Vec<_> = parts.take(shown).chain(ends.then_some(ended)).collect();
        for part in &parts {
            prop_assert!(!few(*part, 5));
        }
        let whole = on.iter().sum::<i64>() + ended;
        let rest = whole - parts.iter().sum::<i64>();
        // Of what is too few as a whole nothing is told at all.
        prop_assert!(few(whole, 5) || parts.is_empty() || parts.iter().all(|part| *part == 0) || !few(rest, 5), "{on:?} {ended}");
    }

    #[test]
    fn no_cell_tells_of_few(sizes in prop::collection::vec((0..40_i64, 0..40_i64), 1..8)) {
        let all: Vec<_> = sizes.iter().map(|(size, again)| cohort(*size, &[Some(*again.min(size))])).collect();
        let (rows, cells) = cohorts(&all, [vec![(); all.len()]], 5);
        let hidden: Vec<_> = all.iter().zip(&rows).filter(|(_, told)| !**told).map(|(it, _)| it.visitors).collect();
        let shown = all.iter().zip(&rows).any(|(it, told)| *told && it.visitors > 0);
        prop_assert!(!shown || hidden.iter().max().is_none_or(|most| *most >= 5));
        for ((it, row), cells) in all.iter().zip(&rows).zip(&cells) {
            if cells[0] {
                let again = it.again[0].unwrap();
                prop_assert!(*row && !few(again, 5) && !few(it.visitors - again, 5));
            }
        }
    }
}
