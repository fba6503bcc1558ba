//! What people wrote is nowhere in the clear: not in the database's files, not in the log; and once erased it
//! is nowhere at all.

use std::process::Command;

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    process::{ashiato, eventually, program},
};
use serde_json::{Value, json};

/// Names, addresses and words in many scripts, none of which stands in a site file.
const PLANTED: [(&str, &str); 8] = [
    ("足跡 花子", "hanako.planted@example.jp"),
    ("アシアト ハナコ", "ｈａｎａｋｏ２@example.jp"),
    ("Zoë Müller-Lüdenscheidt", "zoe.planted@example.de"),
    ("Ольга Ивановна", "olga.planted@пример.рф"),
    ("فاطمة الزهراء", "fatima.planted@example.eg"),
    ("רחל לוי", "rachel.planted@example.il"),
    ("สมหญิง ใจดี", "somying.planted@example.th"),
    ("🦊👩🏽‍💻 Kitsune", "kitsune.planted@example.com"),
];

fn form(session: &Session, visitor: Option<&str>, name: &str, email: &str) -> Value {
    let mut lead = session.lead(visitor);
    lead["fields"] = json!({"name": name, "email": email, "message": format!("planted: {name}")});
    lead
}

/// Every lead of the shop, by the API.
fn leads(data: &Data, collector: &Collector) -> Vec<Value> {
    let token = data.token("shop", &["leads"]);
    let answer = collector.get_as(&token, "/api/v1/leads?site=shop&limit=100").expect(200);
    answer["results"].as_array().unwrap().clone()
}

fn nowhere_in_the_clear(data: &Data) {
    for (name, email) in PLANTED {
        let folded = email.to_lowercase();
        for planted in [name, email, &folded, &email[..email.find('@').unwrap()]] {
            assert!(!data.holds(planted.as_bytes()), "{planted} is in the database");
        }
    }
}

#[test]
fn what_people_wrote_is_in_no_file_of_the_database_and_in_no_line_of_the_log() {
    let data = Data::new();
    let mut collector = Collector::start_in(&data, &[], &[("ASHIATO_LOG", "trace")]);
    for (name, email) in PLANTED {
        let session = Session::open(&collector, None);
        let lead = form(&session, None, name, email);
        let _ = collector.post("/v1/leads", session.sign(&lead)).expect(201);
        let mut bad = lead;
        bad["fields"]["phone"] = name.into();
        let _ = collector.post("/v1/leads", session.sign(&bad)).problem(422);
    }
    let shown = leads(&data, &collector);
    let shown: Vec<_> = shown.iter().map(|lead| lead["fields"]["name"].as_str().unwrap()).collect();
    for (name, _) in PLANTED {
        assert!(shown.contains(&name), "{name}: {shown:?}");
    }
    nowhere_in_the_clear(&data);
    collector.stop();
    nowhere_in_the_clear(&data);
    let log = collector.log();
    assert!(!log.contains("planted"), "{log}");
    for (name, email) in PLANTED {
        assert!(!log.contains(name) && !log.contains(email), "{name}");
    }
}

fn erase(data: &Data, lead: &str) -> String {
    data.run(&["leads", "erase", lead, "--site", "shop"])
}

