//! What the visitor has decided on their own page, where no cookie of this one is kept.

use super::*;

const OTHER: &str = "CgoKCgoKCgoKCgoKCgoKCg";

/// A decision of so many milliseconds after the first, as the collector tells it.
fn told(after: i64, bits: &str) -> String {
    let receipt = if bits == "0" { String::new() } else { format!(".{OTHER}") };
    format!("3.{}.{bits}{receipt}", base36(NOW.0 + 250 + after))
}

/// The answer to a session for the visitor, with that decision.
fn session(decision: &str) -> String {
    format!("s1\n{}\n{}\n{}\n3\n\n\n{decision}", "A".repeat(43), NOW.0 + 1_000, NOW.0 + 250)
}

#[test]
fn a_withdrawal_is_obeyed_at_once_and_not_asked_again() {
    let mut page = Page::granted();
    assert!(page.say(Message::Learned(&told(5_000, "0"))));
    assert_eq!(page.cookie(), format!("3.{}.0", base36(NOW.0 + 5_000)), "by the page's clock");
    assert_eq!((page.visitor(), page.on.forgotten.get(), page.told()), (None, true, 0));
    page.on.cookie.replace(format!("3.mywpiww0.f.{RECEIPT}"));
    page.client.follow(&page.on);
    assert!(page.cookie().ends_with(".0"), "the old yes does not come back");
}

#[test]
fn a_change_is_kept_with_its_receipt_and_under_the_same_number() {
    let mut page = Page::granted();
    assert!(page.say(Message::Learned(&told(5_000, "1"))));
    assert_eq!(page.cookie(), format!("3.{}.1.{OTHER}", base36(NOW.0 + 5_000)));
    assert_eq!((page.visitor().as_deref(), page.on.forgotten.get()), (Some(VISITOR), true));
    page.on.writes.set(0);
    assert!(!page.say(Message::Learned(&told(5_000, "1"))), "it is known now");
    assert_eq!(page.on.writes.get(), 0);
}

#[test]
fn what_is_granted_there_too_is_granted_here() {
    let mut page = Page::new();
    page.decide(0b0001, Method::Custom);
    page.open();
    page.record(true);
    assert!(page.say(Message::Learned(&told(5_000, "5"))));
    assert_eq!(page.cookie(), format!("3.{}.5.{OTHER}", base36(NOW.0 + 5_000)));
}

#[test]
fn it_is_the_later_one_whatever_the_clocks_say() {
    let mut page = Page::granted();
    assert!(page.say(Message::Learned(&told(-3_600_000, "0"))));
    assert_eq!(page.cookie(), format!("3.{}.0", base36(NOW.0 + 1)));
}

#[test]
fn whoever_is_forgotten_is_asked_again() {
    let mut page = Page::granted();
    assert!(page.say(Message::Learned("")));
    assert_eq!((page.cookie().as_str(), page.visitor(), page.told()), ("", None, 0));
    assert!(page.on.forgotten.get());
    page.decide(0b1111, Method::AcceptAll);
    page.open();
    page.record(true);
    assert_eq!((page.receipt().as_str(), page.visitor().as_deref()), (RECEIPT, Some(VISITOR)));
}

#[test]
fn what_the_collector_has_not_confirmed_is_not_replaced() {
    let mut page = Page::granted();
    page.decide(0, Method::Withdraw);
    let withdrawn = page.cookie();
    for theirs in [told(5_000, "f"), String::new()] {
        assert!(!page.say(Message::Learned(&theirs)), "it is on its way");
        assert_eq!(page.cookie(), withdrawn);
    }
    let mut page = Page::new();
    page.on.cookie.replace("3.mywpiww0.f".to_owned());
    assert!(!page.say(Message::Learned(&told(5_000, "0"))), "it is told again");
    let mut page = Page::new();
    assert!(!page.say(Message::Learned(&told(5_000, "f"))), "the visitor has deleted it");
    assert_eq!(page.cookie(), "");
}

#[test]
fn what_is_added_to_a_decision_that_was_taken_back_does_not_bring_it_back() {
    for (bits, left, method, visitor) in [
        ("0", "0", "withdraw", None),
        ("1", "1", "custom", Some(VISITOR)),
        ("d", "5", "custom", Some(VISITOR)),
    ] {
        let mut page = Page::new();
        page.decide(0b0011, Method::Custom);
        page.open();
        page.record(true);
        page.decide(0b0111, Method::Custom);
        let text = session(&told(5_000, bits));
        assert!(page.say(Message::Answer(Answer { status: 200, text: &text })));
        let (path, told, whose) = page.last();
        assert_eq!((&*path, told["method"].as_str()), ("/v1/consents", Some(method)));
        assert_eq!(told["purposes"]["analytics"], left != "0");
        assert_eq!(whose, id(VISITOR));
        assert_eq!(
            (page.cookie().split('.').nth(2), page.visitor().as_deref()),
            (Some(left), visitor)
        );
        page.record(false);
        assert_eq!(page.cookie().split('.').nth(2), Some(left));
    }
}

#[test]
fn a_choice_is_told_where_nothing_was_decided_elsewhere_or_it_says_all_by_itself() {
    let known = format!("3.{}.f.{RECEIPT}", base36(NOW.0 + 250));
    for (bits, method, theirs) in [
        (0b0011, Method::Custom, known),
        (0b0001, Method::Custom, told(5_000, "1")),
        (0b1111, Method::AcceptAll, told(5_000, "0")),
        (0, Method::Withdraw, told(5_000, "1")),
    ] {
        let mut page = Page::granted();
        page.decide(bits, method);
        page.answer(200, &session(&theirs));
        assert_eq!(page.last().0, "/v1/consents", "{bits} over {theirs}");
    }
}
