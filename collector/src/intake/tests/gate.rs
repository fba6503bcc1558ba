//! What the tables themselves refuse, whoever writes the SQL: every constraint and trigger of either engine,
//! each broken by hand.

use std::collections::BTreeSet;

use super::*;

/// Sound rows by table. `ID` stands for 16 bytes, `BYTES` for 32; VISITOR has granted by RECEIPT, and LINKING
/// is their grant of the lead link, COUNTING one of analytics.
const SOUND: [(&str, &str); 10] = [
    (
        "visitor",
        "site_id 1, hash ID, receipt NULL, revision 1, expires 0, decided_at 0, recorded_at 0",
    ),
    (
        "decision",
        "site_id 1, id ID, session BYTES, visitor_id NULL, receipt_id NULL, edition 1, \
         method 'custom', language 'ja', page '', banner '', decided_at 0, recorded_at 0, \
         choices '', receipt NULL, salt BYTES, log_index 0",
    ),
    (
        "policy",
        "site_id 1, edition 2, revision 1, material '', wording '', document '', applied_at 0",
    ),
    (
        "lead",
        "site_id 1, id ID, request BYTES, form '', fields '', agreements '', page '', received_at 0",
    ),
    ("token", "hash BYTES, site_id 1, scopes '', created_at 0"),
    ("tally", "site_id 1, day 0, kind 'asked', detail '', n 1"),
    ("refusal", "site_id 1, hour 0, reason '', event '', n 1"),
    (
        "consent_grant",
        "site_id 1, visitor_id VISITOR, receipt_id RECEIPT, purpose 'more', service '', since 0, \
         kind 'use'",
    ),
    (
        "event",
        "site_id 1, id ID, grant_id COUNTING, name '', at 0, day 0, page '', query '', title '', \
         referrer ''",
    ),
    ("lead_link", "site_id 1, lead_id LEAD, grant_id LINKING, grant_kind 'lead_link', linked_at 0"),
];

/// Checks of single rows, by the name that both engines give them: the table, and what in its sound row is
/// different. They hold for a row that is made, and for one that is changed.
const CHECKS: [(&str, &str, &str); 20] = [
    ("visitor_hash_is_whole", "visitor", "hash BYTES"),
    ("visitor_receipt_is_whole", "visitor", "receipt BYTES"),
    ("visitor_revision_counts", "visitor", "revision 0"),
    ("decision_id_is_whole", "decision", "id BYTES"),
    ("decision_session_is_whole", "decision", "session ID"),
    ("decision_receipt_id_is_whole", "decision", "receipt_id BYTES, receipt 'x'"),
    ("decision_salt_is_whole", "decision", "salt ID"),
    ("decision_method_is_known", "decision", "method 'guessed'"),
    ("decision_edition_counts", "decision", "edition 0"),
    ("decision_receipt_has_its_id", "decision", "receipt_id ID"),
    ("decision_receipt_has_its_id", "decision", "receipt 'x'"),
    ("decision_visitor_has_a_receipt", "decision", "visitor_id VISITOR"),
    ("lead_id_is_whole", "lead", "id BYTES"),
    ("lead_request_is_whole", "lead", "request ID"),
    ("policy_edition_counts", "policy", "edition 0"),
    ("policy_revision_counts", "policy", "revision 0"),
    ("token_hash_is_whole", "token", "hash ID"),
    ("tally_kind_is_known", "tally", "kind 'guessed'"),
    ("tally_counts", "tally", "n 0"),
    ("refusal_counts", "refusal", "n 0"),
];

/// SQLite's word for a foreign key, checked only on a connection that asks for it. What stands under another
/// name holds on every connection.
const FOREIGN: &str = "FOREIGN KEY constraint failed";

/// Rows that may not be made: the names on PostgreSQL and SQLite, the table, and what is different.
const MADE: [(&str, &str, &str, &str); 21] = [
    ("event_id_is_whole", "event_id_is_whole", "event", "id BYTES"),
    ("event_site_id_grant_id_fkey", "event_rests_on_a_grant", "event", "grant_id 999"),
    ("event_site_id_grant_id_fkey", "event_rests_on_a_grant", "event", "site_id 2"),
    (
        "consent_grant_rests_on_a_decision",
        "consent_grant_rests_on_a_decision",
        "consent_grant",
        "receipt_id ID",
    ),
    (
        "consent_grant_site_id_visitor_id_fkey",
        "consent_grant_rests_on_a_decision",
        "consent_grant",
        "visitor_id 999",
    ),
    (
        "consent_grant_names_its_purpose",
        "consent_grant_names_its_purpose",
        "consent_grant",
        "purpose ''",
    ),
    ("consent_grant_kind_is_known", "consent_grant_kind_is_known", "consent_grant", "kind 'x'"),
    ("lead_link_rests_on_a_grant", "lead_link_rests_on_a_grant", "lead_link", "grant_id 999"),
    ("lead_link_rests_on_a_grant", "lead_link_rests_on_a_grant", "lead_link", "grant_id COUNTING"),
    ("lead_link_is_of_its_kind", "lead_link_is_of_its_kind", "lead_link", "grant_kind 'use'"),
    ("lead_link_site_id_lead_id_fkey", "lead_link_has_its_lead", "lead_link", "lead_id ID"),
    (
        "decision_site_id_visitor_id_fkey",
        "decision_has_its_visitor",
        "decision",
        "visitor_id 999, receipt_id ID, receipt 'x'",
    ),
    ("decision_site_id_edition_fkey", FOREIGN, "decision", "edition 9"),
    ("decision_site_id_fkey", FOREIGN, "decision", "site_id 2"),
    ("decision_log_index_fkey", FOREIGN, "decision", "log_index 999"),
    ("visitor_site_id_fkey", FOREIGN, "visitor", "site_id 2"),
    ("policy_site_id_fkey", FOREIGN, "policy", "site_id 2"),
    ("lead_site_id_fkey", FOREIGN, "lead", "site_id 2"),
    ("token_site_id_fkey", FOREIGN, "token", "site_id 2"),
    ("tally_site_id_fkey", FOREIGN, "tally", "site_id 2"),
    ("refusal_site_id_fkey", FOREIGN, "refusal", "site_id 2"),
];

