use consent_core::{cookie::ConsentCookie, ids::Uuid7, time::DAY, wire::Outgoing};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::asked::tests::asked;

const AT: Millis = Millis(1_800_000_000_000);
const VISITOR: &str = "BwcHBwcHBwcHBwcHBwcHBw";

fn now(bits: u128, visitor: &str, at: Millis) -> Now<'static> {
    // It is small.
    let asked: &'static Asked = Box::leak(Box::new(asked()));
    let cookie = ConsentCookie { revision: 3, decided: AT, bits, receipt: None };
    Now {
        at,
        visitor: visitor.to_owned(),
        asked,
        standing: cookie.standing(asked, asked.consent_days()),
    }
}

fn granted() -> Now<'static> {
    now(0b1, VISITOR, AT)
}

fn push(queue: &mut Queue, number: u8, title: &str) {
    let outgoing = Outgoing {
        id: Uuid7::new(AT, &[number; 10]),
        name: "page_view",
        url: "https://shop.example/",
        title,
        referrer: "",
        properties: r#"{"n":1.5,"plan":"p\"ro"}"#,
    };
    let now = granted();
    queue.push(&now.permit("page_view", AT).unwrap(), outgoing.undated());
}

fn queue() -> Queue {
    let mut queue = Queue::new();
    queue.follow(&granted());
    queue
}

/// The number of the batch that goes out when the pause is over.
fn sent(queue: &mut Queue) -> u32 {
    let Next::Pause(number, _) = queue.next(0) else { panic!("{queue:?}") };
    let Next::Send(call) = queue.woke(number, &granted()) else { panic!("{queue:?}") };
    call
}

fn events(queue: &Queue, call: u32) -> Vec<Json> {
    let batch: Json = serde_json::from_str(&queue.batch("shop", call, 250)).unwrap();
    assert_eq!((&batch["site"], &batch["visitor"]), (&"shop".into(), &VISITOR.into()));
    batch["events"].as_array().unwrap().clone()
}

#[test]
fn the_first_event_hardly_waits_the_next_wait_for_company() {
    let mut queue = queue();
    push(&mut queue, 1, "a");
    assert_eq!(queue.next(0), Next::Pause(1, FIRST));
    assert_eq!(queue.next(0), Next::Rest, "once");
    push(&mut queue, 2, "b");
    let Next::Send(call) = queue.woke(1, &granted()) else { panic!("{queue:?}") };
    let sent = events(&queue, call);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0]["at"], AT.0 + 250, "by the collector's clock");
    assert_eq!(sent[0]["properties"], serde_json::json!({"n": 1.5, "plan": "p\"ro"}));
    queue.answered(call, 200, 0);
    assert_eq!(queue.next(0), Next::Rest);
    push(&mut queue, 3, "c");
    assert_eq!(queue.next(0), Next::Pause(2, GATHER));
}

#[test]
fn nothing_leaves_before_the_collector_has_confirmed_the_grant() {
    let mut queue = Queue::new();
    push(&mut queue, 1, "");
    assert_eq!(queue.next(0), Next::Rest);
    let unconfirmed = now(0b1, "", AT);
    assert_eq!(queue.leave(&unconfirmed), 0);
    assert!(!queue.has_more(true));
    queue.follow(&granted());
    let call = sent(&mut queue);
    assert_eq!(events(&queue, call).len(), 1);
}

#[test]
fn a_withdrawal_drops_what_was_held_and_what_was_to_be_sent_again() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let call = sent(&mut queue);
    push(&mut queue, 2, "");
    let withdrawn = now(0, "", AT);
    queue.follow(&withdrawn);
    assert_eq!(queue.batch("shop", call, 0), "", "not even what was about to be signed");
    queue.answered(call, 503, 0);
    queue.follow(&granted());
    assert!(queue.held.is_empty());
    push(&mut queue, 3, "");
    assert_eq!(events_in(&mut queue), 1, "a new grant begins anew");
}

fn events_in(queue: &mut Queue) -> usize {
    let call = sent(queue);
    events(queue, call).len()
}

#[test]
fn an_event_of_a_purpose_taken_back_meanwhile_is_not_sent() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let Next::Pause(number, _) = queue.next(0) else { panic!() };
    let link_only = now(0b1000, VISITOR, AT);
    assert_eq!(queue.woke(number, &link_only), Next::Rest);
    assert!(queue.held.is_empty());
}

#[test]
fn nothing_of_one_visitors_is_sent_as_anothers() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    queue.follow(&now(0b1, "AAAAAAAAAAAAAAAAAAAAAA", AT));
    assert_eq!(queue.next(0), Next::Rest);
    let left = [VISITOR, "\n1800000000000 page_view {\"id\":\"x\"}"].concat();
    queue.take_up(&left, &now(0b1, "AAAAAAAAAAAAAAAAAAAAAA", AT));
    assert!(queue.held.is_empty());
}

#[test]
fn a_lost_batch_is_sent_again_with_the_same_ids_and_in_order() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let call = sent(&mut queue);
    let first = events(&queue, call);
    push(&mut queue, 2, "");
    queue.answered(call, 0, 0);
    let call = sent(&mut queue);
    let again = events(&queue, call);
    assert_eq!(again[0], first[0]);
    assert_eq!(again.len(), 2);
}

#[test]
fn each_failure_doubles_the_pause_and_the_collector_may_ask_for_more() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let mut pauses = Vec::new();
    for wait in [0, 0, 0, 30, 1_000_000] {
        let call = sent(&mut queue);
        queue.answered(call, 503, wait);
        let Next::Pause(number, ms) = queue.next(0) else { panic!() };
        pauses.push(ms);
        // Another page's timer, or an older one of its own, does not shorten it.
        assert_eq!(queue.woke(number - 1, &granted()), Next::Rest);
        queue.stage = Stage::Idle;
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000, 30_000, 3_600_000]);
    assert_eq!(queue.leave(&granted()), 0, "what fails is not flushed");
}

