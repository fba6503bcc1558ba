//! A clock that goes back while the collector runs, by an hour and by two days.

use std::fs;

use ashiato_tests::{
    Answer, Collector, Data, Visitor,
    clock::Clock,
    collector::UNLIMITED,
    process::{Said, ashiato},
    wait_for,
};
use serde_json::Value;

const HOUR: i64 = 3_600;
const DAYS: i64 = 2 * 24 * HOUR;

fn start(data: &Data, clock: &Clock) -> Collector {
    let flags = [&["--public-url", "http://localhost:8080"], &UNLIMITED[..]].concat();
    Collector::start_in(data, &flags, &clock.environment())
}

/// The checkpoint of a log of that size.
fn checkpoint(collector: &Collector, size: usize) -> String {
    wait_for("a checkpoint", || {
        let answer = collector.get("/v1/log/checkpoint");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.contains(&format!("\n{size}\n")).then_some(answer.body)
    })
}

/// `ashiato log verify` of the database, from an earlier checkpoint on.
fn verify(data: &Data, earlier: &str) -> Said {
    fs::write(data.path("earlier"), earlier).unwrap();
    let path = |name: &str| data.path(name).display().to_string();
    let (url, keys, earlier) = (data.database_url(), path("keys"), path("earlier"));
    ashiato([
        "log",
        "verify",
        "--database-url",
        &url,
        "--keys-file",
        &keys,
        "--checkpoint",
        &earlier,
    ])
}

fn reason(answer: &Answer) -> Value {
    answer.expect(200)["refused"][0]["reason"].clone()
}

/// What has been acknowledged before, and comes after, while the clock goes back by `seconds` and forth again.
fn goes_back(seconds: i64) {
    let data = Data::new();
    let clock = Clock::new(&data);
    let collector = start(&data, &clock);
    let [stays, leaves] = [(); 2].map(|()| Visitor::who_grants(&collector, &["analytics"]));
    let (seen, left) = (stays.event("page_view"), leaves.event("page_view"));
    assert_eq!(stays.send(&collector, std::slice::from_ref(&seen)).expect(200)["stored"], 1);
    assert_eq!(leaves.send(&collector, &[left]).expect(200)["stored"], 1);
    let before = checkpoint(&collector, 2);

    clock.set(-seconds);
    assert_eq!(collector.get("/readyz").status, 200);
    // A session that ends later than any can is opened anew, as is one that has ended.
    let refused = stays.send(&collector, &[stays.event("page_view")]);
    assert_eq!(refused.problem(401), "session_expired");
    let again = stays.later(&collector);
    assert!(again.session.now.0 < stays.session.now.0 - seconds * 900, "{:?}", again.session.now);
    // By this clock the visitor has not agreed yet.
    assert_eq!(reason(&again.send(&collector, &[again.event("page_view")])), "not_granted");
    // What was signed under an earlier time is not stored twice, nor under another.
    assert_eq!(reason(&again.send(&collector, std::slice::from_ref(&seen))), "future");
    // Others are served.
    let new = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(new.send(&collector, &[new.event("page_view")]).expect(200)["stored"], 1);
    // A no is a no, whatever the clock says, and no yes of before takes its place.
    let leaving = leaves.later(&collector);
    let _ = leaving.decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(rows(&data, ["event", "consent_grant"]), [2, 4]);
    let late = leaving.decide(&collector, "custom", &["analytics"]);
    assert_eq!(late.problem(422), "content", "{late:?}");
    assert_eq!(rows(&data, ["decision"]), [4]);
    let during = checkpoint(&collector, 4);
    assert_ne!(before, during);

    clock.set(0);
    assert_eq!(stays.send(&collector, &[seen]).expect(200)["duplicate"], 1);
    let again = stays.later(&collector);
    assert_eq!(again.send(&collector, &[again.event("page_view")]).expect(200)["stored"], 1);
    // As the one who has gone back: agreed before this clock, if not by it.
    let new = new.later(&collector);
    assert_eq!(new.send(&collector, &[new.event("page_view")]).expect(200)["stored"], 1);
    let leaving = leaves.later(&collector);
    let back = leaving.decide(&collector, "custom", &["analytics"]);
    let _ = back.expect(201);
    let _ = checkpoint(&collector, 5);
    assert_eq!(rows(&data, ["event", "decision"]), [4, 5]);
    assert!(!collector.log().contains("panicked"), "{}", collector.log());

    // The log goes on from what was signed before. That its times go back is told, and why that may be.
    for earlier in [&before, &during] {
        let said = verify(&data, earlier);
        assert_eq!(said.status.code(), Some(1), "{said:?}");
        let found: Vec<_> = said.out.lines().filter(|line| line.contains("leaf ")).collect();
        assert!(found.iter().all(|line| line.contains("the clock was set back")), "{said:?}");
        assert_eq!(found.len(), 2, "{said:?}");
    }
}

fn rows<const N: usize>(data: &Data, tables: [&str; N]) -> [i64; N] {
    let mut database = data.database();
    tables.map(|table| database.number(&format!("SELECT count(*) FROM {table}")))
}

#[test]
fn a_clock_that_goes_back_by_an_hour_loses_nothing_and_holds_nobody_up() {
    goes_back(HOUR);
}

#[test]
fn a_clock_that_goes_back_by_two_days_loses_nothing_and_holds_nobody_up() {
    goes_back(DAYS);
}

#[test]
fn a_collector_starts_under_a_clock_that_is_behind_its_database() {
    let data = Data::new();
    let clock = Clock::new(&data);
    let mut collector = start(&data, &clock);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    collector.stop();
    clock.set(-DAYS);
    let collector = start(&data, &clock);
    let new = Visitor::who_grants(&collector, &["analytics"]);
    assert_eq!(new.send(&collector, &[new.event("page_view")]).expect(200)["stored"], 1);
    let _ = visitor.later(&collector).decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(rows(&data, ["event", "consent_grant", "decision"]), [1, 2, 3]);
}

#[test]
fn whoever_has_called_too_much_waits_no_longer_where_the_clock_goes_back() {
    let data = Data::new();
    let clock = Clock::new(&data);
    let limited = ["--rate-per-address", "1"];
    let collector = Collector::start_in(&data, &limited, &clock.environment());
    let call = || collector.get("/s/shop/policy");
    wait_for("a refusal", || (call().status == 429).then_some(()));
    for seconds in [HOUR, DAYS] {
        clock.set(-seconds);
        let answer = call();
        assert!(answer.status == 200 || answer.header("retry-after") == "1", "{answer:?}");
        wait_for("an answer", || (call().status == 200).then_some(()));
        wait_for("a refusal", || (call().status == 429).then_some(()));
    }
}
