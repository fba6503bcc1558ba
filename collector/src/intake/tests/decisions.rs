//! Decisions.

use consent_core::{
    ids::{ReceiptId, from_base64url},
    receipt::Receipt,
};

use super::*;

#[tokio::test]
async fn a_first_refusal_is_counted_without_an_identifier() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let refused = bench
            .decide(None, request(1, Method::RejectAll, now, &[("analytics", false)]), now)
            .await;
        assert_eq!(refused, Ok(Decided { in_force: true, ..Decided::default() }));
        assert_eq!(bench.count("SELECT COUNT(*) FROM visitor").await, 0);
        assert_eq!(
            bench
                .count(
                    "SELECT COUNT(*) FROM decision WHERE visitor_id IS NULL AND receipt_id IS NULL"
                )
                .await,
            1
        );
        assert_eq!(bench.count("SELECT n FROM tally WHERE kind = 'decided'").await, 1);
        assert_eq!(bench.count("SELECT COUNT(*) FROM tally WHERE kind = 'granted'").await, 0);
        assert_eq!(bench.count("SELECT COUNT(*) FROM log_leaf").await, 1);
    }
}

#[tokio::test]
async fn a_grant_that_tells_nobody_apart_makes_no_visitor() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let decided = bench
            .decide(None, request(1, Method::Custom, now, &[("functional", true)]), now)
            .await
            .unwrap();
        assert!(decided.receipt.is_some());
        assert_eq!((decided.visitor, decided.session), (None, None));
    }
}

#[tokio::test]
async fn a_withdrawal_is_taken_under_any_revision_and_however_late() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        bench.send(visitor, &[(1, "page_view", now)], now).await;
        let mut late = request(2, Method::Withdraw, now.plus(-30 * DAY), &[("gone_since", false)]);
        late.revision = 0;
        bench.decide(Some(visitor), late, now).await.unwrap();
        assert_eq!(bench.count(EVENTS).await, 0);
    }
}

#[tokio::test]
async fn a_decision_sent_again_is_answered_again_and_counts_once() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let yes = request(1, Method::Custom, now, &[("analytics", true)]);
        let first = bench.decide(None, yes.clone(), now).await.unwrap();
        let again = bench.decide(None, yes.clone(), now).await.unwrap();
        assert_eq!((&again.receipt, again.visitor), (&first.receipt, first.visitor));
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 1);
        assert_eq!(bench.count("SELECT COUNT(*) FROM visitor").await, 1);
        // Once something newer is in force, the old yes gives nobody a visitor or a session.
        let visitor = bench.keys.visitor_hash(&bench.site.key, first.visitor.unwrap());
        bench.decide(Some(visitor), request(2, Method::Withdraw, now, &[]), now).await.unwrap();
        let replayed = bench.decide(None, yes.clone(), now).await.unwrap();
        assert_eq!((replayed.visitor, replayed.session), (None, None));
        assert_eq!(bench.count("SELECT COUNT(*) FROM consent_grant").await, 0);
        let other_session = bench.decide(Some(visitor), yes, now).await.unwrap_err();
        assert_eq!(other_session.errors[0].code, "used");
    }
}

#[tokio::test]
async fn the_id_of_a_decision_stands_for_one_choice() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let some = request(2, Method::Custom, now, &[("analytics", true), ("marketing", true)]);
        bench.decide(Some(visitor), some, now).await.unwrap();
        let none = request(2, Method::Withdraw, now, &[]);
        let refused = bench.decide(Some(visitor), none, now).await.unwrap_err();
        assert_eq!((refused.errors[0].field.as_str(), refused.errors[0].code), ("id", "used"));
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 2);
    }
}

#[tokio::test]
async fn a_change_that_needs_no_identity_is_answered_again_without_a_session() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        let less = request(2, Method::Custom, now, &[("functional", true)]);
        let first = bench.decide(Some(visitor), less.clone(), now).await.unwrap();
        assert_eq!(bench.decide(Some(visitor), less, now).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_refusal_and_a_later_yes_of_one_session_share_nothing() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.decide(None, request(1, Method::RejectAll, now, &[]), now).await.unwrap();
        bench.visitor(2, &["analytics"], now).await;
        assert_eq!(bench.count("SELECT COUNT(DISTINCT session) FROM decision").await, 2);
    }
}

#[tokio::test]
async fn a_decision_that_replaces_another_is_not_counted_as_a_first() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let video = request(1, Method::Custom, now, &[("functional", true)]);
        let (receipt, _) = bench.decide(None, video, now).await.unwrap().receipt.unwrap();
        let changed = request(2, Method::RejectAll, now, &[]);
        let changed = ConsentRequest { previous: Some(receipt), ..changed };
        bench.decide(None, changed, now).await.unwrap();
        assert_eq!(bench.count("SELECT n FROM tally WHERE kind = 'decided'").await, 1);
    }
}

