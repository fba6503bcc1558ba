//! Cookies that come back, and tabs that decide at the same time.

use super::*;

#[test]
fn an_older_decision_that_comes_back_does_not_stay() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    page.on.cookie.replace("3.mywpiwvz.f".to_owned());
    page.on.visitor.replace(id(VISITOR));
    page.client.follow(&page.on);
    assert_eq!((page.cookie().as_str(), page.visitor()), ("3.mywpiww1.0", None));
    page.on.cookie.replace("3.mywpixns.f".to_owned());
    page.client.follow(&page.on);
    assert_eq!(page.cookie(), "3.mywpixns.f", "another tab decided after this one");
    page.on.cookie.take();
    page.client.follow(&page.on);
    assert_eq!(page.cookie(), "", "the visitor deleted it");
}

#[test]
fn the_collectors_cookie_of_a_decision_does_not_come_back_over_the_next() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    let accepted = page.cookie();
    page.decide(0, Method::Withdraw);
    let withdrawn = page.on.cookie.replace(format!("{accepted}.{RECEIPT}"));
    page.on.visitor.replace(id(VISITOR));
    page.record(true);
    assert_eq!((page.cookie(), page.visitor()), (withdrawn, None));
}

#[test]
fn a_second_yes_is_not_lost_to_the_collectors_cookie_of_the_first() {
    let mut page = Page::new();
    page.decide(0b0001, Method::Custom);
    page.open();
    let first = page.cookie();
    page.decide(0b0101, Method::Custom);
    let second = page.on.cookie.replace(format!("{first}.{RECEIPT}"));
    page.client.follow(&page.on);
    assert_eq!(page.cookie(), second);
    page.on.cookie.replace(format!("{first}.{RECEIPT}"));
    page.record(true);
    assert_eq!(page.cookie(), second);
}

#[test]
fn a_yes_stands_though_the_collectors_cookie_of_the_no_before_it_comes_while_it_is_made() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    page.open();
    let withdrawn = page.cookie();
    let text = page.make(0b1111, Method::AcceptAll);
    let granted = page.on.cookie.replace(withdrawn);
    page.say(Message::Decided(&text));
    assert_eq!(page.cookie(), granted);
    page.record(false);
    page.open();
    page.record(true);
    assert_eq!(page.cookie(), format!("{granted}.{RECEIPT}"));
}

#[test]
fn a_yes_stands_though_the_collectors_cookie_of_the_no_before_it_comes_after_its_answer() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    page.open();
    let withdrawn = page.cookie();
    page.decide(0b1111, Method::AcceptAll);
    page.record(false);
    let granted = page.on.cookie.replace(withdrawn.clone());
    page.client.follow(&page.on);
    assert_eq!(page.cookie(), granted, "the no is the one before the last");
    page.open();
    page.record(true);
    assert_eq!(page.cookie(), format!("{granted}.{RECEIPT}"));
    page.on.cookie.replace("3.mywpiww2.1".to_owned());
    page.client.follow(&page.on);
    assert_eq!(page.cookie(), "3.mywpiww2.1", "another tab's, which grants less");
}

#[test]
fn a_yes_stands_though_the_collectors_cookie_of_the_answered_no_comes_while_it_is_made() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    page.open();
    page.record(false);
    let withdrawn = page.cookie();
    let text = page.make(0b1111, Method::AcceptAll);
    let granted = page.on.cookie.replace(withdrawn);
    page.say(Message::Decided(&text));
    assert_eq!(page.cookie(), granted);
    page.open();
    page.record(true);
    assert_eq!(page.cookie(), format!("{granted}.{RECEIPT}"));
}

#[test]
fn a_no_stands_though_the_answer_to_the_yes_came_after_its_page_was_left() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    let accepted = page.cookie();
    let left = page.decide(0, Method::Withdraw);
    assert_eq!(*page.on.left.borrow(), left);
    let mut next = Page::new();
    next.on.cookie.replace(format!("{accepted}.{RECEIPT}"));
    next.on.visitor.replace(id(VISITOR));
    next.on.left.replace(left.clone());
    next.say(Message::Decided(&left));
    assert_eq!((next.cookie(), next.visitor()), ("3.mywpiww1.0".to_owned(), None));
    assert_eq!(next.last().2, id(VISITOR), "under the number that the collector gave");
    next.open();
    next.record(true);
    assert_eq!((next.on.left.borrow().as_str(), next.visitor()), ("", None));
}

#[test]
fn a_yes_that_another_tab_has_overtaken_is_not_told_or_is_taken_back() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.on.cookie.replace("3.mywpj0qw.0".to_owned());
    page.open();
    assert_eq!(page.told(), 1, "only a session was opened");
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.on.cookie.replace("3.mywpj0qw.0".to_owned());
    page.record(true);
    assert_eq!(page.last().2, id(VISITOR));
    page.open();
    assert_eq!(page.last().1["purposes"]["analytics"], false);
    page.record(true);
    assert_eq!((page.cookie().as_str(), page.visitor()), ("3.mywpj0qw.0", None));
}

#[test]
fn cookies_that_the_collector_has_set_are_left_as_they_are() {
    let mut page = Page::new();
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.on.cookie.replace(format!("{}.{RECEIPT}", page.cookie()));
    page.on.visitor.replace(id(VISITOR));
    page.on.writes.set(0);
    page.record(true);
    assert_eq!(page.on.writes.get(), 0);
}
