//! A database that an earlier version has written is taken as it is: everything in it is there, and what
//! was consented to holds.
//!
//! `upgrade/0002.sql` was written by `sqlite3 FILE .dump` after a real run of the collector at migration
//! 0002: one visitor who granted, with events and a linked lead, one who refused, one who granted and
//! withdrew, and a token of the scopes query and leads.

mod later;

use ashiato_postgres::Cluster;
use ashiato_tests::{Collector, Data, Session, Visitor, process::ashiato};
use consent_core::time::DAY;
use serde_json::json;

const DATABASE: &str = include_str!("upgrade/0002.sql");
const KEYS: &str = include_str!("upgrade/0002.keys.toml");
const VISITOR: &str = "G7gH_TdLeJXS9kfRas5OzQ";
const WITHDRAWN: &str = "kJPYNZYB7eg7flOzYwLq2g";
const LEAD: &str = "iIZZzKiyDoyUe7ZyVxwJ9w";
const TOKEN: &str = "ashiato_lK1ezMNldPLLusYfqfMINSFUQyJZmiFyekLpRidR4oM";
/// The day of that run.
const DAY_OF_IT: &str = "2026-11-26";

/// PostgreSQL's migrations of that time.
const ON_POSTGRES: [&str; 2] = [
    include_str!("../../collector/migrations/postgres/0001_first.sql"),
    include_str!("../../collector/migrations/postgres/0002_statistics.sql"),
];
/// What says which migrations have run, as sqlx keeps it.
const RUN: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
    execution_time BIGINT NOT NULL);";
const HAVE_RUN: &str = "SELECT format('INSERT INTO _sqlx_migrations VALUES (%s, %L, now(), true, %L, 0);', \
    version, description, checksum) FROM _sqlx_migrations WHERE version <= 2 ORDER BY version";
const NEXT_IDS: &str = "SELECT setval(pg_get_serial_sequence('visitor', 'id'), (SELECT max(id) FROM visitor)), \
    setval(pg_get_serial_sequence('consent_grant', 'id'), (SELECT max(id) FROM consent_grant));";

/// The data of that run, in the tables of that time, on either engine.
fn of_before() -> [Data; 2] {
    let sqlite = Data::empty_on_sqlite();
    std::fs::File::create(sqlite.path("ashiato.sqlite")).unwrap();
    sqlite.database().run(DATABASE);

    let postgres = Data::empty_on(Cluster::at_hand().unwrap());
    let of_now = Data::empty_on(Cluster::at_hand().unwrap()).with_sites();
    let is_row = |line: &&str| {
        let table = line.strip_prefix("INSERT INTO ");
        table.is_some_and(|table| !table.starts_with("_sqlx") && !table.starts_with("sqlite"))
    };
    // Bytes are written in another way.
    let row = |line: &str| line.replace("(X'", "('\\x").replace(",X'", ",'\\x");
    let rows = DATABASE.lines().filter(is_row).map(row);
    let statements = ON_POSTGRES.into_iter().chain([RUN]).map(str::to_owned);
    let statements = statements.chain(of_now.database().texts(HAVE_RUN)).chain(rows);
    let statements: Vec<_> = statements.chain([NEXT_IDS.to_owned()]).collect();
    postgres.database().run(&statements.join("\n"));

    [sqlite, postgres].map(living)
}

/// The test may run years later: consents run out, whichever version they were given to.
fn living(data: Data) -> Data {
    let later =
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap() + 90 * DAY;
    let sql = format!("UPDATE visitor SET expires = {later}");
    assert_eq!(data.database().execute(&sql), Ok(2));
    std::fs::write(data.path("keys"), KEYS).unwrap();
    make_private(&data.path("keys"));
    data
}

fn make_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_database_of_before_is_taken_with_everything_in_it() {
    for data in of_before().into_iter().chain(of_the_last_in_the_clear()) {
        is_taken_with_everything_in_it(&data);
    }
}

