//! Whatever somebody with the database in their hands does to the consent log is found.

use sqlx::AssertSqlSafe;

use super::{log::ORIGIN, *};
use crate::{
    store::log as leaves,
    transparency::{self, Report},
};

/// A signed log of 600 leaves: refusals and receipts, the last of them an erasure; its keeper is gone.
async fn signed() -> (Bench, String) {
    let mut bench = bench().await;
    let now = clock::now();
    bench.found().await;
    bench.fill(599, now).await;
    let id: Vec<u8> = bench.one("SELECT id FROM decision WHERE log_index = 100").await;
    let id = Uuid7::from_bytes(id.try_into().unwrap()).unwrap();
    let (mut log, decision) = (Appender::default(), (bench.site.id, id));
    assert!(transparency::erase(&mut bench.db, &mut log, decision, now).await.unwrap());
    log.settle(&mut bench.db).await.unwrap();
    let note = bench.sign(now).await;
    // Nothing that the database itself checks is in the way.
    bench.run("PRAGMA foreign_keys = OFF").await;
    (bench, note)
}

impl Bench {
    async fn one<T>(&mut self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.db).await.unwrap()
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.db).await.unwrap();
    }

    /// What is found of a change, which is then taken back.
    async fn after(&mut self, change: &str, earlier: Option<&str>) -> Report {
        let expected = self.expected(earlier);
        let mut tx = self.db.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut *tx).await.unwrap();
        let report = transparency::verify(&mut tx, &expected).await.unwrap();
        tx.rollback().await.unwrap();
        report
    }

    async fn finds(&mut self, change: &str, words: &str) {
        let report = self.after(change, None).await;
        assert!(!report.is_good(), "not found: {change}");
        assert!(report.to_text().contains(words), "{change}:\n{}", report.to_text());
    }
}

/// A statement that changes one column of a row into something else of its kind.
fn changed(column: &str, index: i64) -> String {
    format!(
        "UPDATE decision SET {column} = CASE typeof({column}) \
            WHEN 'integer' THEN {column} + 1000000 WHEN 'text' THEN {column} || 'x' \
            WHEN 'blob' THEN randomblob(length({column})) ELSE x'00000000000000000000000000000001' END \
        WHERE log_index = {index}"
    )
}

#[tokio::test]
async fn changing_any_column_of_any_decision_is_found() {
    let (mut bench, _) = signed().await;
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('decision') ORDER BY cid")
            .fetch_all(&mut bench.db)
            .await
            .unwrap();
    assert!(columns.len() >= 16);
    for index in [0, 1, 255, 256, 598] {
        for column in &columns {
            let report = bench.after(&changed(column, index), None).await;
            assert!(!report.is_good(), "{column} of {index} was changed unseen");
            let text = report.to_text();
            assert!(text.contains(&format!("leaf {index} ")), "{column} of {index}:\n{text}");
        }
    }
}

#[tokio::test]
async fn changing_what_a_decision_refers_to_is_found() {
    let (mut bench, _) = signed().await;
    for change in [
        "UPDATE policy SET document = replace(document, 'shop', 'shoq')",
        "UPDATE site SET key = 'other'",
        "DELETE FROM site",
        "UPDATE visitor SET hash = randomblob(16)",
        "DELETE FROM visitor",
    ] {
        bench.finds(change, "as it is in the database").await;
    }
}

