//! Questions about what was stored.

use super::*;
use crate::query::{self, Answer, Query};

impl Bench {
    async fn ask(&mut self, json: &str) -> Answer {
        let question = serde_json::from_str::<Query>(json).unwrap().question().unwrap();
        let (db, file) = (&mut self.db, &self.site.file);
        query::run(db, self.site.id, file, (&question, None), NOW).await.unwrap()
    }
}

fn rows(answer: &Answer) -> Vec<(String, Vec<i64>)> {
    answer.results.iter().map(|row| (row.dimensions.join(" "), row.metrics.clone())).collect()
}

/// 2027-01-15, 17:00 in Tokyo.
const NOW: Millis = Millis(1_800_000_000_000);

#[tokio::test]
async fn views_and_visitors_are_counted_by_day_and_page() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let first = bench.visitor(1, &["analytics"], NOW).await;
        let second = bench.visitor(2, &["analytics"], NOW).await;
        bench.decide(None, request(3, Method::RejectAll, NOW, &[]), NOW).await.unwrap();
        bench.decide(None, request(4, Method::RejectAll, NOW, &[]), NOW).await.unwrap();
        let tomorrow = NOW.plus(7 * 3_600_000);
        bench
            .send(first, &[(1, "page_view", NOW), (2, "page_view", NOW), (3, "click", NOW)], NOW)
            .await;
        bench.send(second, &[(4, "page_view", NOW), (5, "page_view", tomorrow)], tomorrow).await;
        let answer = bench
            .ask(
                r#"{"site":"shop","metrics":["visitors","page_views","events"],
                "dimensions":["time:day","page"],"date_range":["2027-01-15","2027-01-16"]}"#,
            )
            .await;
        let expected = [("2027-01-15 /p", vec![2, 3, 4]), ("2027-01-16 /p", vec![1, 1, 1])];
        assert_eq!(rows(&answer), expected.map(|(key, sums)| (key.to_owned(), sums)));
        assert_eq!((answer.meta.asked, answer.meta.decided), (4, 4));
        assert_eq!(answer.meta.consented_share, Some(0.5));
        let of_event = bench
        .ask(
            r#"{"site":"shop","metrics":["events"],"dimensions":["event"],
                "filters":[["is_not","event",["click"]]],"date_range":["2027-01-15","2027-01-16"]}"#,
        )
        .await;
        assert_eq!(rows(&of_event), [("page_view".to_owned(), vec![4])]);
    }
}

#[tokio::test]
async fn the_period_before_stands_beside_its_day() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let visitor = bench.visitor(1, &["analytics"], NOW).await;
        let next = NOW.plus(DAY);
        bench.send(visitor, &[(1, "page_view", NOW)], NOW).await;
        bench.send(visitor, &[(2, "page_view", next), (3, "page_view", next)], next).await;
        let answer = bench
            .ask(
                r#"{"site":"shop","metrics":["page_views"],"dimensions":["time:day"],
                "date_range":["2027-01-16","2027-01-16"],"compare":"previous_period"}"#,
            )
            .await;
        assert_eq!(answer.results[0].metrics, [2]);
        assert_eq!(answer.results[0].previous, Some(Some(vec![1])));
        let previous = answer.meta.previous.unwrap();
        assert_eq!(previous.date_range, ("2027-01-15".to_owned(), "2027-01-15".to_owned()));
        assert_eq!(previous.decided, 1);
    }
}

#[tokio::test]
async fn a_long_answer_comes_page_by_page() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let visitor = bench.visitor(1, &["analytics"], NOW).await;
        bench
            .send(
                visitor,
                &[(1, "page_view", NOW), (2, "click", NOW), (3, "add_to_cart", NOW)],
                NOW,
            )
            .await;
        let mut seen = Vec::new();
        let mut after = "null".to_owned();
        loop {
            let answer = bench
                .ask(&format!(
                    r#"{{"site":"shop","metrics":["events"],"dimensions":["event"],
                    "date_range":["2027-01-15","2027-01-15"],"limit":2,"after":{after}}}"#
                ))
                .await;
            seen.extend(rows(&answer).into_iter().map(|(name, _)| name));
            match answer.next {
                Some(next) => after = format!("\"{next}\""),
                None => break,
            }
        }
        assert_eq!(seen, ["add_to_cart", "click", "page_view"]);
    }
}

/// What a visitor did, as the tests count it by themselves.
#[derive(Clone)]
struct Did {
    visitor: u8,
    at: Millis,
    name: &'static str,
    page: &'static str,
    properties: &'static str,
}

