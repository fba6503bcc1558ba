//! The writing task where the database fails it.

use std::time::{Duration, Instant};

use super::*;
use crate::{intake::writer::Writer, metrics::Metrics};

impl Bench {
    /// A database as the writer opens it, by a connection of the test's own making.
    pub(super) async fn writer(&self, setup: &'static str) -> Writer {
        let database = Database::at(&self.url).unwrap();
        let mut connection = database.create().await.unwrap();
        sql(setup).rows(&mut connection).await.unwrap();
        let keys = Arc::new(Keys::of([1; 32], [2; 32], [3; 32]));
        let (writer, mut tasks) = Writer::start(&database, connection, &keys, &Metrics::default());
        // They end with the writer.
        tasks.detach_all();
        writer
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
    let mut bench = on_sqlite().await;
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
async fn a_file_that_may_only_be_read_takes_nothing_and_everything_once_it_may_be_written() {
    let mut bench = on_sqlite().await;
    // On this connection only: the next one may write.
    let writer = bench.writer("PRAGMA query_only = ON").await;
    let problem = writer.lead(bench.form(1)).await.unwrap_err();
    assert_eq!((problem.status.as_u16(), problem.code), (503, "unavailable"));
    assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 0);
    assert!(writer.lead(bench.form(1)).await.is_ok());
    assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 1);
}

#[tokio::test]
async fn while_the_database_is_locked_all_who_wait_are_refused_at_once() {
    let mut bench = on_sqlite().await;
    let writer = bench.writer("PRAGMA busy_timeout = 700").await;
    let forms: Vec<_> = (1..=5).map(|id| bench.form(id)).collect();
    let locked = bench.db.begin().await.unwrap();
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

#[tokio::test]
async fn while_a_table_is_locked_all_who_wait_are_refused_and_nothing_of_them_is_kept() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let writer = bench.writer("SET lock_timeout = 300").await;
    let form = bench.form(1);
    let mut locked = bench.db.begin().await.unwrap();
    sql("LOCK TABLE lead IN ACCESS EXCLUSIVE MODE").execute(&mut locked).await.unwrap();
    let problem = writer.lead(form).await.unwrap_err();
    assert_eq!((problem.status.as_u16(), problem.code), (503, "unavailable"));
    locked.rollback().await.unwrap();
    assert_eq!(bench.count("SELECT COUNT(*) FROM lead").await, 0);
}

#[tokio::test]
async fn a_writer_whose_server_is_gone_refuses_and_goes_on_once_it_is_back() {
    let mut bench = on_postgres(Cluster::start().unwrap()).await;
    let writer = bench.writer("SELECT 1").await;
    assert!(writer.lead(bench.form(1)).await.is_ok());
    bench.cluster.as_mut().unwrap().crash_and_restart().unwrap();
    // Its connection is broken, and that is all: what comes next has a new one.
    let mut refused = 0;
    while let Err(problem) = writer.lead(bench.form(2)).await {
        assert_eq!((problem.status.as_u16(), problem.code), (503, "unavailable"));
        refused += 1;
        assert!(refused < 100, "it never recovered");
    }
    let mut db = Database::at(&bench.url).unwrap().open().await.unwrap();
    let stored: i64 = sql("SELECT COUNT(*) FROM lead").one(&mut db).await.unwrap();
    assert_eq!(stored, 2, "what was taken before the crash is there, and what came after it");
}
