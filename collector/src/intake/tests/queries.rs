//! Questions about what was stored.

use super::*;
use crate::query::{self, Answer, Query};

impl Bench {
    async fn ask(&mut self, json: &str) -> Answer {
        let question = serde_json::from_str::<Query>(json).unwrap().question().unwrap();
        query::run(&mut self.db, self.site.id, &self.site.file, &question, NOW).await.unwrap()
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
        assert_eq!(answer.results[0].previous, Some(vec![1]));
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
