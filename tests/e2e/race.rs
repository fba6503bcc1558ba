//! A withdrawal against what is on its way: who comes later loses, at once and for good.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED, wait_for};

use crate::subject::done;

const ROUNDS: usize = 200;
const SENDERS: usize = 3;

/// Lets `SENDERS` threads repeat `act` while this thread withdraws. Returns once the withdrawal is
/// answered and every thread has ended; `check` runs right after the withdrawal's answer.
fn race(collector: &Collector, visitor: &Visitor, act: impl Fn() + Sync, check: impl FnOnce()) {
    let start = Barrier::new(SENDERS + 1);
    let withdrawn = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                start.wait();
                while !withdrawn.load(Ordering::SeqCst) {
                    act();
                }
                act();
            });
        }
        start.wait();
        act();
        let _ = visitor.decide(collector, "withdraw", &[]).expect(201);
        check();
        withdrawn.store(true, Ordering::SeqCst);
    });
}

#[test]
fn no_event_outlives_the_withdrawal_that_it_races_with() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let count = || data.database().number("SELECT count(*) FROM event");
    for round in 0..ROUNDS {
        let visitor = Visitor::who_grants(&collector, &["analytics"]);
        let send = || {
            let events: Vec<_> = (0..10).map(|_| visitor.event("page_view")).collect();
            let _ = visitor.send(&collector, &events).expect(200);
        };
        race(&collector, &visitor, send, || {
            assert_eq!(count(), 0, "round {round}: at the answer");
        });
        assert_eq!(count(), 0, "round {round}: afterwards");
    }
}

#[test]
fn no_link_outlives_the_withdrawal_that_it_races_with() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let count = || data.database().number("SELECT count(*) FROM lead_link");
    for round in 0..ROUNDS / 2 {
        let visitor = Visitor::who_grants(&collector, &["lead_link"]);
        let send = || {
            let mut lead = visitor.session.lead(Some(&visitor.id));
            lead["fields"]["message"] = visitor.session.fresh_id().into();
            let _ = collector.post("/v1/leads", visitor.session.sign(&lead)).expect(201);
        };
        race(&collector, &visitor, send, || {
            assert_eq!(count(), 0, "round {round}: at the answer");
        });
        assert_eq!(count(), 0, "round {round}: afterwards");
    }
}

#[test]
fn one_event_sent_by_many_at_once_is_stored_by_one() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    for _ in 0..ROUNDS {
        let body = visitor.batch(&[visitor.event("page_view")]);
        let start = Barrier::new(SENDERS);
        let stored: u64 = thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        let answer = collector.post("/v1/events", body.clone()).expect(200);
                        answer["stored"].as_u64().unwrap()
                    })
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).sum()
        });
        assert_eq!(stored, 1);
    }
}

#[test]
fn one_decision_sent_by_many_at_once_makes_one_visitor() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    for round in 1..=10 {
        let session = ashiato_tests::Session::open(&collector, None);
        let body = session.sign(&session.decision("custom", &["analytics"]));
        let start = Barrier::new(SENDERS);
        let mut visitors: Vec<_> = thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        collector.post("/v1/consents", body.clone()).expect(201)["visitor"]
                            .to_string()
                    })
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        visitors.dedup();
        assert_eq!(visitors.len(), 1);
        assert_eq!(data.database().number("SELECT count(*) FROM visitor"), round);
    }
}

/// Of PostgreSQL: how many wait for what is held as the persons' lock.
const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 24 AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// On SQLite there is one writer anyhow.
#[test]
fn no_lead_is_erased_beside_an_answer_that_is_made_of_it() {
    let data = Data::new();
    if data.is_sqlite() {
        return;
    }
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let mut holder = data.database();
    holder.execute("BEGIN").unwrap();
    assert_eq!(holder.number("SELECT count(pg_advisory_xact_lock(1634953321, 24))"), 1);
    thread::scope(|scope| {
        let export = || done(&data, &["export", "--email", "hanako@example.jp"], "");
        let waits = [
            scope.spawn(export),
            scope.spawn(|| data.run(&["leads", "erase", &lead, "--site", "shop"])),
        ];
        let mut watch = data.database();
        wait_for("both wait", || (watch.number(WAITING) == 2).then_some(()));
        holder.execute("COMMIT").unwrap();
        for wait in waits {
            wait.join().unwrap();
        }
    });
    assert_eq!(data.database().number("SELECT count(*) FROM lead"), 0);
}
