//! Funnels, cohorts, paths and segments, by the API and the command line: the same answers from either database.

mod leads;
mod refused;

use ashiato_tests::{Answer, Collector, Data, Visitor};
use serde_json::{Value, json};

const RANGE: [&str; 2] = ["2026-01-01", "2026-12-31"];
const CASES: [(&str, &[&str]); 4] = [
    ("whole", &["/", "/products", "/cart"]),
    ("part", &["/", "/about", "/products"]),
    ("wrong way", &["/cart", "/products", "/"]),
    ("entry alone", &["/"]),
];

/// A year around now, whenever the tests run.
pub(crate) fn range() -> [String; 2] {
    let year = year();
    [format!("{}-07-01", year - 1), format!("{year}-06-30")]
}

fn year() -> i32 {
    let mut database = ashiato_tests::database::Database::open("sqlite::memory:");
    let now = database.texts("SELECT strftime('%Y', 'now', '+6 months')");
    now[0].parse().unwrap_or_default()
}

fn visitors(collector: &Collector) -> Vec<Visitor> {
    CASES
        .iter()
        .map(|(_, pages)| {
            let visitor = Visitor::who_grants(collector, &["analytics"]);
            visitor.sees(collector, pages);
            visitor
        })
        .collect()
}

pub(crate) fn post(collector: &Collector, token: &str, path: &str, body: &Value) -> Answer {
    let request = collector.request("POST", path).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {token}"));
    collector.send(request, body.to_string()).unwrap()
}

fn remove(collector: &Collector, token: &str, name: &str) -> Answer {
    let request = collector.request("DELETE", &format!("/api/v1/segments/{name}?site=shop"));
    collector.send(request.header("authorization", format!("Bearer {token}")), []).unwrap()
}

pub(crate) fn page(path: &str) -> Value {
    json!({"filters": [["is", "page", [path]]]})
}

fn funnel() -> Value {
    json!({"site": "shop", "steps": [page("/"), page("/products"), page("/cart")], "date_range": range()})
}