#[tokio::test]
async fn a_receipt_names_what_it_replaces_by_the_record_and_not_by_the_clients_word() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let yes = request(1, Method::Custom, now, &[("analytics", true)]);
        let first = bench.decide(None, yes, now).await.unwrap();
        let visitor = bench.keys.visitor_hash(&bench.site.key, first.visitor.unwrap());
        let (receipt, _) = first.receipt.unwrap();
        let claimed = Some(ReceiptId::from_bytes([7; 16]));
        let no = ConsentRequest { previous: claimed, ..request(2, Method::Withdraw, now, &[]) };
        let (_, signed) = bench.decide(Some(visitor), no, now).await.unwrap().receipt.unwrap();
        let payload = from_base64url(signed.split('.').nth(1).unwrap()).unwrap();
        let said: Receipt = serde_json::from_slice(&payload).unwrap();
        assert_eq!(said.previous, Some(receipt));
    }
}

#[tokio::test]
async fn a_decision_must_be_of_now_and_of_what_is_asked_now() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let mut fault = async |request: ConsentRequest| {
            let problem = bench.decide(None, request, now).await.unwrap_err();
            (problem.errors[0].field.clone(), problem.errors[0].code)
        };
        let yes = |at| request(1, Method::Custom, at, &[("analytics", true)]);
        let outdated = ConsentRequest { revision: 2, ..yes(now) };
        assert_eq!(fault(outdated).await, ("revision".to_owned(), "outdated"));
        assert_eq!(fault(yes(now.plus(60_000))).await, ("decided_at".to_owned(), "future"));
        assert_eq!(fault(yes(now.plus(-3 * DAY))).await, ("decided_at".to_owned(), "too_old"));
        let unknown = request(1, Method::Custom, now, &[("ads", true)]);
        assert_eq!(fault(unknown).await, ("purposes.ads".to_owned(), "unknown_purpose"));
        let not_all = request(1, Method::AcceptAll, now, &[("analytics", true)]);
        assert_eq!(fault(not_all).await, ("method".to_owned(), "contradiction"));
        assert_eq!(bench.count("SELECT COUNT(*) FROM decision").await, 0);
    }
}

#[tokio::test]
async fn a_decision_cannot_reach_into_the_past() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let decided = bench
            .decide(None, request(1, Method::Custom, now.plus(-DAY), &[("analytics", true)]), now)
            .await
            .unwrap();
        let visitor = bench.keys.visitor_hash(&bench.site.key, decided.visitor.unwrap());
        let early = now.plus(-3_600_000);
        let stored =
            bench.send(visitor, &[(1, "page_view", early), (2, "page_view", now)], now).await;
        assert_eq!((stored.stored, stored.refused[0].2), (1, Refusal::NotGranted));
    }
}

#[tokio::test]
async fn a_grant_does_not_reach_behind_the_withdrawal_that_it_follows() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now.plus(-60_000)).await;
        let less = request(2, Method::Custom, now.plus(-30_000), &[("functional", true)]);
        bench.decide(Some(visitor), less, now).await.unwrap();
        let later = now.plus(60_000);
        let claimed = request(3, Method::Custom, now.plus(-10_000), &[("analytics", true)]);
        bench.decide(Some(visitor), claimed, later).await.unwrap();
        let between = [(1, "page_view", now.plus(-1)), (2, "page_view", later)];
        let stored = bench.send(visitor, &between, later).await;
        assert_eq!((stored.stored, stored.refused[0].2), (1, Refusal::NotGranted));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_gives_nothing_and_holds_up_no_withdrawal() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now).await;
        bench.send(visitor, &[(1, "page_view", now)], now).await;
        let earlier = now.plus(-3_600_000);
        let seen = [(2, "page_view", earlier), (3, "page_view", now)];
        let stored = bench.send(visitor, &seen, earlier).await;
        let reasons: Vec<_> = stored.refused.iter().map(|(_, _, reason)| *reason).collect();
        assert_eq!(
            reasons,
            [Refusal::NotGranted, Refusal::Future],
            "before the yes, after the clock"
        );
        let no = request(2, Method::Withdraw, earlier, &[]);
        bench.decide(Some(visitor), no, earlier).await.unwrap();
        assert_eq!(bench.count(EVENTS).await, 0);
        let stored = bench.send(visitor, &[(4, "page_view", now)], now).await;
        assert_eq!(stored.stored, 0, "nor does the right time give it back");
        assert_eq!(bench.count("SELECT COUNT(*) FROM consent_grant").await, 0);
    }
}

#[tokio::test]
async fn only_a_material_change_is_a_revision() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let mut file = bench.site.file.clone();
        let same =
            site_rows::apply(&mut bench.db, &file.key.clone(), &file, &TESTING, now).await.unwrap();
        assert_eq!(same, (site_rows::Outcome::Unchanged, 1));
        file.origins.push("https://shop.example".to_owned());
        let look =
            site_rows::apply(&mut bench.db, &file.key.clone(), &file, &TESTING, now).await.unwrap();
        assert_eq!(look, (site_rows::Outcome::Changed, 1));
        file.purposes[2].services[0].retention_days += 1;
        let material =
            site_rows::apply(&mut bench.db, &file.key.clone(), &file, &TESTING, now).await.unwrap();
        assert_eq!(material, (site_rows::Outcome::Revised, 2));
    }
}