/// Other statements that may not be: the names on PostgreSQL and SQLite; none on an engine without that
/// statement.
const REFUSED: [(&str, &str, &str); 17] = [
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET purpose = 'x'",
    ),
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET receipt_id = ID",
    ),
    (
        "consent_grant_stays_as_it_is",
        "consent_grant_stays_as_it_is",
        "UPDATE consent_grant SET visitor_id = OTHER",
    ),
    ("stays under it", "event stays under the grant", "UPDATE event SET grant_id = LINKING"),
    ("stays under it", "link stays under the grant", "UPDATE lead_link SET grant_id = COUNTING"),
    (
        "consent_grant_rests_on_a_decision",
        "decision_stays_under_its_grants",
        "UPDATE decision SET receipt_id = ID WHERE receipt_id = RECEIPT",
    ),
    (
        "consent_grant_rests_on_a_decision",
        "decision_stays_under_its_grants",
        "UPDATE decision SET visitor_id = OTHER WHERE receipt_id = RECEIPT",
    ),
    (
        "decision_site_id_visitor_id_fkey",
        "visitor_stays_with_its_decisions",
        "DELETE FROM visitor WHERE id = VISITOR",
    ),
    (
        "decision_site_id_visitor_id_fkey",
        "visitor_stays_who_it_is",
        "UPDATE visitor SET id = 999 WHERE id = VISITOR",
    ),
    (
        "lead_link_site_id_lead_id_fkey",
        "lead_stays_under_its_link",
        "UPDATE lead SET id = ID WHERE id <> LEAD",
    ),
    ("", "consent_grant_pkey", "INSERT OR REPLACE INTO consent_grant SELECT * FROM consent_grant"),
    (
        "",
        "consent_grant_once",
        "INSERT OR REPLACE INTO consent_grant \
         (site_id, visitor_id, receipt_id, purpose, service, since) \
         SELECT site_id, visitor_id, receipt_id, purpose, service, 1 FROM consent_grant",
    ),
    (
        "log_head_id_check",
        "CHECK constraint failed: id = 1",
        "INSERT INTO log_head VALUES (2, 0, NULL)",
    ),
    ("log_erasure_log_index_fkey", FOREIGN, "INSERT INTO log_erasure VALUES (999, 0, 0)"),
    ("log_erasure_erased_fkey", FOREIGN, "INSERT INTO log_erasure VALUES (0, 999, 0)"),
    // With everything else that rests on it in the way.
    ("_fkey", FOREIGN, "DELETE FROM site"),
    ("_fkey", FOREIGN, "DELETE FROM log_leaf"),
];

/// What goes together: SQLite's trigger for it, what is deleted, and the tables that are empty then.
const TAKES: [(&str, &str, &[&str]); 3] = [
    (
        "a_grant_takes_with_it_what_rests_on_it",
        "DELETE FROM consent_grant",
        &["event", "lead_link"],
    ),
    (
        "decision_takes_its_grants_with_it",
        "DELETE FROM decision",
        &["consent_grant", "event", "lead_link"],
    ),
    ("lead_takes_its_link_with_it", "DELETE FROM lead", &["lead_link"]),
];

/// PostgreSQL's triggers: what no constraint can say there. Each looks at its own row alone (docs/scaling.md).
const TRIGGERS: [&str; 3] =
    ["consent_grant_stays_as_it_is", "event_keeps_its_grant", "lead_link_keeps_its_grant"];

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
        _ => "",
    };
    format!("{}; UPDATE {table} SET {}{own}", insert(table, ""), set.join(", "))
}

impl Bench {
    /// One visitor with everything, another one with some, a lead without a link.
    async fn filled(&mut self) {
        let now = clock::now();
        let visitor = self.visitor(1, &["analytics", "lead_link"], now).await;
        self.visitor(2, &["analytics"], now).await;
        self.send(visitor, &[(1, "page_view", now)], now).await;
        assert!(self.lead(1, Some(visitor), now).await.linked);
        self.lead(2, None, now).await;
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
        bench.filled().await;
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
        assert_eq!(raised.is_empty(), TAKES.iter().any(|takes| takes.0 == name), "{name}");
    }
    let tables = bench.names("SELECT sql FROM sqlite_schema WHERE type = 'table'").await;
    for check in tables.iter().flat_map(|text| text.split(" CHECK ").skip(1)) {
        let what = check.trim_start_matches('(');
        assert!(
            ["id = 1", "kind IN ('use'", "grant_kind =", "kind IN ('asked'", "n >= 1"]
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