/// Visitors of each step.
fn reached(answer: &Value) -> Vec<i64> {
    answer["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["visitors"].as_i64().unwrap())
        .collect()
}

#[test]
fn a_funnel_counts_visitors_in_the_order_of_their_steps_by_the_api_and_the_command_line() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = funnel();
    asked["breakdown"] = "event".into();
    let answer = post(&collector, &token, "/api/v1/funnel", &asked).expect(200);
    assert_eq!(reached(&answer), [4, 2, 1], "{answer}");
    assert_eq!(
        answer["steps"][1],
        json!({"name": "2", "visitors": 2, "of_first": 0.5, "of_previous": 0.5, "dropped": 2, "median_ms": 1500})
    );
    assert_eq!(answer["groups"][0]["value"], "page_view");
    assert_eq!(answer["meta"]["consented_share"], 1.0);
    let range = range();
    let arguments = [
        "query",
        "funnel",
        "--site",
        "shop",
        "--step",
        "page=/",
        "--step",
        "page=/products",
        "--step",
        "page=/cart and event=page_view",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(reached(&said), [4, 2, 1]);
    let table = data.run(&arguments);
    assert!(table.contains("50.0 %"), "{table}");
}

#[test]
fn cohorts_come_again_or_not_and_periods_to_come_are_not_known() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked = json!({"site": "shop", "unit": "day", "periods": 2, "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/cohorts", &asked).expect(200);
    let rows: Vec<_> =
        answer["cohorts"].as_array().unwrap().iter().filter(|row| row["visitors"] != 0).collect();
    assert_eq!(rows.len(), 1, "{answer}");
    assert_eq!((&rows[0]["visitors"], &rows[0]["again"][1]), (&json!(4), &Value::Null));
    asked["first"] = page("/products");
    let answer = post(&collector, &token, "/api/v1/cohorts", &asked).expect(200);
    let all: i64 = answer["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["visitors"].as_i64().unwrap())
        .sum();
    assert_eq!(all, 3);
    let range = range();
    let arguments = [
        "query",
        "cohorts",
        "--site",
        "shop",
        "--unit",
        "day",
        "--periods",
        "2",
        "--first",
        "page=/products",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(said["cohorts"], answer["cohorts"]);
    assert!(data.run(&arguments).contains("visitors"));
}

#[test]
fn paths_lead_on_from_a_page_and_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let mut asked =
        json!({"site": "shop", "from": page("/products"), "depth": 2, "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/paths", &asked).expect(200);
    assert_eq!((&answer["visits"], &answer["ended"]), (&json!(3), &json!(1)));
    assert_eq!(
        answer["next"],
        json!([
            {"name": "/", "visits": 1, "ended": 1, "next": [], "others": 0},
            {"name": "/cart", "visits": 1, "ended": 1, "next": [], "others": 0},
        ])
    );
    asked["direction"] = "before".into();
    let answer = post(&collector, &token, "/api/v1/paths", &asked).expect(200);
    let names = answer["next"].as_array().unwrap().iter().map(|step| &step["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["/", "/about", "/cart"]);
    let range = range();
    let arguments = [
        "query",
        "paths",
        "--site",
        "shop",
        "--from-event",
        "page=/products",
        "--before",
        "--depth",
        "2",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ];
    let said: Value =
        serde_json::from_str(&data.run(&[&arguments[..], &["--json"]].concat())).unwrap();
    assert_eq!(said["next"], answer["next"]);
    assert!(data.run(&arguments).starts_with("3 visits"));
}

#[test]
fn who_withdraws_is_in_no_result_any_more() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let all = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let definition = json!({"did": {"filters": [["is", "page", ["/cart"]]]}});
    let _ = post(
        &collector,
        &token,
        "/api/v1/segments",
        &json!({"site": "shop", "name": "buyers", "definition": definition}),
    )
    .expect(201);
    let size = json!({"site": "shop", "segment": "buyers", "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/segment-size", &size).expect(200)["visitors"], 2);
    let _ = all[0].later(&collector).decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(
        reached(&post(&collector, &token, "/api/v1/funnel", &funnel()).expect(200)),
        [3, 1, 0]
    );
    let answer = post(&collector, &token, "/api/v1/segment-size", &size).expect(200);
    assert_eq!((&answer["visitors"], &answer["of"]), (&json!(1), &json!(3)));
    let paths = json!({"site": "shop", "from": page("/products"), "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/paths", &paths).expect(200)["visits"], 2);
    let cohorts = json!({"site": "shop", "unit": "month", "date_range": range()});
    let answer = post(&collector, &token, "/api/v1/cohorts", &cohorts).expect(200);
    let sizes =
        answer["cohorts"].as_array().unwrap().iter().map(|row| row["visitors"].as_i64().unwrap());
    assert_eq!(sizes.sum::<i64>(), 3);
}

#[test]
fn a_segment_is_kept_once_used_everywhere_and_its_end_is_told() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = visitors(&collector);
    let token = data.token("shop", &["query"]);
    let definition = json!({"all": [
        {"did": {"filters": [["is", "page", ["/products"]]]}},
        {"did_not": {"filters": [["is", "page", ["/about"]]], "in_last_days": 30}},
    ]});
    let kept = json!({"site": "shop", "name": "買いそうな人", "definition": definition});
    let made = post(&collector, &token, "/api/v1/segments", &kept).expect(201);
    assert_eq!((&made["name"], &made["definition"]), (&kept["name"], &definition));
    assert_eq!(post(&collector, &token, "/api/v1/segments", &kept).problem(409), "name_taken");
    // What is refused keeps nobody else from writing.
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let listed = collector.get_as(&token, "/api/v1/segments?site=shop").expect(200);
    assert_eq!(listed["segments"], json!([made]));
    let mut asked = funnel();
    asked["segment"] = "買いそうな人".into();
    assert_eq!(reached(&post(&collector, &token, "/api/v1/funnel", &asked).expect(200)), [2, 1, 1]);
    let paths = json!({"site": "shop", "from": page("/"), "segment": "買いそうな人", "date_range": range()});
    assert_eq!(post(&collector, &token, "/api/v1/paths", &paths).expect(200)["visits"], 2);
    let range = range();
    let said = data.run(&[
        "query",
        "segments",
        "size",
        "--site",
        "shop",
        "--segment",
        "買いそうな人",
        "--from",
        &range[0],
        "--to",
        &range[1],
    ]);
    assert!(said.starts_with("2 of 4 visitors"), "{said}");
    // Of another site it is none.
    let other = data.token("other", &["query"]);
    let mut theirs = asked.clone();
    theirs["site"] = "other".into();
    assert_eq!(post(&collector, &other, "/api/v1/funnel", &theirs).problem(422), "content");
    assert_eq!(post(&collector, &other, "/api/v1/segments", &kept).status, 403);
    let name = "%E8%B2%B7%E3%81%84%E3%81%9D%E3%81%86%E3%81%AA%E4%BA%BA";
    assert_eq!(remove(&collector, &token, name).status, 204);
    assert_eq!(remove(&collector, &token, name).problem(404), "unknown_segment");
    let _ = Visitor::who_grants(&collector, &["analytics"]);
    let gone = post(&collector, &token, "/api/v1/funnel", &asked);
    let _ = gone.problem(422);
    assert_eq!(
        (&gone.json()["errors"][0]["field"], &gone.json()["errors"][0]["code"]),
        (&json!("segment"), &json!("unknown"))
    );
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(trail.contains("segment.add") && trail.contains("segment.remove"), "{trail}");
}