fn is_taken_with_everything_in_it(data: &Data) {
    let before = data.database().rows();
    let collector = Collector::start(data);
    let after = data.database().rows();
    for (table, rows) in before.iter().filter(|(table, _)| *table != "_sqlx_migrations") {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }
    let verified = data.run(&["log", "verify"]);
    assert!(verified.contains("decisions as they were recorded: 4"), "{verified}");
    assert!(after["_sqlx_migrations"] > before["_sqlx_migrations"], "there is something newer");
    data.database().check();
    assert_eq!(collector.get("/readyz").status, 200);

    let query = json!({"site": "shop", "metrics": ["visitors", "page_views", "events"],
        "dimensions": ["event"], "date_range": [DAY_OF_IT, DAY_OF_IT]});
    let answer = collector.query(TOKEN, &query).expect(200);
    let found = json!([
        {"dimensions": ["click"], "metrics": [1, 0, 1]},
        {"dimensions": ["page_view"], "metrics": [1, 3, 3]},
    ]);
    let mut results = answer["results"].as_array().unwrap().clone();
    results.sort_by_key(|row| row["dimensions"].to_string());
    assert_eq!(json!(results), found);
    assert_eq!((&answer["meta"]["asked"], &answer["meta"]["decided"]), (&json!(3), &json!(3)));
    let path = format!("/api/v1/refusals?site=shop&from={DAY_OF_IT}&to={DAY_OF_IT}");
    assert_eq!(collector.get_as(TOKEN, &path).expect(200)["results"][0]["reason"], "unknown_event");
}

#[test]
fn whoever_verifies_does_not_bring_it_up_to_date() {
    for data in of_before() {
        let before = data.database().rows();
        let url = data.database_url();
        let said = ashiato(["log", "verify", "--database-url", url.as_str()]);
        assert!(!said.status.success(), "{said:?}");
        assert!(said.err.contains("at migration 2") && said.err.contains("remedy"), "{said:?}");
        assert_eq!(data.database().rows(), before);
    }
}

#[test]
fn what_was_consented_to_before_holds_and_what_was_withdrawn_stays_so() {
    for data in of_before().into_iter().chain(of_the_last_in_the_clear()) {
        consents_hold_and_withdrawals_too(&data);
    }
}

