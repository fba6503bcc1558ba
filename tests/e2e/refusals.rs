//! What is refused is counted and explained, without anybody in it.

use ashiato_tests::{Collector, Data, OTHER, SHOP, Session, Visitor, process::ashiato, wait_for};
use serde_json::{Value, json};

/// What `ashiato refusals` says as JSON.
fn report(data: &Data, site: &str) -> Value {
    let said = data.run(&["refusals", "--site", site, "--format", "json", "--by", "hour"]);
    serde_json::from_str(&said).unwrap()
}

/// Reason, event and count of every row, in order of the names.
fn counted(report: &Value) -> Vec<(String, String, i64)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = report["results"].as_array().unwrap();
    let row = |row| (text(row, "reason"), text(row, "event"), row["count"].as_i64().unwrap());
    let mut rows: Vec<_> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

fn post_from(collector: &Collector, origin: &str, path: &str, body: &str) -> u16 {
    let request = collector.request("POST", path);
    let request = request.header("content-type", "text/plain").header("origin", origin);
    collector.send(request, body).unwrap().status
}

/// Calls that are refused, each for a reason of its own.
fn refuse_in_every_way(collector: &Collector) {
    let visitor = Visitor::who_grants(collector, &["analytics"]);
    let session = &visitor.session;
    let good = visitor.batch(&[visitor.event("page_view")]);
    let mut old = visitor.event("click");
    old["at"] = 1.into();
    let _ = visitor.send(collector, &[old, visitor.event("page_vieu"), json!({})]).expect(200);
    let mut outdated = session.decision("custom", &["analytics"]);
    outdated["revision"] = 0.into();
    let mut unknown = session.decision("custom", &["analytics"]);
    unknown["purposes"]["hanako"] = true.into();
    let mut form = session.lead(Some(&visitor.id));
    form["fields"]["email"] = "hanako".into();
    let payload = json!({"site": "shop", "visitor": visitor.id, "events": []});
    let many = json!({"site": "shop", "visitor": visitor.id, "events": vec![json!({}); 101]});
    let nobody = Session::open(collector, None);
    let stranger = json!({"site": "shop", "visitor": "AAAAAAAAAAAAAAAAAAAAAA"}).to_string();
    let mut ended = session.text.split('.').map(str::to_owned).collect::<Vec<_>>();
    ended[2] = "nowhere".to_owned();
    for (path, body, status) in [
        ("/v1/events", "hanako".to_owned(), 401),
        ("/v1/events", good.replace("page_view", "hanako"), 401),
        ("/v1/events", session.sign_at(session.now.plus(-600_000), &payload), 401),
        ("/v1/events", nobody.sign(&payload), 401),
        ("/v1/sessions", stranger, 401),
        ("/v1/consents", session.sign(&outdated), 422),
        ("/v1/consents", session.sign(&unknown), 422),
        ("/v1/leads", session.sign(&form), 422),
        ("/v1/events", session.sign(&many), 413),
        ("/v1/sessions", "{".to_owned(), 400),
    ] {
        assert_eq!(post_from(collector, SHOP, path, &body), status, "{path} {body:.60}");
    }
    assert_eq!(post_from(collector, "https://hanako.example", "/v1/events", &good), 403);
    // A site that is not there has no row to count in.
    let text = ended.join(".");
    let altered = Session { text, ..session.clone() };
    assert_eq!(post_from(collector, "", "/v1/events", &altered.sign(&payload)), 401);
}

const EVERY: [(&str, &str, i64); 14] = [
    ("call_malformed", "", 1),
    ("call_too_large", "", 1),
    ("decision_invalid", "", 1),
    ("foreign_origin", "", 1),
    ("form_invalid", "", 1),
    ("malformed", "", 1),
    ("revision_outdated", "", 1),
    ("session_of_another", "", 1),
    ("signature_expired", "", 1),
    ("signature_invalid", "", 1),
    ("too_old", "click", 1),
    ("unknown_event", "", 1),
    ("unsigned", "", 1),
    ("visitor_unknown", "", 1),
];

fn every() -> Vec<(String, String, i64)> {
    EVERY.map(|(reason, event, count)| (reason.to_owned(), event.to_owned(), count)).to_vec()
}

