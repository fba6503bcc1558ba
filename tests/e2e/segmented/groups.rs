//! Small groups in a segment, and out of it.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};
use serde_json::{Value, json};

use super::keep;
use crate::{
    analysis::range,
    groups::{protect, visits},
    now::{marketer, row},
};

fn asked(segment: Option<&str>, dimensions: &[&str], filters: &Value) -> Value {
    json!({
        "site": "shop", "metrics": ["page_views"], "dimensions": dimensions, "filters": filters, "segment": segment,
        "date_range": range(),
    })
}

fn saw(page: &str) -> Value {
    json!({"did": {"filters": [["is", "page", [page]]]}})
}

/// Twelve visitors see the front page, seven of them tea, five of those pots, and one the contact page.
fn stand(data: &Data) -> Collector {
    protect(data);
    let collector = Collector::start_with(data, &UNLIMITED);
    visits(&collector);
    let token = data.token("shop", &["query"]);
    for (name, definition) in [
        ("tea", saw("/tea")),
        ("pots", saw("/pots")),
        ("contact", saw("/contact")),
        ("not to contact", json!({"did_not": {"filters": [["is", "page", ["/contact"]]]}})),
        ("all", saw("/")),
        ("nobody", saw("/nowhere")),
    ] {
        keep(&collector, &token, name, &definition);
    }
    collector
}

#[test]
fn a_segment_of_few_or_of_all_but_few_has_no_figures() {
    let data = Data::new();
    let collector = stand(&data);
    let token = data.token("shop", &["query"]);
    let none = json!([]);
    let whole = json!({"smallest_group": 5, "whole": true, "rows": 0, "metrics": [null]});
    for name in ["contact", "not to contact", "nobody"] {
        let answer = collector.query(&token, &asked(Some(name), &[], &none)).expect(200);
        assert_eq!((&answer["results"], &answer["withheld"]), (&none, &whole), "{name}");
    }
    let of = |name: &str, filters: &Value| {
        collector.query(&token, &asked(Some(name), &[], filters)).expect(200)
    };
    assert_eq!(of("tea", &none)["results"][0]["metrics"], json!([21]), "of seven, five are not");
    assert_eq!(of("all", &none)["results"][0]["metrics"], json!([26]), "nobody is left out");
    // Of seven who saw tea five saw the pots: the same without the segment would tell of two.
    let tea = json!([["is", "page", ["/tea"]]]);
    assert_eq!(of("pots", &tea)["withheld"], whole);
    let pots = json!([["is", "page", ["/pots"]]]);
    assert_eq!(of("tea", &pots)["results"][0]["metrics"], json!([5]), "nobody else saw those");
}

#[test]
fn a_row_that_few_others_would_be_in_is_withheld_with_one_that_hides_it() {
    let data = Data::new();
    let collector = stand(&data);
    let token = data.token("shop", &["query"]);
    let by_page = asked(Some("pots"), &["page"], &json!([]));
    let answer = collector.query(&token, &by_page).expect(200);
    // Five of them saw the front page, as seven others did; tea, as two others did; the pots; and one the contact page.
    assert_eq!(answer["results"], json!([{"dimensions": ["/pots"], "metrics": [5]}]));
    let withheld = json!({"smallest_group": 5, "whole": false, "rows": 3, "metrics": [12]});
    assert_eq!(answer["withheld"], withheld);
    let mut paged = by_page.clone();
    paged["limit"] = 1.into();
    let page = collector.query(&token, &paged).expect(200);
    assert_eq!((&page["results"], &page["next"]), (&answer["results"], &Value::Null));
    let range = range();
    let command = ["query", "--site", "shop", "--dimensions", "page", "--segment", "pots"];
    let said = data.run(&[&command[..], &["--from", &range[0], "--to", &range[1]]].concat());
    assert!(said.contains("/pots") && !said.contains("/tea"), "{said}");
    assert!(said.contains("withheld: 3 rows"), "{said}");
}

#[test]
fn the_pages_withhold_the_same() {
    let data = Data::new();
    let collector = stand(&data);
    let ken = marketer(&data, &collector);
    for name in ["contact", "not+to+contact", "nobody"] {
        let page = ken.get(&format!("/office/sites/shop?period=7&segment={name}")).body;
        assert!(page.contains("Fewer than 5 visitors match, or do not match"), "{name}: {page}");
        assert!(!page.contains("class=\"tile\""), "{name}");
    }
    let page = ken.get("/office/sites/shop?period=7&segment=pots").body;
    assert!(page.contains("<span class=\"value\">5</span>"), "{page}");
    assert_eq!(row(&page, "Pages", "/pots"), ["5", "5"]);
    let pages = page.split_once(">Pages</h2>").unwrap().1.split("</section>").next().unwrap();
    assert!(!pages.contains("/tea") && !pages.contains("/contact"), "{pages}");
    assert!(page.contains("What stands for fewer than 5 visitors is not shown"), "{page}");
    // The same narrowed down by a page: two others saw tea.
    let page = ken.get("/office/sites/shop?period=7&segment=pots&page=/tea").body;
    assert!(page.contains("Fewer than 5 visitors match"), "{page}");
    let page = ken.get("/office/sites/shop/events?period=7&segment=contact").body;
    assert!(page.contains("withheld") && !page.contains(">page_view</a>"), "{page}");
    let page = ken.get("/office/sites/shop/now?segment=not+to+contact").body;
    assert!(page.contains("Fewer than 5 visitors match, or do not match"), "{page}");
    let page = ken.get("/office/sites/shop/now?segment=pots").body;
    assert_eq!(row(&page, "Pages", "/pots"), ["5", "5"]);
    assert!(!page.contains("/tea<") && !page.contains("/contact<"), "{page}");
    let page = ken.get("/office/sites/shop/events?period=7&segment=tea").body;
    assert_eq!(row(&page, "Events", "page_view"), ["21", "7"]);
}