fn consents_hold_and_withdrawals_too(data: &Data) {
    let collector = Collector::start(data);
    let visitor = |id: &str| Visitor {
        id: id.to_owned(),
        session: Session::open(&collector, Some(id)),
        receipt_id: String::new(),
        receipt: String::new(),
    };
    let granted = visitor(VISITOR);
    let answer = granted.send(&collector, &[granted.event("page_view")]).expect(200);
    assert_eq!(answer["stored"], 1, "{answer}");
    assert_eq!(granted.send_lead(&collector).expect(201)["linked"], true);
    let withdrawn = visitor(WITHDRAWN);
    let answer = withdrawn.send(&collector, &[withdrawn.event("page_view")]).expect(200);
    assert_eq!(answer["refused"][0]["reason"], "not_granted", "{answer}");
    let path = format!("/api/v1/leads/{LEAD}/timeline?site=shop");
    let timeline = collector.get_as(TOKEN, &path).expect(200);
    assert_eq!(timeline["linked"], true, "{timeline}");
    assert_eq!(timeline["events"].as_array().unwrap().len(), 2, "{timeline}");

    let _ = granted.decide(&collector, "withdraw", &[]).expect(201);
    let mut database = data.database();
    for table in ["event", "lead_link", "consent_grant"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

/// The first migration under which leads are sealed.
const SEALED: &str = "0008";

/// The events lie in their month, as a collector of that time would have seen to.
const MONTH: &str = "CREATE TABLE event_2026_11 (LIKE event INCLUDING ALL); \
    WITH moved AS (DELETE FROM event_other RETURNING *) INSERT INTO event_2026_11 SELECT * FROM moved; \
    ALTER TABLE event ATTACH PARTITION event_2026_11 \
    FOR VALUES FROM ('\\x01a19467e80000000000000000000000') TO ('\\x01a22ee6b00000000000000000000000')";

/// The same data in the tables of the last version that stored leads in the clear, and one lead more, which is
/// tied to nobody.
fn of_the_last_in_the_clear() -> [Data; 2] {
    of_before().map(|data| {
        let made_with = if data.is_sqlite() { "sqlite" } else { "postgres" };
        let folder = tempfile::tempdir().unwrap();
        let all = concat!(env!("CARGO_MANIFEST_DIR"), "/../collector/migrations");
        for entry in std::fs::read_dir(std::path::Path::new(all).join(made_with)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_str().unwrap() < SEALED {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        let mut database = data.database();
        database.migrate(folder.path());
        if made_with == "postgres" {
            database.run(MONTH);
        }
        let another = "INSERT INTO lead (site_id, id, request, form, fields, agreements, page, received_at) \
            SELECT site_id, OTHER_ID, OTHER_REQUEST, form, FIELDS, '{}', page, received_at - 1 FROM lead";
        let bytes = |byte: &str, count| {
            let hex = byte.repeat(count);
            if made_with == "sqlite" { format!("X'{hex}'") } else { format!("'\\x{hex}'::BYTEA") }
        };
        let another = another.replace("OTHER_ID", &bytes("0a", 16));
        let another = another.replace("OTHER_REQUEST", &bytes("0b", 32));
        let [name, email] = OF_ANOTHER;
        let fields = json!({"name": name, "email": email}).to_string();
        database.run(&another.replace("FIELDS", &format!("'{fields}'")));
        data
    })
}

/// What the person of that lead wrote, and of the other one.
const WRITTEN: [&str; 3] = ["足跡 花子", "hanako@example.jp", "こんにちは"];
const OF_ANOTHER: [&str; 2] = ["足跡 太郎", "taro@example.jp"];

/// The leads as they were are read, and found by their addresses; and what they hold is nowhere in the clear.
fn are_sealed(data: &Data, collector: &Collector, count: usize) {
    let answer = collector.get_as(TOKEN, "/api/v1/leads?site=shop").expect(200);
    let leads = answer["results"].as_array().unwrap();
    assert_eq!(leads.len(), count);
    let fields = &leads[0]["fields"];
    assert_eq!([&fields["name"], &fields["email"], &fields["message"]], WRITTEN);
    assert_eq!((&leads[0]["id"], &leads[0]["linked"]), (&json!(LEAD), &json!(true)));
    if let Some(other) = leads.get(1) {
        assert_eq!([&other["fields"]["name"], &other["fields"]["email"]], OF_ANOTHER);
        assert_eq!(other["linked"], false);
    }
    for lead in leads {
        assert_eq!((&lead["ground"], &lead["locked"]), (&json!("none"), &json!(true)));
    }
    for written in WRITTEN.iter().chain(&OF_ANOTHER) {
        assert!(!data.holds(written.as_bytes()), "{written} is in the database");
    }
    let count = i64::try_from(count).unwrap();
    let mut database = data.database();
    for table in ["lead_key", "lead_index", "lead_request"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), count, "{table}");
    }
    assert_eq!(database.number("SELECT count(*) FROM lead_field WHERE version = 0"), 0);
    database.check();
}

#[test]
fn leads_of_the_first_version_are_sealed() {
    for data in of_before() {
        start_and_seal(&data, 1);
    }
}

#[test]
fn leads_of_the_last_version_that_did_not_seal_them_are_sealed() {
    for data in of_the_last_in_the_clear() {
        start_and_seal(&data, 2);
    }
}

fn start_and_seal(data: &Data, count: usize) {
    assert!(data.holds(WRITTEN[0].as_bytes()));
    let mut collectors = [Collector::start(data), Collector::start(data)];
    for collector in &collectors {
        are_sealed(data, collector, count);
    }
    for collector in &mut collectors {
        collector.stop();
    }
    let again = Collector::start(data);
    are_sealed(data, &again, count);
    // Every collector of this data writes into one log.
    assert_eq!(again.log().matches("are sealed").count(), 1, "{}", again.log());
}

/// Copies of the lead in parts of SQLite's file that are not used any more, as earlier versions left them.
fn leave_remains(data: &Data) {
    let mut database = data.database();
    database.run("PRAGMA secure_delete = false");
    let lead = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500) \
        INSERT INTO remains SELECT site_id, fields FROM lead, n";
    database.run("CREATE TABLE remains (site_id BIGINT, fields TEXT)");
    database.run(lead);
    database.run("DROP TABLE remains");
}

#[test]
fn what_leads_of_before_held_is_in_no_unused_part_of_the_file() {
    let [data, _] = of_the_last_in_the_clear();
    leave_remains(&data);
    let collector = Collector::start(&data);
    are_sealed(&data, &collector, 2);
}

/// With no lead left to seal it is the migration's note alone that has the files written anew, as for a collector
/// that starts after another has died in between.
#[test]
fn what_was_not_sealed_is_cleared_by_whichever_start_finds_the_note() {
    let [sqlite, postgres] = of_before();
    leave_remains(&sqlite);
    for data in [&sqlite, &postgres] {
        data.database().run("DELETE FROM lead_link; DELETE FROM lead");
    }
    assert!(sqlite.holds(WRITTEN[0].as_bytes()));
    for data in [&sqlite, &sqlite, &postgres, &postgres] {
        drop(Collector::start(data));
    }
    assert!(!sqlite.holds(WRITTEN[0].as_bytes()));
    let owed = "SELECT user_version FROM pragma_user_version";
    assert_eq!(sqlite.database().number(owed), 0);
    // A table whose file is written anew has another one than it was made with.
    let anew = "SELECT count(*) FROM pg_class WHERE relname IN ('lead', 'lead_field') AND relfilenode <> oid";
    let owed = "SELECT count(*) FROM pg_description WHERE objoid = 'lead_field'::regclass";
    assert_eq!([anew, owed].map(|sql| postgres.database().number(sql)), [2, 0]);
}
