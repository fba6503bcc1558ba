//! Small groups: what stands for few visitors is told in no way of asking, and neither is what gives it away.

pub(crate) mod analysis;

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED, data::shop_file};
use serde_json::{Value, json};

/// Protects groups of fewer than five visitors.
pub(crate) fn protect(data: &Data) {
    data.apply(&format!("{}\n[statistics]\nsmallest_group = 5\n", shop_file()));
}

/// Twelve visitors look at the front page, seven of them at tea, five of those at pots too, and one at the contact page,
/// twice.
pub(crate) fn visits(collector: &Collector) {
    for number in 0..12 {
        let visitor = Visitor::who_grants(collector, &["analytics"]);
        let mut pages = vec!["/"];
        if number < 7 {
            pages.push("/tea");
        }
        if number < 5 {
            pages.push("/pots");
        }
        if number == 0 {
            pages.extend(["/contact", "/contact"]);
        }
        visitor.sees(collector, &pages);
    }
}

fn asked(metrics: &[&str], dimensions: &[&str], filters: &Value) -> Value {
    json!({
        "site": "shop",
        "metrics": metrics,
        "dimensions": dimensions,
        "filters": filters,
        "date_range": ["2026-01-01", "2027-12-31"],
    })
}

const RANGE: [&str; 4] = ["--from", "2026-01-01", "--to", "2027-12-31"];

#[test]
fn a_page_of_few_visitors_is_withheld_with_another_that_would_give_it_away() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let question = asked(&["page_views", "visitors"], &["page"], &json!([]));
    let whole = collector.query(&token, &question).expect(200);
    assert_eq!(whole["results"].as_array().unwrap().len(), 4);
    assert!(whole.get("withheld").is_none(), "nothing is withheld unless the site says so");

    protect(&data);
    let answer = ashiato_tests::wait_for("the site file is in force", || {
        let answer = collector.query(&token, &question).expect(200);
        answer.get("withheld").is_some().then_some(answer)
    });
    // The total is 26: without the pots the contact page's two views would be its rest.
    let shown = json!([
        {"dimensions": ["/"], "metrics": [12, 12]},
        {"dimensions": ["/tea"], "metrics": [7, 7]},
    ]);
    assert_eq!(answer["results"], shown);
    let withheld = json!({"smallest_group": 5, "whole": false, "rows": 2, "metrics": [7, null]});
    assert_eq!(answer["withheld"], withheld);
    let total = collector.query(&token, &asked(&["page_views"], &[], &json!([]))).expect(200);
    assert_eq!(total["results"], json!([{"dimensions": [], "metrics": [26]}]));
    // Page by page it is the same, without the visitors being asked for, and by the command line.
    let mut paged = asked(&["page_views"], &["page"], &json!([]));
    paged["limit"] = 1.into();
    let first = collector.query(&token, &paged).expect(200);
    paged["after"] = first["next"].clone();
    let second = collector.query(&token, &paged).expect(200);
    assert_eq!(second["results"], json!([{"dimensions": ["/tea"], "metrics": [7]}]));
    assert_eq!((&second["next"], &second["withheld"]["rows"]), (&Value::Null, &json!(2)));
    let command = [&["query", "--site", "shop", "--dimensions", "page"][..], &RANGE].concat();
    let table = data.run(&command);
    assert!(!table.contains("/contact") && !table.contains("/pots"), "{table}");
    assert!(table.contains("withheld: 2 rows") && table.contains("page_views 7"), "{table}");
}

