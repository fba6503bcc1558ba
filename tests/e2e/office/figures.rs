//! The figures, held against a loop over what happened.

use std::collections::{BTreeMap, BTreeSet};

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED};
use serde_json::json;

use super::{EMAIL, between, somebody};

/// What happened: of which visitor, so many minutes ago, what, and where.
fn planted() -> Vec<(usize, i64, &'static str, &'static str)> {
    let pages = ["/", "/products", "/products/kyusu", "/contact"];
    let mut seed = 7_u64;
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut planted: Vec<(usize, i64, &str, &str)> = Vec::new();
    // No two of a visitor at once: their order would be that of their ids.
    let taken = |planted: &[(usize, i64, &str, &str)], visitor, minutes| {
        planted.iter().any(|(of, at, ..)| (*of, *at) == (visitor, minutes))
    };
    for visitor in 0..6 {
        for _ in 0..12 {
            let minutes = i64::try_from(1 + draw(4 * 24 * 60)).unwrap();
            let name = ["page_view", "page_view", "page_view", "user_engagement", "click"]
                [usize::try_from(draw(5)).unwrap()];
            let page = pages[usize::try_from(draw(4)).unwrap()];
            if !taken(&planted, visitor, minutes) {
                planted.push((visitor, minutes, name, page));
            }
            // A second look, within the visit.
            if draw(2) == 0 && minutes > 7 && !taken(&planted, visitor, minutes - 7) {
                planted.push((visitor, minutes - 7, "page_view", "/products"));
            }
        }
    }
    planted
}

#[test]
fn the_figures_are_those_of_what_happened() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let planted = planted();
    let visitors: Vec<_> =
        (0..6).map(|_| Visitor::who_grants(&collector, &["analytics"])).collect();
    for (at, visitor) in visitors.iter().enumerate() {
        let own = planted.iter().enumerate().filter(|(_, (of, ..))| *of == at);
        let events: Vec<_> = own
            .map(|(number, (_, _, name, page))| {
                let mut event = visitor.event(name);
                event["page"] = json!({
                    "url": format!("https://shop.example{page}"),
                    "title": format!("{number}"),
                    "referrer": if number % 2 == 0 { "https://search.example/?q=tea" } else { "https://shop.example/" },
                });
                if *name == "user_engagement" {
                    event["properties"] = json!({"engaged_ms": 1_500 + number});
                }
                event
            })
            .collect();
        assert_eq!(visitor.send(&collector, &events).expect(200)["stored"], events.len());
    }
    // They happened some time ago; Tokyo's days begin at 15:00.
    let mut database = data.database();
    for (number, (_, minutes, ..)) in planted.iter().enumerate() {
        let at = format!("at - {minutes} * 60000");
        database.run(&format!(
            "UPDATE event SET at = {at}, day = ({at} + 32400000) / 86400000 WHERE title = '{number}'"
        ));
    }
    let _ = data.run(&["copies", "rebuild", "--site", "shop"]);
    let expected = recomputed(&planted);
    let mut browser = somebody(&data, &collector, EMAIL, "marketer");
    let page = browser.get("/office/sites/shop?period=30").body;
    let tile = |name: &str| {
        between(&page, &format!("<span class=\"name\">{name}</span><span class=\"value\">"), "<")
            .to_owned()
    };
    let shown = ["Visitors", "Visits", "Page views", "Time per visit", "Bounce rate"].map(tile);
    assert_eq!(shown, expected.tiles);
    for (card, rows) in [
        ("page", &expected.pages),
        ("entry", &expected.entries),
        ("exit", &expected.exits),
        ("source", &expected.sources),
    ] {
        assert_eq!(&breakdown(&page, card), rows, "{card}");
    }
    // The course adds up to the whole, for what can be added.
    let course = browser.get("/office/sites/shop?period=30&figure=views").body;
    let table = between(&course, "<tbody>", "</tbody>");
    let sum: i64 = table
        .split("<tr>")
        .skip(1)
        .map(|row| number(between(row, "<td class=\"number\">", "<")))
        .sum();
    assert_eq!(sum, number(&expected.tiles[2]));
    // Of visits that saw a page only those are counted.
    let only = browser.get("/office/sites/shop?period=30&page=/contact").body;
    let visits = between(&only, "<span class=\"name\">Visits</span><span class=\"value\">", "<");
    assert_eq!(number(visits), expected.with_contact);
    assert!(only.contains("(remove)"));
}

fn number(text: &str) -> i64 {
    text.replace(',', "").parse().unwrap()
}

/// The rows of a card: name and first figure.
fn breakdown(page: &str, card: &str) -> BTreeMap<String, i64> {
    let card = between(page, &format!("<h2 id=\"by-{card}\">"), "</section>");
    let rows = between(card, "<tbody>", "</tbody>").split("<tr>").skip(1);
    rows.map(|row| {
        let name = between(row.split_once("<a ").unwrap().1, ">", "<").to_owned();
        (name, number(between(row, "<td class=\"number\">", "<")))
    })
    .collect()
}

#[derive(Default)]
struct Expected {
    tiles: [String; 5],
    pages: BTreeMap<String, i64>,
    entries: BTreeMap<String, i64>,
    exits: BTreeMap<String, i64>,
    sources: BTreeMap<String, i64>,
    with_contact: i64,
}

/// The same by a loop over what was planted.
fn recomputed(planted: &[(usize, i64, &str, &str)]) -> Expected {
    let mut visits: Vec<Vec<usize>> = Vec::new();
    for visitor in 0..6 {
        let mut own: Vec<_> = (0..planted.len()).filter(|at| planted[*at].0 == visitor).collect();
        // The same minute: in the order of their ids, which is that of their making.
        own.sort_by_key(|at| (-planted[*at].1, *at));
        let mut last: Option<i64> = None;
        for at in own {
            if last.is_none_or(|last| last - planted[at].1 > 30) {
                visits.push(Vec::new());
            }
            visits.last_mut().unwrap().push(at);
            last = Some(planted[at].1);
        }
    }
    let views = |visit: &[usize]| -> Vec<usize> {
        visit.iter().copied().filter(|at| planted[*at].2 == "page_view").collect()
    };
    visits.retain(|visit| !views(visit).is_empty());
    let mut expected = Expected::default();
    let (mut engaged, mut all_views, mut bounces) = (0, 0, 0);
    let mut visitors = BTreeSet::new();
    for visit in &visits {
        let views = views(visit);
        let (first, last) = (views[0], *views.last().unwrap());
        visitors.insert(planted[first].0);
        all_views += views.len();
        bounces += usize::from(views.len() == 1);
        let times = visit.iter().filter(|at| planted[**at].2 == "user_engagement");
        engaged += times.map(|at| 1_500 + at).sum::<usize>();
        for at in &views {
            *expected.pages.entry(planted[*at].3.to_owned()).or_default() += 1;
        }
        *expected.entries.entry(planted[first].3.to_owned()).or_default() += 1;
        *expected.exits.entry(planted[last].3.to_owned()).or_default() += 1;
        let source = if first % 2 == 0 { "search.example" } else { "Direct or unknown" };
        *expected.sources.entry(source.to_owned()).or_default() += 1;
        expected.with_contact += i64::from(views.iter().any(|at| planted[*at].3 == "/contact"));
    }
    let thousandths = bounces * 1_000 / visits.len();
    expected.tiles = [
        visitors.len().to_string(),
        visits.len().to_string(),
        all_views.to_string(),
        format!("{} s", engaged / visits.len() / 1_000),
        format!("{}.{}%", thousandths / 10, thousandths % 10),
    ];
    expected
}
