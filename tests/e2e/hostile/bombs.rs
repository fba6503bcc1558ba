//! JSON that is small to send and large to read.

use std::{fmt::Write as _, time::Instant};

use ashiato_tests::{Collector, Data, Session, Visitor};
use serde_json::json;

fn signed(session: &Session, payload: &str) -> String {
    consent_core::jws::sign(&session.key, &session.text, session.now, payload)
}

/// `{"k0":…,"k1":…}` of about 60 KiB.
fn many_keys(value: &str) -> String {
    let mut json = "{\"k\":1".to_owned();
    let mut at = 0;
    while json.len() < 60_000 {
        write!(json, ",\"k{at}\":{value}").unwrap();
        at += 1;
    }
    json + "}"
}

#[test]
fn a_bomb_is_refused_at_once_and_leaves_nothing_in_memory() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let rows = data.database().rows();
    let before = collector.peak_memory();
    let deep = |open: &str, close: &str| {
        let times = 60_000 / (open.len() + close.len());
        open.repeat(times) + "1" + &close.repeat(times)
    };
    let bombs = [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"site\":{}}}", deep("[", "]")),
        many_keys("1"),
        many_keys("\"\""),
        format!("{{\"purposes\":{}}}", many_keys("true")),
        format!("{{\"site\":1{}}}", "0".repeat(60_000)),
        "{\"decided_at\":1e999999999}".to_owned(),
        format!("{{\"decided_at\":-{}.{}}}", "9".repeat(30_000), "9".repeat(30_000)),
        format!("{{\"site\":\"{}\"}}", "\\u0000".repeat(10_000)),
        format!("[{}]", vec!["{}"; 20_000].join(",")),
    ];
    for bomb in &bombs {
        for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
            let body = match path {
                "/v1/sessions" => bomb.clone(),
                _ => signed(&visitor.session, bomb),
            };
            let begun = Instant::now();
            let answer = collector.post(path, body);
            assert!(matches!(answer.status, 400 | 404 | 422), "{path} {bomb:.40}: {answer:?}");
            assert!(answer.body.len() < 4_096, "{path} {bomb:.40}: the answer is no bomb");
            assert!(begun.elapsed().as_secs() < 2, "{path} {bomb:.40}");
        }
    }
    assert_eq!(data.database().rows(), rows);
    if let (Some(before), Some(after)) = (before, collector.peak_memory()) {
        assert!(after < before + 32 * 1_024, "{before} KiB before, {after} after");
    }
    assert!(!collector.log().contains("panicked"), "{}", collector.log());
}

#[test]
fn an_event_or_a_form_that_is_a_bomb_takes_nothing_else_along() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let bomb = |properties: &str| {
        let mut event = visitor.event("click");
        event["properties"] = json!("HERE");
        event.to_string().replace("\"HERE\"", properties)
    };
    let bombs = [
        bomb(&("[".repeat(5_000) + &"]".repeat(5_000))),
        bomb(&many_keys("1").chars().take(9_000).chain("0}".chars()).collect::<String>()),
        bomb("{\"n\":1e400}"),
        bomb(&format!("{{\"n\":{}}}", "9".repeat(5_000))),
        bomb(&format!("{{\"text\":\"{}\"}}", "x".repeat(5_000))),
        "[[[[1]]]]".to_owned(),
    ];
    for bomb in bombs {
        let good = visitor.event("page_view");
        let payload = format!(
            "{{\"site\":\"shop\",\"visitor\":\"{}\",\"events\":[{bomb},{good}]}}",
            visitor.id
        );
        let answer = collector.post("/v1/events", signed(&visitor.session, &payload));
        if answer.status == 200 {
            let answer = answer.json();
            assert_eq!((&answer["stored"], &answer["refused"][0]["index"]), (&1.into(), &0.into()));
        } else {
            // What is no JSON as a whole cannot be told apart into events.
            assert!(matches!(answer.problem(answer.status).as_str(), "malformed" | "content"));
        }
    }
    let mut lead = visitor.session.lead(None);
    lead["fields"] = serde_json::from_str(&many_keys("\"x\"")).unwrap();
    let answer = collector.post("/v1/leads", visitor.session.sign(&lead));
    assert!(matches!(answer.status, 413 | 422), "{answer:?}");
}
