//! Whatever somebody with the database in their hands does to the consent log is found.

use super::{log::ORIGIN, *};
use crate::{
    store::log as leaves,
    transparency::{self, LogError, Report},
};

/// A signed log of 600 leaves on each engine: refusals and receipts, the last of them an erasure; its keeper
/// is gone.
async fn signed() -> Vec<(Bench, String)> {
    let mut all = Vec::new();
    for mut bench in benches().await {
        let now = clock::now();
        bench.found().await;
        bench.fill(599, now).await;
        let id: Vec<u8> =
            sql("SELECT id FROM decision WHERE log_index = 100").one(&mut bench.db).await.unwrap();
        let id = Uuid7::from_bytes(id.try_into().unwrap()).unwrap();
        let (mut log, decision) = (Appender::default(), (bench.site.id, id));
        let mut tx = bench.db.begin().await.unwrap();
        assert!(transparency::erase(&mut tx, &mut log, decision, now).await.unwrap());
        log.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let note = bench.sign(now).await;
        bench.unchecked().await;
        all.push((bench, note));
    }
    all
}

impl Bench {
    /// Nothing that the database itself checks is in the way any more.
    async fn unchecked(&mut self) {
        let (setting, drops) = match self.cluster {
            Some(_) => (
                "SET session_replication_role = replica",
                "SELECT FORMAT('ALTER TABLE %s DROP CONSTRAINT %I', t.relname, c.conname) \
                 FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
                 WHERE c.contype = 'c' AND NOT t.relispartition \
                 AND t.relnamespace = 'public'::regnamespace",
            ),
            None => (
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON",
                "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'",
            ),
        };
        self.run(setting).await;
        for (drop,) in sql(drops).all::<(String,)>(&mut self.db).await.unwrap() {
            self.run(&drop).await;
        }
    }

    /// What is found of a change, which is then taken back.
    async fn after(&mut self, change: &str, earlier: &[&str]) -> Report {
        let (expected, change) = (self.expected(earlier), self.spelled(change));
        let mut tx = self.db.begin().await.unwrap();
        tx.raw(change).await.unwrap();
        let report = transparency::verify(&mut tx, &expected).await.unwrap();
        tx.rollback().await.unwrap();
        report
    }

    /// Why it is not signed any more.
    async fn refused_to_sign(&mut self, now: Millis) -> LogError {
        let mut tx = self.db.begin().await.unwrap();
        transparency::sign(&mut tx, &self.keys, now).await.unwrap_err()
    }

    async fn finds(&mut self, change: &str, words: &str) {
        let report = self.after(change, &[]).await;
        assert!(!report.is_good(), "not found: {change}");
        assert!(report.to_text().contains(words), "{change}:\n{}", report.to_text());
    }
}

/// A statement that changes one column of a row into something else of its kind.
fn changed(column: &str, kind: &str, index: i64) -> String {
    let other = match kind {
        "BIGINT" => format!("COALESCE({column} + 1000000, 1)"),
        "TEXT" => format!("COALESCE({column} || 'x', 'x')"),
        _ => "BYTES".to_owned(),
    };
    format!("UPDATE decision SET {column} = {other} WHERE log_index = {index}")
}

