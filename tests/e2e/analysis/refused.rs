//! Analyses that cannot be answered.

use ashiato_tests::{Collector, Data};
use serde_json::json;

use super::{RANGE, page, post};

#[test]
fn an_analysis_that_cannot_be_answered_names_every_fault_and_other_tokens_learn_nothing() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["query"]);
    for (path, body, fields) in [
        (
            "/api/v1/funnel",
            json!({"site": "shop", "steps": [], "window_minutes": 0, "date_range": ["2026-11-22", "2026-11-01"]}),
            &["steps", "window_minutes", "date_range"][..],
        ),
        (
            "/api/v1/funnel",
            json!({"site": "shop", "steps": vec![page("/"); 50], "date_range": ["1026-01-01", "2026-11-01"]}),
            &["steps", "date_range"],
        ),
        (
            "/api/v1/cohorts",
            json!({"site": "shop", "unit": "hour", "periods": 1000, "date_range": RANGE}),
            &["unit", "periods"],
        ),
        (
            "/api/v1/paths",
            json!({"site": "shop", "from": {}, "depth": 50, "by": "shoe", "date_range": RANGE}),
            &["from.filters", "by", "depth"],
        ),
        (
            "/api/v1/segments",
            json!({"site": "shop", "name": " ", "definition": {"all": []}}),
            &["name", "definition.all"],
        ),
        (
            "/api/v1/funnel",
            json!({"site": "shop", "steps": [page("/"), page("/")], "date_range": RANGE, "profit": 1}),
            &["profit"],
        ),
        ("/api/v1/segment-size", json!({"site": "shop", "date_range": RANGE}), &["segment"]),
    ] {
        let answer = post(&collector, &token, path, &body);
        let _ = answer.problem(422);
        let json = answer.json();
        let found: Vec<_> = json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["field"].as_str().unwrap())
            .collect();
        assert_eq!(found, fields, "{path}");
    }
    let statuses = [
        (data.token("other", &["query"]), 403),
        (data.token("shop", &["leads"]), 403),
        ("made-up".to_owned(), 401),
    ];
    for (token, status) in statuses {
        for path in ["/api/v1/funnel", "/api/v1/cohorts", "/api/v1/paths"] {
            let mut body = json!({"site": "shop", "date_range": RANGE});
            if path.ends_with("funnel") {
                body["steps"] = json!([page("/"), page("/")]);
            }
            if path.ends_with("paths") {
                body["from"] = page("/");
            }
            assert_eq!(post(&collector, &token, path, &body).status, status, "{path}");
        }
        assert_eq!(collector.get_as(&token, "/api/v1/segments?site=shop").status, status);
    }
}
