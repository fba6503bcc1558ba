//! People who ask about their own data, answered by command.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    process::{Said, ashiato, program},
};
use serde_json::{Value, json};

/// A subject command with what it reads, by the collector's keys.
pub(crate) fn subject(data: &Data, arguments: &[&str], read: &str) -> Said {
    let mut command = Command::new(program("ASHIATO_BIN", "ashiato"));
    command.arg("subject").args(arguments).args(["--site", "shop"]);
    command.args(["--database-url", &data.database_url()]);
    command.env("ASHIATO_KEYS_FILE", data.path("keys"));
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(read.as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    Said {
        status: said.status,
        out: String::from_utf8(said.stdout).unwrap(),
        err: String::from_utf8(said.stderr).unwrap(),
    }
}

pub(crate) fn done(data: &Data, arguments: &[&str], read: &str) -> String {
    let said = subject(data, arguments, read);
    assert!(said.status.success(), "{arguments:?}: {said:?}");
    for personal in ["hanako", "花子"] {
        assert!(!said.err.to_lowercase().contains(personal), "{said:?}");
    }
    said.out
}

pub(crate) fn requests(data: &Data, more: &[&str]) -> Vec<Value> {
    let said = done(data, &[&["requests", "--json"], more].concat(), "");
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn trail(data: &Data) -> Vec<Value> {
    let said = data.run(&["audit", "list", "--site", "shop", "--action", "subject", "--json"]);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Somebody who wrote, and whose browsing is tied to it.
fn linked(collector: &Collector) -> (Visitor, String) {
    let visitor = Visitor::who_grants(collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let visitor = visitor.later(collector);
    let events = [visitor.event("page_view"), visitor.event("click")];
    let _ = visitor.send(collector, &events).expect(200);
    (visitor, lead)
}

#[test]
fn whoever_asks_is_shown_everything_however_the_address_is_spelt() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (visitor, lead) = linked(&collector);
    let mut other = Session::open(&collector, None).lead(None);
    other["fields"]["email"] = "taro@example.jp".into();
    let session = Session::open(&collector, None);
    let _ = collector.post("/v1/leads", session.sign(&other)).expect(201);
    let token = data.token("shop", &["leads"]);
    let _ = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);

    let held = done(&data, &["export", "--email", "-"], " ＨＡＮＡＫＯ@Example.JP\n");
    let held: Value = serde_json::from_str(&held).unwrap();
    let leads = held["leads"].as_array().unwrap();
    assert_eq!(leads.len(), 1, "nobody else's: {held}");
    assert_eq!(leads[0]["lead"], lead);
    assert_eq!(leads[0]["fields"]["name"], "足跡 花子");
    assert_eq!(leads[0]["agreements"]["email_marketing"], true);
    assert!(leads[0]["use"]["ja"].is_string() && leads[0]["kept_until"].is_string());
    let browsing = &leads[0]["browsing"];
    assert_eq!(browsing["events"].as_array().unwrap().len(), 2);
    assert_eq!(browsing["decisions"][0]["receipt"], visitor.receipt);
    assert_eq!(browsing["recipients"][0]["recipient"], "Kazoeru合同会社");
    let shown: Vec<_> =
        held["shown_to"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(shown, ["lead.list"]);

    let file = data.path("held.html").display().to_string();
    let page = ["export", "--email", "hanako@example.jp", "--format", "html", "--output", &file];
    assert_eq!(done(&data, &page, ""), "");
    let html = std::fs::read_to_string(&file).unwrap();
    assert!(html.contains("足跡 花子") && html.contains("お送りいただいた内容"), "{html}");
    assert!(!html.contains("<script"));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let again = subject(&data, &page, "");
    assert!(!again.status.success() && again.err.contains("cannot write"), "{again:?}");

    let all = trail(&data);
    let told: Vec<_> = all.iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(
        told[..4],
        ["subject.receive", "subject.export", "subject.receive", "subject.export"]
    );
    assert_eq!(all[1]["details"]["leads"], json!([lead]));
    assert_eq!(all[0]["object"], all[1]["object"]);
    assert!(!all.iter().any(|it| it.to_string().to_lowercase().contains("hanako")));
    assert!(requests(&data, &[]).iter().all(|request| request["state"] == "done"));
}

#[test]
fn what_is_wrong_is_put_right_by_the_rules_of_the_form_or_not_at_all() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (_, lead) = linked(&collector);
    let by = ["--email", "hanako@example.jp"];
    let correct = |fields: &[&str], by: &[&str]| {
        let fields: Vec<_> = fields.iter().flat_map(|field| ["--field", *field]).collect();
        subject(&data, &[&["correct"], &fields[..], by].concat(), "")
    };
    for (fields, said) in [
        (&["name=足跡 花", "email=nowhere"][..], "field email: the value is refused: email"),
        (&["name=足跡 花", "age=17"], "field age: no form by which this person wrote has it"),
        (&["name="], "field name: the value is refused: required"),
        (&["name"], "is not KEY=VALUE"),
    ] {
        let refused = correct(fields, &by);
        assert!(!refused.status.success() && refused.err.contains(said), "{refused:?}");
        assert!(!refused.err.contains("nowhere") && !refused.err.contains('花'), "{refused:?}");
    }
    let version = || data.database().number("SELECT version FROM lead");
    assert_eq!(version(), 1, "all of it or nothing");
    let open = requests(&data, &["--open"]);
    assert_eq!(open.len(), 3, "what was not answered is still to be: {open:?}");
    let request = open[0]["request"].as_str().unwrap();
    let answer = [&by[..], &["--request", request]].concat();
    let said = correct(&["name=足跡　花", "email=Hana@ｅｘａｍｐｌｅ.jp"], &answer);
    assert!(said.status.success() && said.out.contains("1 lead corrected"), "{said:?}");
    assert_eq!(version(), 2);
    assert_eq!(requests(&data, &["--open"]).len(), 2);
    let token = data.token("shop", &["leads"]);
    let shown = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    let fields = &shown["results"][0]["fields"];
    assert_eq!((&fields["name"], &fields["email"]), (&json!("足跡 花"), &json!("Hana@example.jp")));
    assert_eq!(shown["results"][0]["id"], lead);
    assert_eq!(shown["results"][0]["linked"], true, "what was tied to it stays");
    let again = subject(&data, &["export", "--email", "hanako@example.jp"], "");
    assert!(again.err.contains("nothing is held under that address"), "{again:?}");
    let held = done(&data, &["export", "--email", "hana@example.jp"], "");
    assert!(held.contains("\"corrections\": 1"), "{held}");
}

#[test]
fn whoever_says_stop_is_neither_contacted_nor_followed() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let (visitor, _) = linked(&collector);
    data.database().run("UPDATE lead SET ground = 'existing_customer', ground_since = 1");
    let said = done(&data, &["stop", "--email", "hanako@example.jp", "--law", "gdpr"], "");
    assert!(said.contains("1 lead locked"), "{said}");
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM lead WHERE ground_since IS NULL"), 1);
    assert_eq!(database.number("SELECT count(*) FROM lead_link"), 0);
    assert_eq!(database.number("SELECT count(*) FROM event"), 2, "they are nobody's any more");
    let _ = visitor.send(&collector, &[visitor.event("click")]).expect(200);
    let held = done(&data, &["export", "--email", "hanako@example.jp"], "");
    let held: Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held["leads"][0]["ground"], "none");
    assert!(held["leads"][0]["browsing"].is_null());
    // Nor does a list bring them back.
    let rows = "name,email,message\n花子,HANAKO@example.jp,名刺\n太郎,taro@example.jp,名刺\n";
    let list = data.path("list.csv");
    std::fs::write(&list, rows).unwrap();
    let keys = data.path("keys").display().to_string();
    let given = ["leads", "import", list.to_str().unwrap(), "--site", "shop", "--form", "contact"];
    let how = [
        "--ground",
        "card_exchanged",
        "--proof",
        "x",
        "--on-duplicate",
        "add",
        "--keys-file",
        &keys,
    ];
    let told = data.run(&[&given[..], &how].concat());
    assert!(told.contains("1 of them are locked"), "{told}");
    assert_eq!(database.number("SELECT count(*) FROM lead WHERE ground_since IS NOT NULL"), 1);
}