#[tokio::test]
async fn changing_any_column_of_any_decision_is_found() {
    for (mut bench, note) in signed().await {
        eprintln!("on {}", bench.url);
        let columns: Vec<(String, String)> = sql(match bench.cluster {
            Some(_) => {
                "SELECT column_name::TEXT, UPPER(data_type)::TEXT FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = 'decision'"
            }
            None => "SELECT name, type FROM pragma_table_info('decision')",
        })
        .all(&mut bench.db)
        .await
        .unwrap();
        assert!(columns.len() >= 16);
        for index in [0, 1, 255, 256, 598] {
            for (column, kind) in &columns {
                let report = bench.after(&changed(column, kind, index), &[&note]).await;
                assert!(!report.is_good(), "{column} of {index} was changed unseen");
                let text = report.to_text();
                assert!(text.contains(&format!("leaf {index} ")), "{column} of {index}:\n{text}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_stand_in_a_column_is_found_where_the_engine_lets_it_in() {
    let mut bench = on_sqlite().await;
    bench.found().await;
    bench.fill(5, clock::now()).await;
    bench.unchecked().await;
    for column in ["method", "decided_at", "receipt", "edition"] {
        let change = format!("UPDATE decision SET {column} = x'ff' WHERE log_index = 4");
        bench.finds(&change, "leaf 4 stands for a decision that cannot be read").await;
    }
}

#[tokio::test]
async fn a_device_that_is_altered_taken_away_or_added_is_found() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        for device in [Device::Phone, Device::Unknown] {
            bench.device = device;
            bench.fill(2, now).await;
        }
        assert!(bench.verify(&[]).await.is_good());
        let stored = "SELECT COUNT(*) FROM decision WHERE device = 'phone' AND log_index < 2";
        assert_eq!(bench.count(stored).await, 2);
        // All of them kinds that the database itself takes.
        for (index, device) in
            [(0, "computer"), (0, ""), (1, "tablet"), (2, "phone"), (3, "tablet")]
        {
            let change =
                format!("UPDATE decision SET device = '{device}' WHERE log_index = {index}");
            bench.finds(&change, &format!("leaf {index} ")).await;
        }
    }
}

#[tokio::test]
async fn changing_what_a_decision_refers_to_is_found() {
    for (mut bench, _) in signed().await {
        eprintln!("on {}", bench.url);
        for change in [
            "UPDATE policy SET document = replace(document, 'shop', 'shoq')",
            "UPDATE site SET key = 'other'",
            "DELETE FROM site",
            "UPDATE visitor SET hash = BYTE WHERE id = (SELECT MIN(id) FROM visitor)",
            "DELETE FROM visitor",
        ] {
            bench.finds(change, "as it is in the database").await;
        }
    }
}

#[tokio::test]
async fn dropping_anything_is_found() {
    for (mut bench, note) in signed().await {
        eprintln!("on {}", bench.url);
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
        assert!(bench.after(cut, &[]).await.is_good());
        let report = bench.after(cut, &[&note]).await;
        assert!(
            report.to_text().contains("size 600 that was given is larger"),
            "{}",
            report.to_text()
        );
    }
}

#[tokio::test]
async fn reordering_is_found() {
    for (mut bench, _) in signed().await {
        eprintln!("on {}", bench.url);
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
}

#[tokio::test]
async fn adding_behind_the_collectors_back_is_found() {
    for (mut bench, _) in signed().await {
        eprintln!("on {}", bench.url);
        for (change, words) in [
            ("INSERT INTO log_leaf VALUES (600, BYTES)", "head says size 600"),
            (
                "INSERT INTO log_leaf VALUES (600, BYTES); UPDATE log_head SET size = 601",
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
            ("INSERT INTO log_tile VALUES (1, 7, BYTES)", "3 roots over 256 are stored"),
            ("UPDATE log_leaf SET hash = BYTE WHERE idx = 3", "leaf 3 is no hash"),
            ("UPDATE log_leaf SET hash = BYTES WHERE idx = 3", "level 1, number 0"),
            ("UPDATE log_tile SET hash = BYTES WHERE idx = 1", "level 1, number 1"),
            ("UPDATE log_checkpoint SET root = BYTES", "has another root"),
            ("UPDATE log_checkpoint SET size = 599", "something else than its row"),
            ("UPDATE log_checkpoint SET note = replace(note, '600', '599')", "does not verify"),
            ("UPDATE log_head SET origin = 'other.example/log'", "something else than its row"),
            ("UPDATE log_head SET size = 10", "head says size 10"),
        ] {
            bench.finds(change, words).await;
        }
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
    for (mut bench, note) in signed().await {
        eprintln!("on {}", bench.url);
        covered_up(&mut bench, "UPDATE decision SET method = 'accept_all' WHERE log_index = 0")
            .await;
        let later = clock::now().plus(1);
        bench.fill(3, later).await;
        bench.sign(later).await;
        assert!(bench.verify(&[]).await.is_good(), "nothing inside can tell");
        let report = bench.verify(&[&note]).await;
        let words = "the checkpoint of size 600 that was given has another root";
        assert!(report.to_text().contains(words), "{}", report.to_text());
    }
}

#[tokio::test]
async fn dating_a_record_back_is_found_though_the_log_was_worked_out_anew() {
    for (mut bench, _) in signed().await {
        eprintln!("on {}", bench.url);
        covered_up(
            &mut bench,
            "UPDATE decision SET recorded_at = recorded_at - 3600000 WHERE log_index = 400",
        )
        .await;
        let report = bench.verify(&[]).await;
        assert!(
            report.to_text().contains("leaf 400 says that it was recorded at"),
            "{}",
            report.to_text()
        );
        assert_eq!(report.findings.len(), 1, "{}", report.to_text());
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_a_little_is_no_finding() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        bench.fill(10, now).await;
        bench.fill(10, now.plus(-60_000)).await;
        assert!(bench.verify(&[]).await.is_good());
        bench.fill(10, now.plus(-3_600_000)).await;
        assert!(!bench.verify(&[]).await.is_good());
    }
}

#[tokio::test]
async fn a_log_that_was_changed_is_not_signed_any_more() {
    for (mut bench, _) in signed().await {
        eprintln!("on {}", bench.url);
        bench.run("UPDATE log_leaf SET hash = BYTES WHERE idx = 598").await;
        bench.fill(1, clock::now()).await;
        let error = bench.refused_to_sign(clock::now()).await;
        assert!(
            error.to_string().contains("does not continue the checkpoint of size 600"),
            "{error}"
        );
        bench.run("DELETE FROM log_leaf WHERE idx > 500; UPDATE log_head SET size = 501").await;
        let error = bench.refused_to_sign(clock::now()).await;
        assert!(
            error.to_string().contains("does not continue the checkpoint of size 600"),
            "{error}"
        );
        assert_eq!(leaves::head(&mut bench.db).await.unwrap().0, 501);
    }
}

#[tokio::test]
async fn a_damaged_log_keeps_nobody_from_deciding() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now();
        bench.found().await;
        bench.fill(10, now).await;
        bench.run("UPDATE log_leaf SET hash = BYTE WHERE idx = 3").await;
        bench.unchecked().await;
        bench.run("DELETE FROM log_leaf WHERE idx = 7").await;
        bench.fill(600, now).await;
        assert_eq!(leaves::head(&mut bench.db).await.unwrap().0, 610);
        let said = bench.verify(&[]).await.to_text();
        assert!(said.contains("leaf 3 is no hash") && said.contains("leaf 7 is missing"), "{said}");
        let error = bench.refused_to_sign(now).await;
        assert!(error.to_string().contains("lacks hashes"), "{error}");
    }
}