#[test]
fn refusals_are_counted_by_site_reason_event_and_hour_and_nothing_of_the_caller_is_kept() {
    let data = Data::new();
    let collector = Collector::start(&data);
    refuse_in_every_way(&collector);
    let report = wait_for("all refusals in the database", || {
        Some(report(&data, "shop")).filter(|report| counted(report).len() == EVERY.len())
    });
    assert_eq!(counted(&report), every());
    let time = report["results"][0]["time"].as_str().unwrap();
    assert!(time.ends_with(":00:00+09:00"), "the hour is one of the site's clock: {time}");
    for row in report["reasons"].as_array().unwrap() {
        for text in ["means", "remedy"] {
            assert!(row[text].as_str().is_some_and(|text| text.ends_with('.')), "{row}");
        }
    }
    assert_eq!(counted(&self::report(&data, "other")), [], "of one site, not of the other");
    let texts = "SELECT reason || ' ' || event FROM refusal";
    assert!(data.database().texts(texts).iter().all(|text| !text.contains("hanako")));
}

#[test]
fn a_stop_and_a_locked_database_lose_no_counts() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let mut other = data.database();
    other.lock();
    for _ in 0..20 {
        assert_eq!(post_from(&collector, SHOP, "/v1/events", "x"), 401);
    }
    wait_for("a write that fails", || {
        collector.log().contains("the database did not answer").then_some(())
    });
    drop(other);
    collector.stop();
    assert_eq!(counted(&report(&data, "shop")), [("unsigned".to_owned(), String::new(), 20)]);
}

#[test]
fn the_api_says_the_same_in_the_callers_language_to_those_who_may_know() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    assert_eq!(post_from(&collector, OTHER, "/v1/events", "x"), 401);
    assert_eq!(post_from(&collector, SHOP, "/v1/events", "x"), 401);
    collector.stop();
    let collector = Collector::start(&data);
    let ask = |token: &str, query: &str, language: &str| {
        let request = collector.request("GET", &format!("/api/v1/refusals?{query}"));
        let request = request.header("accept-language", language);
        let request = request.header("authorization", format!("Bearer {token}"));
        collector.send(request, []).unwrap()
    };
    for scope in ["operate", "query"] {
        let answer = ask(&data.token("shop", &[scope]), "site=shop&by=hour", "en");
        assert_eq!(answer.expect(200), report(&data, "shop"), "{scope}");
    }
    let token = data.token("shop", &["operate"]);
    let answer = ask(&token, "site=shop", "ja-JP,ja;q=0.9");
    assert_eq!(answer.header("content-language"), "ja");
    let means = answer.expect(200)["reasons"][0]["means"].clone();
    assert!(means.as_str().unwrap().ends_with('。'), "{means}");
    assert_eq!(ask(&token, "site=other", "en").problem(403), "site");
    let leads = data.token("shop", &["leads"]);
    assert_eq!(ask(&leads, "site=shop", "en").problem(403), "scope");
    assert_eq!(ask(&token, "site=shop&from=yesterday", "en").problem(422), "content");
    assert_eq!(ask("nobody", "site=shop", "en").problem(401), "token");
    assert_eq!(
        collector
            .query(
                &token,
                &json!({"site": "shop", "metrics": ["visitors"],
        "date_range": ["2026-11-01", "2026-11-02"]})
            )
            .problem(403),
        "scope"
    );
}

#[test]
fn the_command_says_what_each_reason_means_and_what_to_do() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    assert_eq!(post_from(&collector, SHOP, "/v1/events", "x"), 401);
    collector.stop();
    let said = data.run(&["refusals", "--site", "shop", "--language", "en"]);
    assert!(said.contains("unsigned") && said.contains("what to do: "), "{said}");
    let said = data.run(&["refusals", "--site", "shop", "--language", "ja"]);
    assert!(said.contains("署名がない呼び出し") && said.contains("対応: "), "{said}");
    let said = data.run(&["refusals", "--site", "other"]);
    assert!(said.contains("nothing was refused"), "{said}");
    let url = data.database_url();
    let said = ashiato(["refusals", "--site", "shop", "--from", "1", "--database-url", &url]);
    assert!(!said.status.success() && said.err.contains("YYYY-MM-DD"), "{said:?}");
}
