//! Answers of analyses as a terminal shows them.

use super::super::query::{standing, table};
use crate::{
    analysis::{
        answer::Size,
        asked::{cohorts, funnel, paths},
        withheld::Withheld,
    },
    query::Meta,
};

pub(super) fn size(size: &Size) {
    println!("{} of {} visitors", figure(size.visitors), figure(size.of));
    tell(&size.meta, size.withheld.as_ref());
}

/// For how much of the traffic it stands, and what is not told.
fn tell(meta: &Meta, withheld: Option<&Withheld>) {
    println!("\n{}", standing(meta));
    if let Some(withheld) = withheld {
        println!("{}", withheld.said());
    }
}

fn figure(n: Option<i64>) -> String {
    n.map_or_else(|| "withheld".to_owned(), |n| n.to_string())
}

fn share(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{:.1} %", part * 100.0))
}

pub(super) fn funnel(answer: &funnel::Answer) {
    let heads = ["step", "visitors", "of the first", "of the one before", "dropped", "median time"];
    let rows = |steps: &[funnel::Taken]| -> Vec<Vec<String>> {
        let row = |step: &funnel::Taken| {
            let time =
                step.median_ms.map_or_else(|| "-".to_owned(), |ms| format!("{} s", ms / 1_000));
            let (of_first, of_previous) = (share(step.of_first), share(step.of_previous));
            let (visitors, dropped) = (figure(step.visitors), figure(step.dropped));
            vec![step.name.clone(), visitors, of_first, of_previous, dropped, time]
        };
        steps.iter().map(row).collect()
    };
    table(&heads, &rows(&answer.steps), 1);
    for group in answer.groups.iter().flatten() {
        println!("\n{}", if group.value.is_empty() { "(none)" } else { &group.value });
        table(&heads, &rows(&group.steps), 1);
    }
    if let Some(more) = answer.more_groups.filter(|more| *more > 0) {
        println!("\n{more} groups more; raise --limit");
    }
    tell(&answer.meta, answer.withheld.as_ref());
}

pub(super) fn cohorts(answer: &cohorts::Answer) {
    let periods = answer.average.len();
    let after: Vec<_> = (1..=periods).map(|after| format!("+{after}")).collect();
    let heads: Vec<_> =
        ["from", "visitors"].into_iter().chain(after.iter().map(String::as_str)).collect();
    let row = |row: &cohorts::Row| -> Vec<String> {
        let again = row.again.iter().enumerate().map(|(at, n)| match n {
            None if !row.withheld.contains(&at) => String::new(),
            n => figure(*n),
        });
        [row.start.clone(), figure(row.visitors)].into_iter().chain(again).collect()
    };
    let mut rows: Vec<_> = answer.cohorts.iter().map(row).collect();
    let all: i64 = answer.cohorts.iter().filter_map(|row| row.visitors).sum();
    let average = answer.average.iter().map(|part| share(*part));
    rows.push(["all".to_owned(), all.to_string()].into_iter().chain(average).collect());
    table(&heads, &rows, 1);
    tell(&answer.meta, answer.withheld.as_ref());
}

pub(super) fn paths(answer: &paths::Answer) {
    fn branches(steps: &[paths::Step], others: Option<i64>, depth: usize) {
        let room = "  ".repeat(depth);
        for step in steps {
            let ended = step.ended.filter(|ended| *ended > 0);
            let ended = ended.map_or_else(String::new, |ended| format!("  (no more: {ended})"));
            println!("{room}{}  {}{ended}", step.visits, step.name);
            branches(&step.next, step.others, depth + 1);
        }
        if let Some(others) = others.filter(|others| *others > 0) {
            println!("{room}{others}  elsewhere");
        }
    }
    let (visits, ended) = (figure(answer.visits), figure(answer.ended));
    println!("{visits} {}  (no more: {ended})", answer.counted);
    branches(&answer.next, answer.others, 1);
    tell(&answer.meta, answer.withheld.as_ref());
}
