//! Events: stored, counted once, or refused with a reason.

use ashiato_tests::{Collector, Data, Visitor};
use serde_json::{Value, json};

/// Minutes, in milliseconds.
const MINUTE: i64 = 60_000;

/// The reason that an answer gives for the event at `index`.
fn reason(answer: &Value, index: usize) -> &str {
    let refused = answer["refused"].as_array().unwrap();
    let entry = refused.iter().find(|entry| entry["index"] == index);
    entry.map_or("", |entry| entry["reason"].as_str().unwrap())
}

#[test]
fn a_granted_event_is_stored_under_the_receipt_that_grants_it() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let event = visitor.event("page_view");
    let answer = visitor.send(&collector, std::slice::from_ref(&event)).expect(200);
    assert_eq!(answer, json!({"stored": 1, "duplicate": 0, "refused": []}));
    let mut database = data.database();
    let under = database.texts(&format!(
        "SELECT g.purpose || ' ' || {} FROM event e JOIN consent_grant g ON g.id = e.grant_id",
        database.hex("g.receipt_id")
    ));
    let receipt = consent_core::ids::from_base64url(&visitor.receipt_id).unwrap();
    let receipt: String = receipt.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(under, [format!("analytics {receipt}")]);
}

#[test]
fn an_event_counts_once_however_often_it_is_sent() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let event = visitor.event("page_view");
    let twice = [event.clone(), event.clone()];
    let answer = visitor.send(&collector, &twice).expect(200);
    assert_eq!((&answer["stored"], &answer["duplicate"]), (&1.into(), &1.into()));
    let body = visitor.batch(&[event]);
    for _ in 0..3 {
        let answer = collector.post("/v1/events", body.clone()).expect(200);
        assert_eq!((&answer["stored"], &answer["duplicate"]), (&0.into(), &1.into()));
    }
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 1);
}

#[test]
fn an_event_that_is_sent_again_with_other_content_changes_nothing() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let mut event = visitor.event("page_view");
    let _ = visitor.send(&collector, std::slice::from_ref(&event)).expect(200);
    event["page"]["title"] = "changed".into();
    let answer = visitor.send(&collector, &[event]).expect(200);
    assert_eq!(answer["duplicate"], 1);
    assert_eq!(data.database().texts("SELECT title FROM event"), ["ひより道具店"]);
}

#[test]
fn each_event_is_judged_by_itself_and_refused_with_its_reason() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let now = visitor.session.now.0;
    let with = |name: &str, value: Value| {
        let mut event = visitor.event("page_view");
        event[name] = value;
        event
    };
    let many: serde_json::Map<_, _> = (0..33).map(|n| (format!("p{n}"), n.into())).collect();
    let cases = [
        (visitor.event("page_view"), ""),
        (visitor.event("campaign_visit"), "not_granted"),
        (visitor.event("page_vieu"), "unknown_event"),
        (with("at", (now - 3 * 24 * 60 * MINUTE).into()), "too_old"),
        (with("at", (now + 10 * MINUTE).into()), "future"),
        (with("at", (now - 10 * MINUTE).into()), "not_granted"),
        (with("properties", Value::Object(many)), "too_large"),
        (with("properties", json!({"plan": "x".repeat(1025)})), "too_large"),
        (with("properties", json!({"deep": {"er": 1}})), "malformed"),
        (with("purpose", "analytics".into()), "malformed"),
        (with("id", "7".into()), "malformed"),
        (json!("no event"), "malformed"),
        (visitor.event("click"), ""),
    ];
    let events: Vec<_> = cases.iter().map(|(event, _)| event.clone()).collect();
    let answer = visitor.send(&collector, &events).expect(200);
    for (index, (event, expected)) in cases.iter().enumerate() {
        assert_eq!(reason(&answer, index), *expected, "{event}");
    }
    assert_eq!(answer["stored"], 2);
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 2);
    let refused = data.database().number("SELECT CAST(sum(n) AS BIGINT) FROM refusal");
    assert_eq!(refused, 11, "what is refused is counted");
}

#[test]
fn a_refused_event_names_its_id_so_that_the_page_can_forget_it() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let event = visitor.event("campaign_visit");
    let answer = visitor.send(&collector, std::slice::from_ref(&event)).expect(200);
    assert_eq!(answer["refused"][0]["id"], event["id"]);
}

#[test]
fn only_the_purposes_own_services_count_not_what_the_client_says() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["marketing"]);
    let events = [visitor.event("page_view"), visitor.event("campaign_visit")];
    let answer = visitor.send(&collector, &events).expect(200);
    assert_eq!(reason(&answer, 0), "not_granted");
    assert_eq!(answer["stored"], 1);
}

#[test]
fn addresses_are_kept_without_the_parameters_that_the_site_does_not_list() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let mut event = visitor.event("page_view");
    event["page"]["url"] =
        "https://shop.example/products?email=hanako%40example.jp&utm_source=mail#token=1".into();
    event["page"]["referrer"] = "https://mail.example/?q=secret-search".into();
    assert_eq!(visitor.send(&collector, &[event]).expect(200)["stored"], 1);
    let kept = data.database().texts("SELECT page || ' ' || query || ' ' || referrer FROM event");
    for secret in ["hanako", "token", "secret-search"] {
        assert!(!kept[0].contains(secret), "{kept:?}");
    }
    assert!(kept[0].contains("utm_source"), "{kept:?}");
}

#[test]
fn the_database_itself_takes_no_event_without_a_grant() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let copy = "INSERT INTO event \
        (site_id, id, grant_id, name, at, day, page, query, title, referrer, properties) \
        SELECT site_id, ID, GRANT, name, at, day, page, query, title, referrer, properties FROM event LIMIT 1";
    let copy = copy.replace("ID", "(SELECT receipt_id FROM consent_grant LIMIT 1)");
    let mut database = data.database();
    let refused = database.execute(&copy.replace("GRANT", "grant_id + 1000")).unwrap_err();
    let named = ["event_rests_on_a_grant", "event_site_id_grant_id_fkey"];
    assert!(named.iter().any(|name| refused.contains(name)), "{refused}");
    assert_eq!(
        database.execute(&copy.replace("GRANT", "grant_id")),
        Ok(1),
        "the statement itself is sound"
    );
}