#[tokio::test]
async fn a_yes_that_was_overtaken_by_a_no_is_no_yes_any_more() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now.plus(-20_000)).await;
        let no = request(2, Method::Withdraw, now.plus(-5_000), &[]);
        bench.decide(Some(visitor), no, now).await.unwrap();
        let yes = request(3, Method::Custom, now.plus(-10_000), &[("analytics", true)]);
        let problem = bench.decide(Some(visitor), yes, now).await.unwrap_err();
        assert_eq!(problem.errors[0].code, "superseded");
        assert_eq!(bench.count("SELECT COUNT(*) FROM consent_grant").await, 0);
        let later = request(4, Method::Custom, now, &[("analytics", true)]);
        assert!(bench.decide(Some(visitor), later, now).await.is_ok());
    }
}

#[tokio::test]
async fn a_yes_that_is_told_once_more_is_taken_though_its_time_lost_its_milliseconds() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let visitor = bench.visitor(1, &["analytics"], now.plus(-20_000)).await;
        let again = request(2, Method::Custom, now.plus(-20_900), &[("analytics", true)]);
        assert!(bench.decide(Some(visitor), again, now).await.is_ok());
        let more = [("analytics", true), ("marketing", true)];
        let more = request(3, Method::Custom, now.plus(-20_900), &more);
        let problem = bench.decide(Some(visitor), more, now).await.unwrap_err();
        assert_eq!(problem.errors[0].code, "superseded", "it grants more than what holds");
    }
}

#[tokio::test]
async fn only_what_is_in_force_may_set_cookies() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let refusal = request(1, Method::RejectAll, now, &[]);
        let first = bench.decide(None, refusal.clone(), now).await.unwrap();
        assert!(first.in_force, "a first refusal");
        let again = bench.decide(None, refusal, now).await.unwrap();
        assert!(!again.in_force, "its browser may have agreed since");
        let yes = request(2, Method::Custom, now, &[("analytics", true)]);
        let granted = bench.decide(None, yes.clone(), now).await.unwrap();
        let again = bench.decide(None, yes.clone(), now).await.unwrap();
        assert!(granted.in_force && again.in_force, "an answer that was lost");
        let hash = bench.keys.visitor_hash(&bench.site.key, granted.visitor.unwrap());
        let no = request(3, Method::Withdraw, now, &[]);
        let withdrawn = bench.decide(Some(hash), no.clone(), now).await.unwrap();
        assert!(withdrawn.in_force);
        assert!(!bench.decide(None, yes, now).await.unwrap().in_force, "an old yes, sent again");
        assert!(bench.decide(Some(hash), no, now).await.unwrap().in_force);
    }
}

#[tokio::test]
async fn of_one_visitors_decisions_in_one_transaction_the_last_alone_is_in_force() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        let (mine, theirs) = (
            bench.visitor(1, &["analytics"], now).await,
            bench.visitor(2, &["analytics"], now).await,
        );
        let jobs: Vec<_> =
            [(3, mine, Method::Custom), (4, theirs, Method::Custom), (5, mine, Method::Withdraw)]
                .map(|(id, visitor, method)| {
                    let granted = [("analytics", method == Method::Custom)];
                    bench.decide_as(Some(visitor), request(id, method, now, &granted))
                })
                .into();
        let (mut tx, mut log) = (bench.db.begin().await.unwrap(), Appender::default());
        let all: Vec<_> = jobs.iter().collect();
        let decided = consents::decide(&mut tx, &mut log, &bench.keys, &all, now).await.unwrap();
        let mut decided: Vec<_> = decided.into_iter().map(Result::unwrap).collect();
        consents::overtake(jobs.iter().zip(&mut decided));
        assert_eq!(
            decided.iter().map(|decided| decided.in_force).collect::<Vec<_>>(),
            [false, true, true]
        );
    }
}

#[tokio::test]
async fn a_signal_refuses_what_the_site_says_and_nothing_else() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        Arc::get_mut(&mut bench.site).unwrap().gpc = vec!["marketing".parse().unwrap()];
        let by_signal = |purpose| request(1, Method::Gpc, now, &[(purpose, true)]);
        let problem = bench.decide(None, by_signal("marketing"), now).await.unwrap_err();
        assert_eq!(
            (&*problem.errors[0].field, problem.errors[0].code),
            ("purposes.marketing", "contradiction")
        );
        assert!(bench.decide(None, by_signal("functional"), now).await.is_ok());
        let by_hand = request(2, Method::Custom, now, &[("marketing", true)]);
        assert!(bench.decide(None, by_hand, now).await.is_ok());
    }
}
