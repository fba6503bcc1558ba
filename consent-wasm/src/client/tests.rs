use consent_core::jws::Signed;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::settings::tests::settings;

const NOW: Millis = Millis(1_800_000_000_000);
const VISITOR: VisitorId = VisitorId::from_bytes([7; 16]);
const RECEIPT: ReceiptId = ReceiptId::from_bytes([9; 16]);

fn now() -> Now {
    Now {
        at: NOW,
        random: [5; 10],
        cookie: None,
        visitor: None,
        page: "https://shop.example/a".to_owned(),
    }
}

/// A browser that does what it is told, and a collector that can be asked what it heard.
struct Browser {
    client: Client,
    now: Now,
    posts: Vec<(&'static str, String)>,
    left: Option<String>,
    kept: u128,
    sessions: Vec<i64>,
    pauses: Vec<i64>,
}

impl Browser {
    fn new() -> Self {
        Self {
            client: Client::new(settings()),
            now: now(),
            posts: Vec::new(),
            left: None,
            kept: u128::MAX,
            sessions: Vec::new(),
            pauses: Vec::new(),
        }
    }

    fn granted() -> Self {
        let mut browser = Self::new();
        browser.decide(0b1111, Method::AcceptAll);
        browser.open();
        browser.record(true);
        browser.posts.clear();
        browser
    }

    fn say(&mut self, message: Message) {
        for effect in self.client.update(message, &self.now) {
            match effect {
                Effect::Keep(cookie) => self.now.cookie = Some(cookie),
                Effect::Hold(visitor) => self.now.visitor = Some(visitor),
                Effect::Undecide => self.now.cookie = None,
                Effect::Release => self.now.visitor = None,
                Effect::Erase(bits) => self.kept = bits,
                Effect::Leave(left) => self.left = left,
                Effect::Announce => {}
                Effect::Post(path, body) => self.posts.push((path, body)),
                Effect::Pause(ms) => self.pauses.push(ms),
                Effect::Session(ahead) => self.sessions.push(ahead),
            }
        }
    }

    fn decide(&mut self, bits: u128, method: Method) {
        self.say(Message::Decide { bits, method });
    }

    fn answer(&mut self, status: u16, text: &str) {
        self.say(Message::Answer(Answer::read(status, text)));
    }

    fn open_under(&mut self, revision: u32) {
        let key = "A".repeat(43);
        let (expires, now) = (NOW.0 + 1_000, NOW.0 + 250);
        self.answer(200, &format!("s1\n{key}\n{expires}\n{now}\n{revision}\n\n"));
    }

    fn open(&mut self) {
        self.open_under(3);
    }

    fn record(&mut self, visitor: bool) {
        let visitor = if visitor { VISITOR.to_text() } else { String::new() };
        let (key, receipt, expires) = ("A".repeat(43), RECEIPT.to_text(), NOW.0 + 1_000);
        self.answer(201, &format!("s2\n{key}\n{expires}\n\n\n{receipt}\n{visitor}"));
    }

    /// The last call: its path and its payload.
    fn last(&self) -> (&'static str, Value) {
        let (path, body) = self.posts.last().unwrap();
        let payload = match Signed::parse(body) {
            Ok(signed) => signed.verify(&[0; 32]).unwrap(),
            Err(_) => body,
        };
        (path, serde_json::from_str(payload).unwrap())
    }
}

#[test]
fn accepting_opens_a_session_without_a_visitor_then_sends_the_signed_decision() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    assert_eq!(browser.last(), ("/v1/sessions", json!({"site": "shop", "visitor": null})));
    browser.open();
    let (path, decision) = browser.last();
    assert_eq!(path, "/v1/consents");
    assert_eq!(decision["method"], "accept_all");
    assert_eq!(decision["decided_at"], NOW.0 + 250, "by the collector's clock");
    assert_eq!(decision["page"], "https://shop.example/a");
    assert_eq!(decision["purposes"], json!({"analytics": true, "link": true, "video": true}));
    assert_eq!(decision["previous"], Value::Null);
}

#[test]
fn the_visitors_number_is_held_only_once_the_collector_has_recorded_the_grant() {
    let mut browser = Browser::new();
    browser.decide(0b1, Method::Custom);
    browser.open();
    assert_eq!((browser.now.visitor, browser.sessions.len()), (None, 0));
    browser.record(true);
    assert_eq!(browser.now.visitor, Some(VISITOR));
    assert_eq!(browser.now.cookie.unwrap().receipt, Some(RECEIPT));
    assert_eq!(browser.sessions, [250]);
}

#[test]
fn a_grant_that_needs_no_visitor_gets_no_number_whatever_is_answered() {
    let mut browser = Browser::new();
    browser.decide(0b100, Method::Custom);
    browser.open();
    browser.record(true);
    assert_eq!(browser.now.visitor, None);
    assert_eq!(browser.now.cookie.unwrap().receipt, Some(RECEIPT));
}

#[test]
fn a_first_refusal_leaves_no_identifier_and_nothing_for_later() {
    let mut browser = Browser::new();
    browser.decide(0, Method::RejectAll);
    browser.open();
    browser.answer(201, "\n\n\n\n\n\n");
    let cookie = browser.now.cookie.unwrap();
    assert_eq!((cookie.bits, cookie.receipt), (0, None));
    assert_eq!((browser.now.visitor, browser.left), (None, None));
    assert_eq!(browser.kept, 0);
}