/// Three visitors over two months, with pauses and properties of every kind.
fn plan() -> Vec<Did> {
    let did = |visitor, minutes: i64, name, page, properties| Did {
        visitor,
        at: NOW.plus(minutes * 60_000),
        name,
        page,
        properties,
    };
    vec![
        did(1, -4000, "page_view", "/p", "{}"),
        did(1, -3990, "user_engagement", "/p", r#"{"engaged_ms":61000}"#),
        did(1, -3961, "page_view", "/q", "{}"),
        did(1, -3930, "page_view", "/p", "{}"),
        did(1, -100, "add_to_cart", "/q", r#"{"plan":"pro","n":3,"gift":true}"#),
        did(2, -95, "add_to_cart", "/q", r#"{"plan":"プロ","n":4,"gift":false}"#),
        did(2, -60, "user_engagement", "/q", r#"{"engaged_ms":"61000"}"#),
        did(2, -59, "user_engagement", "/q", r#"{"engaged_ms":1e300}"#),
        did(2, -58, "user_engagement", "/q", r#"{"engaged_ms":-5}"#),
        did(3, -30, "page_view", "/100%_sure", "{}"),
        did(3, 0, "page_view", "/p", "{}"),
    ]
}

async fn planted(bench: &mut Bench) -> Vec<Did> {
    planted_on(bench, &[Device::Computer]).await
}

/// The same, each visitor on the next of these devices.
async fn planted_on(bench: &mut Bench, devices: &[Device]) -> Vec<Did> {
    let plan = plan();
    let start = NOW.plus(-5000 * 60_000);
    for number in 1..=3 {
        bench.device = devices[usize::from(number - 1) % devices.len()];
        let visitor = bench.visitor(number, &["analytics"], start).await;
        let own = plan.iter().filter(|did| did.visitor == number);
        for (at, did) in own.enumerate() {
            let id = Uuid7::new(did.at, &[number * 16 + u8::try_from(at).unwrap(); 10]);
            let event = format!(
                r#"{{"id":"{id}","name":"{}","at":{},"page":{{"url":"http://localhost:8081{}"}},"properties":{}}}"#,
                did.name, did.at.0, did.page, did.properties
            );
            let stored = bench.send_written(visitor, &[event], did.at).await;
            assert_eq!(stored.stored, 1, "{did_name}: {stored:?}", did_name = did.name);
        }
    }
    plan
}

#[tokio::test]
async fn visits_end_with_a_pause_of_half_an_hour_and_count_where_anything_of_them_does() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let plan = planted(&mut bench).await;
        let answer = bench
            .ask(
                r#"{"site":"shop","metrics":["visits","visitors","engaged_ms"],
                "date_range":["2027-01-01","2027-01-31"]}"#,
            )
            .await;
        let mut visits = 0;
        for number in 1..=3 {
            let own: Vec<_> = plan.iter().filter(|did| did.visitor == number).collect();
            visits += 1;
            visits += own.windows(2).filter(|two| two[1].at.0 - two[0].at.0 >= 1_800_000).count();
        }
        let visits = i64::try_from(visits).unwrap();
        assert_eq!(visits, 7);
        assert_eq!(answer.results[0].metrics, [visits, 3, 61_000]);
        let of_page = bench
            .ask(
                r#"{"site":"shop","metrics":["visits"],"dimensions":["page"],
                "date_range":["2027-01-01","2027-01-31"]}"#,
            )
            .await;
        let expected = [("/q", 4), ("/p", 3), ("/100%_sure", 1)];
        let mut shown = rows(&of_page);
        shown.sort_by_key(|(page, sums)| (std::cmp::Reverse(sums[0]), page.clone()));
        assert_eq!(shown, expected.map(|(page, n)| (page.to_owned(), vec![n])));
    }
}

#[tokio::test]
async fn hours_weeks_and_months_are_those_of_the_sites_time_zone() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let _ = planted(&mut bench).await;
        let by = async |bench: &mut Bench, dimension: &str| {
            let json = format!(
                r#"{{"site":"shop","metrics":["events"],"dimensions":["{dimension}"],
                "date_range":["2026-12-20","2027-01-31"]}}"#
            );
            rows(&bench.ask(&json).await)
        };
        let expected = |all: &[(&str, i64)]| -> Vec<(String, Vec<i64>)> {
            all.iter().map(|(key, n)| ((*key).to_owned(), vec![*n])).collect()
        };
        // 17:00 in Tokyo less 4,000 minutes, and so on.
        let hours = [
            ("2027-01-12T22:00", 3),
            ("2027-01-12T23:00", 1),
            ("2027-01-15T15:00", 2),
            ("2027-01-15T16:00", 4),
            ("2027-01-15T17:00", 1),
        ];
        assert_eq!(by(&mut bench, "time:hour").await, expected(&hours));
        assert_eq!(by(&mut bench, "time:week").await, expected(&[("2027-01-11", 11)]));
        assert_eq!(by(&mut bench, "time:month").await, expected(&[("2027-01", 11)]));
    }
}

