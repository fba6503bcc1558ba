use proptest::prelude::*;

use super::*;
use crate::{
    analysis::made::{PAGES, acts, named_events, views},
    store::questions::{Dimension, Filter},
};

fn page(at: usize) -> Matching {
    Matching::of(&[Filter::Is(Dimension::Page, vec![PAGES[at].to_owned()])])
}

fn paths(before: bool, depth: usize) -> Paths {
    Paths { from: page(0), before, by: By::Page, depth, width: 10 }
}

fn asked(asked: &mut Paths, done: &[(u32, i64, usize)]) -> Step {
    let table = views(done);
    run(asked, table.events(), &table, &Patience::default()).unwrap()
}

/// `NAME visits (ended)`, and what follows in brackets.
fn told(step: &Step) -> String {
    let next: Vec<_> = step.next.iter().map(told).collect();
    let ended = step.ended.map_or(String::new(), |ended| format!("({ended})"));
    format!("{}{}{ended}[{}]", step.name, step.visits, next.join(" "))
}

#[test]
fn what_came_after_is_told_by_visit_and_a_page_loaded_anew_is_one_step() {
    let pause = PAUSE;
    let done = [
        (0, 0, 1),
        (0, 1, 0),
        (0, 2, 0),
        (0, 3, 1),
        (0, 4, 1),
        (0, 5, 2),
        (0, 6, 3),
        (1, 7, 0),
        (1, 8, 1),
        (1, 8 + pause, 2),
        (1, 9 + pause, 0),
        (2, 10, 1),
    ];
    assert_eq!(told(&asked(&mut paths(false, 2), &done)), "3(1)[/b2(1)[/c1[]]]");
}

#[test]
fn what_came_before_leads_back_from_the_event() {
    let done = [
        (0, 0, 3),
        (0, 1, 2),
        (0, 2, 1),
        (0, 3, 0),
        (0, 4, 2),
        (1, 5, 1),
        (1, 6, 0),
        (2, 7, 0),
        (2, 8, 1),
        (2, 9, 0),
    ];
    assert_eq!(told(&asked(&mut paths(true, 2), &done)), "3(1)[/b2(1)[/c1[]]]");
}

#[test]
fn a_path_may_lead_from_an_event_that_is_no_page_and_be_made_of_events() {
    let table = named_events(&[
        (0, 1, "page_view", "/a"),
        (0, 2, "click", "/a"),
        (0, 3, "page_view", "/a"),
        (0, 4, "page_view", "/b"),
    ]);
    let click = || Matching::of(&[Filter::Is(Dimension::Event, vec!["click".to_owned()])]);
    let of = |by, before| {
        let mut asked = Paths { from: click(), before, by, depth: 3, width: 5 };
        told(&run(&mut asked, table.events(), &table, &Patience::default()).unwrap())
    };
    assert_eq!(of(By::Page, false), "1(0)[/a1(0)[/b1(1)[]]]");
    assert_eq!(of(By::Page, true), "1(0)[/a1(1)[]]");
    assert_eq!(of(By::Event, false), "1(0)[page_view1(1)[]]");
}

#[test]
fn what_is_left_out_is_counted() {
    let done =
        [(0, 0, 0), (0, 1, 1), (1, 2, 0), (1, 3, 1), (2, 4, 0), (2, 5, 2), (3, 6, 0), (3, 7, 3)];
    let answer = asked(&mut Paths { width: 1, ..paths(false, 1) }, &done);
    assert_eq!((told(&answer).as_str(), answer.others), ("4(0)[/b2[]]", 2));
}

/// Every visit as the pages that were seen, one after the other.
fn visits(done: &[(u32, i64, usize)]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for visitor in 0..4 {
        let mut own: Vec<_> = done.iter().filter(|it| it.0 == visitor).collect();
        own.sort_unstable_by_key(|it| it.1);
        for (at, (_, time, page)) in own.iter().enumerate() {
            if at == 0 || time - own[at - 1].1 >= PAUSE {
                all.push(Vec::new());
            }
            let visit: &mut Vec<usize> = all.last_mut().unwrap();
            if visit.last() != Some(page) {
                visit.push(*page);
            }
        }
    }
    all
}

fn leaves(step: &Step, so_far: &[String], all: &mut Vec<(Vec<String>, i64)>) {
    for next in &step.next {
        let path = [so_far, std::slice::from_ref(&next.name)].concat();
        all.push((path.clone(), next.visits));
        leaves(next, &path, all);
    }
}

proptest! {
    /// Against the visits written out, each cut where it comes to the page.
    #[test]
    fn it_agrees_with_a_plain_re_computation(
        done in acts(4, 20, 3).prop_map(|all| all.into_iter().map(|(who, at, page)| (who, at * 700_000, page)).collect::<Vec<_>>()),
        before in any::<bool>(),
        depth in 1..4_usize,
    ) {
        let answer = asked(&mut paths(before, depth), &done);
        let mut expected: HashMap<Vec<String>, i64> = HashMap::new();
        let mut came = 0;
        for visit in visits(&done) {
            let Some(at) = visit.iter().position(|page| *page == 0) else { continue };
            came += 1;
            let way: Vec<usize> = if before { visit[..at].iter().rev().copied().collect() } else { visit[at + 1..].to_vec() };
            let way: Vec<String> = way.iter().take(depth).map(|page| PAGES[*page].to_owned()).collect();
            for end in 1..=way.len() {
                *expected.entry(way[..end].to_vec()).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        leaves(&answer, &[], &mut found);
        prop_assert_eq!(answer.visits, came);
        prop_assert_eq!(found.into_iter().collect::<HashMap<_, _>>(), expected);
    }
}