#[test]
fn a_browser_that_is_online_again_does_not_wait() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let call = sent(&mut queue);
    queue.answered(call, 0, 0);
    assert!(matches!(queue.next(0), Next::Pause(..)));
    assert_eq!(queue.woke(0, &granted()), Next::Send(call + 1));
}

#[test]
fn a_batch_that_is_refused_is_dropped() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let call = sent(&mut queue);
    queue.answered(call, 400, 0);
    assert_eq!(queue.next(0), Next::Rest);
    assert!(queue.held.is_empty());
}

#[test]
fn a_second_batch_that_fails_is_kept_whatever_becomes_of_the_first() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    let first = sent(&mut queue);
    push(&mut queue, 2, "");
    let second = queue.leave(&granted());
    let lost = events(&queue, second);
    assert_eq!(queue.leave(&granted()), 0, "once");
    queue.answered(first, 200, 0);
    queue.answered(second, 0, 0);
    let call = sent(&mut queue);
    assert_eq!(events(&queue, call), lost);
}

#[test]
fn what_is_under_way_keeps_within_what_a_browser_carries() {
    let mut queue = queue();
    let title = "x".repeat(1_024);
    for number in 0..150 {
        push(&mut queue, number, &title);
    }
    let call = queue.leave(&granted());
    let body = queue.batch("shop", call, 0);
    assert!(body.len() < consent_core::wire::MAX_BODY - 1_024, "{}", body.len());
    assert!(events(&queue, call).len() <= MAX_BATCH);
    assert_eq!(queue.leave(&granted()), 0, "a second one would not fit");
    assert!(queue.has_more(false), "and stays");
}

#[test]
fn an_event_that_is_as_large_as_it_may_be_is_sent() {
    let mut queue = queue();
    let seen = granted();
    let largest = ["{\"x\":\"", &"y".repeat(36_000), "\"}"].concat();
    queue.push(&seen.permit("page_view", AT).unwrap(), largest.clone());
    let call = sent(&mut queue);
    assert_eq!(events(&queue, call).len(), 1);
}

#[test]
fn what_a_page_leaves_the_next_takes_up() {
    let (mut last, mut next) = (queue(), queue());
    for number in 1..=3 {
        push(&mut last, number, "spaced title");
    }
    let left = last.leave_behind("", true, &granted());
    assert!(!last.has_more(true));
    push(&mut last, 4, "");
    let left = last.leave_behind(&left, true, &granted());
    next.take_up(&left, &granted());
    let call = sent(&mut next);
    let taken = events(&next, call);
    assert_eq!(taken.len(), 4);
    assert_eq!(taken[2]["page"]["title"], "spaced title");
    assert_eq!(taken[2]["at"], AT.0 + 250);
}

#[test]
fn what_is_under_way_is_left_only_by_a_page_that_goes_for_good() {
    let mut queue = queue();
    push(&mut queue, 1, "");
    sent(&mut queue);
    assert!(!queue.has_more(false) && queue.has_more(true));
    assert_eq!(queue.leave_behind("", false, &granted()), VISITOR);
    assert_eq!(Lines::of(&queue.leave_behind("", true, &granted())).count(), 2);
}

#[test]
fn what_is_left_is_neither_large_nor_old_nor_anybody_elses() {
    let mut queue = queue();
    let title = "x".repeat(1_024);
    for number in 0..=255 {
        push(&mut queue, number, &title);
    }
    let left = queue.leave_behind("somebody else\n1 page_view {}", true, &granted());
    assert!(left.len() < MAX_KEPT && left.starts_with(VISITOR), "{}", left.len());
    assert!(!left.contains("somebody"));
    queue.take_up(&left, &now(0b1, VISITOR, AT.plus(3 * DAY)));
    assert!(queue.held.is_empty(), "the collector would not take it any more");
    queue.take_up(&left, &now(0b1000, VISITOR, AT));
    assert!(queue.held.is_empty(), "nor may it");
}

proptest! {
    #[test]
    fn whatever_is_left_taking_it_up_does_not_panic(left in "\\PC{0,80}") {
        let mut queue = queue();
        queue.take_up(&left, &granted());
        queue.take_up(&[VISITOR, "\n", &left].concat(), &granted());
    }

    #[test]
    fn every_event_is_sent_once_or_dropped_with_its_grant(steps in prop::collection::vec(0_u8..8, 1..60)) {
        let mut queue = queue();
        let (mut number, mut call, mut pause) = (0, 0, 0);
        for step in steps {
            match step {
                0 | 1 => { number += 1; push(&mut queue, number, ""); }
                2 => if let Next::Send(sent) = queue.woke(pause, &granted()) { call = sent },
                3 => queue.answered(call, 200, 0),
                4 => queue.answered(call, 0, 0),
                5 => call = queue.leave(&granted()),
                6 => {
                    let left = queue.leave_behind("", true, &granted());
                    queue.take_up(&left, &granted());
                }
                _ => {
                    queue.follow(&now(0, "", AT));
                    prop_assert_eq!(queue.held.len(), 0);
                    queue.follow(&granted());
                }
            }
            if let Next::Pause(number, _) = queue.next(0) { pause = number }
            let mut entries: Vec<_> = queue.held.iter().map(|held| &held.entry).collect();
            let all = entries.len();
            entries.sort();
            entries.dedup();
            prop_assert_eq!(entries.len(), all);
        }
    }
}