#[test]
fn what_was_erased_is_nowhere_and_does_not_come_back_when_it_is_sent_again() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["lead_link"]);
    let body = visitor.session.sign(&visitor.session.lead(Some(&visitor.id)));
    let taken = collector.post("/v1/leads", body.clone()).expect(201);
    let stays = Session::open(&collector, None);
    let _ = collector.post("/v1/leads", stays.sign(&stays.lead(None))).expect(201);
    let id = taken["lead"].as_str().unwrap();
    // The bytes themselves, as they lie in the database.
    let mut database = data.database();
    let of = |database: &mut ashiato_tests::database::Database, column: &str, table: &str| {
        let hex = database.hex(column);
        let linked = "lead_id IN (SELECT lead_id FROM lead_link)";
        let found = database.texts(&format!("SELECT {hex} FROM {table} WHERE {linked}"));
        let byte = |at: &usize, hex: &str| u8::from_str_radix(&hex[*at..*at + 2], 16).unwrap();
        let bytes = |hex: &String| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| byte(&at, hex)).collect()
        };
        found.iter().map(bytes).collect::<Vec<_>>()
    };
    let mut all = of(&mut database, "wrapped", "lead_key");
    all.extend(of(&mut database, "value", "lead_field"));
    all.extend(of(&mut database, "digest", "lead_index"));
    assert_eq!(all.len(), 5, "a key, three fields and an address");
    drop(database);
    // An address of both leads is found by the same digest, which the other one keeps.
    let digest = all.pop().unwrap();
    assert!(all.iter().all(|bytes| data.holds(bytes)));

    assert!(erase(&data, id).contains("is erased"));
    assert!(erase(&data, id).contains("was erased at"));
    assert!(all.iter().all(|bytes| !data.holds(bytes)), "not even in an unused part of a file");
    assert!(data.holds(&digest));
    assert_eq!(leads(&data, &collector).len(), 1);

    let again = collector.post("/v1/leads", body).expect(201);
    assert_eq!((&again["lead"], &again["linked"]), (&taken["lead"], &json!(false)));
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM lead"), 1);
    assert_eq!(database.number("SELECT count(*) FROM lead_link"), 0);
    database.check();
    let token = data.token("shop", &["leads"]);
    let timeline = collector.get_as(&token, &format!("/api/v1/leads/{id}/timeline?site=shop"));
    assert_eq!(timeline.problem(404), "unknown_lead");
    let said =
        ashiato(["leads", "erase", "x", "--site", "shop", "--database-url", &data.database_url()]);
    assert!(!said.status.success() && said.err.contains("is no lead"), "{said:?}");
}

#[test]
fn with_other_keys_leads_are_not_read_and_the_log_says_what_to_do() {
    let data = Data::new();
    let mut first = Collector::start(&data);
    let session = Session::open(&first, None);
    let _ = first.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    first.stop();
    std::fs::rename(data.path("keys"), data.path("keys.of.before")).unwrap();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["leads"]);
    let answer = collector.get_as(&token, "/api/v1/leads?site=shop");
    assert_eq!(answer.problem(500), "sealed");
    let log = collector.log();
    assert!(log.contains("which is not among the keys") && log.contains("remedy"), "{log}");
    let listed = list(&data);
    assert!(listed.contains("is not here; 1 lead rests on it"), "{listed}");
}

fn list(data: &Data) -> String {
    data.run(&["keys", "list", "--keys-file", &data.path("keys").display().to_string()])
}

#[test]
fn the_lead_key_is_exchanged_under_running_collectors_and_every_lead_stays_readable() {
    let data = Data::new();
    let collectors = [Collector::start(&data), Collector::start(&data)];
    for (name, email) in PLANTED {
        let session = Session::open(&collectors[0], None);
        let lead = form(&session, None, name, email);
        let _ = collectors[0].post("/v1/leads", session.sign(&lead)).expect(201);
    }
    let keys = data.path("keys").display().to_string();
    let rotated = ashiato(["keys", "rotate", "lead", "--after", "0", "--keys-file", &keys]);
    assert!(rotated.status.success() && rotated.out.contains("opens\n"), "{rotated:?}");
    eventually("every lead rests on the new key", || {
        let listed = list(&data);
        listed.contains("wraps; 8 leads rest on it")
            && listed.contains("opens; no lead rests on it")
    });
    for collector in &collectors {
        assert_eq!(leads(&data, collector).len(), PLANTED.len());
    }
    let said = data.run(&["leads", "rewrap", "--keys-file", &keys]);
    assert!(said.contains("no lead rests on an earlier key"), "{said}");
}

#[test]
fn keys_of_the_environment_that_have_no_lead_key_seal_alike_in_every_collector() {
    let data = Data::new();
    let mut first = Collector::start(&data);
    assert_eq!(first.get("/readyz").status, 200);
    first.stop();
    let text = std::fs::read_to_string(data.path("keys")).unwrap();
    let keys = text.split("\n[[key]]").filter(|key| !key.contains("\"lead\""));
    let before = keys.collect::<Vec<_>>().join("\n[[key]]");
    let given = || Collector::start_in(&data, &[], &[("ASHIATO_KEYS", &before)]);
    let (one, two) = (given(), given());
    let session = Session::open(&one, None);
    let _ = one.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    assert_eq!(leads(&data, &two)[0]["fields"]["name"], "足跡 花子");
    // And the command of this program agrees.
    let mut list = Command::new(program("ASHIATO_BIN", "ashiato"));
    list.args(["keys", "list", "--database-url", &data.database_url()]);
    let said = list.env("ASHIATO_KEYS", &before).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("wraps; 1 lead rests on it"), "{said}");
}
