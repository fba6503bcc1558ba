//! Webhooks, told to a real receiver that verifies them by the Standard Webhooks library of npm.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    process::{Server, ashiato},
    wait_for,
};
use serde_json::{Value, json};

const PRIVATE: &str = "--allow-private-webhooks";
const EVENTS: &str = "lead.created,lead.changed,lead.linked";

/// A receiver, and the folder in which it notes what comes.
struct Receiver {
    server: Server,
    folder: PathBuf,
}

impl Receiver {
    fn start(data: &Data) -> Self {
        let folder = data.path("receiver");
        std::fs::create_dir_all(&folder).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/receiver.mjs");
        let mut node = Command::new("node");
        node.arg(script).arg(&folder);
        Self { server: Server::start(&mut node, &folder.join("stderr.log")), folder }
    }

    /// Adds a webhook of the shop that goes to /NAME of this receiver; its id.
    fn added(&self, data: &Data, name: &str, more: &[&str]) -> String {
        let url = format!("{}/{name}/of-a-secret-path?key=secret-key", self.server.url());
        let keys = data.path("keys").display().to_string();
        let fixed =
            ["webhook", "add", "--site", "shop", "--url", &url, PRIVATE, "--keys-file", &keys];
        let said = data.run(&[&fixed[..], more].concat());
        assert!(!said.contains("secret-path") && !said.contains("secret-key"), "{said}");
        let of = |label: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(label));
            assert!(line.is_some(), "{label} in {said}");
            line.unwrap().to_owned()
        };
        self.secrets(name, &[&of("secret, shown once: ")]);
        of("webhook: ")
    }

    fn secrets(&self, name: &str, secrets: &[&str]) {
        std::fs::write(self.folder.join(format!("secret-{name}")), secrets.join("\n")).unwrap();
    }

    /// What came to /NAME.
    fn heard(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join(format!("{name}.jsonl")));
        let text = text.unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until that many have come to /NAME.
    fn hears(&self, name: &str, count: usize) -> Vec<Value> {
        wait_for(name, || Some(self.heard(name)).filter(|heard| heard.len() >= count))
    }
}

fn kinds(heard: &[Value]) -> Vec<&str> {
    heard.iter().map(|note| note["body"]["type"].as_str().unwrap()).collect()
}

fn start(data: &Data) -> Collector {
    Collector::start_with(data, &[PRIVATE])
}

/// Gives every lead a ground: no form alone does.
fn confirm(data: &Data) {
    let given = data.database().execute("UPDATE lead SET ground = 'opt_in', ground_since = 9");
    assert!(given.unwrap() > 0);
}

fn listed(data: &Data, act: &str) -> String {
    data.run(&["webhook", act, "--site", "shop"])
}

fn send(collector: &Collector) -> String {
    let session = Session::open(collector, None);
    let answer = collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    answer["lead"].as_str().unwrap().to_owned()
}

