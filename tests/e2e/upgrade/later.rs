//! The same of a database of migration 0018, with what came from 0014 to there: an audit trail, mail that was asked
//! about, confirmed and stopped, a webhook, an account.
//!
//! `0018.sql` holds the rows that a collector wrote in a real run: somebody who granted, with events and a linked lead,
//! and who confirmed by mail (hanako); somebody who was asked and has not answered (taro); somebody who was asked and
//! has said stop (jiro). That collector was of migration 0021; the tables of 0020 and 0021 had no row, and no other
//! had changed since 0018.

use ashiato_tests::{Collector, Data, process::ashiato};
use consent_core::time::DAY;
use serde_json::json;

use super::{Cluster, Session, Visitor, make_private};

const ROWS: &str = include_str!("0018.sql");
const KEYS: &str = include_str!("0018.keys.toml");
const VISITOR: &str = "eD-PnRVPTxPWA97S4UUajQ";
const TOKEN: &str = "ashiato_NPWqk_qFofwd6FiI8q01FNkU7RZ75276xY2bEPyyhZY";
const HANAKO: &str = "epNr1svLoieckRroLP5tlg";
const TARO: &str = "UsVYjPbAQNvXA8E7pTJsjg";
const JIRO: &str = "RWnSHiOAx3mOVkb3V4Ykww";
/// Hanako's links, the one that was pressed and the other.
const CONFIRM: &str =
    "/s/shop/confirm/dU3-8mnIbBLf2aBlOdQ5aQAAAABrE3jdRqOAnf5ocka16sAzAXubeA?lang=ja";
const STOP: &str =
    "/s/shop/stop/amGi87ODTQe0j1i2XDbG2FOb0UmRuI4N_bS79K622Icun-kG_tC8ltIcBTsz8lY6?lang=ja";
/// The first migration of after that time comes no earlier.
const LAST: &str = "0019";
/// What is kept for some days only, or changes as soon as a collector runs.
const PASSING: [&str; 7] = [
    "_sqlx_migrations",
    "mail_cooldown",
    "mail_outbox",
    "webhook_delivery",
    "webhook_told",
    "lead_touched",
    "account_link",
];

/// The events lie in their month, as a collector of that time would have seen to.
const MONTH: &str = "CREATE TABLE event_2026_11 PARTITION OF event \
    FOR VALUES FROM ('\\x01a19467e80000000000000000000000') TO ('\\x01a22ee6b00000000000000000000000')";
const NEXT_IDS: &str = "SELECT setval(pg_get_serial_sequence('visitor', 'id'), (SELECT max(id) FROM visitor)), \
    setval(pg_get_serial_sequence('consent_grant', 'id'), (SELECT max(id) FROM consent_grant));";

