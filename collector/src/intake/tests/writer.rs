//! The writing task where the database fails it.

use std::time::{Duration, Instant};

use super::*;
use crate::{intake::writer::Writer, metrics::Metrics};

impl Bench {
    /// A database as the writer opens it, by a connection of the test's own making.
    async fn writer(&self, setup: &'static str) -> Writer {
        let url = format!("sqlite:{}", self.folder.path().join("a.db").display());
        let database = Database::at(&url).unwrap();
        let mut connection = database.create().await.unwrap();
        sqlx::query(setup).fetch_all(&mut connection).await.unwrap();
        let keys = Arc::new(Keys::of([1; 32], [2; 32], [3; 32]));
        Writer::start(database, connection, keys, Metrics::default()).0
    }

    fn form(&self, id: u8) -> Sent {
        let long = [("message".to_owned(), "x".repeat(20_000))];
        Sent {
            submission: consent_core::form::Submission {
                fields: long.into(),
                ..Default::default()
            },
            ..self.sent(id, None)
        }
    }
}

#[tokio::test]
async fn a_writer_that_finds_no_room_takes_what_comes_when_there_is_room_again() {
    let mut bench = bench().await;
    // The pages that are there now are all there may be, on this connection only.
    let writer = bench.writer("PRAGMA max_page_count = 1").await;
    let mut taken = Vec::new();
    let mut refused = 0;
    for id in 1..=20 {
        match writer.lead(bench.form(id)).await {
            Ok(_) => taken.push(id),
            Err(problem) => {
                assert_eq!((problem.status.as_u16(), problem.code), (503, "unavailable"));
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "the limit was never met");
    assert_eq!(taken.last(), Some(&20), "it never recovered");
    let stored = i64::try_from(taken.len()).unwrap();
    assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, stored);
}

#[tokio::test]
async fn while_the_database_is_locked_all_who_wait_are_refused_at_once() {
    let mut bench = bench().await;
    let writer = bench.writer("PRAGMA busy_timeout = 700").await;
    let forms: Vec<_> = (1..=5).map(|id| bench.form(id)).collect();
    let locked = bench.db.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let asked = Instant::now();
    let waiting: Vec<_> = forms
        .into_iter()
        .map(|form| {
            let writer = writer.clone();
            tokio::spawn(async move { writer.lead(form).await })
        })
        .collect();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap_err().code, "unavailable");
    }
    assert!(asked.elapsed() < Duration::from_millis(2_000), "{:?}", asked.elapsed());
    locked.rollback().await.unwrap();
    assert!(writer.lead(bench.form(6)).await.is_ok());
}