#[tokio::test]
async fn events_are_of_the_device_and_in_the_language_of_the_decision_they_were_taken_under() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let plan =
            planted_on(&mut bench, &[Device::Phone, Device::Computer, Device::Unknown]).await;
        let device = |did: &Did| ["phone", "computer", ""][usize::from(did.visitor) - 1];
        let range = r#""date_range":["2027-01-01","2027-01-31"]"#;
        let by = format!(
            r#"{{"site":"shop","metrics":["events","visitors"],"dimensions":["device","language"],{range}}}"#
        );
        let mut expected: Vec<(String, Vec<i64>)> = ["phone", "computer", ""]
            .map(|kind| {
                let own: Vec<_> = plan.iter().filter(|did| device(did) == kind).collect();
                (format!("{kind} ja"), vec![i64::try_from(own.len()).unwrap(), 1])
            })
            .into();
        expected.sort();
        let mut shown = rows(&bench.ask(&by).await);
        shown.sort();
        assert_eq!(shown, expected);
        for kinds in [&["phone"][..], &["phone", ""], &["tablet"]] {
            let filter = serde_json::json!(["is", "device", kinds]);
            let question =
                format!(r#"{{"site":"shop","metrics":["events"],"filters":[{filter}],{range}}}"#);
            let plain = plan.iter().filter(|did| kinds.contains(&device(did))).count();
            let answer = bench.ask(&question).await;
            assert_eq!(answer.results[0].metrics, [i64::try_from(plain).unwrap()], "{kinds:?}");
        }
    }
}

#[tokio::test]
async fn what_was_done_before_somebody_decided_anew_elsewhere_stays_on_its_device() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.device = Device::Phone;
        let visitor = bench.visitor(1, &["analytics"], NOW).await;
        bench.send(visitor, &[(1, "page_view", NOW), (2, "click", NOW)], NOW).await;
        bench.device = Device::Tablet;
        let later = NOW.plus(60_000);
        let anew = request(2, Method::Custom, later, &[("analytics", true), ("marketing", true)]);
        bench.decide(Some(visitor), anew, later).await.unwrap();
        bench.send(visitor, &[(3, "page_view", later)], later).await;
        let answer = bench
            .ask(
                r#"{"site":"shop","metrics":["events","visitors"],"dimensions":["device"],
                "date_range":["2027-01-15","2027-01-15"]}"#,
            )
            .await;
        let expected = [("phone", vec![2, 1]), ("tablet", vec![1, 1])];
        assert_eq!(rows(&answer), expected.map(|(key, sums)| (key.to_owned(), sums)));
    }
}

#[tokio::test]
async fn filters_stand_inside_one_another_and_properties_are_texts() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let plan = planted(&mut bench).await;
        let count = async |bench: &mut Bench, filter: &str| {
            let json = format!(
                r#"{{"site":"shop","metrics":["events"],"filters":[{filter}],
                "date_range":["2027-01-01","2027-01-31"]}}"#
            );
            bench.ask(&json).await.results[0].metrics[0]
        };
        let plain = |holds: &dyn Fn(&Did) -> bool| {
            i64::try_from(plan.iter().filter(|did| holds(did)).count()).unwrap()
        };
        let contains = r#"["contains","page",["100%_"]]"#;
        assert_eq!(count(&mut bench, contains).await, plain(&|did| did.page.contains("100%_")));
        let mixed = r#"["or",[["and",[["is","event",["page_view"]],["is_not","page",["/p"]]]],["is","property:gift",["true"]]]]"#;
        let expected = plain(&|did| {
            (did.name == "page_view" && did.page != "/p") || did.properties.contains("true")
        });
        assert_eq!((count(&mut bench, mixed).await, expected), (3, 3));
        let not = r#"["not",["contains","event",["view","engage"]]]"#;
        assert_eq!(count(&mut bench, not).await, 2);
        let none = r#"["is","property:plan",[""]]"#;
        assert_eq!(count(&mut bench, none).await, 9);
        let answer = bench
            .ask(
                r#"{"site":"shop","metrics":["events"],"dimensions":["property:plan","property:n","property:gift"],
                "filters":[["is","event",["add_to_cart"]]],"date_range":["2027-01-01","2027-01-31"]}"#,
            )
            .await;
        assert_eq!(
            rows(&answer),
            [("pro 3 true".to_owned(), vec![1]), ("プロ 4 false".to_owned(), vec![1])]
        );
        let hostile = r#"["is","property:x') OR ('1'='1",["'; DROP TABLE event; --"]]"#;
        assert_eq!(count(&mut bench, hostile).await, 0);
    }
}
