//! `ashiato keys dkim --new`: a newer key is published before it signs, and then signs.

use ashiato_tests::{
    Data,
    mail::{self, MailServer},
    process::{Said, ashiato, eventually},
};

use super::{send, start};

fn dkim(data: &Data, more: &[&str]) -> Said {
    let keys = data.path("keys").display().to_string();
    let given = ["keys", "dkim", "--domain", "hiyori.example", "--keys-file", &keys];
    ashiato([&given[..], more].concat())
}

/// What is printed of each key: how it stands, the record's name and its value.
fn records(said: &Said) -> Vec<(String, String, String)> {
    assert!(said.status.success(), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    let one = |pair: &[&str]| {
        let name = pair[1].split(". ").next().unwrap().to_owned();
        (pair[0].to_owned(), name, pair[1].split('"').skip(1).step_by(2).collect())
    };
    lines.chunks_exact(2).map(one).collect()
}

#[test]
fn a_newer_key_is_shown_before_it_signs_and_signs_in_running_collectors_from_then_on() {
    let (data, server) = (Data::new(), MailServer::start());
    let mut collector = start(&data, &server);
    let signed = |at: usize, (_, name, value): &(String, String, String)| {
        eventually("a mail", || server.taken().len() > at);
        mail::read(&server.taken()[at], name, value)["valid"] == true
    };
    let _ = send(&collector, "first@example.jp", "ja");
    let [first] = &records(&dkim(&data, &[]))[..] else { unreachable!("one key") };
    assert!(first.0.ends_with("signs mail") && signed(0, first), "{}", first.0);

    // In two days.
    let both = records(&dkim(&data, &["--new"]));
    assert_eq!(both.len(), 2);
    assert_eq!(both[0], *first, "the earlier one signs on");
    assert!(
        both[1].0.contains("signs from ") && both[1].0.contains("publish it before"),
        "{}",
        both[1].0
    );
    assert!(both[1].1 != first.1 && both[1].2 != first.2, "under a name of its own");
    assert_eq!(records(&dkim(&data, &[])), both, "shown again, nothing is made");
    let _ = send(&collector, "second@example.jp", "ja");
    assert!(signed(1, first) && !signed(1, &both[1]));

    let wrong = dkim(&data, &["--after", "3"]);
    assert!(!wrong.status.success() && wrong.err.contains("--new"), "{wrong:?}");
    // The modulus, which a key begins with, is published; what comes behind it is not.
    let secrets = std::fs::read_to_string(data.path("keys")).unwrap();
    let shown = dkim(&data, &[]).out;
    let lines = secrets.split("-----BEGIN").skip(1).flat_map(|key| key.lines().skip(8));
    let lines: Vec<_> = lines.filter(|line| line.len() > 60).collect();
    assert!(lines.len() > 30 && lines.iter().all(|line| !shown.contains(line)), "{lines:?}");
    collector.stop();
}

#[test]
fn a_newer_key_that_is_to_sign_at_once_does() {
    let (data, server) = (Data::new(), MailServer::start());
    let collector = start(&data, &server);
    let before = records(&dkim(&data, &[]));
    let now = records(&dkim(&data, &["--new", "--after", "0"]));
    assert!(now[0].0.contains("leave it published") && now[1].0.ends_with("signs mail"), "{now:?}");
    assert_eq!(before[0].2, now[0].2);
    // A collector takes the file up within a second; a mail of before then is signed by the one before.
    for number in 0..30 {
        let _ = send(&collector, &format!("person{number}@example.jp"), "en");
        eventually("a mail", || server.taken().len() > number);
        let path = &server.taken()[number];
        let valid =
            |key: &(String, String, String)| mail::read(path, &key.1, &key.2)["valid"] == true;
        if valid(&now[1]) {
            return;
        }
        assert!(valid(&now[0]), "signed by one of the two");
    }
    unreachable!("thirty mails were signed by the key before");
}

#[test]
fn keys_of_the_environment_get_no_newer_one() {
    let data = Data::new();
    drop(ashiato_tests::Collector::start(&data));
    assert!(dkim(&data, &[]).status.success());
    let content = std::fs::read_to_string(data.path("keys")).unwrap();
    let program = ashiato_tests::process::program("ASHIATO_BIN", "ashiato");
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(&program);
        let command = command.args(["keys", "dkim"]).args(more).env("ASHIATO_KEYS", &content);
        command.output().unwrap()
    };
    let shown = run(&[]);
    assert!(shown.status.success() && String::from_utf8_lossy(&shown.stdout).contains(" IN TXT "));
    let refused = run(&["--new"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("cannot be changed there"), "{said}");
    assert_eq!(std::fs::read_to_string(data.path("keys")).unwrap(), content);
}
