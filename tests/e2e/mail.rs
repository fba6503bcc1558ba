//! Mail that asks to confirm, by a real mail server, verified by a library that is not ours; what its links do; and what
//! a mail server's troubles do to it.

mod beside;
mod check;
#[cfg(target_os = "linux")]
mod expired;
mod rotation;

use ashiato_tests::{
    Answer, Collector, Data, Session,
    mail::{self, MailServer},
    process::eventually,
    wait_for,
};
use serde_json::Value;

pub(crate) const PUBLIC: &str = "https://consent.hiyori.example";

fn start(data: &Data, server: &MailServer) -> Collector {
    Collector::start_in(
        data,
        &["--public-url", PUBLIC, "--smtp-url", server.url()],
        &[("ASHIATO_LOG", "trace")],
    )
}

/// Sends the contact form with the box ticked, from a page in that language.
fn send(collector: &Collector, email: &str, language: &str) -> String {
    let session = Session::open(collector, None);
    let mut lead = session.lead(None);
    lead["fields"]["email"] = email.into();
    lead["fields"]["ashiato_language"] = language.into();
    let answer = collector.post("/v1/leads", session.sign(&lead)).expect(201);
    answer["lead"].as_str().unwrap().to_owned()
}

/// The name and the value of the record that is to be published.
fn record(data: &Data) -> (String, String) {
    let keys = data.path("keys").display().to_string();
    let said = ashiato_tests::process::ashiato([
        "keys",
        "dkim",
        "--domain",
        "hiyori.example",
        "--keys-file",
        &keys,
    ]);
    assert!(said.status.success(), "{}", said.err);
    let line = said.out.lines().find(|line| !line.starts_with(';')).unwrap();
    let name = line.split(". ").next().unwrap();
    let value: String = line.split('"').skip(1).step_by(2).collect();
    assert!(value.starts_with("v=DKIM1; k=rsa; p="), "{line}");
    (name.to_owned(), value)
}

pub(crate) fn the_mail(data: &Data, server: &MailServer, at: usize) -> Value {
    let path = wait_for("a mail", || server.taken().get(at).cloned());
    let (name, value) = record(data);
    let mut said = mail::read(&path, &name, &value);
    said["envelope"] = MailServer::envelope(&path);
    said
}

/// The path of the first address of that kind in a mail.
pub(crate) fn link(mail: &Value, kind: &str) -> String {
    let text = mail["text"].as_str().unwrap();
    let start = format!("{PUBLIC}/s/shop/{kind}/");
    let line = text.lines().find(|line| line.starts_with(&start));
    assert!(line.is_some(), "no {start} in {text}");
    line.unwrap().strip_prefix(PUBLIC).unwrap().to_owned()
}

