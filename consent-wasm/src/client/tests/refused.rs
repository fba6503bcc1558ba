//! What the collector refuses, or does not answer.

use super::*;

#[test]
fn a_newer_policy_undoes_the_decision() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open_under(4);
    assert_eq!((page.cookie().as_str(), page.visitor()), ("", None));
    assert!(page.on.forgotten.get());
    assert_eq!(page.told(), 1, "nothing is told of it");
}

#[test]
fn a_grant_that_cannot_be_recorded_is_asked_again_but_not_over_another_tabs_choice() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.answer(422, "");
    assert_eq!(page.cookie(), "");
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.on.cookie.replace("3.mywpj0qw.0".to_owned());
    page.answer(422, "");
    assert_eq!(page.cookie(), "3.mywpj0qw.0");
}

#[test]
fn a_withdrawal_is_told_under_any_policy() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    page.open_under(4);
    assert_eq!(page.last().1["method"], "withdraw");
}

#[test]
fn a_retry_tells_the_same_so_that_a_lost_answer_is_given_again() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    let first = page.last();
    page.answer(0, "");
    page.say(Message::Wake);
    page.open();
    assert_eq!(page.last(), first);
}

#[test]
fn a_visitor_whom_the_collector_has_forgotten_is_asked_again_and_has_nothing_to_withdraw() {
    for (bits, method) in [(0b0001, Method::Custom), (0b1111, Method::AcceptAll)] {
        let mut page = Page::granted();
        page.decide(bits, method);
        page.answer(401, "");
        assert_eq!((page.cookie().as_str(), page.visitor(), page.told()), ("", None, 1));
        page.decide(bits, method);
        assert_eq!(page.last(), (String::new(), Value::Null, None), "as a new one");
    }
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    let told = page.told();
    page.answer(401, "");
    assert_eq!(
        (page.told(), page.on.left.borrow().as_str()),
        (told, ""),
        "nothing is left to tell"
    );
}

#[test]
fn a_collector_that_is_down_is_asked_again_with_growing_pauses() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    for _ in 0..4 {
        page.answer(0, "");
        page.say(Message::Wake);
    }
    assert!(page.on.pauses.borrow().is_sorted());
    assert_eq!(page.told(), 5);
    page.open();
    page.answer(503, "");
    page.say(Message::Wake);
    page.open();
    assert_eq!(page.last().0, "/v1/consents");
    assert_eq!(page.visitor(), None);
}

#[test]
fn what_the_collector_refuses_is_given_up() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.answer(422, "");
    page.say(Message::Wake);
    assert_eq!((page.told(), page.visitor()), (2, None));
}