#[test]
fn of_two_erasures_at_once_one_erases_and_nothing_is_left() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let (_, lead) = linked(&collector);
    let session = Session::open(&collector, None);
    let _ = collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    assert!(!data.holds(b"hanako"));
    let erase = || subject(&data, &["erase", "--email", "hanako@example.jp"], "");
    let said = std::thread::scope(|scope| {
        let both = [scope.spawn(erase), scope.spawn(erase)];
        both.map(|one| one.join().unwrap())
    });
    assert!(said.iter().all(|said| said.status.success()), "{said:?}");
    let erased: usize = said.iter().filter(|said| said.out.contains("2 leads erased")).count();
    assert_eq!(erased, 1, "{said:?}");
    let mut database = data.database();
    for table in ["lead", "lead_key", "lead_field", "lead_index", "lead_link", "event"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert_eq!(database.number("SELECT count(*) FROM decision"), 1, "the proof stays");
    database.check();
    let token = data.token("shop", &["leads"]);
    let timeline = collector.get_as(&token, &format!("/api/v1/leads/{lead}/timeline?site=shop"));
    assert_eq!(timeline.status, 404);
    collector.stop();
    let keys = data.path("keys").display().to_string();
    assert!(data.run(&["log", "verify", "--keys-file", &keys]).contains(": good"));
    assert!(data.run(&["audit", "verify", "--site", "shop"]).contains(": good"));
    let told: Vec<_> = trail(&data)
        .iter()
        .filter(|entry| entry["action"] == "subject.erase")
        .filter_map(|entry| entry["details"]["leads"].as_array().map(Vec::len))
        .collect();
    assert_eq!(told.iter().sum::<usize>(), 2, "each lead is told of once: {told:?}");
    let third = erase();
    assert!(third.err.contains("nothing is held under that address"), "{third:?}");
}

