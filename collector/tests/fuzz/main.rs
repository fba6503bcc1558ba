//! What comes from outside, in every wrong form: no body, header, address, query or site file makes the
//! collector panic, fail, or answer outside its own table of statuses.
//!
//! Each target changes good examples at random, for two seconds, or as many as `ASHIATO_FUZZ_SECONDS` says:
//!
//! ```text
//! ASHIATO_FUZZ_SECONDS=60 cargo test --package ashiato --test fuzz
//! ```
//!
//! What fails is made small and told; it becomes a test of its own where it belongs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod mutate;
mod stack;

use std::cell::Cell;

use ashiato::{clock, site};
use axum::http::StatusCode;
use consent_core::ids::{base64url, from_base64url};
use serde_json::{Value, json};

use mutate::{fuzz, mutated};
use stack::{ORIGIN, Stack};

const SHOP: &str = include_str!("../../../demo-site/shop.toml");

/// What visitors' calls answer to what they cannot take, or can.
const ANSWERS: [u16; 9] = [200, 201, 400, 401, 403, 404, 413, 415, 422];

fn examples(stack: &Stack) -> [(&'static str, String); 4] {
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    let now = clock::now();
    let page = format!("{ORIGIN}/a?utm_source=b");
    [
        ("/v1/sessions", json!({"site": "shop", "visitor": stack.visitor})),
        (
            "/v1/consents",
            json!({"id": id, "site": "shop", "revision": 1, "language": "ja", "page": page,
                "banner": "default", "method": "custom", "decided_at": now, "previous": null,
                "purposes": {"functional": false, "analytics": true, "marketing": false,
                    "lead_link": true}, "services": {"kazoeru": false}}),
        ),
        (
            "/v1/events",
            json!({"site": "shop", "visitor": stack.visitor, "events": [
                {"id": id, "name": "page_view", "at": now, "properties": {"n": 1.5, "b": true},
                    "page": {"url": page, "title": "道具", "referrer": "https://a.example/"}},
                {"id": id, "name": "click", "at": now, "page": {"url": page}}]}),
        ),
        (
            "/v1/leads",
            json!({"site": "shop", "form": "contact", "visitor": stack.visitor,
                "page": {"url": page}, "agreements": {"email_marketing": true},
                "fields": {"name": "足跡 花子", "email": "hanako@example.jp", "message": "a"}}),
        ),
    ]
    .map(|(path, body)| (path, body.to_string()))
}

/// Every problem is one of the table's, with a code and words.
fn is_an_answer(path: &str, (status, body): &(StatusCode, String)) {
    assert!(ANSWERS.contains(&status.as_u16()), "{path}: {status} {body}");
    let json: Value = serde_json::from_str(body).expect(body);
    if !status.is_success() {
        assert_eq!(json["status"], status.as_u16(), "{path}: {body}");
        assert!(json["code"].is_string() && json["detail"].is_string(), "{path}: {body}");
    }
}

#[test]
fn bodies_as_they_come() {
    let stack = Stack::start();
    let mut seeds = examples(&stack).map(|(_, body)| body).to_vec();
    seeds.extend(seeds.clone().iter().map(|body| stack.sign(body)));
    fuzz("bodies_as_they_come", mutated(seeds), |body| {
        for (path, _) in examples(&stack) {
            is_an_answer(path, &stack.post(path, body.clone()));
        }
    });
}

#[test]
fn bodies_that_are_signed_well() {
    let stack = Stack::start();
    let examples = examples(&stack);
    for (path, body) in &examples {
        let body = if *path == "/v1/sessions" { body.clone() } else { stack.sign(body) };
        let answer = stack.post(path, body.into_bytes());
        assert!(answer.0.is_success(), "the example is good: {path} {answer:?}");
    }
    let taken = Cell::new(0);
    let seeds = examples[1..].iter().map(|(_, body)| body.clone()).collect();
    fuzz("bodies_that_are_signed_well", mutated(seeds), |body| {
        let Ok(text) = String::from_utf8(body) else {
            return;
        };
        for (path, _) in &examples[1..] {
            let answer = stack.post(path, stack.sign(&text).into_bytes());
            is_an_answer(path, &answer);
            taken.set(taken.get() + u32::from(answer.0.is_success()));
        }
    });
    assert!(taken.get() > 0, "some changes are harmless, or the changes are too wild");
}

#[test]
fn jws_headers() {
    let stack = Stack::start();
    let payload = json!({"site": "shop", "visitor": stack.visitor, "events": []}).to_string();
    let good = stack.sign(&payload);
    assert_eq!(stack.post("/v1/events", good.clone().into_bytes()).0, StatusCode::OK);
    let (line, _) = good.split_once('\n').unwrap();
    let (protected, signature) = line.split_once("..").unwrap();
    let header = String::from_utf8(from_base64url(protected).unwrap()).unwrap();
    let refused = |body: String| {
        let answer = stack.post("/v1/events", body.into_bytes());
        is_an_answer("/v1/events", &answer);
        !answer.0.is_success()
    };
    fuzz("jws_headers", mutated(vec![header.clone()]), |changed| {
        let body = format!("{}..{signature}\n{payload}", base64url(&changed));
        assert!(changed == header.as_bytes() || refused(body), "every byte of it is signed");
        assert!(refused(format!("{}\n{payload}", String::from_utf8_lossy(&changed))));
    });
}

#[test]
fn site_files() {
    fuzz("site_files", mutated(vec![SHOP.to_owned()]), |bytes| {
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().count().max(1);
        match site::parse(&text) {
            Ok(file) => {
                // What is taken is kept as JSON, and read again by every collector.
                let kept = serde_json::to_string(&file).unwrap();
                let again: site::SiteFile = serde_json::from_str(&kept).expect(&kept);
                assert_eq!(serde_json::to_string(&again).unwrap(), kept);
            }
            Err(complaints) => {
                assert!(!complaints.is_empty());
                let said = site::report("a.toml", &complaints);
                let at = said.lines().filter_map(|line| line.strip_prefix("a.toml:")).filter_map(
                    |rest| rest.split(':').next().and_then(|line| line.parse::<usize>().ok()),
                );
                for line in at {
                    assert!((1..=lines + 1).contains(&line), "line {line} of {lines}: {said}");
                }
            }
        }
    });
}

#[test]
fn query_bodies() {
    let stack = Stack::start();
    let query = json!({"site": "shop", "metrics": ["visitors", "page_views", "events"],
        "dimensions": ["time:day", "page"], "filters": [["is", "page", ["/pricing"]],
        ["is_not", "event", ["click"]]], "date_range": ["2026-11-01", "2026-11-22"],
        "compare": "previous_period", "limit": 100, "after": "0"})
    .to_string();
    assert_eq!(stack.query(query.clone().into_bytes()).0, StatusCode::OK);
    fuzz("query_bodies", mutated(vec![query]), |body| {
        is_an_answer("/api/v1/query", &stack.query(body));
    });
}

#[test]
fn addresses() {
    let stack = Stack::start();
    let seeds = [
        "/s/shop/policy?lang=ja&revision=1&embed=1",
        "/s/shop/ashiato.js?a=b",
        "/api/v1/leads/L2U5ZG1JP_Sm7xHDOwbNGw/timeline?site=shop&limit=5&after=0",
        "/api/v1/leads?site=shop&limit=10",
        "/api/v1/refusals?site=shop&from=2026-11-01&to=2026-11-02&by=hour",
        "/.well-known/gpc.json",
    ];
    fuzz("addresses", mutated(seeds.map(str::to_owned).to_vec()), |address| {
        if let Some((status, body)) = stack.get(&address) {
            assert!(status.as_u16() < 500, "{status} {body}");
        }
    });
}
