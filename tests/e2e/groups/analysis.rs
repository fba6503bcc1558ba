//! The same of what visitors did one after the other, by the API and the command line.

use ashiato_tests::{Answer, Collector, Data, Visitor, collector::UNLIMITED};
use serde_json::{Value, json};

use super::protect;
use crate::analysis::{page, post, range};

/// Fifteen visitors: three see the news alone, and twelve the front page; seven of those go on to tea, five of them to
/// pots, and one of them to the contact page.
pub(crate) fn ways(collector: &Collector) {
    for number in 0..15 {
        let visitor = Visitor::who_grants(collector, &["analytics"]);
        let pages = match number {
            0 => &["/", "/tea", "/pots", "/contact"][..],
            1..5 => &["/", "/tea", "/pots"],
            5..7 => &["/", "/tea"],
            7..12 => &["/"],
            _ => &["/news"],
        };
        visitor.sees(collector, pages);
    }
}

struct Stand {
    data: Data,
    collector: Collector,
    token: String,
}

impl Stand {
    fn new() -> Self {
        let data = Data::new();
        protect(&data);
        let collector = Collector::start_with(&data, &UNLIMITED);
        ways(&collector);
        let token = data.token("shop", &["query"]);
        Self { data, collector, token }
    }

    fn ask(&self, path: &str, body: Value) -> Value {
        let mut body = body;
        body["site"] = "shop".into();
        body["date_range"] = json!(range());
        post(&self.collector, &self.token, &format!("/api/v1/{path}"), &body).expect(200)
    }

    fn keep(&self, name: &str, definition: &Value) {
        let body = json!({"site": "shop", "name": name, "definition": definition});
        let kept: Answer = post(&self.collector, &self.token, "/api/v1/segments", &body);
        let _ = kept.expect(201);
    }

    /// What the command line says.
    fn said(&self, act: &[&str]) -> String {
        let range = range();
        let of = ["--site", "shop", "--from", &range[0], "--to", &range[1]];
        self.data.run(&[&["query"][..], act, &of].concat())
    }
}

fn part() -> Value {
    json!({"smallest_group": 5, "whole": false})
}

fn whole() -> Value {
    json!({"smallest_group": 5, "whole": true})
}

fn visitors(answer: &Value) -> Vec<Option<i64>> {
    answer["steps"].as_array().unwrap().iter().map(|step| step["visitors"].as_i64()).collect()
}

fn not_to_contact() -> Value {
    json!({"did_not": {"filters": [["is", "page", ["/contact"]]]}})
}

#[test]
fn a_step_that_few_took_or_few_left_is_withheld_and_so_is_a_group() {
    let stand = Stand::new();
    let funnel = |pages: &[&str]| {
        let steps: Vec<_> = pages.iter().map(|path| page(path)).collect();
        stand.ask("funnel", json!({"steps": steps}))
    };
    let answer = funnel(&["/", "/tea"]);
    assert_eq!(visitors(&answer), [Some(12), Some(7)]);
    assert!(answer.get("withheld").is_none());
    let answer = funnel(&["/", "/tea", "/pots"]);
    assert_eq!((visitors(&answer), &answer["withheld"]), (vec![Some(12), Some(7), None], &part()));
    let hidden = json!({"name": "3", "visitors": null, "of_first": null, "of_previous": null, "dropped": null, "median_ms": null});
    assert_eq!(answer["steps"][2], hidden);
    let answer = funnel(&["/contact", "/"]);
    assert_eq!((visitors(&answer), &answer["withheld"]), (vec![None, None], &whole()));
    // Of fifteen, three came by the news: the twelve others would tell of them.
    let any = json!({"filters": [["is", "event", ["page_view"]]]});
    let by = |limit: u32| {
        let steps = [any.clone(), page("/tea")];
        stand.ask("funnel", json!({"steps": steps, "breakdown": "page", "limit": limit}))
    };
    for limit in [1, 10] {
        let answer = by(limit);
        assert_eq!(visitors(&answer), [Some(15), Some(7)], "{limit}");
        assert_eq!((&answer["groups"], &answer["withheld"]), (&json!([]), &part()), "{limit}");
    }
    let table = stand.said(&["funnel", "--step", "page=/", "--step", "page=/contact"]);
    assert!(
        table.contains("12") && table.contains("withheld: what stands for fewer than 5"),
        "{table}"
    );
    let table = stand.said(&["funnel", "--step", "page=/contact", "--step", "page=/"]);
    assert!(table.contains("withheld: fewer than 5"), "{table}");
}

