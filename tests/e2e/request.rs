//! The form by which people ask about their own data: by a real mail server, from the form to the answer, and what
//! goes wrong on the way.

use std::cell::Cell;

use ashiato_tests::{
    Answer, Collector, Data, Session, clock::Clock, collector::UNLIMITED, mail::MailServer,
    process::eventually,
};
use serde_json::{Value, json};

use crate::{
    mail::{PUBLIC, link, the_mail},
    subject::{done, requests, subject, trail},
};

mod links;
mod refused;

const DAY: i64 = 86_400;

/// A collector with its mail server, under a clock that the test sets.
struct Site {
    data: Data,
    server: MailServer,
    clock: Clock,
    off: Cell<i64>,
    collector: Collector,
}

impl Site {
    fn new() -> Self {
        Self::with(&UNLIMITED)
    }

    fn with(flags: &[&str]) -> Self {
        let (data, server) = (Data::new(), MailServer::start());
        let clock = Clock::new(&data);
        let collector = start(&data, &server, &clock, flags);
        Self { data, server, clock, off: Cell::new(0), collector }
    }

    fn later(&self, seconds: i64) {
        self.off.set(self.off.get() + seconds);
        self.clock.set(self.off.get());
    }

    fn restart(&mut self) {
        self.collector.stop();
        self.collector = start(&self.data, &self.server, &self.clock, &UNLIMITED);
    }

    /// When a form says that it was opened.
    fn began(&self) -> String {
        let page = self.collector.get("/s/shop/request").body;
        let began = page.split("name=\"began\" value=\"").nth(1).unwrap();
        began.split('"').next().unwrap().to_owned()
    }

    /// Opens the form and sends it three seconds later.
    fn ask(&self, language: &str, fields: &[(&str, &str)]) -> Answer {
        let began = self.began();
        self.later(3);
        self.send(PUBLIC, language, &[fields, &[("began", &began)]].concat())
    }

    fn send(&self, origin: &str, language: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("/s/shop/request?lang={language}");
        let request = self.collector.request("POST", &path).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.collector.send(request, encoded(fields)).unwrap()
    }