#[tokio::test]
async fn dropping_anything_is_found() {
    let (mut bench, note) = signed().await;
    for (change, words) in [
        ("DELETE FROM decision WHERE log_index = 7", "leaf 7 has no record"),
        ("DELETE FROM decision WHERE log_index = 0", "leaf 0 has no record"),
        ("DELETE FROM log_leaf WHERE idx = 7", "leaf 7 is missing"),
        ("DELETE FROM log_leaf WHERE idx = 7", "names leaf 7"),
        ("DELETE FROM log_leaf WHERE idx BETWEEN 7 AND 9", "leaves 7 to 9 are missing"),
        ("DELETE FROM log_leaf WHERE idx = 0", "leaf 0 is missing"),
        ("DELETE FROM log_leaf WHERE idx = 599", "leaf 599 is missing"),
        ("DELETE FROM log_leaf", "leaves 0 to 599 are missing"),
        ("DELETE FROM log_tile WHERE idx = 1", "level 1, number 1"),
        ("DELETE FROM log_erasure", "leaf 100 has no record"),
        ("DELETE FROM log_erasure", "leaf 599 has no record"),
        // With the leaf and the head, as if there had never been any.
        (
            "DELETE FROM log_erasure; DELETE FROM log_leaf WHERE idx = 599; \
             UPDATE log_head SET size = 599",
            "larger than the log, which has size 599",
        ),
        (
            "DELETE FROM decision WHERE log_index > 255; DELETE FROM log_erasure; \
             DELETE FROM log_leaf WHERE idx > 255; DELETE FROM log_tile WHERE idx > 0; \
             UPDATE log_head SET size = 256",
            "an older copy of the database put back",
        ),
    ] {
        bench.finds(change, words).await;
    }
    // Whoever drops the signed checkpoints too meets those that were kept elsewhere.
    let cut = "DELETE FROM log_checkpoint; DELETE FROM log_erasure; \
        DELETE FROM decision WHERE log_index = 100; DELETE FROM log_leaf WHERE idx >= 100; \
        DELETE FROM decision WHERE log_index > 100; DELETE FROM log_tile; \
        UPDATE log_head SET size = 100";
    assert!(bench.after(cut, None).await.is_good());
    let report = bench.after(cut, Some(&note)).await;
    assert!(report.to_text().contains("size 600 that was given is larger"), "{}", report.to_text());
}

#[tokio::test]
async fn reordering_is_found() {
    let (mut bench, _) = signed().await;
    let swap_records = "UPDATE decision SET log_index = -1 WHERE log_index = 5; \
        UPDATE decision SET log_index = 5 WHERE log_index = 6; \
        UPDATE decision SET log_index = 6 WHERE log_index = -1;";
    let swap_leaves = "UPDATE log_leaf SET idx = -1 WHERE idx = 5; \
        UPDATE log_leaf SET idx = 5 WHERE idx = 6; UPDATE log_leaf SET idx = 6 WHERE idx = -1;";
    bench.finds(swap_records, "leaf 5 does not stand for").await;
    bench.finds(swap_leaves, "leaf 6 does not stand for").await;
    let both = format!("{swap_records}{swap_leaves}");
    bench.finds(&both, "leaf 5 does not stand for").await;
    bench.finds(&both, "has another root").await;
    bench.finds(&both, "stored root of level 1, number 0").await;
}

#[tokio::test]
async fn adding_behind_the_collectors_back_is_found() {
    let (mut bench, _) = signed().await;
    for (change, words) in [
        ("INSERT INTO log_leaf VALUES (600, randomblob(32))", "head says size 600"),
        (
            "INSERT INTO log_leaf VALUES (600, randomblob(32)); UPDATE log_head SET size = 601",
            "leaf 600 has no record",
        ),
        ("INSERT INTO log_erasure VALUES (7, 8, 9)", "leaf 7 stands for a decision and for"),
        ("INSERT INTO log_erasure VALUES (900, 8, 9)", "leaf 900"),
        (
            "DELETE FROM decision WHERE log_index = 8; INSERT INTO log_erasure VALUES (900, 8, 9)",
            "leaf 900",
        ),
        (
            "UPDATE log_erasure SET erased = 8; DELETE FROM decision WHERE log_index = 8",
            "leaf 100 has no record",
        ),
        ("UPDATE log_erasure SET erased_at = erased_at - 1", "leaf 599 does not stand for the"),
        ("UPDATE log_erasure SET erased = 8", "record of leaf 8 was erased, which cannot be"),
        ("INSERT INTO log_tile VALUES (1, 7, randomblob(32))", "3 roots over 256 are stored"),
        ("UPDATE log_leaf SET hash = x'00' WHERE idx = 3", "leaf 3 is no hash"),
        ("UPDATE log_leaf SET hash = randomblob(32) WHERE idx = 3", "level 1, number 0"),
        ("UPDATE log_tile SET hash = randomblob(32) WHERE idx = 1", "level 1, number 1"),
        ("UPDATE log_checkpoint SET root = randomblob(32)", "has another root"),
        ("UPDATE log_checkpoint SET size = 599", "something else than its row"),
        ("UPDATE log_checkpoint SET note = replace(note, '600', '599')", "does not verify"),
        ("UPDATE log_head SET origin = 'other.example/log'", "something else than its row"),
        ("UPDATE log_head SET size = 10", "head says size 10"),
    ] {
        bench.finds(change, words).await;
    }
}

