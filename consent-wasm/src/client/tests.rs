use core::cell::{Cell, RefCell};

use consent_core::{cookie::bits_of, time::Millis};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{asked::tests::asked, choice::Moment};

mod elsewhere;
mod overtaken;
mod refused;

const NOW: Millis = Millis(1_800_000_000_000);
const VISITOR: &str = "BwcHBwcHBwcHBwcHBwcHBw";
const RECEIPT: &str = "CQkJCQkJCQkJCQkJCQkJCQ";

/// A time as the cookie has it.
fn base36(time: i64) -> String {
    let mut text = String::new();
    consent_core::json::push_digits(&mut text, u64::try_from(time).unwrap(), 36);
    text
}

fn id(text: &str) -> Option<Id> {
    text.parse().ok()
}

/// A browser that can be looked into.
#[derive(Default)]
struct Fake {
    cookie: RefCell<String>,
    visitor: RefCell<Option<Id>>,
    calls: RefCell<Vec<(String, String, Option<Id>)>>,
    left: RefCell<String>,
    pauses: RefCell<Vec<i64>>,
    writes: Cell<u32>,
    made: Cell<i64>,
    forgotten: Cell<bool>,
}

impl Browser for Fake {
    fn random(&self) -> u8 {
        5
    }
    fn decision(&self) -> String {
        self.cookie.borrow().clone()
    }
    fn visitor(&self) -> Option<Id> {
        self.visitor.borrow().clone()
    }
    fn keep(&self, cookie: &str, lifetime: &str) -> bool {
        assert_eq!(lifetime, asked().lifetime());
        self.writes.update(|writes| writes + 1);
        self.cookie.replace(cookie.to_owned());
        true
    }
    fn undecide(&self) {
        self.cookie.take();
    }
    fn hold(&self, visitor: Option<&Id>, _: &str) {
        self.writes.update(|writes| writes + 1);
        self.visitor.replace(visitor.cloned());
    }
    fn forget(&self) {
        self.forgotten.set(true);
    }
    fn leave(&self, text: &str) {
        self.left.replace(text.to_owned());
    }
    fn ahead(&self) -> i64 {
        250
    }
    fn call(&self, path: &'static str, payload: String, visitor: Option<&Id>) {
        let call = (path.to_owned(), payload, visitor.cloned());
        self.calls.borrow_mut().push(call);
    }
    fn pause(&self, ms: i64) {
        self.pauses.borrow_mut().push(ms);
    }
}

/// A client in it, and a collector that can be asked what it heard.
struct Page {
    client: Client,
    on: Fake,
}

impl Page {
    fn new() -> Self {
        Self { client: Client::new(asked()), on: Fake::default() }
    }

    fn granted() -> Self {
        let mut page = Self::new();
        page.decide(0b1111, Method::AcceptAll);
        page.open();
        page.record(true);
        page.on.calls.borrow_mut().clear();
        page
    }

    fn say(&mut self, message: Message<'_>) -> bool {
        self.client.update(message, &self.on)
    }

    /// Decides as the part that asks does, and hands the decision on; answers how.
    fn decide(&mut self, bits: u128, method: Method) -> String {
        let text = self.make(bits, method);
        self.say(Message::Decided(&text));
        text
    }

    /// Decides as the part that asks does, up to where it hands the decision on.
    fn make(&self, bits: u128, method: Method) -> String {
        let visitor = self.visitor().unwrap_or_default();
        let receipt = self.receipt();
        let page = "https://shop.example/a";
        let before = self.cookie().split('.').nth(2).unwrap_or_default().to_owned();
        // A browser dates no decision as the one before it.
        let time = base36(NOW.0 + self.on.made.replace(self.on.made.get() + 1));
        let moment = format!("{before}\n{time}\n{page}\n{visitor}\n{receipt}\n5");
        let (moment, asked) = (Moment::of(&moment), asked());
        self.on.cookie.replace(moment.cookie(&asked, bits));
        let text = moment.decision(&asked, bits, method);
        if !asked.needs_visitor(bits) {
            self.on.visitor.take();
        }
        if moment.granted() & !bits != 0 {
            self.on.left.replace(text.clone());
        }
        text
    }