#[test]
fn requests_wait_in_a_queue_with_the_deadline_of_their_law() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let _ = linked(&collector);
    let receive = ["receive", "erase", "--law", "gdpr", "--received", "2026-01-31"];
    let said = done(&data, &receive, "");
    assert!(said.contains("to erase by 2026-02-28 (gdpr)"), "{said}");
    let said = done(&data, &["receive", "export", "--received", "2026-01-31"], "");
    assert!(said.contains("to export by 2026-02-14 (appi)"), "{said}");
    let open = requests(&data, &["--open"]);
    assert_eq!(open[0]["kind"], "export", "what is due first comes first: {open:?}");
    assert!(open.iter().all(|request| request["overdue"] == true), "{open:?}");
    let text = done(&data, &["requests"], "");
    assert!(text.contains("received 2026-01-31  due 2026-02-28  open, OVERDUE"), "{text}");

    let (export, erase) =
        (open[0]["request"].as_str().unwrap(), open[1]["request"].as_str().unwrap());
    let email = ["--email", "hanako@example.jp"];
    let wrong = subject(&data, &[&["erase", "--request", export], &email[..]].concat(), "");
    assert!(
        !wrong.status.success() && wrong.err.contains("is to export, not to erase"),
        "{wrong:?}"
    );
    done(&data, &["refuse", export, "--reason", "not-identified"], "");
    done(&data, &[&["erase", "--request", erase], &email[..]].concat(), "");
    assert_eq!(requests(&data, &["--open"]), [Value::Null; 0]);
    let states: Vec<_> = requests(&data, &[]).iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["refused", "done"]);
    let again = subject(&data, &[&["erase", "--request", erase], &email[..]].concat(), "");
    assert!(!again.status.success() && again.err.contains("is not open"), "{again:?}");

    for (arguments, said) in [
        (&["export", "--email", "nobody"][..], "no e-mail address"),
        (&["export", "--telephone", "12"], "no telephone number"),
        (&["export"], "--email"),
        (&["receive", "stop", "--received", "2999-01-01"], "still to come"),
        (&["receive", "stop", "--received", "soon"], "is no day"),
    ] {
        let refused = subject(&data, arguments, "");
        assert!(!refused.status.success() && refused.err.contains(said), "{refused:?}");
    }
    let url = data.database_url();
    let none =
        ["subject", "stop", "--site", "shop", "--email", "a@b.example", "--keys-file", "/none"];
    let said = ashiato(none.into_iter().chain(["--database-url", &url]));
    assert!(!said.status.success() && said.err.contains("there is no keys file"), "{said:?}");
}
