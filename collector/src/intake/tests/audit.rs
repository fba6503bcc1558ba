//! The audit trail: it is appended to with what it tells of, and whatever is done to it behind its back is found.

use serde_json::json;

use super::*;
use crate::{
    log::note,
    store::{
        SiteId,
        audit::{self, Entry, Recorded, Search},
        conflict,
    },
    transparency::trail::{self, Verified},
};

fn entry(at: i64, object: &str) -> Entry {
    Entry {
        at: Millis(at),
        by: Actor::Token("abc".to_owned()),
        action: "lead.list",
        object: ("lead", object.to_owned()),
        details: json!({ "leads": [object] }),
    }
}

impl Bench {
    async fn tell(&mut self, entry: &Entry) -> i64 {
        let mut tx = self.db.begin().await.unwrap();
        let seq = audit::append(&mut tx, self.site.id, entry).await.unwrap();
        tx.commit().await.unwrap();
        seq
    }

    async fn trail(&mut self, search: &Search) -> Vec<Recorded> {
        audit::list(&mut self.db, self.site.id, search, 0, 1_000).await.unwrap()
    }

    async fn verified(&mut self, earlier: &[note::Checkpoint]) -> Verified {
        trail::verify(&mut self.db, self.site.id, earlier).await.unwrap()
    }

    /// Does to the trail what its triggers refuse.
    async fn meddle(&mut self, statements: &str) {
        let (off, on) = match self.cluster {
            Some(_) => (
                "ALTER TABLE audit DISABLE TRIGGER USER;".to_owned(),
                "ALTER TABLE audit ENABLE TRIGGER USER;",
            ),
            None => (
                "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;".to_owned(),
                "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT 1; END; \
                 CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT 1; END;",
            ),
        };
        self.db.raw(format!("{off} {statements}; {on}")).await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_is_there_with_what_it_tells_of_or_not_at_all() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let mut tx = bench.db.begin().await.unwrap();
        assert_eq!(audit::append(&mut tx, bench.site.id, &entry(2, "a")).await.unwrap(), 1);
        tx.rollback().await.unwrap();
        assert_eq!(bench.tell(&entry(2, "b")).await, 1, "after the one of the site file");
        let all = bench.trail(&Search::everything()).await;
        let told: Vec<_> = all.iter().map(|it| (it.seq, &*it.action, &*it.object)).collect();
        assert_eq!(told, [(0, "site.apply", "1"), (1, "lead.list", "b")]);
        let by = (&*all[1].actor_kind, &*all[1].actor, &*all[1].details);
        assert_eq!(by, ("token", "abc", r#"{"leads":["b"]}"#));
        let found = bench.verified(&[]).await;
        assert_eq!((found.size, found.wrong), (2, vec![]));
    }
}

#[tokio::test]
async fn a_trail_is_searched_by_what_was_done_to_what_and_since_when() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        for (at, object) in [(10, "a"), (20, "b"), (30, "a")] {
            bench.tell(&entry(at, object)).await;
        }
        for (action, object, since, found) in [
            ("", "", 0, vec![0, 1, 2, 3]),
            ("lead", "", 0, vec![1, 2, 3]),
            ("lead.list", "a", 0, vec![1, 3]),
            ("lead.li", "", 0, vec![]),
            ("site", "", 0, vec![0]),
            ("", "", 20, vec![2, 3]),
        ] {
            let (action_, object_) = (action.to_owned(), object.to_owned());
            let search = Search { action: action_, object: object_, since: Millis(since) };
            let seqs: Vec<_> = bench.trail(&search).await.iter().map(|it| it.seq).collect();
            assert_eq!(seqs, found, "{action} {object} {since}");
        }
    }
}

