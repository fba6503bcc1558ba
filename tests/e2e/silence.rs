//! A collector that hangs with all its connections open, and nobody is told.

use std::{
    thread,
    time::{Duration, Instant},
};

use ashiato_postgres::Cluster;
use ashiato_tests::{Collector, Data, Session, Visitor, collector::UNLIMITED, wait_for};

/// Whether a collector that has the lock of the log is in that state, as `pg_stat_activity` says it.
fn has_the_log(data: &Data, state: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {state} \
         AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
    );
    data.database().number(&sql) > 0
}

#[test]
fn a_collector_that_hangs_with_the_log_in_its_hand_keeps_two_others_waiting_for_ten_seconds() {
    let data = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let [hangs, other, third] = [0; 3].map(|_| Collector::start_with(&data, &UNLIMITED));
    let visitor = Visitor::who_grants(&other, &["analytics"]);
    let session = Session::open(&hangs, None);
    let decision = session.sign(&session.decision("custom", &["analytics"]));
    thread::scope(|scope| {
        let mut database = data.database();
        database.lock();
        let asked = scope.spawn(|| hangs.post("/v1/consents", &*decision));
        // It has the lock of the log, and waits for a table.
        wait_for("it waits", || has_the_log(&data, "wait_event_type = 'Lock'").then_some(()));
        hangs.freeze();
        database.unlock();
        let begun = Instant::now();
        wait_for("it holds the lock and says nothing", || {
            has_the_log(&data, "state = 'idle in transaction'").then_some(())
        });

        // What does not need the log goes on at once.
        for collector in [&other, &third] {
            let sent = Instant::now();
            assert_eq!(visitor.send(collector, &[visitor.event("page_view")]).status, 200);
            assert!(sent.elapsed() < Duration::from_secs(4), "{:?}", sent.elapsed());
        }
        // What does is asked to be sent again, and taken when the time of the one that hangs is over.
        let own = visitor.session.sign(&visitor.session.decision("custom", &["analytics"]));
        wait_for("a decision by another", || {
            let answer = other.post("/v1/consents", &*own);
            if answer.status == 503 {
                assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
            }
            (answer.status == 201).then_some(())
        });
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(20), "the log was handed over after {took:?}");

        hangs.thaw();
        let answer = asked.join().unwrap();
        assert_eq!(answer.problem(503), "unavailable", "its transaction was undone");
    });
    // It goes on by itself, and the decision counts once.
    let answer = wait_for("it decides again", || {
        let answer = hangs.post("/v1/consents", &*decision);
        (answer.status == 201).then(|| answer.json())
    });
    assert_eq!(third.post("/v1/consents", decision).expect(201)["receipt"], answer["receipt"]);
    assert!(data.run(&["log", "verify"]).contains("size 3: good"));
}