#[test]
fn a_withdrawal_takes_the_number_away_at_once_and_is_told_under_it() {
    let mut browser = Browser::granted();
    browser.decide(0, Method::Withdraw);
    assert_eq!(browser.now.visitor, None);
    assert_eq!(
        browser.last(),
        ("/v1/sessions", json!({"site": "shop", "visitor": VISITOR.to_text()}))
    );
    assert!(browser.left.as_ref().unwrap().starts_with(&VISITOR.to_text()));
    browser.open();
    assert_eq!(browser.last().1["previous"], RECEIPT.to_text());
    assert_eq!(browser.last().1["method"], "withdraw");
    browser.record(true);
    assert_eq!((&browser.left, browser.now.visitor), (&None, None));
    assert_eq!(browser.now.cookie.unwrap().receipt, None, "a refusal carries no identifier");
}

#[test]
fn what_an_earlier_page_could_not_tell_is_told_by_the_next() {
    let mut browser = Browser::granted();
    browser.decide(0, Method::Withdraw);
    let left = browser.left.clone();
    let told = left.as_ref().unwrap().split_once('\n').unwrap().1.to_owned();
    let mut next = Browser::new();
    next.left.clone_from(&left);
    next.now.cookie = browser.now.cookie;
    next.say(Message::Resume(left));
    assert_eq!(next.last().1["visitor"], VISITOR.to_text());
    next.open();
    assert_eq!(next.last().1, serde_json::from_str::<Value>(&told).unwrap());
    next.record(true);
    assert_eq!((next.left, next.now.visitor), (None, None));
}

#[test]
fn a_grant_without_a_receipt_is_told_again() {
    let mut browser = Browser::new();
    browser.decide(0b1, Method::Custom);
    let mut next = Browser::new();
    next.now.cookie = browser.now.cookie;
    next.say(Message::Resume(None));
    next.open();
    assert_eq!(next.last().1["purposes"]["analytics"], true);
    assert_eq!(next.last().1["services"], json!({"tag": false}));
    next.record(true);
    assert_eq!(next.now.visitor, Some(VISITOR));
}

#[test]
fn a_confirmed_decision_is_not_told_again() {
    let mut browser = Browser::granted();
    browser.say(Message::Resume(None));
    assert!(browser.posts.is_empty());
}

#[test]
fn a_withdrawal_that_overtakes_its_grant_waits_for_the_number_to_withdraw() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    browser.open();
    browser.decide(0, Method::Withdraw);
    browser.record(true);
    assert_eq!(browser.now.visitor, None, "never held");
    assert_eq!(browser.last().1["visitor"], VISITOR.to_text());
    browser.open();
    assert_eq!(browser.last().1["previous"], RECEIPT.to_text());
    assert_eq!(browser.last().1["purposes"]["analytics"], false);
    browser.record(true);
    assert_eq!((browser.now.visitor, browser.left), (None, None));
}

#[test]
fn a_choice_made_in_another_tab_is_not_overwritten_by_a_late_answer() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    browser.open();
    let refused: ConsentCookie = "3.tro8w5.0".parse().unwrap();
    browser.now.cookie = Some(refused);
    browser.record(true);
    assert_eq!(browser.now.cookie, Some(refused));
    assert_eq!(browser.now.visitor, None);
}

#[test]
fn a_newer_policy_undoes_the_decision() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    browser.open_under(4);
    assert_eq!((browser.now.cookie, browser.now.visitor), (None, None));
    assert_eq!(browser.posts.len(), 1, "nothing is told of it");
}

#[test]
fn a_collector_that_is_down_is_asked_again_with_growing_pauses() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    for _ in 0..4 {
        browser.answer(0, "");
        browser.say(Message::Wake);
    }
    assert!(browser.pauses.is_sorted(), "{:?}", browser.pauses);
    assert_eq!(browser.posts.len(), 5);
    browser.open();
    browser.answer(503, "");
    browser.say(Message::Wake);
    assert_eq!(browser.last().0, "/v1/sessions");
    assert_eq!(browser.now.visitor, None);
}

#[test]
fn what_the_collector_refuses_is_given_up() {
    let mut browser = Browser::new();
    browser.decide(0b1111, Method::AcceptAll);
    browser.open();
    browser.answer(422, "");
    browser.say(Message::Wake);
    assert_eq!(browser.posts.len(), 2);
    assert_eq!(browser.now.visitor, None);
}

proptest! {
    /// Whatever happens in whatever order, the number is held only beside a cookie that grants
    /// something that needs it, and confirmed by a receipt or decided anew since.
    #[test]
    fn no_order_of_events_leaves_a_number_without_a_grant(steps in prop::collection::vec((0_u8..7, 0_u128..16), 1..40)) {
        let mut browser = Browser::new();
        for (step, bits) in steps {
            match step {
                0 | 1 => browser.decide(bits, Method::Custom),
                2 => browser.open(),
                3 => browser.record(true),
                4 => browser.answer(0, ""),
                5 => browser.say(Message::Wake),
                _ => browser.answer(400, ""),
            }
            let granted = browser.now.cookie.map_or(0, |cookie| cookie.bits);
            prop_assert!(browser.now.visitor.is_none() || settings().needs_visitor(granted));
        }
    }
}
