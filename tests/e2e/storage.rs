//! Where nothing can be stored: whoever sends something is asked to come again, nothing counts twice, and the
//! collector goes on by itself once it can.

use std::{collections::BTreeMap, thread};

use ashiato_postgres::Cluster;
use ashiato_tests::{Collector, Data, Session, Visitor, collector::UNLIMITED, wait_for};

/// What stores something, and its status where that is done.
struct Call {
    path: &'static str,
    body: String,
    done: u16,
}

fn calls(visitor: &Visitor) -> [Call; 3] {
    let session = &visitor.session;
    let decision = session.sign(&session.decision("custom", &["analytics", "lead_link"]));
    let lead = session.sign(&session.lead(Some(&visitor.id)));
    [
        Call { path: "/v1/events", body: visitor.batch(&[visitor.event("page_view")]), done: 200 },
        Call { path: "/v1/consents", body: decision, done: 201 },
        Call { path: "/v1/leads", body: lead, done: 201 },
    ]
}

/// Sends them at the same time: each waits as long as the database is waited for.
fn send(collector: &Collector, calls: &[Call], expected: impl Fn(&Call) -> u16 + Sync) {
    thread::scope(|scope| {
        for call in calls {
            let expected = expected(call);
            scope.spawn(move || {
                let answer = collector.post(call.path, call.body.as_str());
                assert_eq!(answer.status, expected, "{}: {answer:?}", call.path);
                assert_eq!(answer.header("retry-after").is_empty(), expected < 500, "{answer:?}");
            });
        }
    });
}

const ROWS: [&str; 5] = ["event", "decision", "log_leaf", "lead", "consent_grant"];

fn rows(data: &Data) -> BTreeMap<&'static str, i64> {
    let mut database = data.database();
    ROWS.map(|table| (table, database.number(&format!("SELECT count(*) FROM {table}")))).into()
}

#[test]
fn while_another_holds_the_database_callers_are_asked_to_come_again_and_it_counts_once() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let calls = calls(&visitor);
    let before = rows(&data);
    let mut other = data.database();
    other.lock();
    send(&collector, &calls, |_| 503);
    assert_eq!(rows(&data), before);
    other.unlock();
    // What waited longer than its caller may have been stored by now, and is known when it comes again.
    send(&collector, &calls, |call| call.done);
    data.database().check();
    let after = rows(&data);
    assert_eq!((after["event"], after["lead"]), (before["event"] + 1, before["lead"] + 1));
    assert_eq!(after["log_leaf"], before["log_leaf"] + 1);
}

#[test]
fn where_the_database_takes_no_writes_nothing_is_taken_and_once_it_does_all_of_it() {
    let data = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let calls = calls(&visitor);
    let before = rows(&data);
    let mut other = data.database();
    // As on a standby that has not been made the primary yet.
    let mut read_only = |set: &str| {
        let name = other.texts("SELECT current_database()::text").remove(0);
        other.execute("SET default_transaction_read_only = off").unwrap();
        other
            .execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {set}"))
            .unwrap();
        // What is connected has it as it was.
        other.number(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    };
    read_only("on");
    // The first writes by connections that are gone: each is replaced when it fails.
    for _ in 0..3 {
        send(&collector, &calls, |_| 503);
    }
    assert_eq!(rows(&data), before);
    assert_eq!(collector.get("/readyz").status, 503);
    read_only("off");
    let mut left: Vec<_> = calls.iter().collect();
    while !left.is_empty() {
        left.retain(|call| {
            let answer = collector.post(call.path, call.body.as_str());
            assert!([call.done, 503].contains(&answer.status), "{answer:?}");
            answer.status != call.done
        });
    }
    let after = rows(&data);
    assert_eq!((after["event"], after["lead"]), (before["event"] + 1, before["lead"] + 1));
    assert_eq!(after["log_leaf"], before["log_leaf"] + 1);
}

#[test]
fn while_a_disk_is_full_nothing_is_taken_and_once_there_is_room_all_of_it() {
    // PostgreSQL's disk is its own affair; this is the collector's.
    let data = Data::empty_on_sqlite().with_sites();
    let collector = Collector::start_on_a_small_disk(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let calls = calls(&visitor);
    let before = rows(&data);
    collector.let_write(false);
    for _ in 0..3 {
        send(&collector, &calls, |_| 503);
    }
    wait_for("not ready", || (collector.get("/readyz").status == 503).then_some(()));
    assert_eq!(collector.get("/healthz").status, 200);
    // What only reads is answered.
    let _ = Session::open(&collector, Some(&visitor.id));
    assert_eq!(rows(&data), before);
    collector.let_write(true);
    wait_for("ready", || (collector.get("/readyz").status == 200).then_some(()));
    send(&collector, &calls, |call| call.done);
    data.database().check();
    let after = rows(&data);
    assert_eq!((after["event"], after["lead"]), (before["event"] + 1, before["lead"] + 1));
    assert_eq!(after["log_leaf"], before["log_leaf"] + 1);
    assert!(data.run(&["log", "verify"]).contains("size 2: good"));
}
