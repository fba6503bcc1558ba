//! The API by its own description, `/api/openapi.json`: called in every way that follows from it, by a tool that is not
//! ours.

use std::{fs, process::Command};

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED, python};
use serde_json::{Value, json};

const METHODS: [&str; 6] = ["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE"];

/// A site with events and leads; two of the leads, of which one is tied to its visitor.
fn with_data(collector: &Collector, token: &str) -> Vec<String> {
    let visitor = Visitor::who_grants(collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let mut events = ["page_view", "click", "user_engagement"].map(|name| visitor.event(name));
    events[1]["properties"] =
        json!({"plan": "pro", "n": 3, "yes": true, "odd": "\u{0}\u{7f}\"=1+1"});
    assert_eq!(visitor.send(collector, &events).expect(200)["stored"], 3);
    let other = Visitor::who_grants(collector, &["analytics"]);
    assert_eq!(other.send(collector, &[other.event("page_view")]).expect(200)["stored"], 1);
    // What is refused is counted.
    let nobody = Visitor::who_grants(collector, &["lead_link"]);
    let _ = nobody.send(collector, &[nobody.event("page_view")]).expect(200);
    let card = json!({
        "site": "shop", "form": "contact", "ground": "card_exchanged", "proof": "Kyoto", "by": "crm",
        "fields": {"name": "足跡 花子", "email": "first@example.jp", "message": "名刺"},
    });
    let request = collector.request("POST", "/api/v1/leads");
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let given = collector.send(request, card.to_string()).unwrap().expect(201);
    let definition = json!({"did": {"filters": [["is", "event", ["page_view"]]]}});
    let segment = json!({"site": "shop", "name": "buyers", "definition": definition});
    let request = collector.request("POST", "/api/v1/segments");
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let _ = collector.send(request, segment.to_string()).unwrap().expect(201);
    vec![lead, given["id"].as_str().unwrap().to_owned()]
}

#[test]
fn every_call_that_follows_from_the_description_is_answered_as_it_says() {
    let data = Data::new();
    // Thousands of lines would stand before what failed.
    let collector = Collector::start_in(&data, &UNLIMITED, &[("ASHIATO_LOG", "warn")]);
    let token = data.token("shop", &["query", "leads", "leads:write", "operate", "export"]);
    let leads = with_data(&collector, &token);
    let python = python::with_tools("api");
    let report = data.path("schemathesis");
    let mut run = Command::new(python.with_file_name("schemathesis"));
    run.arg("--config-file").arg(python::of_tests("api", "schemathesis.toml"));
    run.args(["run", &collector.url("/api/openapi.json"), "--url", &collector.url("")]);
    run.args(["--no-color", "--report", "ndjson", "--report-dir"]).arg(&report);
    let examples = std::env::var("ASHIATO_TEST_EXAMPLES").unwrap_or_else(|_| "25".to_owned());
    run.args(["--max-examples", &examples]);
    run.env("ASHIATO_TOKEN", &token).env("ASHIATO_LEADS", leads.join(","));
    run.env("PYTHONDONTWRITEBYTECODE", "1");
    run.env("HYPOTHESIS_STORAGE_DIRECTORY", data.path("hypothesis"));
    run.current_dir(python::of_tests("api", "."));
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{failed}\n{}", collector.log());
    assert!(said.contains("passed"), "{said}");
    // It has been at work: calls were taken, not only refused.
    let told: String = fs::read_dir(&report)
        .unwrap()
        .filter_map(|file| fs::read_to_string(file.unwrap().path()).ok())
        .collect();
    for (path, at_least) in [
        ("/api/v1/query", 20),
        ("/api/v1/export", 5),
        ("/api/v1/funnel", 10),
        ("/api/v1/cohorts", 10),
        ("/api/v1/paths", 10),
        ("/api/v1/segment-size", 3),
        ("/timeline", 5),
        ("/api/v1/refusals", 5),
    ] {
        let taken = told.lines().filter(|line| line.contains(path)).flat_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            taken(&line)
        });
        assert!(taken.filter(|status| *status == 200).count() >= at_least, "{path}");
    }
}

/// The statuses that stand anywhere in a report.
fn taken(value: &Value) -> Vec<u64> {
    match value {
        Value::Object(parts) => {
            let own = parts.get("status_code").and_then(Value::as_u64);
            own.into_iter().chain(parts.values().flat_map(taken)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(taken).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_calls_that_are_described_are_those_that_are_answered() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let answer = collector.get("/api/openapi.json");
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.expect(200);
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(document["servers"][0]["url"], "http://localhost:8080");
    let mut seen = 0;
    for (path, calls) in document["paths"].as_object().unwrap() {
        let there = path.replace("{lead}", "AAAAAAAAAAAAAAAAAAAAAA").replace("{segment}", "none");
        for method in METHODS {
            let answer = collector.send(collector.request(method, &there), "").unwrap();
            let code = answer.json()["code"].as_str().unwrap().to_owned();
            if calls[method.to_lowercase()].is_object() {
                assert!(
                    !["not_found", "method_not_allowed"].contains(&code.as_str()),
                    "{method} {path}: {code}"
                );
                seen += 1;
            } else {
                assert_eq!(answer.problem(405), "method_not_allowed", "{method} {path}");
                assert!(!answer.header("allow").is_empty(), "{method} {path}");
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn who_has_no_token_is_told_how_to_come_with_one() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let answer = collector.get("/api/v1/leads?site=shop");
    assert_eq!(answer.problem(401), "token");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}