#[test]
fn a_filter_that_lets_few_pass_or_leaves_few_out_is_not_answered() {
    let data = Data::new();
    protect(&data);
    let collector = Collector::start_with(&data, &UNLIMITED);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    let ask = |filters: &Value| {
        let question = asked(&["page_views"], &[], filters);
        collector.query(&token, &question).expect(200)
    };
    let withheld = json!({"smallest_group": 5, "whole": true, "rows": 0, "metrics": [null]});
    for filters in [
        json!([["is", "page", ["/contact"]]]),
        json!([["is", "page", ["/nobody-was-here"]]]),
        // Everything but the one visitor's page: the difference to the whole is theirs.
        json!([["is_not", "page", ["/contact"]]]),
        json!([["not", ["contains", "page", ["contact"]]]]),
        // The same, hidden behind a condition that leaves out many.
        json!([["contains", "page", ["t"]], ["is_not", "page", ["/contact"]]]),
        json!([["and", [["is", "page", ["/contact"]], ["is", "event", ["page_view"]]]]]),
    ] {
        let answer = ask(&filters);
        assert_eq!((&answer["results"], &answer["withheld"]), (&json!([]), &withheld), "{filters}");
    }
    let answer = ask(&json!([["is", "page", ["/tea"]]]));
    assert_eq!(answer["results"][0]["metrics"], json!([7]));
    let answer = ask(&json!([["is", "event", ["page_view"]]]));
    assert_eq!(answer["results"][0]["metrics"], json!([26]), "nobody is left out");
    let command =
        [&["query", "--site", "shop", "--dimensions", "", "--filter", "page=/contact"][..], &RANGE]
            .concat();
    assert!(data.run(&command).contains("withheld: fewer than 5"));
}

#[test]
fn the_period_before_is_protected_as_well() {
    let data = Data::new();
    protect(&data);
    let collector = Collector::start_with(&data, &UNLIMITED);
    visits(&collector);
    let mut database = data.database();
    let today = database.number("SELECT MAX(day) FROM event");
    // Tea was looked at the day before.
    data.change_events(&format!(
        "UPDATE event SET day = {today} - 1, at = at - 86400000 WHERE page = '/tea'"
    ));
    let token = data.token("shop", &["query"]);
    let day = |day: i64| {
        let text = format!("SELECT date({day} * 86400, 'unixepoch')");
        ashiato_tests::database::Database::open("sqlite::memory:").texts(&text).remove(0)
    };
    let mut question = asked(&["page_views"], &["page"], &json!([]));
    question["date_range"] = json!([day(today), day(today)]);
    question["compare"] = "previous_period".into();
    let answer = collector.query(&token, &question).expect(200);
    // Seven saw tea the day before, so that this may be told, of which nobody today did.
    assert_eq!(answer["results"], json!([{"dimensions": ["/"], "metrics": [12], "previous": [0]}]));
    data.change_events(&format!("UPDATE event SET day = {today} - 1 WHERE page = '/' AND id IN (SELECT id FROM event WHERE page = '/' ORDER BY id LIMIT 1)"));
    let answer = collector.query(&token, &question).expect(200);
    let before = json!([{"dimensions": ["/"], "metrics": [11], "previous": null}]);
    assert_eq!(answer["results"], before, "one visitor's view of the front page is withheld");
}

#[test]
fn too_many_dimensions_at_once_are_refused_where_groups_are_protected() {
    let data = Data::new();
    protect(&data);
    let collector = Collector::start_with(&data, &UNLIMITED);
    let token = data.token("shop", &["query"]);
    let dimensions = ["page", "title", "referrer", "event", "purpose", "service"];
    let answer = collector.query(&token, &asked(&["events"], &dimensions, &json!([])));
    assert_eq!(answer.problem(422), "content");
    assert_eq!(answer.json()["errors"][0]["field"], "dimensions");
    let url = data.database_url();
    let text = shop_file() + "\n[statistics]\nsmallest_group = 0\n";
    let file = data.path("bad.toml");
    std::fs::write(&file, text).unwrap();
    let said = ashiato_tests::process::ashiato([
        "site",
        "apply",
        &file.display().to_string(),
        "--database-url",
        &url,
    ]);
    assert!(!said.status.success() && said.err.contains("smallest_group"), "{said:?}");
}
