//! What the tables themselves refuse, whoever writes the SQL: every constraint and trigger of either engine,
//! each broken by hand.

use std::collections::BTreeSet;

use super::*;

mod made;
mod rows;

use made::MADE;
use rows::{CHECKS, FOREIGN, MARKS, REFUSED, SOUND, TAKES, TELLS, TRIGGERS};

/// A row of the table, in which some columns are different: `COLUMN VALUE, COLUMN VALUE`.
fn row<'a>(table: &str, different: &'a str) -> Vec<(&'a str, &'a str)> {
    let pairs = |text: &'a str| {
        text.split(", ").filter_map(|pair| pair.trim().split_once(' ')).collect::<Vec<_>>()
    };
    let sound = SOUND.into_iter().find(|(name, _)| *name == table).unwrap().1;
    let different = pairs(different);
    let of = |column: &str| different.iter().find(|(name, _)| *name == column);
    pairs(sound).into_iter().map(|pair| *of(pair.0).unwrap_or(&pair)).collect()
}

fn insert(table: &str, different: &str) -> String {
    let (columns, values): (Vec<_>, Vec<_>) = row(table, different).into_iter().unzip();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// A sound row that is changed into one that is not.
fn insert_and_change(table: &str, different: &str) -> String {
    let set: Vec<_> = different.split(", ").map(|pair| pair.replacen(' ', " = ", 1)).collect();
    let own = match table {
        "visitor" => " WHERE hash = ID",
        "decision" | "lead" => " WHERE id = ID",
        "lead_request" => " WHERE request = BYTES",
        _ => "",
    };
    format!("{}; UPDATE {table} SET {}{own}", insert(table, ""), set.join(", "))
}

impl Bench {
    /// One visitor with everything, another one with some, a lead without a link or a key.
    async fn with_everything(&mut self) {
        let now = clock::now();
        let visitor = self.visitor(1, &["analytics", "lead_link"], now).await;
        self.visitor(2, &["analytics"], now).await;
        self.send(visitor, &[(1, "page_view", now)], now).await;
        assert!(self.lead(1, Some(visitor), now).await.linked);
        self.lead(2, None, now).await;
        // A mail that its lead would take with it.
        self.ticked(3, "hanako@example.jp", true, now).await;
        let mailed = "lead_id IN (SELECT lead_id FROM mail_outbox)";
        self.db.raw(format!("DELETE FROM mail_opt_in WHERE {mailed}")).await.unwrap();
        let own = "site_id = 1 AND lead_id NOT IN (SELECT lead_id FROM lead_link)";
        self.db.raw(format!("DELETE FROM lead_key WHERE {own}")).await.unwrap();
        let webhook = self.spelled(
            "INSERT INTO webhook (site_id, id, url, events, fields, salt, created_at) \
             SELECT 1, receipt_id, '', '', '', substr(BYTES, 1, 16), 0 FROM decision LIMIT 1",
        );
        self.db.raw(webhook).await.unwrap();
        let asking = self.spelled(
            "INSERT INTO subject_asking \
             (site_id, id, kind, language, digest, asked_at, until, kek, wrapped, email) \
             SELECT 1, receipt_id, 'erase', '', BYTES, 0, 1, '', BYTES, BYTES FROM decision LIMIT 1",
        );
        self.db.raw(asking).await.unwrap();
        let approval = self.spelled(
            "INSERT INTO approval \
             (site_id, id, kind, object, reason, asked_by, asked_at, until, state, size) \
             SELECT 1, receipt_id, 'lead.erase', '', 'x', 1, 0, 1, 'waiting', 0 FROM decision LIMIT 1",
        );
        self.db.raw(approval).await.unwrap();
        let part = "INSERT INTO event_part \
            (site_id, id, day, events, first_visitor, last_visitor, seen, tag) VALUES (1, 99, 0, 1, 1, 1, 0, 0)";
        self.db.raw(part.to_owned()).await.unwrap();
        let account = "INSERT INTO account (id, email, created_at) VALUES (1, '', 0)";
        self.db.raw(account.to_owned()).await.unwrap();
    }

    /// What becomes of statements by hand; nothing of it is kept.
    async fn by_hand(&mut self, statements: &str) -> Result<(), String> {
        let of_visitor = "(SELECT MIN(id) FROM visitor)";
        let grant = |kind: &str| {
            format!(
                "(SELECT MIN(g.id) FROM consent_grant g WHERE g.kind = '{kind}' AND g.visitor_id = {of_visitor})"
            )
        };
        let receipt = format!("(SELECT v.receipt FROM visitor v WHERE v.id = {of_visitor})");
        let statements = statements
            .replace("VISITOR", of_visitor)
            .replace("OTHER", "(SELECT MAX(id) FROM visitor)")
            .replace("RECEIPT", &receipt)
            .replace("COUNTING", &grant("use"))
            .replace("LINKING", &grant("lead_link"))
            .replace(
                "LEAD",
                "(SELECT l.id FROM lead l WHERE NOT EXISTS \
                (SELECT 1 FROM lead_link k WHERE k.lead_id = l.id) LIMIT 1)",
            )
            .replace("PART", "(SELECT MAX(p.id) FROM event_part p)")
            .replace("WEBHOOK", "(SELECT w.id FROM webhook w LIMIT 1)")
            .replace("APPROVAL", "(SELECT a.id FROM approval a LIMIT 1)")
            .replace("ASKING", "(SELECT a.id FROM subject_asking a LIMIT 1)")
            .replace("ID", "substr(BYTES, 1, 16)");
        let statements = self.spelled(&statements);
        let mut tx = self.db.begin().await.unwrap();
        let done = tx.raw(statements).await;
        tx.rollback().await.unwrap();
        done.map_err(|error| error.to_string())
    }

    async fn refuses(&mut self, statements: &str, name: &str) {
        let done = self.by_hand(statements).await;
        let Err(error) = done else { panic!("{name}: it was taken: {statements}") };
        assert!(error.contains(name), "{name}: {statements}: {error}");
    }

    async fn names(&mut self, statement: &'static str) -> BTreeSet<String> {
        let names: Vec<(String,)> = sql(statement).all(&mut self.db).await.unwrap();
        names.into_iter().map(|(name,)| name).collect()
    }
}

#[tokio::test]
async fn the_tables_refuse_what_breaks_a_rule_whoever_writes_it() {
    for mut bench in benches().await {
        eprintln!("on {}", bench.url);
        bench.with_everything().await;
        let on_sqlite = bench.cluster.is_none();
        let connections: &[(&str, bool)] = match on_sqlite {
            true => &[("PRAGMA foreign_keys = ON", true), ("PRAGMA foreign_keys = OFF", false)],
            false => &[("SELECT 1", true)],
        };
        for (setting, checks_keys) in connections {
            eprintln!("{setting}");
            sql(setting).rows(&mut bench.db).await.unwrap();
            for (table, _) in SOUND {
                assert_eq!(bench.by_hand(&insert(table, "")).await, Ok(()), "{table}: the control");
            }
            for (name, table, different) in CHECKS {
                bench.refuses(&insert(table, different), name).await;
                bench.refuses(&insert_and_change(table, different), name).await;
            }
            let made = MADE.map(|(postgres, sqlite, table, different)| {
                (postgres, sqlite, insert(table, different))
            });
            let refused =
                REFUSED.map(|(postgres, sqlite, text)| (postgres, sqlite, text.to_owned()));
            for (on_postgres, of_sqlite, text) in made.into_iter().chain(refused) {
                let name = if on_sqlite { of_sqlite } else { on_postgres };
                if !name.is_empty() && (*checks_keys || name != FOREIGN) {
                    bench.refuses(&text, name).await;
                }
            }
            for (_, text, empty) in TAKES {
                let mut tx = bench.db.begin().await.unwrap();
                tx.raw(text.to_owned()).await.unwrap();
                for table in empty {
                    let mut count = sql("SELECT COUNT(*) FROM ");
                    count.push(table);
                    assert_eq!(count.one::<i64>(&mut tx).await.unwrap(), 0, "{text}: {table}");
                }
                tx.rollback().await.unwrap();
            }
            let told = "DELETE FROM consent_grant WHERE id = COUNTING; \
                INSERT INTO tally SELECT 1, 0, 'asked', '', 0 WHERE EXISTS (SELECT 1 FROM event_gone)";
            bench.refuses(told, "tally_counts").await;
            for (name, text) in MARKS {
                let marked = "; INSERT INTO tally SELECT 1, 0, 'asked', '', 0 \
                    WHERE EXISTS (SELECT 1 FROM lead_touched)";
                // Refused where there is a mark: no row counts nothing.
                bench.refuses(&format!("{text}{marked}"), "tally_counts").await;
                assert_eq!(
                    bench.by_hand(&format!("DELETE FROM webhook; {text}{marked}")).await,
                    Ok(()),
                    "{name}"
                );
            }
        }
        assert_eq!((bench.count(EVENTS).await, bench.count(LINKS).await), (1, 1));
    }
}

#[tokio::test]
async fn every_constraint_and_trigger_of_postgres_is_tried() {
    let mut bench = on_postgres(Cluster::at_hand().unwrap()).await;
    let there = bench
        .names(
            "SELECT c.conname::TEXT FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
             WHERE c.contype IN ('c', 'f') AND NOT t.relispartition \
             AND t.relnamespace = 'public'::regnamespace",
        )
        .await;
    let tried = CHECKS.iter().map(|check| check.0).chain(MADE.iter().map(|case| case.0));
    let tried: BTreeSet<&str> = tried.chain(REFUSED.iter().map(|case| case.0)).collect();
    let missing: Vec<_> = there.iter().filter(|name| !tried.contains(&***name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let triggers = bench
        .names(
            "SELECT g.tgname::TEXT FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid \
             WHERE NOT g.tgisinternal AND t.relnamespace = 'public'::regnamespace",
        )
        .await;
    assert_eq!(triggers, TRIGGERS.map(str::to_owned).into());
}

#[tokio::test]
async fn every_constraint_and_trigger_of_sqlite_is_tried() {
    let mut bench = on_sqlite().await;
    let tried = CHECKS.iter().map(|check| check.0).chain(MADE.iter().map(|case| case.1));
    let tried: BTreeSet<&str> = tried.chain(REFUSED.iter().map(|case| case.1)).collect();
    let triggers: Vec<(String, String)> =
        sql("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .all(&mut bench.db)
            .await
            .unwrap();
    for (name, text) in triggers {
        let raised: Vec<_> = text.split("RAISE(ABORT, '").skip(1).collect();
        for message in &raised {
            let message = message.split('\'').next().unwrap();
            assert!(tried.iter().any(|tried| message.contains(tried)), "{name}: {message}");
        }
        let takes = TAKES.iter().any(|takes| takes.0 == name);
        let marks = MARKS.iter().any(|marks| marks.0 == name);
        assert_eq!(raised.is_empty(), takes || marks || name == TELLS, "{name}");
    }
    let tables = bench.names("SELECT sql FROM sqlite_schema WHERE type = 'table'").await;
    for check in tables.iter().flat_map(|text| text.split(" CHECK ").skip(1)) {
        let what = check.trim_start_matches('(');
        assert!(
            [
                "id = 1",
                "length(events) >= 16",
                "events >= 1",
                "visitor_id IS NOT NULL AND grant_id",
                "kind IN ('use'",
                "grant_kind =",
                "kind IN ('asked'",
                "n >= 1",
                "device IN",
                "origin IN",
                "ground IN",
                "ground <> 'none'",
                "version >= 1",
                "kind IN ('email'",
                "confirmed_at IS NULL)",
                "method IN ('double_opt_in'",
                "ended_at IS NULL)",
                "ended_by IN",
                "state IN",
                "state = 'waiting')",
                "how IN",
                "everywhere IS NULL",
                "role IN",
                "outcome IN",
                "failures >= 1",
                "way IN",
                "seq >= 0",
                "actor_kind IN",
                "typeof(leaf)",
                "typeof(id)",
                "kind IN ('export'",
                "about IN",
                "law IN",
                "state IN",
                "state = 'open')",
                "kind IN\n",
                "length(reason)",
                "decided_by IS NULL",
            ]
            .iter()
            .any(|tried| what.starts_with(tried)),
            "{check}"
        );
    }
    // A foreign key of PostgreSQL is one here, but for the one that is a trigger.
    let keys: i64 = bench
        .count(
            "SELECT COUNT(*) FROM (SELECT DISTINCT t.name, k.id \
             FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table')",
        )
        .await;
    let mut other = on_postgres(Cluster::at_hand().unwrap()).await;
    let theirs = other
        .count(
            "SELECT COUNT(*) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
             WHERE c.contype = 'f' AND NOT t.relispartition",
        )
        .await;
    assert_eq!(keys + 1, theirs);
}