    fn visitor(&self) -> Option<String> {
        self.on.visitor.borrow().as_ref().map(|visitor| visitor.as_str().to_owned())
    }

    fn cookie(&self) -> String {
        self.on.cookie.borrow().clone()
    }

    fn receipt(&self) -> String {
        self.cookie().split('.').nth(3).unwrap_or_default().to_owned()
    }

    fn told(&self) -> usize {
        self.on.calls.borrow().len()
    }

    fn answer(&mut self, status: u16, text: &str) {
        self.say(Message::Answer(Answer { status, text }));
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
        let visitor = if visitor { VISITOR } else { "" };
        let (key, expires) = ("A".repeat(43), NOW.0 + 1_000);
        self.answer(201, &format!("s2\n{key}\n{expires}\n\n\n{RECEIPT}\n{visitor}"));
    }

    /// The last call: its path, its payload and its visitor.
    fn last(&self) -> (String, Value, Option<Id>) {
        let calls = self.on.calls.borrow();
        let (path, payload, visitor) = calls.last().unwrap();
        (path.clone(), serde_json::from_str(payload).unwrap_or(Value::Null), visitor.clone())
    }
}

#[test]
fn accepting_opens_a_session_without_a_visitor_then_sends_the_signed_decision() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    assert_eq!(page.last(), (String::new(), Value::Null, None));
    page.open();
    let (path, decision, _) = page.last();
    assert_eq!(path, "/v1/consents");
    assert_eq!(decision["method"], "accept_all");
    assert_eq!(decision["decided_at"], NOW.0 + 250, "by the collector's clock");
    assert_eq!(decision["page"], "https://shop.example/a");
    assert_eq!(decision["purposes"], json!({"analytics": true, "link": true, "video": true}));
    assert_eq!(decision["previous"], Value::Null);
}

#[test]
fn the_visitors_number_is_held_only_once_the_collector_has_recorded_the_grant() {
    let mut page = Page::new();
    page.decide(0b1, Method::Custom);
    page.open();
    assert_eq!(page.visitor(), None);
    page.record(true);
    assert_eq!(page.visitor().as_deref(), Some(VISITOR));
    assert_eq!(page.receipt(), RECEIPT);
}

#[test]
fn a_grant_that_needs_no_visitor_gets_no_number_whatever_is_answered() {
    let mut page = Page::new();
    page.decide(0b100, Method::Custom);
    page.open();
    page.record(true);
    assert_eq!(page.visitor(), None);
    assert_eq!(page.receipt(), RECEIPT);
}

#[test]
fn a_first_refusal_leaves_no_identifier_and_nothing_for_later() {
    let mut page = Page::new();
    page.decide(0, Method::RejectAll);
    page.open();
    page.answer(201, "\n\n\n\n\n\n");
    assert_eq!((page.cookie().as_str(), page.visitor()), ("3.mywpiww0.0", None));
    assert_eq!(*page.on.left.borrow(), "");
}

#[test]
fn a_withdrawal_takes_the_number_away_at_once_and_is_told_under_it() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    assert_eq!(page.visitor(), None);
    assert_eq!(page.last(), (String::new(), Value::Null, id(VISITOR)));
    assert!(page.on.left.borrow().contains(VISITOR));
    page.open();
    assert_eq!(page.last().1["previous"], RECEIPT);
    assert_eq!(page.last().1["method"], "withdraw");
    page.record(true);
    assert_eq!((page.on.left.borrow().as_str(), page.visitor()), ("", None));
    assert_eq!(page.receipt(), "", "a refusal carries no identifier");
}

#[test]
fn what_an_earlier_page_could_not_tell_is_told_by_the_next() {
    let mut page = Page::granted();
    let left = page.decide(0, Method::Withdraw);
    page.open();
    let told = page.last();
    let mut next = Page::new();
    next.on.left.replace(left.clone());
    next.on.cookie.replace(page.cookie());
    next.say(Message::Decided(&left));
    assert_eq!(next.last().2, id(VISITOR));
    assert_eq!(*next.on.left.borrow(), left, "until the collector has answered");
    next.open();
    assert_eq!(next.last(), told, "with the same id, so that it counts once");
    next.record(true);
    assert_eq!((next.on.left.borrow().as_str(), next.visitor()), ("", None));
}