#[tokio::test]
async fn whatever_is_done_to_a_trail_behind_its_back_is_found() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let now = clock::now().0;
        for at in 0..6 {
            bench.tell(&entry(now + at, "a")).await;
        }
        assert_eq!(bench.verified(&[]).await.wrong, [""; 0]);
        for (done, said) in [
            (
                "UPDATE audit SET actor = 'another' WHERE seq = 3",
                "entry 3 is not what was recorded",
            ),
            ("UPDATE audit SET details = '{}' WHERE seq = 3", "entry 3 is not what was recorded"),
            ("DELETE FROM audit WHERE seq = 3", "entries 3 to 3 are gone"),
            ("DELETE FROM audit WHERE seq >= 5", "its head stands for 7 entries"),
            ("UPDATE audit SET at = 5 WHERE seq = 6", "entry 6 is dated before"),
            ("UPDATE audit_head SET size = 6", "head is damaged"),
            (
                "UPDATE audit_head SET edge = substr(edge, 33) || substr(edge, 1, 32)",
                "their root is not",
            ),
        ] {
            bench.meddle(&format!("CREATE TABLE a AS SELECT * FROM audit; CREATE TABLE h AS SELECT * FROM audit_head; {done}")).await;
            let wrong = bench.verified(&[]).await.wrong.join("\n");
            assert!(wrong.contains(said), "{done}: {wrong}");
            let back = "DELETE FROM audit; DELETE FROM audit_head; INSERT INTO audit SELECT * FROM a; \
                        INSERT INTO audit_head SELECT * FROM h; DROP TABLE a; DROP TABLE h";
            bench.meddle(back).await;
            assert_eq!(bench.verified(&[]).await.wrong, [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_trail_that_was_written_anew_does_not_continue_an_earlier_checkpoint() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.count("SELECT COUNT(*) FROM log_head").await;
        bench
            .db
            .raw("UPDATE log_head SET origin = 'consent.example/log'".to_owned())
            .await
            .unwrap();
        bench.tell(&entry(1, "a")).await;
        bench.tell(&entry(2, "b")).await;
        let own = (bench.site.id, "shop");
        let signed = trail::checkpoint(&mut bench.db, &bench.keys, own).await.unwrap();
        let verifier = bench.keys.log_verifier("consent.example/log/audit/shop");
        let earlier = [verifier.open(&signed).unwrap()];
        assert_eq!(earlier[0].size, 3);
        bench.tell(&entry(3, "c")).await;
        assert_eq!(bench.verified(&earlier).await.wrong, [""; 0]);
        bench.meddle("DELETE FROM audit; DELETE FROM audit_head").await;
        assert_eq!(bench.verified(&earlier).await.wrong, ["a checkpoint was signed of 3 entries"]);
        for at in 0..4 {
            bench.tell(&entry(at, "d")).await;
        }
        let said = "it is not what the checkpoint of size 3 says";
        assert_eq!(bench.verified(&earlier).await.wrong, [said]);
        assert_eq!(bench.verified(&[]).await.wrong, [""; 0], "by itself it is sound");
    }
}

#[tokio::test]
async fn of_many_that_append_at_once_each_has_a_place_of_its_own() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..8 {
            let (url, site) = (bench.url.clone(), bench.site.id);
            tasks.spawn(async move {
                let mut db = Database::at(&url).unwrap().reopen().await.unwrap();
                for _ in 0..10 {
                    append_until_taken(&mut db, site, &entry(5, &number.to_string())).await;
                }
            });
        }
        tasks.join_all().await;
        let found = bench.verified(&[]).await;
        assert_eq!((found.size, found.wrong), (81, vec![]));
    }
}

async fn append_until_taken(db: &mut Connection, site: SiteId, entry: &Entry) {
    loop {
        let mut tx = db.begin().await.unwrap();
        match audit::append(&mut tx, site, entry).await {
            Ok(_) => return tx.commit().await.unwrap(),
            Err(error) => assert!(conflict(&error), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_visitor_who_erases_everything_by_themselves_is_told_of_once_and_not_named() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        let visitor = bench.visitor(1, &["analytics"], clock::now()).await;
        let writer = bench.writer("SELECT 1").await;
        assert!(writer.erase(bench.site.id, visitor).await.unwrap());
        assert!(!writer.erase(bench.site.id, visitor).await.unwrap());
        let all = bench.trail(&Search::everything()).await;
        let told: Vec<_> = all.iter().map(|it| (&*it.action, &*it.object)).collect();
        assert_eq!(told, [("site.apply", "1"), ("visitor.erase", "")]);
        assert_eq!((&*all[1].actor_kind, &*all[1].details), ("visitor", "{}"));
    }
}