#[test]
fn a_segment_of_few_or_of_all_but_few_tells_nothing() {
    let stand = Stand::new();
    let size = |definition: Value| stand.ask("segment-size", json!({"definition": definition}));
    let did = |path: &str| json!({"did": {"filters": [["is", "page", [path]]]}});
    let answer = size(did("/tea"));
    assert_eq!((&answer["visitors"], &answer["of"]), (&json!(7), &json!(15)));
    assert!(answer.get("withheld").is_none());
    for few in [did("/contact"), not_to_contact()] {
        let answer = size(few);
        assert_eq!((&answer["visitors"], &answer["of"]), (&Value::Null, &json!(15)));
        assert_eq!(answer["withheld"], part());
    }
    stand.keep("nearly all", &not_to_contact());
    stand.keep("tea", &did("/tea"));
    let said = stand.said(&["segments", "size", "--segment", "nearly all"]);
    assert!(said.starts_with("withheld of 15 visitors"), "{said}");
    let funnel = |segment: &str| {
        stand.ask("funnel", json!({"steps": [page("/"), page("/tea")], "segment": segment}))
    };
    let answer = funnel("nearly all");
    assert_eq!((visitors(&answer), &answer["withheld"]), (vec![None, None], &whole()));
    let answer = funnel("tea");
    assert_eq!(
        visitors(&answer),
        [Some(7), Some(7)],
        "five of twelve are left out, and nobody of seven"
    );
    let answer = stand.ask("cohorts", json!({"unit": "month", "segment": "nearly all"}));
    let rows = answer["cohorts"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["visitors"].is_null()), "{answer}");
    assert_eq!(answer["withheld"], whole());
    let answer = stand.ask("paths", json!({"from": page("/"), "segment": "nearly all"}));
    assert_eq!((&answer["visits"], &answer["next"]), (&Value::Null, &json!([])));
    assert_eq!(answer["withheld"], whole());
}

#[test]
fn few_who_came_again_are_withheld_and_cohorts_of_few() {
    let stand = Stand::new();
    // The front page was looked at the day before.
    let text = "UPDATE event SET day = day - 1, at = at - 86400000 WHERE page = '/'";
    stand.data.change_events(text);
    let cohorts = |again: Value| {
        let asked = json!({"unit": "day", "periods": 1, "first": page("/"), "again": again});
        let answer = stand.ask("cohorts", asked);
        let rows = answer["cohorts"].as_array().unwrap();
        let row = rows.iter().find(|row| row["visitors"] != 0).unwrap().clone();
        (row, answer["average"][0].clone(), answer.get("withheld").cloned())
    };
    let (row, _, withheld) = cohorts(json!({}));
    assert_eq!((&row["visitors"], &row["again"]), (&json!(12), &json!([7])));
    assert!(withheld.is_none() && row.get("withheld").is_none());
    let (row, average, withheld) = cohorts(page("/contact"));
    assert_eq!((&row["visitors"], &row["again"]), (&json!(12), &json!([null])));
    assert_eq!((&row["withheld"], &average, withheld), (&json!([0]), &Value::Null, Some(part())));
    // By any first visit there are twelve of the day before, and three of today: the total would tell of them.
    let answer = stand.ask("cohorts", json!({"unit": "day", "periods": 1}));
    let rows = answer["cohorts"].as_array().unwrap().iter();
    let told: Vec<_> =
        rows.filter(|row| row["visitors"] != 0).map(|row| &row["visitors"]).collect();
    assert_eq!((told, &answer["withheld"]), (vec![&Value::Null; 2], &whole()));
    let act = [
        "cohorts",
        "--unit",
        "day",
        "--periods",
        "1",
        "--first",
        "page=/",
        "--again",
        "page=/contact",
    ];
    let table = stand.said(&act);
    assert!(table.contains("withheld: what stands for fewer than 5"), "{table}");
}

#[test]
fn a_way_that_few_took_is_among_the_others_and_visits_are_visitors() {
    let stand = Stand::new();
    let answer = stand.ask("paths", json!({"from": page("/"), "depth": 2}));
    // Two ended at tea: five went on to pots, which would tell of them.
    let tea = json!({"name": "/tea", "visits": 7, "ended": null, "next": [], "others": null});
    assert_eq!(
        (&answer["visits"], &answer["ended"], &answer["others"]),
        (&json!(12), &json!(5), &json!(0))
    );
    assert_eq!((&answer["next"], &answer["counted"]), (&json!([tea]), &json!("visitors")));
    assert_eq!(answer["withheld"], part());
    let answer = stand.ask("paths", json!({"from": page("/contact"), "direction": "before"}));
    assert_eq!((&answer["visits"], &answer["ended"]), (&Value::Null, &Value::Null));
    assert_eq!((&answer["next"], &answer["withheld"]), (&json!([]), &whole()));
    let said = stand.said(&["paths", "--from-event", "page=/"]);
    assert!(said.starts_with("12 visitors  (no more: 5)"), "{said}");
    let said = stand.said(&["paths", "--from-event", "page=/contact"]);
    assert!(
        said.starts_with("withheld visitors") && said.contains("withheld: fewer than 5"),
        "{said}"
    );
}
