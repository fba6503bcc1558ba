use proptest::prelude::*;

use super::*;
use crate::{
    analysis::made::{PAGES, acts, views},
    store::questions::Filter,
};

fn page(at: usize) -> Matching {
    Matching::of(&[Filter::Is(Dimension::Page, vec![PAGES[at].to_owned()])])
}

fn funnel(steps: &[usize], window: i64, days: (i64, i64)) -> Funnel {
    let steps = steps.iter().map(|step| page(*step)).collect();
    Funnel { steps, window, days, breakdown: None, groups: 10 }
}

fn asked(funnel: &mut Funnel, done: &[(u32, i64, usize)]) -> Answer {
    let table = views(done);
    run(funnel, table.events(), &table, &Patience::default()).unwrap()
}

#[test]
fn steps_count_in_their_order_and_within_the_window() {
    let done = [
        (0, 10, 0),
        (0, 20, 1),
        (0, 30, 2), // all of it
        (1, 10, 1),
        (1, 20, 0),
        (1, 30, 2), // the second before the first
        (2, 10, 0),
        (2, 500, 1), // too late
        (3, 10, 0),
        (3, 480, 0),
        (3, 500, 1), // entered anew
        (4, 10, 1),  // never entered
    ];
    let answer = asked(&mut funnel(&[0, 1, 2], 100, (0, 0)), &done);
    let reached = |visitors, median| Reached { visitors, median };
    assert_eq!(answer.steps, [reached(4, None), reached(2, Some(15)), reached(1, Some(10))]);
}

#[test]
fn one_event_is_one_step_though_it_matches_two() {
    let mut twice = funnel(&[0, 0], 1_000, (0, 0));
    assert_eq!(asked(&mut twice, &[(0, 10, 0)]).steps[1].visitors, 0);
    assert_eq!(asked(&mut twice, &[(0, 10, 0), (0, 11, 0)]).steps[1].visitors, 1);
}

#[test]
fn somebody_enters_in_the_days_asked_for_and_may_go_on_after_them() {
    let mut days = funnel(&[0, 1], 1_000, (1, 1));
    let answer = asked(
        &mut days,
        &[(0, 999, 0), (1, 1_999, 0), (0, 1_000, 1), (1, 2_500, 1), (2, 2_000, 0)],
    );
    assert_eq!(answer.steps.iter().map(|it| it.visitors).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn groups_go_by_the_event_of_the_entry_the_largest_first_and_the_rest_is_counted() {
    let any = Matching::default();
    let mut by_page = Funnel {
        steps: vec![any, page(2)],
        window: 100,
        days: (0, 0),
        breakdown: Some(Dimension::Page),
        groups: 2,
    };
    let answer = asked(&mut by_page, &[(0, 1, 0), (0, 2, 2), (1, 3, 0), (2, 4, 1), (3, 5, 2)]);
    let groups: Vec<_> = answer
        .groups
        .iter()
        .map(|(value, steps)| (value.as_str(), steps[0].visitors, steps[1].visitors))
        .collect();
    assert_eq!((groups, answer.more), (vec![("/a", 2, 1), ("/b", 1, 0)], 1));
}

#[test]
fn who_waits_no_more_is_not_worked_for() {
    let table = views(&[(0, 1, 0)]);
    let patience = Patience::default();
    drop(patience.waiting());
    let stopped = run(&mut funnel(&[0], 1, (0, 0)), table.events(), &table, &patience);
    assert_eq!(stopped, Err(Stopped::Given));
}

/// When a chain began, and when the step before its last was taken.
type Chain = (i64, i64);

/// Every chain of one visitor that ends with the act at `last` as the step `step`.
fn chains(
    own: &[(i64, usize)],
    steps: &[usize],
    (window, days): (i64, (i64, i64)),
    step: usize,
    last: usize,
) -> Vec<Chain> {
    let (at, page) = own[last];
    if page != steps[step] {
        return Vec::new();
    }
    if step == 0 {
        let day = at / 1_000;
        return if (days.0..=days.1).contains(&day) { vec![(at, at)] } else { Vec::new() };
    }
    let before = (0..last).flat_map(|before| {
        let ends = own[before].0;
        chains(own, steps, (window, days), step - 1, before)
            .into_iter()
            .map(move |(start, _)| (start, ends))
    });
    before.filter(|(start, _)| at - start <= window).collect()
}

proptest! {
    /// Against every chain that there is.
    #[test]
    fn it_agrees_with_a_plain_re_computation(
        done in acts(4, 3_000, 3),
        steps in proptest::collection::vec(0..3_usize, 1..4),
        window in 0..2_500_i64,
        first in 0..3_i64,
        length in 0..2_i64,
    ) {
        let days = (first, first + length);
        let answer = asked(&mut funnel(&steps, window, days), &done);
        for step in 0..steps.len() {
            let mut took = Vec::new();
            for visitor in 0..4 {
                let mut own: Vec<_> = done.iter().filter(|it| it.0 == visitor).map(|it| (it.1, it.2)).collect();
                own.sort_unstable();
                // The first act that ends a chain; of its chains the one that began last, and of those the one whose
                // step before was taken first.
                let found = (0..own.len()).find_map(|last| {
                    let all = chains(&own, &steps, (window, days), step, last);
                    let (_, before) = all.into_iter().max_by_key(|(start, before)| (*start, -before))?;
                    Some(own[last].0 - before)
                });
                took.extend(found);
            }
            prop_assert_eq!(answer.steps[step].visitors, i64::try_from(took.len()).unwrap());
            took.sort_unstable();
            let middle = (!took.is_empty()).then(|| {
                let half = took.len() / 2;
                if took.len() % 2 == 1 { took[half] } else { i64::midpoint(took[half - 1], took[half]) }
            });
            prop_assert_eq!(answer.steps[step].median, if step == 0 { None } else { middle });
        }
    }
}
