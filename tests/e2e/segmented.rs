//! Segments as filters of figures: of questions by the API, the command line and in files, of exports, and of the pages.

mod groups;
mod pages;
mod reach;

use std::collections::{BTreeMap, BTreeSet};

use ashiato_tests::{Answer, Collector, Data, Visitor, collector::UNLIMITED};
use serde_json::{Value, json};

use crate::analysis::{post, range};

/// Something that was done: whose it is, whether it was the day before, and what on which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Act {
    visitor: usize,
    before: bool,
    name: &'static str,
    page: &'static str,
}

const PAGES: [&str; 4] = ["/", "/a", "/b", "/c"];

/// What 24 visitors did: on the day before whatever they did on one of the pages.
fn acts() -> Vec<Act> {
    let of = |visitor: usize| {
        (0..=visitor % 5).map(move |at| {
            let page = PAGES[(visitor * 7 + at * 3) % 4];
            let name = if (visitor + at).is_multiple_of(3) { "click" } else { "page_view" };
            Act { visitor, before: page == "/b", name, page }
        })
    };
    (0..24).flat_map(of).collect()
}

/// Has the collector hear of it.
fn happen(data: &Data, collector: &Collector, acts: &[Act]) -> Vec<Visitor> {
    let visitors = acts.chunk_by(|one, next| one.visitor == next.visitor).map(|own| {
        let visitor = Visitor::who_grants(collector, &["analytics"]);
        let event = |act: &Act| {
            let mut event = visitor.event(act.name);
            event["page"]["url"] = format!("https://shop.example{}", act.page).into();
            event
        };
        let events: Vec<_> = own.iter().map(event).collect();
        assert_eq!(visitor.send(collector, &events).expect(200)["stored"], events.len());
        visitor
    });
    let visitors = visitors.collect();
    // One day's, though it may have become another while they were sent.
    data.change_events("UPDATE event SET day = (SELECT MAX(day) FROM event)");
    data.change_events("UPDATE event SET day = day - 1, at = at - 86400000 WHERE page = '/b'");
    visitors
}

fn keep(collector: &Collector, token: &str, name: &str, definition: &Value) {
    let body = json!({"site": "shop", "name": name, "definition": definition});
    let _ = post(collector, token, "/api/v1/segments", &body).expect(201);
}

/// The segments that are asked with, and whether somebody is in them who did that.
type Is = fn(&[Act]) -> bool;

fn on(acts: &[Act], page: &str) -> usize {
    acts.iter().filter(|act| act.page == page).count()
}

fn segments() -> [(&'static str, Value, Is); 4] {
    let page = |page: &str| json!([["is", "page", [page]]]);
    let click = json!([["is", "event", ["click"]]]);
    [
        ("saw a", json!({"did": {"filters": page("/a")}}), |acts| on(acts, "/a") > 0),
        ("never clicked", json!({"did_not": {"filters": click}}), |acts| {
            acts.iter().all(|act| act.name != "click")
        }),
        (
            "買う人",
            json!({"any": [
                {"all": [{"did": {"filters": page("/")}}, {"did_not": {"filters": page("/c")}}]},
                {"did": {"filters": [], "at_least": 5}},
            ]}),
            |acts| (on(acts, "/") > 0 && on(acts, "/c") == 0) || acts.len() >= 5,
        ),
        ("nobody", json!({"did": {"filters": page("/nowhere")}}), |_| false),
    ]
}

/// Rows by page: events, visitors, page views and visits, the most events first.
fn counted<'a>(acts: impl Iterator<Item = &'a Act>) -> Vec<(&'static str, [usize; 4])> {
    let mut rows: BTreeMap<&str, Vec<&Act>> = BTreeMap::new();
    for act in acts {
        rows.entry(act.page).or_default().push(act);
    }
    let sums = |acts: Vec<&Act>| {
        let visitors: BTreeSet<_> = acts.iter().map(|act| act.visitor).collect();
        let visits: BTreeSet<_> = acts.iter().map(|act| (act.visitor, act.before)).collect();
        let views = acts.iter().filter(|act| act.name == "page_view").count();
        [acts.len(), visitors.len(), views, visits.len()]
    };
    let mut rows: Vec<_> = rows.into_iter().map(|(page, acts)| (page, sums(acts))).collect();
    rows.sort_by(|a, b| b.1[0].cmp(&a.1[0]).then_with(|| a.0.cmp(b.0)));
    rows
}