    fn press(&self, path: &str, act: &str) -> Answer {
        let request = self.collector.request("POST", path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.collector.send(request, format!("act={act}")).unwrap()
    }

    fn mail(&self, at: usize) -> Value {
        the_mail(&self.data, &self.server, at)
    }

    fn count(&self, table: &str) -> i64 {
        self.data.database().number(&format!("SELECT count(*) FROM {table}"))
    }

    /// Somebody wrote by the contact form.
    fn lead(&self, email: &str) {
        let session = Session::open(&self.collector, None);
        let mut lead = session.lead(None);
        lead["fields"]["email"] = email.into();
        lead["agreements"]["email_marketing"] = false.into();
        let _ = self.collector.post("/v1/leads", session.sign(&lead)).expect(201);
    }

    /// Asks, confirms, and answers the request's id; the next mail is `at`.
    fn confirmed(&self, kind: &str, email: &str, at: usize) -> String {
        let fields = [("kind", kind), ("email", email), ("message", "住所を直してください。")];
        assert_eq!(self.ask("ja", &fields).status, 200);
        let pressed = self.press(&link(&self.mail(at), "request"), "confirm");
        assert_eq!(pressed.status, 200, "{}", pressed.body);
        let _ = self.mail(at + 1);
        let open = requests(&self.data, &["--open"]);
        open.last().unwrap()["request"].as_str().unwrap().to_owned()
    }
}

fn start(data: &Data, server: &MailServer, clock: &Clock, flags: &[&str]) -> Collector {
    let own = ["--public-url", PUBLIC, "--smtp-url", server.url()];
    let environment = [&clock.environment()[..], &[("ASHIATO_LOG", "trace")]].concat();
    Collector::start_in(data, &[&own, flags].concat(), &environment)
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(fields).finish()
}

/// What a mail says, as text and as HTML.
fn said(mail: &Value) -> String {
    format!("{}{}", mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap())
}

#[test]
fn a_request_goes_from_the_form_by_a_confirmed_mail_into_the_queue_and_is_answered_by_a_link() {
    for (language, words) in [
        (
            "ja",
            [
                "個人情報に関するご請求の確認",
                "内容を知りたい（開示）",
                "請求する",
                "受け付けました",
                "ご請求へのお答え",
            ],
        ),
        (
            "en",
            [
                "Please confirm your request",
                "To see what you hold",
                "make this request",
                "We have received",
                "The answer to your",
            ],
        ),
    ] {
        let mut site = Site::new();
        site.lead("hanako.planted@example.jp");
        let page = site.collector.get(&format!("/s/shop/request?lang={language}"));
        assert_eq!(page.status, 200);
        assert!(page.body.contains(words[1]) && !page.body.contains("<script"), "{}", page.body);
        let fields = [
            ("kind", "export"),
            ("email", " Hanako.Planted@ＥＸＡＭＰＬＥ.jp "),
            ("message", "SECRET-MESSAGE を教えてください"),
        ];
        let sent = site.ask(language, &fields);
        assert_eq!(sent.status, 200, "{}", sent.body);
        assert!(!sent.body.to_lowercase().contains("planted"), "{}", sent.body);

        let mail = site.mail(0);
        assert_eq!(mail["valid"], true, "dkimpy: {}", mail["raw"]);
        assert_eq!(mail["envelope"]["to"], json!(["Hanako.Planted@example.jp"]));
        let headers = &mail["headers"];
        assert!(headers["subject"].as_str().unwrap().contains(words[0]), "{headers}");
        assert_eq!(headers["auto-submitted"], "auto-generated");
        assert!(headers["list-unsubscribe"].is_null(), "it is no news that could be stopped");
        assert!(said(&mail).contains(words[1]) && said(&mail).contains(words[2]), "{mail}");
        assert!(said(&mail).contains("privacy@hiyori.example"), "{mail}");
        assert!(!said(&mail).contains("SECRET"), "nothing that was written into the form");
        let confirm = link(&mail, "request");

        // What scanners do.
        for method in ["GET", "HEAD", "OPTIONS", "GET"] {
            let answer = site.collector.send(site.collector.request(method, &confirm), []);
            assert!(answer.is_ok(), "{method}");
        }
        assert_eq!((site.count("subject_request"), site.server.taken().len()), (0, 1));
        let page = site.collector.get(&confirm);
        assert_eq!(page.status, 200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        assert!(page.body.contains(words[2]), "{}", page.body);
        let pressed = site.press(&confirm, "confirm");
        assert!(pressed.status == 200 && pressed.body.contains(words[3]), "{}", pressed.body);
        let again = site.press(&confirm, "confirm");
        assert!(again.status == 200 && again.body != pressed.body, "pressed again, it says so");
        assert_eq!(site.count("subject_request"), 1);

        let open = requests(&site.data, &["--open"]);
        let request = open[0]["request"].as_str().unwrap().to_owned();
        assert_eq!((&open[0]["kind"], &open[0]["matches"]), (&json!("export"), &json!(1)));
        let time = |name: &str| open[0][name].as_i64().unwrap();
        assert_eq!(time("due_at") - time("received_at"), 14 * DAY * 1_000, "from the confirmation");
        let received = site.mail(1);
        assert!(received["headers"]["subject"].as_str().unwrap().contains(words[3]), "{received}");
        let list = done(&site.data, &["requests"], "");
        assert!(list.contains("by form, 1 lead has its address"), "{list}");
        let keys = site.data.path("keys").display().to_string();
        let show = ["subject", "show", &request, "--site", "shop", "--keys-file", &keys];
        let shown = site.data.run(&show);
        assert!(shown.contains("email: Hanako.Planted@example.jp\n"), "{shown}");
        assert!(shown.contains("message: SECRET-MESSAGE を教えてください\n"), "{shown}");

        // Answered: by a link, and by nothing else.
        let answered = subject(&site.data, &["export", "--request", &request], "");
        assert!(answered.status.success() && answered.out.is_empty(), "{answered:?}");
        assert!(answered.err.contains("mailed to whoever asked"), "{answered:?}");
        let mail = site.mail(2);
        assert!(mail["headers"]["subject"].as_str().unwrap().contains(words[4]), "{mail}");
        assert!(!said(&mail).contains("花子") && !said(&mail).contains("lanted"), "{mail}");
        let take = link(&mail, "answer");
        let page = site.collector.get(&take);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(!page.body.contains("花子"), "opening the link shows nothing yet");
        assert_eq!(site.press(&take, "other").status, 422);
        let file = site.press(&take, "download");
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"shop-records.json\""
        );
        assert_eq!(file.json()["leads"][0]["fields"]["name"], "足跡 花子");
        assert_eq!(site.press(&take, "download").status, 410, "once");
        let read = site.press(&take, "read");
        assert!(read.status == 200 && read.body.contains("足跡 花子"), "{}", read.body);
        assert!(!read.body.contains("<style"), "no style of its own");
        assert_eq!(read.header("cache-control"), "no-store");
        assert_eq!(site.press(&take, "read").status, 410);
        assert_eq!(site.collector.get(&take).status, 410);
        let closed = site.collector.get(&confirm);
        assert!(closed.status == 200 && !closed.body.contains("name=\"act\""), "{}", closed.body);

        let told: Vec<_> = trail(&site.data).iter().map(|it| it["action"].clone()).collect();
        assert_eq!(told, ["subject.receive", "subject.show", "subject.export"]);
        assert_eq!(trail(&site.data)[0]["actor"]["kind"], "visitor");
        site.restart();
        eventually("what is answered goes, with the address", || site.count("subject_asking") == 0);
        assert_eq!((site.count("subject_answer"), site.count("subject_mail")), (0, 0));
        site.collector.stop();
        let log = site.collector.log();
        assert!(log.contains("/s/{site}/request/{token}"), "routes are told as templates");
        let tokens = [&confirm, &take].map(|path| path.split(['/', '?']).nth(4).unwrap());
        for secret in tokens.into_iter().chain(["lanted", "LANTED", "SECRET", "花子"]) {
            assert!(!log.contains(secret), "{secret} is in the log");
            assert!(!site.data.holds(secret.as_bytes()), "{secret} is in the database");
        }
    }
}

#[test]
fn what_was_done_is_told_to_whoever_asked_and_to_nobody_else() {
    let site = Site::new();
    site.lead("hanako@example.jp");
    let email = "hanako@example.jp";
    let mut at = 0;
    let mut handled = |arguments: &[&str], kind: &str, email: &str, words: &str| {
        let request = site.confirmed(kind, email, at);
        let all = [arguments, &["--request", &request]].concat();
        let done = if arguments[0] == "refuse" {
            subject(&site.data, &["refuse", &request, "--reason", "not-identified"], "")
        } else {
            let other = [&all[..], &["--email", "other@example.jp"]].concat();
            let refused = subject(&site.data, &other, "");
            assert!(
                !refused.status.success() && refused.err.contains("confirmed by another address"),
                "{refused:?}"
            );
            subject(&site.data, &all, "")
        };
        assert!(done.status.success() && !done.err.contains('@'), "{done:?}");
        let mail = site.mail(at + 2);
        assert_eq!(mail["envelope"]["to"], json!([email]));
        assert!(said(&mail).contains(words), "{words}: {mail}");
        at += 3;
        site.later(3_601);
        mail
    };
    let given = handled(&["provision"], "provision", email, "提供の記録をまとめました");
    let file = site.press(&link(&given, "answer"), "download").json();
    assert!(file["shown_to"].is_array() && file["leads"][0]["recipients"].is_array(), "{file}");
    assert!(file["leads"][0]["fields"].is_null(), "what was asked for, and no more: {file}");
    let still = link(&given, "answer");
    assert_eq!(site.collector.get(&still).status, 200, "it can be read still");
    let correct = ["correct", "--field", "name=足跡 花"];
    let _ = handled(&correct, "correct", email, "訂正しました");
    let _ = handled(&["stop"], "stop", email, "利用を停止しました");
    let _ = handled(&["erase"], "erase", email, "削除しました");
    assert_eq!(site.collector.get(&still).status, 410, "what is erased is not handed out");
    site.later(DAY);
    let _ = handled(&["export"], "export", "nobody@example.jp", "見つかりませんでした");
    let refused = handled(&["refuse"], "stop", "nobody@example.jp", "確認できなかった");
    assert!(said(&refused).contains("監督する機関"), "{refused}");
    let states: Vec<_> = requests(&site.data, &[]).iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["done", "done", "done", "done", "unknown", "refused"]);
    eventually("no address is kept once its answer is sent", || site.count("subject_asking") == 0);
    assert_eq!(site.count("lead"), 0);
    let none = subject(&site.data, &["export"], "");
    assert!(!none.status.success() && none.err.contains("whose data is it about?"), "{none:?}");
    let by_letter = done(&site.data, &["receive", "stop"], "");
    let id = by_letter.split([' ', ':']).nth(1).unwrap();
    for command in [&["stop", "--request", id][..], &["show", id]] {
        let refused = subject(&site.data, command, "");
        assert!(refused.err.contains("did not come by the site's form"), "{refused:?}");
    }
}
