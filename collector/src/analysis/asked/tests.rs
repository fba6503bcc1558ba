use serde_json::json;

use super::*;

fn fields(problem: &Problem) -> Vec<&str> {
    assert_eq!(problem.status.as_u16(), 422);
    problem.errors.iter().map(|error| error.field.as_str()).collect()
}

const RANGE: [&str; 2] = ["2026-11-01", "2026-11-22"];

#[test]
fn a_funnel_names_every_fault_at_once() {
    let asked: funnel::Asked = serde_json::from_value(json!({
        "site": "shop",
        "steps": [
            {"filters": [["is", "page", ["/"]]]},
            {"filters": []},
            {"name": "x\ny", "filters": [["like", "page", ["/"]], ["is", "time:day", ["1"]]]},
        ],
        "window_minutes": 200_000, "breakdown": "time:day", "limit": 0,
        "date_range": ["2026-11-22", "2026-11-01"],
    }))
    .unwrap();
    assert_eq!(
        fields(&asked.question().unwrap_err()),
        [
            "steps[1].filters",
            "steps[2].filters[0]",
            "steps[2].filters[1]",
            "steps[2].name",
            "window_minutes",
            "breakdown",
            "limit",
            "date_range"
        ]
    );
    let step = json!({"filters": [["is", "page", ["/"]]]});
    for many in [0, 1, 50] {
        let asked: funnel::Asked = serde_json::from_value(
            json!({"site": "shop", "steps": vec![step.clone(); many], "date_range": RANGE}),
        )
        .unwrap();
        assert_eq!(fields(&asked.question().unwrap_err()), ["steps"]);
    }
    let asked: funnel::Asked = serde_json::from_value(
        json!({"site": "shop", "steps": [step, step], "date_range": ["1026-01-01", "2026-01-01"]}),
    )
    .unwrap();
    assert_eq!(fields(&asked.question().unwrap_err()), ["date_range"]);
}

#[test]
fn cohorts_and_paths_name_every_fault_at_once() {
    let asked: cohorts::Asked = serde_json::from_value(json!({
        "site": "shop", "unit": "year", "periods": 32, "first": {"filters": ["x"]}, "again": {"filters": [["is", "page"]]},
        "date_range": ["2025-01-01", "2026-11-01"],
    }))
    .unwrap();
    let problem = asked.question(20_783).unwrap_err();
    assert_eq!(
        fields(&problem),
        ["unit", "periods", "first.filters[0]", "again.filters[0]", "date_range"]
    );
    let asked: paths::Asked = serde_json::from_value(json!({
        "site": "shop", "from": {}, "direction": "up", "by": "title", "depth": 6, "width": 0, "date_range": ["x", "y"],
    }))
    .unwrap();
    let problem = asked.question().unwrap_err();
    assert_eq!(
        fields(&problem),
        ["from.filters", "direction", "by", "depth", "width", "date_range"]
    );
    let wide: paths::Asked = serde_json::from_value(json!({
        "site": "shop", "from": {"filters": [["is", "page", ["/"]]]}, "depth": 5, "width": 20, "date_range": RANGE,
    }))
    .unwrap();
    assert_eq!(fields(&wide.question().unwrap_err()), ["width"]);
}

#[test]
fn an_analysis_has_a_bounded_number_of_conditions() {
    let many = json!(["or", vec![json!(["is", "page", ["/"]]); 20]]);
    let step = json!({"filters": [many]});
    let asked: funnel::Asked = serde_json::from_value(
        json!({"site": "shop", "steps": vec![step; 4], "date_range": RANGE}),
    )
    .unwrap();
    assert_eq!(fields(&asked.question().unwrap_err()), ["steps[3].filters"]);
}

#[test]
fn what_is_not_said_is_a_week_of_weeks() {
    let asked: cohorts::Asked =
        serde_json::from_value(json!({"site": "shop", "date_range": RANGE})).unwrap();
    let question = asked.question(20_783).unwrap();
    // Weeks of 26 October to 16 November, and eight after each, as far as there is anything to know.
    assert_eq!((question.cohorts.periods, question.days()), (8, (20_758 - 400, 20_783)));
    let asked: paths::Asked = serde_json::from_value(
        json!({"site": "shop", "from": {"filters": [["is", "page", ["/"]]]}, "date_range": RANGE}),
    )
    .unwrap();
    let paths = asked.question().unwrap().paths;
    assert_eq!((paths.depth, paths.width, paths.before), (3, 5, false));
}