/// The rows of that run in the tables of that time, on either engine.
fn of_0018() -> [Data; 2] {
    let sqlite = Data::empty_on_sqlite();
    std::fs::File::create(sqlite.path("ashiato.sqlite")).unwrap();
    [sqlite, Data::empty_on(Cluster::at_hand().unwrap())].map(|data| {
        let made_with = if data.is_sqlite() { "sqlite" } else { "postgres" };
        let folder = tempfile::tempdir().unwrap();
        let all = concat!(env!("CARGO_MANIFEST_DIR"), "/../collector/migrations");
        for entry in std::fs::read_dir(std::path::Path::new(all).join(made_with)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_str().unwrap() < LAST {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        let mut database = data.database();
        database.migrate(folder.path());
        // The one row that a migration makes has grown since.
        database.run("DELETE FROM log_head");
        // Rows are put in as they were: no trigger adds to them.
        if data.is_sqlite() {
            let triggers = database.texts("SELECT sql FROM sqlite_schema WHERE type = 'trigger'");
            for name in database.texts("SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                database.run(&format!("DROP TRIGGER {name}"));
            }
            database.run(&format!("PRAGMA foreign_keys = OFF; {ROWS} PRAGMA foreign_keys = ON;"));
            for trigger in triggers {
                database.run(&trigger);
            }
        } else {
            let rows = ROWS.replace("(X'", "('\\x").replace(",X'", ",'\\x");
            database.run(MONTH);
            database.run(&format!(
                "SET session_replication_role = replica; {rows} SET session_replication_role = origin; {NEXT_IDS}"
            ));
        }
        // The test may run years later.
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        database.run(&format!("UPDATE visitor SET expires = {}", now + 90 * DAY));
        database.check();
        std::fs::write(data.path("keys"), KEYS).unwrap();
        make_private(&data.path("keys"));
        data
    })
}

#[test]
fn a_database_of_0018_is_taken_with_its_trail_its_mail_its_webhook_and_its_account() {
    for data in of_0018() {
        let before = data.database().rows();
        let collector = Collector::start(&data);
        let after = data.database().rows();
        for (table, rows) in before.iter().filter(|(table, _)| !PASSING.contains(&table.as_str())) {
            assert_eq!(after.get(table), Some(rows), "{table}");
        }
        assert!(after["_sqlx_migrations"] > before["_sqlx_migrations"], "there is something newer");
        data.database().check();
        assert_eq!(collector.get("/readyz").status, 200);
        assert!(data.run(&["log", "verify"]).contains("decisions as they were recorded: 1"));
        let _ = data.run(&["audit", "verify", "--site", "shop"]);
        let trail = data.run(&["audit", "list", "--site", "shop", "--json"]);
        for action in ["site.apply", "token.add", "webhook.add"] {
            assert!(trail.contains(&format!("\"{action}\"")), "{action}: {trail}");
        }
        assert!(data.run(&["webhook", "list", "--site", "shop"]).contains("http://127.0.0.1:9/"));
        assert!(data.run(&["user", "list"]).contains("owner@hiyori.example"));
        let visitor = Visitor {
            id: VISITOR.to_owned(),
            session: Session::open(&collector, Some(VISITOR)),
            receipt_id: String::new(),
            receipt: String::new(),
        };
        let answer = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
        assert_eq!(answer["stored"], 1, "{answer}");
    }
}

#[test]
fn what_was_asked_confirmed_and_stopped_by_mail_holds_after_it() {
    for data in of_0018() {
        let collector = Collector::start(&data);
        let grounds = || {
            let answer = collector.get_as(TOKEN, "/api/v1/leads?site=shop").expect(200);
            let mut leads: Vec<_> = answer["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|lead| {
                    let field = |name: &str| lead[name].clone();
                    (field("id"), lead["fields"]["email"].clone(), field("ground"), field("locked"))
                })
                .collect();
            leads.sort_by_key(|lead| lead.1.to_string());
            leads
        };
        let lead = |id: &str, email: &str, ground: &str, locked: bool| {
            (json!(id), json!(email), json!(ground), json!(locked))
        };
        let jiro = lead(JIRO, "jiro@example.jp", "none", true);
        let hanako = lead(HANAKO, "hanako@example.jp", "opt_in", false);
        let taro = lead(TARO, "taro@example.jp", "opt_in", true);
        assert_eq!(grounds(), [hanako, jiro.clone(), taro]);

        let keys = data.path("keys").display().to_string();
        let url = data.database_url();
        let give = |id: &str| {
            let given = ["leads", "ground", id, "--site", "shop", "--ground", "card_exchanged"];
            let said =
                ["--proof", "Kyoto", "--by", "x", "--keys-file", &keys, "--database-url", &url];
            ashiato([&given[..], &said].concat())
        };
        assert!(give(JIRO).err.contains("has said stop to mail"), "{:?}", give(JIRO));
        assert!(give(HANAKO).err.contains("has confirmed by mail"), "{:?}", give(HANAKO));
        assert!(give(TARO).status.success(), "{:?}", give(TARO));

        let known = collector.get(CONFIRM);
        assert!(known.status == 200 && known.body.contains("確認済みです"), "{}", known.body);
        let request = collector.request("POST", STOP);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(collector.send(request, "").unwrap().status, 200);
        let hanako = lead(HANAKO, "hanako@example.jp", "none", true);
        let taro = lead(TARO, "taro@example.jp", "card_exchanged", false);
        assert_eq!(grounds(), [hanako, jiro, taro]);
        data.database().check();
    }
}