/// What those did who are in a segment by what they did.
fn of_those(acts: &[Act], is: Is) -> impl Iterator<Item = &Act> {
    acts.chunk_by(|one, next| one.visitor == next.visitor).filter(move |own| is(own)).flatten()
}

fn question(segment: &str) -> Value {
    json!({
        "site": "shop", "metrics": ["events", "visitors", "page_views", "visits"], "dimensions": ["page"],
        "filters": [], "segment": segment, "date_range": range(),
    })
}

fn rows(answer: &Value) -> Value {
    let rows = answer["results"].as_array().unwrap().iter();
    rows.map(|row| json!([row["dimensions"][0], row["metrics"]])).collect()
}

#[test]
fn figures_of_a_segment_are_those_that_its_visitors_alone_would_make() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let acts = acts();
    let _ = happen(&data, &collector, &acts);
    let token = data.token("shop", &["query"]);
    for (name, definition, is) in segments() {
        keep(&collector, &token, name, &definition);
        let mut asked = question(name);
        let expected = counted(of_those(&acts, is));
        assert_eq!(expected.is_empty(), name == "nobody");
        assert_eq!(rows(&collector.query(&token, &asked).expect(200)), json!(expected), "{name}");
        asked["filters"] = json!([["is", "event", ["click"]], ["is_not", "page", ["/c"]]]);
        let clicks = of_those(&acts, is).filter(|act| act.name == "click" && act.page != "/c");
        assert_eq!(
            rows(&collector.query(&token, &asked).expect(200)),
            json!(counted(clicks)),
            "{name}"
        );
        // Page by page it is the same, and by the command line.
        asked["filters"] = json!([]);
        asked["limit"] = 1.into();
        let mut paged = Vec::new();
        loop {
            let answer = collector.query(&token, &asked).expect(200);
            paged.extend(rows(&answer).as_array().unwrap().iter().cloned());
            asked["after"] = answer["next"].clone();
            if answer["next"].is_null() {
                break;
            }
            assert!(paged.len() < 10, "it ends");
        }
        assert_eq!(json!(paged), json!(expected), "{name}");
        let range = range();
        let command = ["query", "--site", "shop", "--dimensions", "page", "--segment", name];
        let metrics = ["--metrics", "events,visitors,page_views,visits", "--json"];
        let days = ["--from", &range[0], "--to", &range[1]];
        let said = data.run(&[&command[..], &metrics, &days].concat());
        assert_eq!(rows(&serde_json::from_str(&said).unwrap()), json!(expected), "{name}");
    }
}

#[test]
fn the_period_before_is_what_the_same_question_tells_of_it() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let acts = acts();
    let _ = happen(&data, &collector, &acts);
    let token = data.token("shop", &["query"]);
    let today = data.database().number("SELECT MAX(day) FROM event");
    let day = |day: i64| {
        let text = format!("SELECT date({day} * 86400, 'unixepoch')");
        ashiato_tests::database::Database::open("sqlite::memory:").texts(&text).remove(0)
    };
    for (name, definition, is) in segments() {
        keep(&collector, &token, name, &definition);
        let mut asked = question(name);
        asked["dimensions"] = json!([]);
        asked["metrics"] = json!(["events", "visitors"]);
        asked["date_range"] = json!([day(today), day(today)]);
        asked["compare"] = "previous_period".into();
        let answer = collector.query(&token, &asked).expect(200);
        // Who is in it goes by the days that are asked about, in either period.
        let sums = |before: bool| {
            let own: Vec<_> = acts.iter().filter(|act| act.before == before).copied().collect();
            let own: Vec<_> = of_those(&own, is).copied().collect();
            let visitors: BTreeSet<_> = own.iter().map(|act| act.visitor).collect();
            json!([own.len(), visitors.len()])
        };
        let row = &answer["results"][0];
        assert_eq!((&row["metrics"], &row["previous"]), (&sums(false), &sums(true)), "{name}");
        asked["date_range"] = json!([day(today - 1), day(today - 1)]);
        let answer = collector.query(&token, &asked).expect(200);
        assert_eq!(answer["results"][0]["metrics"], sums(true), "{name}");
    }
    // One that has days of its own has the same visitors in both.
    let of_its_own = json!({"did": {"filters": [["is", "page", ["/a"]]], "in_last_days": 2}});
    keep(&collector, &token, "lately", &of_its_own);
    let mut asked = question("lately");
    asked["dimensions"] = json!([]);
    asked["metrics"] = json!(["events"]);
    asked["date_range"] = json!([day(today - 1), day(today - 1)]);
    let yesterday = of_those(&acts, |acts| on(acts, "/a") > 0).filter(|act| act.before).count();
    assert!(yesterday > 0);
    let answer = collector.query(&token, &asked).expect(200);
    assert_eq!(answer["results"][0]["metrics"], json!([yesterday]));
}