#[test]
fn a_receiver_is_told_of_a_lead_from_its_ground_to_its_erasure_and_can_verify_each_message() {
    let data = Data::new();
    let collector = start(&data);
    let receiver = Receiver::start(&data);
    let webhook = receiver.added(&data, "takes", &["--events", EVENTS, "--fields", "email,name"]);
    let visitor = Visitor::who_grants(&collector, &["lead_link"]);
    let mut form = visitor.session.lead(Some(&visitor.id));
    form["fields"]["name"] = "足跡 植木子".into();
    form["fields"]["email"] = "planted.ueki@example.jp".into();
    let body = visitor.session.sign(&form);
    let lead = collector.post("/v1/leads", body).expect(201)["lead"].as_str().unwrap().to_owned();
    let keys = data.path("keys").display().to_string();
    let _ =
        data.run(&["webhook", "test", &webhook, "--site", "shop", PRIVATE, "--keys-file", &keys]);
    assert_eq!(
        kinds(&receiver.heard("takes")),
        ["webhook.ping"],
        "a locked lead shows in no webhook"
    );
    confirm(&data);
    let heard = receiver.hears("takes", 3);
    assert_eq!(kinds(&heard[1..]), ["lead.created", "lead.linked"]);
    let told = &heard[1]["body"]["data"];
    assert_eq!(told["lead"], *lead);
    let fields = json!({"email": "planted.ueki@example.jp", "name": "足跡 植木子"});
    assert_eq!(told["fields"], fields, "and not the message");

    // Two secrets sign for a while.
    let said = data.run(&["webhook", "rotate", &webhook, "--site", "shop", "--keys-file", &keys]);
    let new = said.lines().find_map(|line| line.strip_prefix("secret, shown once: ")).unwrap();
    let old = std::fs::read_to_string(receiver.folder.join("secret-takes")).unwrap();
    receiver.secrets("takes", &[&old, new]);
    let visitor = visitor.later(&collector);
    let _ = visitor.decide(&collector, "withdraw", &[]).expect(201);
    let heard = receiver.hears("takes", 4);
    assert_eq!(heard[3]["body"]["type"], "lead.unlinked");
    assert_eq!(heard[3]["by"], json!([0, 1]), "by either secret");
    data.database().execute("UPDATE lead SET ground = 'none', ground_since = NULL").unwrap();
    receiver.hears("takes", 5);
    let _ = data.run(&["leads", "erase", &lead, "--site", "shop"]);
    let heard = receiver.hears("takes", 6);
    assert_eq!(kinds(&heard[4..]), ["lead.unsubscribed", "lead.erased"]);
    for note in &heard {
        assert_eq!((&note["method"], &note["by"][0]), (&json!("POST"), &json!(0)), "{note}");
    }
    wait_for("the last is noted", || {
        (listed(&data, "deliveries").matches("delivered").count() == 5).then_some(())
    });
    for planted in ["植木子", "planted.ueki", "of-a-secret-path", "secret-key", "whsec_"] {
        assert!(!collector.log().contains(planted), "{planted} in {}", collector.log());
        assert!(
            !listed(&data, "list").contains(planted)
                && !listed(&data, "deliveries").contains(planted)
        );
    }
    for planted in ["植木子", "planted.ueki", "whsec_"] {
        assert!(!data.holds(planted.as_bytes()), "{planted} is in the database");
    }
    let _ = data.run(&["webhook", "remove", &webhook, "--site", "shop"]);
    assert_eq!(data.database().number("SELECT count(*) FROM webhook_delivery"), 0);
}

#[test]
fn receivers_that_hang_break_off_redirect_or_fail_hold_up_nobody_and_lose_nothing() {
    let data = Data::new();
    let collector = start(&data);
    let receiver = Receiver::start(&data);
    for name in ["hangs", "redirects", "stumbles", "breaks", "talks", "takes", "gone"] {
        receiver.added(&data, name, &["--events", EVENTS]);
    }
    for _ in 0..6 {
        send(&collector);
    }
    confirm(&data);
    let taken = receiver.hears("takes", 6);
    assert!(receiver.heard("hangs").len() <= 4, "a few at a time");
    for name in ["stumbles", "breaks"] {
        let heard = receiver.hears(name, 12);
        let first: std::collections::BTreeSet<_> =
            heard.iter().map(|it| it["id"].to_string()).collect();
        assert_eq!((first.len(), heard.len()), (6, 12), "each twice, by its id: {name}");
    }
    assert_eq!(taken.len(), 6);
    assert_eq!(receiver.hears("talks", 6).len(), 6, "an answer without end is not read to its end");
    let said = wait_for("a redirect is said", || {
        Some(listed(&data, "deliveries"))
            .filter(|said| said.contains("302: redirects are not followed"))
    });
    assert!(!said.contains("inside"));
    assert_eq!(receiver.heard("inside"), [] as [Value; 0], "and not followed");
    wait_for("410 ends it", || listed(&data, "list").contains("it answered 410").then_some(()));
    assert!(collector.log().contains("a webhook is told nothing more"), "{}", collector.log());
    let heard = receiver.heard("gone").len();
    send(&collector);
    confirm(&data);
    receiver.hears("takes", 7);
    assert_eq!(receiver.heard("gone").len(), heard);
    for name in ["takes", "stumbles", "talks"] {
        assert!(receiver.heard(name).iter().all(|note| note["by"] == json!([0])));
    }
}

