//! `ashiato keys`, beside collectors that run.

use std::process::Command;

use ashiato_tests::{
    Collector, Data, Session, Visitor,
    process::{ashiato, eventually, program},
};
use consent_core::ids::from_base64url;
use serde_json::Value;

fn keys(data: &Data, act: &str, more: &[&str]) -> String {
    let file = data.path("keys").display().to_string();
    let said = ashiato([&["keys", act, "--keys-file", &file], more].concat());
    assert!(said.status.success(), "{said:?}");
    said.out
}

fn kid(receipt: &str) -> String {
    let header = from_base64url(receipt.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn published(collector: &Collector) -> Vec<String> {
    let jwks = collector.get("/.well-known/jwks.json").expect(200);
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keys_are_exchanged_under_running_collectors_and_nobody_notices() {
    let data = Data::new();
    let collectors = [Collector::start(&data), Collector::start(&data)];
    let [first, second] = &collectors;
    let visitor = Visitor::who_grants(first, &["analytics"]);
    let before = kid(&visitor.receipt);
    let listed = keys(&data, "rotate", &["--after", "0"]);
    assert_eq!(listed.matches("signs\n").count(), 2, "{listed}");
    eventually("both take the new keys up", || {
        collectors.iter().all(|collector| published(collector).len() == 2)
    });

    let send = |collector: &Collector| visitor.send(collector, &[visitor.event("page_view")]);
    assert_eq!((send(first).status, send(second).status), (200, 200), "an open session goes on");
    let later = Visitor::who_grants(second, &["analytics"]);
    let now = kid(&later.receipt);
    assert_ne!(now, before);
    assert_eq!(published(first), [now, before], "both verify, the newest comes first");
    assert_eq!(later.send(first, &[later.event("page_view")]).status, 200);
    let key_of = |session: &Session| session.text.split('.').nth(1).unwrap().to_owned();
    assert_ne!(key_of(&later.session), key_of(&visitor.session));
    // The visitor is known by the same hash as before.
    assert_eq!(Session::open(second, Some(&visitor.id)).text.split('.').count(), 6);
}

#[test]
fn a_damaged_keys_file_is_reported_and_changes_nothing() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    std::fs::write(data.path("keys"), "session = \"gone\"\n").unwrap();
    eventually("it says so", || collector.log().contains("the keys stay what they were"));
    assert_eq!(visitor.send(&collector, &[visitor.event("page_view")]).status, 200);
    assert_eq!(published(&collector), [kid(&visitor.receipt)]);
}

#[test]
fn what_is_listed_has_no_secret() {
    let data = Data::new();
    let _collector = Collector::start(&data);
    let listed = keys(&data, "list", &[]);
    let file = std::fs::read_to_string(data.path("keys")).unwrap();
    for secret in file.lines().filter_map(|line| line.strip_prefix("secret = ")) {
        assert!(!listed.contains(secret.trim_matches('"')), "{listed}");
    }
    for purpose in ["session", "visitor", "receipt"] {
        assert!(listed.contains(purpose), "{listed}");
    }
    let said = ashiato(["keys", "rotate", "--only", "visitor"]);
    assert!(!said.status.success() && said.err.contains("session, receipt"), "{said:?}");
}

#[test]
fn keys_may_come_from_the_environment_and_are_shown_by_nothing() {
    let data = Data::new();
    let kept = Collector::start(&data);
    let visitor = Visitor::who_grants(&kept, &["analytics"]);
    let content = std::fs::read_to_string(data.path("keys")).unwrap();
    std::fs::remove_file(data.path("keys")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program("ASHIATO_BIN", "ashiato"));
        let output = command.args(arguments).env("ASHIATO_KEYS", &content).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let given = Collector::start_in(&data, &[], &[("ASHIATO_KEYS", &content)]);
    assert_eq!(visitor.send(&given, &[visitor.event("page_view")]).status, 200);
    assert!(!data.path("keys").exists(), "no file is made");
    let (listed, said) = run(&["keys", "list"]);
    assert!(listed && said.contains(&kid(&visitor.receipt)), "{said}");
    let (rotated, said) = run(&["keys", "rotate"]);
    assert!(!rotated && said.contains("remedy"), "{said}");
    let secret = content.lines().find_map(|line| line.strip_prefix("secret = ")).unwrap();
    for help in [&["serve", "--help"][..], &["keys", "rotate", "--help"]] {
        assert!(!run(help).1.contains(secret.trim_matches('"')));
    }
}
