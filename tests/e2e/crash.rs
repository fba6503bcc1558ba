//! `kill -9` at any moment loses nothing that was acknowledged and counts nothing twice.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use ashiato_tests::{Collector, Data, Session, Visitor};
use serde_json::Value;

/// Kills, unless `ASHIATO_KILLS` says another number.
const ROUNDS: usize = 6;
const SENDERS: usize = 4;
/// Batches of one sender in a round, at most.
const BATCHES: usize = 400;
/// Acknowledged batches after which the collector is killed: another number each round.
const fn enough(round: usize) -> usize {
    3 + (round % 20) * 7
}

/// What the senders sent, and what of it was acknowledged.
#[derive(Default)]
struct Sent {
    bodies: Vec<String>,
    events: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
}

fn ids(events: &[Value]) -> impl Iterator<Item = String> {
    events.iter().map(|event| event["id"].as_str().unwrap().to_owned())
}

/// Sends batches until the collector is gone.
fn send_until_gone(
    collector: &Collector,
    visitor: &Visitor,
    sent: &Mutex<Sent>,
    answered: &Sender<()>,
) {
    for _ in 0..BATCHES {
        let events: Vec<_> = (0..5).map(|_| visitor.event("page_view")).collect();
        let body = visitor.batch(&events);
        {
            let mut sent = sent.lock().unwrap();
            sent.bodies.push(body.clone());
            sent.events.extend(ids(&events));
        }
        let Ok(answer) = collector.try_post("/v1/events", body) else {
            return;
        };
        assert_eq!(answer.expect(200)["stored"], 5);
        sent.lock().unwrap().acknowledged.extend(ids(&events));
        // Nobody counts any more once the collector is to be killed.
        let _ = answered.send(());
    }
}

#[test]
fn every_acknowledged_event_is_there_exactly_once_after_kill_9() {
    let data = Data::new();
    let sent = Mutex::new(Sent::default());
    let kills = std::env::var("ASHIATO_KILLS").map_or(ROUNDS, |kills| kills.parse().unwrap());
    for round in 0..kills {
        let collector = Collector::start(&data);
        let visitors: Vec<_> =
            (0..SENDERS).map(|_| Visitor::who_grants(&collector, &["analytics"])).collect();
        let (answered, answers) = channel();
        thread::scope(|scope| {
            for visitor in &visitors {
                let answered = answered.clone();
                let (collector, sent) = (&collector, &sent);
                scope.spawn(move || send_until_gone(collector, visitor, sent, &answered));
            }
            for _ in 0..enough(round) {
                answers.recv_timeout(Duration::from_secs(60)).unwrap();
            }
            collector.kill();
        });
        let known = sent.lock().unwrap();
        let stored: BTreeSet<_> = event_ids(&data).into_iter().collect();
        let lost: Vec<_> = known.acknowledged.difference(&stored).collect();
        assert!(
            lost.is_empty(),
            "round {round}: {} of {} lost",
            lost.len(),
            known.acknowledged.len()
        );
    }

    let collector = Collector::start(&data);
    let sent = sent.into_inner().unwrap();
    for body in &sent.bodies {
        let answer = collector.post("/v1/events", body.clone()).expect(200);
        let counted = answer["stored"].as_u64().unwrap() + answer["duplicate"].as_u64().unwrap();
        assert_eq!(counted, 5, "{answer}");
    }
    let stored = event_ids(&data);
    assert_eq!(stored.len(), sent.events.len(), "each event is there once");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), sent.events);
}

#[test]
fn a_stop_under_load_answers_what_it_has_taken_and_loses_nothing() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let sent = Mutex::new(Sent::default());
    let visitors: Vec<_> =
        (0..SENDERS).map(|_| Visitor::who_grants(&collector, &["analytics"])).collect();
    let (answered, answers) = channel();
    thread::scope(|scope| {
        for visitor in &visitors {
            let answered = answered.clone();
            let (collector, sent) = (&collector, &sent);
            scope.spawn(move || send_until_gone(collector, visitor, sent, &answered));
        }
        for _ in 0..20 {
            answers.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        collector.tell_to_stop();
    });
    collector.stop();
    let stored: BTreeSet<_> = event_ids(&data).into_iter().collect();
    let sent = sent.into_inner().unwrap();
    assert!(sent.acknowledged.is_subset(&stored));
    data.database().check();
}

/// The ids of all stored events, as they travel.
fn event_ids(data: &Data) -> Vec<String> {
    let mut database = data.database();
    let hex = database.texts(&format!("SELECT {} FROM event", database.hex("id")));
    let with_hyphens = |id: String| {
        let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
        parts.join("-")
    };
    hex.into_iter().map(with_hyphens).collect()
}

#[test]
fn an_acknowledged_decision_and_lead_survive_kill_9_and_are_answered_again() {
    let data = Data::new();
    let mut kept = Vec::new();
    for _ in 0..ROUNDS {
        let collector = Collector::start(&data);
        let session = Session::open(&collector, None);
        let decision = session.sign(&session.decision("custom", &["analytics", "lead_link"]));
        let receipt = collector.post("/v1/consents", decision.clone()).expect(201);
        let visitor = receipt["visitor"].as_str().unwrap();
        let acting = session.continued(&receipt);
        let lead = acting.sign(&acting.lead(Some(visitor)));
        let taken = collector.post("/v1/leads", lead.clone()).expect(201);
        collector.kill();
        kept.push((decision, receipt, lead, taken));
    }
    let collector = Collector::start(&data);
    for (decision, receipt, lead, taken) in &kept {
        let again = collector.post("/v1/consents", decision.clone()).expect(201);
        assert_eq!(again["receipt"], receipt["receipt"]);
        assert_eq!(again["visitor"], receipt["visitor"]);
        assert_eq!(collector.post("/v1/leads", lead.clone()).expect(201), *taken);
    }
    let mut database = data.database();
    let count = i64::try_from(ROUNDS).unwrap();
    for table in ["decision", "log_leaf", "lead", "lead_link", "visitor"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), count, "{table}");
    }
    assert_eq!(database.number("SELECT max(idx) FROM log_leaf"), count - 1, "the log has no gap");
    let verified = data.run(&["log", "verify"]);
    assert!(verified.contains("decisions as they were recorded: 6"), "{verified}");
    database.check();
}