#[test]
fn of_what_was_left_under_another_policy_only_the_no_is_told() {
    let mut page = Page::granted();
    let left = page.decide(0b0100, Method::Custom).replacen('3', "2", 1);
    let mut next = Page::new();
    next.say(Message::Decided(&left));
    next.open();
    let (_, told, _) = next.last();
    assert_eq!((&told["method"], &told["revision"]), (&json!("withdraw"), &json!(3)));
    assert_eq!(told["purposes"], json!({"analytics": false, "link": false, "video": false}));
}

#[test]
fn what_was_left_and_cannot_be_read_is_not_kept_for_ever() {
    let mut page = Page::new();
    page.on.left.replace("rubbish".to_owned());
    page.say(Message::Decided("rubbish"));
    assert_eq!((page.told(), page.on.left.borrow().as_str()), (0, ""));
}

/// What the next page knows of the decision that stands.
fn moment(bits: &str, receipt: &str) -> String {
    format!("{bits}\n{}\nhttps://shop.example/b\n\n{receipt}\n7", base36(NOW.0))
}

#[test]
fn a_grant_without_a_receipt_is_told_again() {
    let mut page = Page::new();
    page.decide(0b1, Method::Custom);
    let mut next = Page::new();
    next.on.cookie.replace(page.cookie());
    next.say(Message::Resume(&moment("1", "")));
    next.open();
    assert_eq!(next.last().1["purposes"]["analytics"], true);
    assert_eq!(next.last().1["services"], json!({"tag": false}));
    next.record(true);
    assert_eq!(next.visitor().as_deref(), Some(VISITOR));
    assert_eq!(next.receipt(), RECEIPT);
}

#[test]
fn what_grants_nothing_is_not_told_again() {
    let mut page = Page::new();
    page.say(Message::Resume(&moment("0", "")));
    page.say(Message::Resume(&moment("", "")));
    assert_eq!(page.told(), 0);
}

#[test]
fn a_withdrawal_that_overtakes_its_grant_waits_for_the_number_to_withdraw() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.decide(0, Method::Withdraw);
    page.record(true);
    assert_eq!(page.visitor(), None, "never held");
    assert_eq!(page.last().2, id(VISITOR));
    assert!(page.on.left.borrow().contains(VISITOR));
    page.open();
    assert_eq!(page.last().1["previous"], RECEIPT);
    assert_eq!(page.last().1["purposes"]["analytics"], false);
    page.record(true);
    assert_eq!((page.visitor(), page.on.left.borrow().as_str()), (None, ""));
}

#[test]
fn a_choice_made_in_another_tab_is_not_overwritten_by_a_late_answer() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.on.cookie.replace("3.mywpj0qw.0".to_owned());
    page.record(true);
    assert_eq!((page.cookie().as_str(), page.visitor()), ("3.mywpj0qw.0", None));
}

proptest! {
    /// Whatever happens in whatever order, the number is held only beside a cookie that grants
    /// something that needs it.
    #[test]
    fn no_order_of_events_leaves_a_number_without_a_grant(
        steps in prop::collection::vec((0_u8..7, 0_u128..16), 1..40),
    ) {
        let mut page = Page::new();
        for (step, bits) in steps {
            match step {
                0 | 1 => { page.decide(bits, Method::Custom); }
                2 => page.open(),
                3 => page.record(true),
                4 => page.answer(0, ""),
                5 => { page.say(Message::Wake); }
                _ => page.answer(400, ""),
            }
            let cookie = page.cookie();
            let granted = cookie.split('.').nth(2).and_then(bits_of).unwrap_or(0);
            let needed = asked().needs_visitor(granted);
            prop_assert!(page.visitor().is_none() || needed);
        }
    }
}
