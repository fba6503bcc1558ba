//! Sessions and decisions.

use ashiato_tests::{Collector, Data, SHOP, Session, Visitor};
use serde_json::Value;

#[test]
fn a_session_opens_with_a_key_of_its_own() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let first = Session::open(&collector, None);
    let second = Session::open(&collector, None);
    assert_ne!(first.key, second.key);
    assert_ne!(first.text, second.text);
    assert_eq!(first.revision, 1);
}

#[test]
fn a_visitor_facing_call_allows_the_sites_origin_and_nobody_else() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let answer = collector.post("/v1/sessions", r#"{"site":"shop","visitor":null}"#);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), SHOP);
    assert!(answer.header("vary").to_lowercase().contains("origin"), "{answer:?}");
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
}

#[test]
fn a_first_refusal_is_answered_by_nothing_and_leaves_nobody() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let refusal = session.decision("reject_all", &[]);
    let answer = collector.post("/v1/consents", session.sign(&refusal));
    let json = answer.expect(201);
    for name in ["receipt_id", "receipt", "visitor", "session", "key", "expires"] {
        assert_eq!(json.get(name), Some(&Value::Null), "{name}");
    }
    assert!(
        !answer
            .headers
            .iter()
            .any(|(_, value)| value.contains("ashiato_visitor=") && !value.contains("Max-Age=0"))
    );
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM visitor"), 0);
    assert_eq!(database.number("SELECT count(*) FROM decision"), 1, "it is counted");
    assert_eq!(
        database.number(
            "SELECT count(*) FROM decision WHERE visitor_id IS NOT NULL OR receipt_id IS NOT NULL"
        ),
        0
    );
}

#[test]
fn accepting_gives_a_receipt_a_visitor_and_a_session_that_acts_for_them() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let everything = ["functional", "analytics", "marketing", "lead_link"];
    let decision = session.decision("accept_all", &everything);
    let answer = collector.post("/v1/consents", session.sign(&decision)).expect(201);
    assert_eq!(answer["visitor"].as_str().unwrap().len(), 22);
    assert_eq!(answer["receipt_id"].as_str().unwrap().len(), 22);
    assert!(answer["expires"].as_i64().unwrap() > session.now.0);
    assert_ne!(answer["session"], session.text);
    assert_eq!(data.database().number("SELECT count(*) FROM consent_grant"), 5);
}

#[test]
fn a_grant_that_needs_no_identity_makes_no_visitor() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let decision = session.decision("custom", &["functional"]);
    let answer = collector.post("/v1/consents", session.sign(&decision)).expect(201);
    assert_eq!((&answer["visitor"], &answer["session"]), (&Value::Null, &Value::Null));
    assert!(answer["receipt"].is_string(), "a grant is proven all the same");
    assert_eq!(data.database().number("SELECT count(*) FROM visitor"), 0);
}

#[test]
fn a_service_can_be_refused_inside_a_granted_purpose() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let mut decision = session.decision("custom", &["analytics"]);
    decision["services"] = serde_json::json!({"ashiato": false});
    let _ = collector.post("/v1/consents", session.sign(&decision)).expect(201);
    let services = data.database().texts("SELECT service FROM consent_grant");
    assert!(!services.contains(&"ashiato".to_owned()), "{services:?}");
}

#[test]
fn a_decision_sent_again_is_answered_again_and_counts_once() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let decision = session.decision("custom", &["analytics"]);
    let first = collector.post("/v1/consents", session.sign(&decision)).expect(201);
    let rows = data.database().rows();
    let later = session.sign_at(session.now.plus(2_000), &decision);
    let second = collector.post("/v1/consents", later).expect(201);
    for name in ["receipt_id", "receipt", "visitor"] {
        assert_eq!(first[name], second[name], "{name}");
    }
    assert_eq!(data.database().rows(), rows);
}

#[test]
fn a_decision_id_cannot_be_taken_over_by_another_session() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let session = Session::open(&collector, None);
    let decision = session.decision("custom", &["analytics"]);
    let first = collector.post("/v1/consents", session.sign(&decision)).expect(201);
    let thief = Session::open(&collector, None);
    let answer = collector.post("/v1/consents", thief.sign(&decision));
    assert!(!answer.body.contains(first["visitor"].as_str().unwrap()), "{answer:?}");
    assert!(!answer.body.contains(first["receipt_id"].as_str().unwrap()), "{answer:?}");
    assert_eq!(data.database().number("SELECT count(*) FROM decision"), 1);
}

#[test]
fn a_known_visitor_keeps_their_id_when_they_decide_anew() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let answer = visitor.decide(&collector, "custom", &["analytics", "marketing"]).expect(201);
    assert_ne!(answer["receipt_id"], visitor.receipt_id);
    assert!(answer["visitor"].is_null() || answer["visitor"] == visitor.id);
    assert_eq!(data.database().number("SELECT count(*) FROM visitor"), 1);
}

#[test]
fn every_decision_under_a_visitors_session_gets_a_receipt_a_withdrawal_too() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let answer = visitor.decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(answer["receipt_id"].as_str().unwrap().len(), 22);
    assert!(answer["receipt"].is_string());
    assert_eq!(data.database().number("SELECT count(*) FROM consent_grant"), 0);
}

#[test]
fn a_session_for_a_visitor_acts_for_them() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let again = visitor.later(&collector);
    let answer = again.send(&collector, &[again.event("page_view")]).expect(200);
    assert_eq!(answer["stored"], 1);
}

#[test]
fn the_visitor_id_itself_is_nowhere_in_the_database() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let bytes = consent_core::ids::from_base64url(&visitor.id).unwrap();
    collector.stop();
    assert!(data.holds(b"custom"), "what is there is found");
    assert!(!data.holds(&bytes) && !data.holds(visitor.id.as_bytes()));
    assert!(!collector.log().contains(&visitor.id));
}

#[test]
fn a_collector_that_is_told_to_stop_does_and_the_next_one_goes_on() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let event = visitor.event("page_view");
    let _ = visitor.send(&collector, std::slice::from_ref(&event)).expect(200);
    collector.stop();
    let next = Collector::start(&data);
    let answer = visitor.send(&next, &[event, visitor.event("click")]).expect(200);
    assert_eq!((&answer["stored"], &answer["duplicate"]), (&1.into(), &1.into()));
}

#[test]
fn a_connection_that_asks_for_nothing_does_not_hold_up_the_stop() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let address = collector.url("").replace("http://", "");
    let mut idle = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut idle, b"POST /v1/events HTTP/1.1\r\n").unwrap();
    assert_eq!(collector.get("/healthz").status, 200);
    let start = std::time::Instant::now();
    collector.stop();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
