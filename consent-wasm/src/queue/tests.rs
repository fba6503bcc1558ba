use alloc::collections::BTreeMap;

use consent_core::{
    cookie::ConsentCookie,
    event::{Observation, Page},
    ids::Uuid7,
    jws::Signed,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::settings::tests::settings;

const AT: Millis = Millis(1_800_000_000_000);
const VISITOR: VisitorId = VisitorId::from_bytes([7; 16]);

fn now(bits: u128) -> Now {
    let settings = settings();
    let cookie = ConsentCookie { revision: 3, decided: AT, bits, receipt: None };
    Now {
        at: AT,
        random: 0,
        visitor: Some(VISITOR),
        standing: cookie.standing(&settings.policy, settings.consent_days),
    }
}

fn event(number: u8, title: &str) -> Message {
    let observation = Observation {
        id: Uuid7::new(AT, &[number; 10]),
        name: "page_view".parse().unwrap(),
        at: AT,
        page: Page {
            url: "https://shop.example/".to_owned(),
            title: title.to_owned(),
            referrer: String::new(),
        },
        properties: BTreeMap::new(),
    };
    let event = Event::under(&settings().policy, Subject::ThisBrowser, observation).unwrap();
    let event = permit(event, &now(0b1).standing, AT).unwrap();
    Message::Event(event, Some(r#"{"n":1.5,"plan":"p\"ro"}"#.to_owned()))
}

fn session() -> Session {
    Session { id: "s1".to_owned(), key: [0; 32], expires: AT.plus(3_600 * SECOND), ahead: 250 }
}

fn queue() -> Queue {
    let mut queue = Queue::new("shop".to_owned());
    assert_eq!(queue.update(Message::Decided(Some(session())), &now(0b1)), []);
    queue
}

/// The collector's answer to the last call.
fn answer(queue: &Queue, status: u16, text: &str) -> Message {
    Message::Answer(queue.calls, Answer::read(status, text))
}

/// Tells the queue what the collector answered to the last call.
fn answered(queue: &mut Queue, status: u16, now: &Now) -> Vec<Effect> {
    let message = answer(queue, status, "");
    queue.update(message, now)
}

fn batch(effects: &[Effect]) -> Json {
    let [Effect::Post(_, "/v1/events", body)] = effects else { panic!("{effects:?}") };
    serde_json::from_str(Signed::parse(body).unwrap().verify(&[0; 32]).unwrap()).unwrap()
}

#[test]
fn the_first_event_waits_for_company_then_all_go_in_one_signed_batch() {
    let mut queue = queue();
    assert_eq!(queue.update(event(1, "a"), &now(0b1)), [Effect::Pause(GATHER)]);
    assert_eq!(queue.update(event(2, "b"), &now(0b1)), []);
    let batch = batch(&queue.update(Message::Wake, &now(0b1)));
    assert_eq!(batch["visitor"], VISITOR.to_text());
    assert_eq!(batch["events"].as_array().unwrap().len(), 2);
    assert_eq!(batch["events"][0]["at"], AT.0 + 250, "by the collector's clock");
    assert_eq!(batch["events"][0]["properties"], json!({"n": 1.5, "plan": "p\"ro"}));
    assert_eq!(answered(&mut queue, 200, &now(0b1)), []);
}

#[test]
fn without_a_session_one_is_opened_for_the_visitor() {
    let mut queue = Queue::new("shop".to_owned());
    let effects = queue.update(event(1, ""), &now(0b1));
    let visitor = VISITOR.to_text();
    let expected = json!({"site": "shop", "visitor": visitor}).to_string();
    assert_eq!(effects, [Effect::Post(1, "/v1/sessions", expected)]);
    let (key, expires) = ("A".repeat(43), AT.0 + 3_600_000);
    let opened = answer(&queue, 200, &format!("s\n{key}\n{expires}\n{}\n3\n\n", AT.0));
    assert_eq!(queue.update(opened, &now(0b1)), [Effect::Pause(GATHER)]);
    assert_eq!(batch(&queue.update(Message::Wake, &now(0b1)))["events"][0]["page"]["title"], "");
}

#[test]
fn nothing_leaves_before_the_collector_has_confirmed_the_grant() {
    let mut queue = Queue::new("shop".to_owned());
    let unconfirmed = Now { visitor: None, ..now(0b1) };
    assert_eq!(queue.update(event(1, ""), &unconfirmed), []);
    assert_eq!(queue.update(Message::Wake, &unconfirmed), []);
    assert_eq!(queue.update(Message::Leave, &unconfirmed), []);
    assert_eq!(queue.update(Message::Decided(Some(session())), &now(0b1)), [Effect::Pause(GATHER)]);
}

#[test]
fn a_withdrawal_drops_what_was_held_and_what_was_to_be_sent_again() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    queue.update(Message::Wake, &now(0b1));
    queue.update(event(2, ""), &now(0b1));
    let withdrawn = Now { visitor: None, ..now(0) };
    assert_eq!(queue.update(Message::Decided(None), &withdrawn), []);
    answered(&mut queue, 503, &withdrawn);
    assert_eq!(queue.update(Message::Wake, &withdrawn), []);
    assert_eq!(queue.update(Message::Decided(Some(session())), &now(0b1)), []);
    assert!(queue.held.is_empty() && queue.flying.is_empty());
}

#[test]
fn an_event_of_a_purpose_taken_back_meanwhile_is_not_sent() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    assert_eq!(queue.update(Message::Wake, &now(0b1000)), []);
}

#[test]
fn a_lost_batch_is_sent_again_with_the_same_ids_and_in_order() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    let first = batch(&queue.update(Message::Wake, &now(0b1)));
    queue.update(event(2, ""), &now(0b1));
    assert!(
        matches!(answered(&mut queue, 0, &now(0b1)), ref e if matches!(e[..], [Effect::Pause(_)]))
    );
    let again = batch(&queue.update(Message::Wake, &now(0b1)));
    assert_eq!(again["events"][0], first["events"][0]);
    assert_eq!(again["events"].as_array().unwrap().len(), 2);
}