/// The insider's best: the change is made, and the whole log worked out anew from it.
async fn covered_up(bench: &mut Bench, change: &str) {
    bench.run(change).await;
    bench.run("DELETE FROM log_checkpoint; UPDATE log_head SET origin = NULL").await;
    transparency::found(&mut bench.db, None, ORIGIN).await.unwrap();
}

#[tokio::test]
async fn a_log_that_was_worked_out_anew_is_found_by_any_earlier_checkpoint() {
    let (mut bench, note) = signed().await;
    covered_up(&mut bench, "UPDATE decision SET method = 'accept_all' WHERE log_index = 0").await;
    let later = clock::now().plus(1);
    bench.fill(3, later).await;
    bench.sign(later).await;
    assert!(bench.verify(None).await.is_good(), "nothing inside can tell");
    let report = bench.verify(Some(&note)).await;
    let words = "the checkpoint of size 600 that was given has another root";
    assert!(report.to_text().contains(words), "{}", report.to_text());
}

#[tokio::test]
async fn dating_a_record_back_is_found_though_the_log_was_worked_out_anew() {
    let (mut bench, _) = signed().await;
    covered_up(
        &mut bench,
        "UPDATE decision SET recorded_at = recorded_at - 3600000 WHERE log_index = 400",
    )
    .await;
    let report = bench.verify(None).await;
    assert!(
        report.to_text().contains("leaf 400 says that it was recorded at"),
        "{}",
        report.to_text()
    );
    assert_eq!(report.findings.len(), 1, "{}", report.to_text());
}

#[tokio::test]
async fn a_clock_that_was_set_back_a_little_is_no_finding() {
    let mut bench = bench().await;
    let now = clock::now();
    bench.found().await;
    bench.fill(10, now).await;
    bench.fill(10, now.plus(-60_000)).await;
    assert!(bench.verify(None).await.is_good());
    bench.fill(10, now.plus(-3_600_000)).await;
    assert!(!bench.verify(None).await.is_good());
}

#[tokio::test]
async fn a_log_that_was_changed_is_not_signed_any_more() {
    let (mut bench, _) = signed().await;
    bench.run("UPDATE log_leaf SET hash = randomblob(32) WHERE idx = 598").await;
    bench.fill(1, clock::now()).await;
    let error = transparency::sign(&mut bench.db, &bench.keys, clock::now()).await.unwrap_err();
    assert!(error.to_string().contains("does not continue the checkpoint of size 600"), "{error}");
    bench.run("DELETE FROM log_leaf WHERE idx > 500; UPDATE log_head SET size = 501").await;
    let error = transparency::sign(&mut bench.db, &bench.keys, clock::now()).await.unwrap_err();
    assert!(error.to_string().contains("does not continue the checkpoint of size 600"), "{error}");
    assert_eq!(leaves::head(&mut bench.db).await.unwrap().0, 501);
}

#[tokio::test]
async fn a_damaged_log_keeps_nobody_from_deciding() {
    let mut bench = bench().await;
    let now = clock::now();
    bench.found().await;
    bench.fill(10, now).await;
    bench.run("UPDATE log_leaf SET hash = x'00' WHERE idx = 3").await;
    bench.run("PRAGMA foreign_keys = OFF; DELETE FROM log_leaf WHERE idx = 7").await;
    bench.fill(600, now).await;
    assert_eq!(leaves::head(&mut bench.db).await.unwrap().0, 610);
    let said = bench.verify(None).await.to_text();
    assert!(said.contains("leaf 3 is no hash") && said.contains("leaf 7 is missing"), "{said}");
    let error = transparency::sign(&mut bench.db, &bench.keys, now).await.unwrap_err();
    assert!(error.to_string().contains("lacks hashes"), "{error}");
}