#[test]
fn what_was_withdrawn_or_erased_while_it_waited_is_not_told_any_more() {
    let data = Data::new();
    let collector = start(&data);
    let receiver = Receiver::start(&data);
    receiver.added(&data, "fails", &["--events", EVENTS, "--fields", "email"]);
    let lead = send(&collector);
    confirm(&data);
    let heard = receiver.hears("fails", 1);
    assert_eq!(kinds(&heard[..1]), ["lead.created"]);
    let _ = data.run(&["leads", "erase", &lead, "--site", "shop"]);
    std::fs::write(receiver.folder.join("well"), "").unwrap();
    let heard = wait_for("the end is told", || {
        let heard = receiver.heard("fails");
        kinds(&heard).contains(&"lead.erased").then_some(heard)
    });
    let after = heard.iter().position(|note| note["body"]["type"] == "lead.erased").unwrap();
    assert!(kinds(&heard[after..]).iter().all(|kind| *kind == "lead.erased"), "{heard:?}");
    assert!(heard[after]["body"]["data"].get("fields").is_none());
    assert_ne!(heard[after]["id"], heard[0]["id"]);
}

#[test]
fn what_a_collector_was_sending_when_it_was_killed_is_sent_by_another_by_the_same_id() {
    let data = Data::new();
    let first = start(&data);
    let receiver = Receiver::start(&data);
    receiver.added(&data, "holds", &["--events", EVENTS]);
    send(&first);
    confirm(&data);
    let heard = receiver.hears("holds", 1);
    first.kill();
    let second = start(&data);
    send(&second);
    let begun = Instant::now();
    let heard_again = loop {
        let heard = receiver.heard("holds");
        if heard.len() > 1 {
            break heard;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", second.log());
        std::thread::park_timeout(Duration::from_millis(50));
    };
    assert_eq!(heard_again[1]["id"], heard[0]["id"]);
    assert_eq!(heard_again[1]["body"]["data"], heard[0]["body"]["data"]);
    wait_for("it is noted", || listed(&data, "deliveries").contains("delivered").then_some(()));
}

#[test]
fn a_receiver_is_reached_by_tls_where_its_certificate_is_trusted() {
    let data = Data::new();
    let folder = data.path("receiver");
    std::fs::create_dir_all(&folder).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let _ = Collector::start(&data); // makes the keys
    let receiver = Receiver::start(&data);
    let webhook = receiver.added(&data, "takes", &["--events", EVENTS]);
    let (keys, url) = (data.path("keys").display().to_string(), data.database_url());
    let ping = |trusted: &str| {
        let mut command = Command::new(ashiato_tests::process::program("ASHIATO_BIN", "ashiato"));
        command.args([
            "webhook",
            "test",
            &webhook,
            "--site",
            "shop",
            PRIVATE,
            "--keys-file",
            &keys,
        ]);
        command.args(["--database-url", &url]).env("SSL_CERT_FILE", trusted);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let trusted = folder.join("cert.pem").display().to_string();
    let (is_taken, said) = ping(&trusted);
    assert!(is_taken, "{said}");
    assert_eq!(kinds(&receiver.heard("takes")), ["webhook.ping"]);
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("other.pem"), other.cert.pem()).unwrap();
    let (is_taken, said) = ping(&folder.join("other.pem").display().to_string());
    assert!(!is_taken && said.contains("certificate is not trusted"), "{said}");
    assert_eq!(receiver.heard("takes").len(), 1);
}

#[test]
fn no_webhook_goes_inside_and_what_cannot_be_told_is_refused_with_a_remedy() {
    let data = Data::new();
    let _ = Collector::start(&data); // makes the keys
    let keys = data.path("keys").display().to_string();
    let database = data.database_url();
    let run = |arguments: &[&str]| {
        let with = ["--site", "shop", "--keys-file", &keys, "--database-url", &database];
        ashiato([&["webhook"], arguments, &with].concat())
    };
    let add = |url: &str, more: &[&str]| {
        let events: &[&str] = if more.contains(&"--events") { &[] } else { &["--events", EVENTS] };
        let fixed = ["add", "--url", url];
        run(&[&fixed[..], events, more].concat())
    };
    for (url, more, why) in [
        ("http://crm.example/", &[][..], "not https"),
        ("https://127.0.0.1/", &[], "not a public address"),
        ("https://169.254.169.254/latest", &[], "not a public address"),
        ("https://[::ffff:10.0.0.1]/", &[], "not a public address"),
        ("https://crm.example:6379/", &[], "port 6379"),
        ("https://me:secret@crm.example/", &[], "password"),
        ("crm.example", &[], "no address"),
        ("https://crm.example/", &["--events", "lead.erased"], "only to whom that was told"),
        ("https://crm.example/", &["--events", "lead.eaten"], "no such event"),
        ("https://crm.example/", &["--fields", "shoe_size"], "shoe_size"),
    ] {
        let said = add(url, more);
        assert!(!said.status.success() && said.err.contains(why), "{url}: {}", said.err);
        assert!(!said.err.contains("me:secret"), "{}", said.err);
    }
    assert_eq!(data.database().number("SELECT count(*) FROM webhook"), 0);
    // A name is looked at when a connection is made.
    let said = add("https://localhost/in", &[]);
    assert!(said.status.success(), "{}", said.err);
    let webhook = said.out.lines().find_map(|line| line.strip_prefix("webhook: ")).unwrap();
    let said = run(&["test", webhook]);
    assert!(!said.status.success() && said.err.contains("no public address"), "{}", said.err);
    let said = ashiato([
        "webhook",
        "retry",
        "018f0000-0000-7000-8000-000000000000",
        "--site",
        "shop",
        "--database-url",
        &database,
    ]);
    assert!(!said.status.success() && said.err.contains("remedy"), "{}", said.err);
}

#[test]
fn what_another_system_gives_changes_and_erases_is_told() {
    let data = Data::new();
    let collector = start(&data);
    let receiver = Receiver::start(&data);
    let _ = receiver.added(&data, "takes", &["--events", EVENTS, "--fields", "email,name"]);
    let token = data.token("shop", &["leads:write"]);
    let call = |method: &str, path: &str, body: &Value| {
        let request = collector.request(method, path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        collector.send(request.header("if-match", "*"), body.to_string()).unwrap()
    };
    let lead = json!({"site": "shop", "form": "contact", "ground": "existing_customer", "proof": "x",
        "by": "crm", "fields": {"name": "花子", "email": "hanako@example.jp", "message": "x"}});
    let made = call("POST", "/api/v1/leads", &lead).expect(201);
    assert_eq!(kinds(&receiver.hears("takes", 1)), ["lead.created"]);
    let path = format!("/api/v1/leads/{}?site=shop", made["id"].as_str().unwrap());
    let _ = call("PATCH", &path, &json!({"fields": {"name": "花"}})).expect(200);
    let heard = receiver.hears("takes", 2);
    assert_eq!(heard[1]["body"]["type"], "lead.changed");
    let told = &heard[1]["body"]["data"];
    assert_eq!((&told["fields"]["name"], &told["version"]), (&json!("花"), &json!(2)));
    assert_eq!(
        (&told["origin"], &told["ground"]["kind"]),
        (&json!("api"), &json!("existing_customer"))
    );
    assert_eq!(call("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(receiver.hears("takes", 3)[2]["body"]["type"], "lead.erased");
}

#[test]
fn a_ground_that_is_given_exchanged_or_taken_back_by_hand_is_told() {
    let data = Data::new();
    let collector = start(&data);
    let receiver = Receiver::start(&data);
    let _ = receiver.added(&data, "takes", &["--events", EVENTS]);
    let lead = send(&collector);
    let mut told = 0;
    for (ground, kind) in [
        (Some("card_exchanged"), "lead.created"),
        (Some("existing_customer"), "lead.changed"),
        (None, "lead.unsubscribed"),
        (Some("published_address"), "lead.created"),
    ] {
        let given = ["--ground", ground.unwrap_or_default(), "--proof", crate::ground::PROOF];
        let given = if ground.is_some() { &given[..] } else { &["--withdraw"] };
        let said = crate::ground::ground(&data, &lead, &[given, &["--by", "x"]].concat());
        assert!(said.status.success(), "{said:?}");
        told += 1;
        let heard = receiver.hears("takes", told);
        assert_eq!(kinds(&heard)[told - 1], kind);
        let body = &heard[told - 1]["body"]["data"];
        assert_eq!((&body["lead"], &body["ground"]["kind"]), (&json!(lead), &json!(ground)));
    }
}