fn press(collector: &Collector, path: &str) -> Answer {
    let request = collector.request("POST", path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    collector.send(request, "confirm=1").unwrap()
}

fn usable(data: &Data) -> i64 {
    data.database().number("SELECT count(*) FROM lead WHERE ground_since IS NOT NULL")
}

#[test]
fn a_ticked_box_is_asked_about_by_one_signed_mail_in_the_language_of_the_page() {
    for (language, subject, words) in [
        (
            "ja",
            "メール受け取りのご確認（ひより道具店）",
            [
                "新商品のお知らせをメールで受け取る（いつでも停止できます）",
                "株式会社ひより道具店",
                "京都市中京区足跡町1-2",
            ],
        ),
        (
            "en",
            "Please confirm that you want our e-mail (Hiyori Home Goods)",
            [
                "E-mail me about new products (I can stop this at any time)",
                "Hiyori Home Goods K.K.",
                "1-2 Ashiato-cho, Nakagyo-ku",
            ],
        ),
    ] {
        let (data, server) = (Data::new(), MailServer::start());
        let mut collector = start(&data, &server);
        let _ = send(&collector, "Hanako.Planted@example.jp", language);
        let _ = send(&collector, "hanako.planted@EXAMPLE.jp", language);
        let mail = the_mail(&data, &server, 0);
        assert_eq!(mail["valid"], true, "dkimpy: {}", mail["raw"]);
        assert_eq!(mail["valid_when_changed"], false, "the unsubscribing is signed too");
        let headers = &mail["headers"];
        assert_eq!(headers["subject"], subject);
        assert_eq!(headers["to"], "Hanako.Planted@example.jp");
        assert_eq!(mail["envelope"]["to"], serde_json::json!(["Hanako.Planted@example.jp"]));
        assert_eq!(headers["auto-submitted"], "auto-generated");
        assert_eq!(headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
        let stop = headers["list-unsubscribe"].as_str().unwrap();
        assert!(
            stop.starts_with(&format!("<{PUBLIC}/s/shop/stop/")) && stop.ends_with('>'),
            "{stop}"
        );
        assert!(headers["from"].as_str().unwrap().ends_with("<news@hiyori.example>"), "{headers}");
        let id = headers["message-id"].as_str().unwrap();
        assert!(id.ends_with("@hiyori.example>") && !id.contains("anako"), "{id}");
        assert!(headers["date"].as_str().is_some());
        assert_eq!(mail["type"], "multipart/alternative");
        for part in ["text", "html"] {
            let said = mail[part].as_str().unwrap();
            let all =
                words.iter().chain(["075-000-0000", "/s/shop/confirm/", "/s/shop/stop/"].iter());
            for word in all {
                assert!(said.contains(word), "{word} is not in {said}");
            }
            // Nothing that was written into the form: a stranger may have filled it in.
            assert!(!said.contains("花子") && !said.contains("こんにちは"), "{said}");
        }
        let database = || data.database();
        eventually("it is written down", || {
            database().number("SELECT count(*) FROM mail_outbox WHERE state = 'sent'") == 1
        });
        assert_eq!(server.taken().len(), 1, "one mail a person");
        assert_eq!(usable(&data), 0, "locked");

        let (confirm, stop) = (link(&mail, "confirm"), link(&mail, "stop"));
        // A scanner opens every link, more than once.
        for path in [&confirm, &stop, &confirm] {
            let page = collector.get(path);
            assert_eq!((page.status, usable(&data)), (200, 0));
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            assert!(page.header("content-security-policy").contains("default-src 'none'"));
            assert!(page.header("set-cookie").is_empty());
            assert!(page.body.contains(&format!("<html lang=\"{language}\"")), "{}", page.body);
        }
        assert!(collector.get(&confirm).body.contains(words[0]), "the wording is shown");
        let confirmed = press(&collector, &confirm);
        assert_eq!((confirmed.status, usable(&data)), (200, 2), "{}", confirmed.body);
        let again = press(&collector, &confirm);
        assert!(again.status == 200 && again.body != confirmed.body, "replayed, and it says so");
        assert_eq!(
            database().number("SELECT count(*) FROM mail_opt_in WHERE confirmed_at IS NOT NULL"),
            2
        );

        // One click of a mail program: no page, no cookie, the body that RFC 8058 names.
        let request = collector.request("POST", stop.split('?').next().unwrap());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let stopped = collector.send(request, "List-Unsubscribe=One-Click").unwrap();
        assert_eq!((stopped.status, usable(&data)), (200, 0));
        assert_eq!(database().texts("SELECT how FROM mail_suppression"), ["one_click"]);
        assert_eq!(press(&collector, &confirm).status, 410, "a link of before the stop");
        let keys = data.path("keys").display().to_string();
        let person =
            ["--site", "shop", "--keys-file", &keys, "--email", "hanako.planted@example.jp"];
        let back =
            [&["mail", "unsuppress", "--reason", "told us by telephone"][..], &person].concat();
        let _ = data.run(&back);
        assert_eq!(usable(&data), 0, "no ground comes back with it");
        let _ = data.run(&[&["mail", "suppress"][..], &person].concat());
        assert_eq!(database().texts("SELECT how FROM mail_suppression"), ["operator"]);
        assert_eq!(press(&collector, &stop).status, 200, "once more");

        collector.stop();
        let log = collector.log();
        let tokens =
            [&confirm, &stop].map(|path| path.split(['/', '?']).nth(4).unwrap().to_owned());
        assert!(tokens.iter().all(|token| token.len() > 40), "{tokens:?}");
        assert!(log.contains("/s/{site}/confirm/{token}"), "routes are told as templates");
        for secret in tokens.iter().map(String::as_str).chain(["planted", "PLANTED", "Planted"]) {
            assert!(!log.contains(secret), "{secret} is in the log");
            assert!(!data.holds(secret.as_bytes()), "{secret} is in the database");
        }
    }
}

#[test]
fn links_that_were_altered_or_are_of_another_site_or_of_an_erased_lead_do_nothing() {
    let (data, server) = (Data::new(), MailServer::start());
    let collector = start(&data, &server);
    let lead = send(&collector, "hanako@example.jp", "ja");
    let mail = the_mail(&data, &server, 0);
    let (confirm, stop) = (link(&mail, "confirm"), link(&mail, "stop"));
    for path in [&confirm, &stop] {
        let other = path.replace("/s/shop/", "/s/other/");
        let short = path.split('?').next().unwrap();
        let token = short.rsplit('/').next().unwrap();
        let swapped = format!("/s/shop/confirm/{token}x");
        let kind = if path.contains("/confirm/") { "stop" } else { "confirm" };
        let misused = format!("/s/shop/{kind}/{token}");
        for bad in [&other, &swapped, &misused, &short[..short.len() - 1].to_owned()] {
            assert_eq!(collector.get(bad).status, 404, "{bad}");
            let pressed = press(&collector, bad);
            assert_eq!(pressed.status, 404, "{bad}");
            assert!(pressed.header("content-type").starts_with("text/html"), "people read it");
        }
    }
    assert_eq!(
        (usable(&data), data.database().number("SELECT count(*) FROM mail_suppression")),
        (0, 0)
    );
    data.run(&["leads", "erase", &lead, "--site", "shop"]);
    for answer in [collector.get(&confirm), press(&collector, &confirm)] {
        assert_eq!(answer.status, 410, "{}", answer.body);
    }
    assert_eq!(press(&collector, &stop).status, 200, "stopping works for ever");
    assert_eq!(data.database().number("SELECT count(*) FROM mail_suppression"), 1);
}

#[test]
fn a_server_that_refuses_is_busy_or_drops_the_line_is_tried_again_or_not_as_it_says() {
    let (data, server) = (Data::new(), MailServer::start());
    let mut collector = start(&data, &server);
    for name in ["refuse", "busy", "drop", "good"] {
        let _ = send(&collector, &format!("{name}.planted@example.jp"), "en");
    }
    let state = |state: &str, reason: &str| {
        let text = format!(
            "SELECT count(*) FROM mail_outbox WHERE state = '{state}' AND reason = '{reason}'"
        );
        data.database().number(&text)
    };
    eventually("each has been tried", || {
        state("failed", "refused 550") == 1
            && state("waiting", "busy 451") == 1
            && data
                .database()
                .number("SELECT count(*) FROM mail_outbox WHERE state = 'waiting' AND attempts = 1")
                == 2
    });
    let said = data.run(&["mail", "outbox", "--site", "shop"]);
    assert!(
        said.contains("refused 550") && said.contains("busy 451") && !said.contains('@'),
        "{said}"
    );
    assert!(data.run(&["mail", "retry", "--site", "shop"]).contains("again at once: "));
    // The next time has come.
    let due = "UPDATE mail_outbox SET due_at = 0 WHERE state = 'waiting'";
    eventually("all but the refused one are sent", || {
        assert!(data.database().execute(due).is_ok());
        state("sent", "") == 3
    });
    eventually("the refused one is refused again", || state("failed", "refused 550") == 1);
    let to = |mail: &std::path::PathBuf| {
        MailServer::envelope(mail)["to"][0].as_str().unwrap().to_owned()
    };
    let mut taken: Vec<_> = server.taken().iter().map(to).collect();
    taken.sort();
    // A line that was dropped after the mail tells nobody whether it was taken: it comes twice, as one.
    let expected =
        ["busy", "drop", "drop", "good"].map(|name| format!("{name}.planted@example.jp"));
    assert_eq!(taken, expected);
    let (name, value) = record(&data);
    let ids: std::collections::BTreeSet<_> = server
        .taken()
        .iter()
        .map(|mail| mail::read(mail, &name, &value)["headers"]["message-id"].to_string())
        .collect();
    assert_eq!(ids.len(), 3, "one Message-ID for each mail, however often it is tried");
    collector.stop();
    assert!(
        !collector.log().contains("planted"),
        "a server repeats addresses, and the log does not"
    );
}

#[test]
fn a_mail_that_is_being_handed_over_is_told_to_who_stops_and_a_hanging_server_holds_nobody_up() {
    let (data, server) = (Data::new(), MailServer::start());
    let mut collector = start(&data, &server);
    let _ = send(&collector, "good@example.jp", "en");
    let stop = link(&the_mail(&data, &server, 0), "stop");
    let stopped = press(&collector, &stop);
    assert!(!stopped.body.contains("may still arrive"), "{}", stopped.body);
    let _ = send(&collector, "hang@example.jp", "en");
    eventually("the server hangs", || server.is_hanging());
    assert_eq!(collector.get("/healthz").status, 200);
    let begun = std::time::Instant::now();
    let _ = send(&collector, "other@example.jp", "en");
    assert!(begun.elapsed().as_secs() < 10, "forms are taken all the same");
    let keys = data.path("keys").display().to_string();
    let person = ["--site", "shop", "--keys-file", &keys, "--email", "hang@example.jp"];
    let said = data.run(&[&["mail", "suppress"][..], &person].concat());
    assert!(said.contains("may still arrive"), "{said}");
    collector.stop();
    assert!(
        collector.log().contains("stopped while a mail was being handed over"),
        "{}",
        collector.log()
    );
    let waiting = "SELECT count(*) FROM mail_outbox WHERE state = 'waiting'";
    assert_eq!(data.database().number(waiting), 2, "nothing is lost");
}

#[test]
fn several_collectors_send_each_mail_once() {
    let (data, server) = (Data::new(), MailServer::start());
    // Mail waits without a server, and is sent by whoever comes.
    let first = Collector::start(&data);
    for number in 0..12 {
        let _ = send(&first, &format!("person{number}@example.jp"), "ja");
    }
    let all: Vec<_> = (0..3).map(|_| start(&data, &server)).collect();
    eventually("all are sent", || {
        data.database().number("SELECT count(*) FROM mail_outbox WHERE state = 'sent'") == 12
    });
    drop(all);
    assert_eq!(server.taken().len(), 12);
    assert!(first.log().contains("mail waits"), "{}", first.log());
}

#[test]
fn a_server_with_tls_and_a_login_is_spoken_to_as_it_asks() {
    let data = Data::new();
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, secret) = (data.path("mail.pem"), data.path("mail.key"));
    std::fs::write(&certificate, key.cert.pem()).unwrap();
    std::fs::write(&secret, key.signing_key.serialize_pem()).unwrap();
    let [certificate, secret] = [certificate, secret].map(|path| path.display().to_string());
    let server = MailServer::start_with(&[
        "--tls",
        &certificate,
        &secret,
        "--login",
        "ashiato",
        "pass word",
    ]);
    let flags = ["--public-url", PUBLIC, "--smtp-url", server.url()];
    let with = |password: &'static str| {
        [
            ("SSL_CERT_FILE", certificate.as_str()),
            ("ASHIATO_SMTP_USER", "ashiato"),
            ("ASHIATO_SMTP_PASSWORD", password),
        ]
    };
    let mut wrong = Collector::start_in(&data, &flags, &with("wrong word"));
    let _ = send(&wrong, "hanako@example.jp", "ja");
    let text = "SELECT count(*) FROM mail_outbox WHERE state = 'waiting' AND reason = 'login 535'";
    eventually("the login is refused, which is not the mail's fault", || {
        data.database().number(text) == 1
    });
    wrong.stop();
    assert!(!wrong.log().contains("wrong word"));
    assert!(data.database().execute("UPDATE mail_outbox SET due_at = 0").is_ok());
    let _right = Collector::start_in(&data, &flags, &with("pass word"));
    assert_eq!(the_mail(&data, &server, 0)["valid"], true);
}

#[test]
fn without_a_server_mail_can_be_written_into_a_folder() {
    let data = Data::new();
    let folder = data.path("mail");
    let flags = ["--mail-dir", &folder.display().to_string()];
    let collector = Collector::start_with(&data, &flags);
    let _ = send(&collector, "hanako@example.jp", "ja");
    let path = wait_for("a mail", || mail::mails(&folder).pop());
    let (name, value) = record(&data);
    eventually("it is whole", || mail::read(&path, &name, &value)["valid"] == true);
    assert!(collector.log().contains("no unsubscribing by one click"));
}