#[test]
fn who_withdraws_is_in_no_figure_of_a_segment_any_more() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut acts = acts();
    let visitors = happen(&data, &collector, &acts);
    let token = data.token("shop", &["query"]);
    let (name, definition, is) = segments()[0].clone();
    keep(&collector, &token, name, &definition);
    let gone = of_those(&acts, is).next().unwrap().visitor;
    let _ = visitors[gone].later(&collector).decide(&collector, "withdraw", &[]).expect(201);
    acts.retain(|act| act.visitor != gone);
    let answer = collector.query(&token, &question(name)).expect(200);
    assert_eq!(rows(&answer), json!(counted(of_those(&acts, is))));
}

fn export(collector: &Collector, token: &str, body: &Value, path: &str) -> Answer {
    let request = collector.request("POST", path).header("accept", "text/csv");
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/json");
    collector.send(request, body.to_string()).unwrap()
}

/// Pages of a file's rows with how often each is there.
fn pages_of(csv: &str) -> BTreeMap<String, usize> {
    let mut lines = csv.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == "page").unwrap();
    let mut pages = BTreeMap::new();
    for line in lines {
        *pages.entry(line.split(',').nth(at).unwrap().to_owned()).or_default() += 1;
    }
    pages
}

#[test]
fn files_have_a_segments_figures_and_its_events() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let acts = acts();
    let visitors = happen(&data, &collector, &acts);
    let token = data.token("shop", &["query", "export"]);
    let (name, definition, is) = segments()[2].clone();
    keep(&collector, &token, name, &definition);
    let csv = export(&collector, &token, &question(name), "/api/v1/query");
    assert_eq!(csv.status, 200, "{}", csv.body);
    let expected: Vec<_> = counted(of_those(&acts, is))
        .into_iter()
        .map(|(page, [events, visitors, views, visits])| {
            format!("{page},{events},{visitors},{views},{visits},1")
        })
        .collect();
    assert_eq!(csv.body.lines().skip(1).collect::<Vec<_>>(), expected);

    let mut asked = json!({"site": "shop", "date_range": range(), "segment": name});
    let pages = || {
        let csv = export(&collector, &token, &asked, "/api/v1/export");
        assert_eq!(csv.status, 200, "{}", csv.body);
        pages_of(&csv.body)
    };
    let expected = |acts: &[Act]| {
        let mut pages = BTreeMap::new();
        of_those(acts, is).for_each(|act| *pages.entry(act.page.to_owned()).or_default() += 1);
        pages
    };
    assert_eq!(pages(), expected(&acts));
    let (range, path) = (range(), data.path("events.csv"));
    let path = path.display().to_string();
    let command = ["export", "--site", "shop", "--segment", name, "--output", &path];
    let _ = data.run(&[&command[..], &["--from", &range[0], "--to", &range[1]]].concat());
    assert_eq!(pages_of(&std::fs::read_to_string(&path).unwrap()), expected(&acts));
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(trail.contains("event.export") && trail.contains(name), "{trail}");
    let gone = of_those(&acts, is).next().unwrap().visitor;
    let _ = visitors[gone].later(&collector).decide(&collector, "withdraw", &[]).expect(201);
    let left: Vec<_> = acts.iter().filter(|act| act.visitor != gone).copied().collect();
    assert_eq!(pages(), expected(&left));
    asked["segment"] = "gone".into();
    let answer = export(&collector, &token, &asked, "/api/v1/export");
    assert_eq!(answer.problem(422), "content");
    assert_eq!(answer.json()["errors"][0]["field"], "segment");
}