#[test]
fn a_batch_that_is_refused_is_dropped() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    queue.update(Message::Wake, &now(0b1));
    assert_eq!(answered(&mut queue, 400, &now(0b1)), []);
    assert_eq!(queue.update(Message::Wake, &now(0b1)), []);
}

#[test]
fn an_expired_session_is_renewed() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    queue.update(Message::Wake, &now(0b1));
    answered(&mut queue, 401, &now(0b1));
    assert!(matches!(
        queue.update(Message::Wake, &now(0b1))[..],
        [Effect::Post(_, "/v1/sessions", _)]
    ));
}

#[test]
fn a_page_that_goes_away_sends_what_it_holds() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    assert_eq!(
        batch(&queue.update(Message::Leave, &now(0b1)))["events"].as_array().unwrap().len(),
        1
    );
    assert_eq!(queue.update(Message::Leave, &now(0b1)), [], "once");
}

#[test]
fn a_second_batch_that_fails_is_kept_whatever_becomes_of_the_first() {
    let mut queue = queue();
    queue.update(event(1, ""), &now(0b1));
    queue.update(Message::Wake, &now(0b1));
    queue.update(event(2, ""), &now(0b1));
    let second = batch(&queue.update(Message::Leave, &now(0b1)));
    let call = queue.calls;
    let first = Message::Answer(call - 1, Answer::read(200, ""));
    assert_eq!(queue.update(first, &now(0b1)), []);
    let lost = queue.update(Message::Answer(call, Answer::default()), &now(0b1));
    assert!(matches!(lost[..], [Effect::Pause(_)]), "{lost:?}");
    assert_eq!(batch(&queue.update(Message::Wake, &now(0b1))), second);
}

#[test]
fn an_answer_without_a_session_is_asked_again_later_only() {
    let mut queue = Queue::new("shop".to_owned());
    queue.update(event(1, ""), &now(0b1));
    let pause = answered(&mut queue, 200, &now(0b1));
    assert!(matches!(pause[..], [Effect::Pause(ms)] if ms != GATHER), "{pause:?}");
}

#[test]
fn a_batch_keeps_its_limits() {
    let mut queue = queue();
    let title = "x".repeat(1_024);
    for number in 0..150 {
        queue.update(event(number, &title), &now(0b1));
    }
    let effects = queue.update(Message::Leave, &now(0b1));
    let [Effect::Post(_, _, body)] = &effects[..] else { panic!("{effects:?}") };
    assert!(body.len() < consent_core::wire::MAX_BODY, "{}", body.len());
    assert!(batch(&effects)["events"].as_array().unwrap().len() <= MAX_BATCH);
}

proptest! {
    #[test]
    fn every_event_is_sent_once_or_dropped_with_its_grant(steps in prop::collection::vec(0_u8..7, 1..60)) {
        let mut queue = queue();
        let mut number = 0;
        for step in steps {
            let here = now(if step == 6 { 0 } else { 0b1 });
            let effects = match step {
                0 | 1 => { number += 1; queue.update(event(number, ""), &here) }
                2 => queue.update(Message::Wake, &here),
                3 => answered(&mut queue, 200, &here),
                4 => answered(&mut queue, 0, &here),
                5 => queue.update(Message::Leave, &here),
                _ => queue.update(Message::Decided(None), &here),
            };
            if step == 6 {
                prop_assert_eq!(effects.len(), 0);
                prop_assert_eq!(queue.held.len(), 0);
            }
            let mut ids: Vec<_> = queue.held.iter().chain(queue.flying.iter().map(|(_, held)| held))
                .map(|held| held.event.action().observation().id).collect();
            let all = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), all);
        }
    }
}
