//! Analyses as people read them on the command line.

use super::super::query::{standing, table};
use crate::{
    analysis::asked::{cohorts, funnel, paths},
    query::Meta,
};

pub(super) fn meta(meta: &Meta) {
    println!("\n{}", standing(meta));
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
            let (visitors, dropped) = (step.visitors.to_string(), step.dropped.to_string());
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
    meta(&answer.meta);
}

pub(super) fn cohorts(answer: &cohorts::Answer) {
    let periods = answer.average.len();
    let after: Vec<_> = (1..=periods).map(|after| format!("+{after}")).collect();
    let heads: Vec<_> =
        ["from", "visitors"].into_iter().chain(after.iter().map(String::as_str)).collect();
    let row = |row: &cohorts::Row| -> Vec<String> {
        let again = row.again.iter().map(|n| n.map_or_else(String::new, |n| n.to_string()));
        [row.start.clone(), row.visitors.to_string()].into_iter().chain(again).collect()
    };
    let mut rows: Vec<_> = answer.cohorts.iter().map(row).collect();
    let all: i64 = answer.cohorts.iter().map(|row| row.visitors).sum();
    let average = answer.average.iter().map(|part| share(*part));
    rows.push(["all".to_owned(), all.to_string()].into_iter().chain(average).collect());
    table(&heads, &rows, 1);
    meta(&answer.meta);
}

pub(super) fn paths(answer: &paths::Answer) {
    fn tell(steps: &[paths::Step], others: i64, depth: usize) {
        let room = "  ".repeat(depth);
        for step in steps {
            let ended = step.ended.filter(|ended| *ended > 0);
            let ended = ended.map_or_else(String::new, |ended| format!("  (no more: {ended})"));
            println!("{room}{}  {}{ended}", step.visits, step.name);
            tell(&step.next, step.others, depth + 1);
        }
        if others > 0 {
            println!("{room}{others}  elsewhere");
        }
    }
    println!("{} visits  (no more: {})", answer.visits, answer.ended);
    tell(&answer.next, answer.others, 1);
    meta(&answer.meta);
}
