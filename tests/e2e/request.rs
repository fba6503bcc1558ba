//! The form by which people ask about their own data: by a real mail server, from the form to the answer, and what
//! goes wrong on the way.

use std::cell::Cell;

use ashiato_tests::{
    Answer, Collector, Data, Session,
    clock::Clock,
    collector::UNLIMITED,
    data::shop_file,
    mail::MailServer,
    process::{ashiato, eventually},
};
use serde_json::{Value, json};

use crate::{
    mail::{PUBLIC, link, the_mail},
    subject::{done, requests, subject, trail},
};

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
fn who_asks_learns_nothing_of_an_address_and_is_sent_one_mail_in_an_hour() {
    let site = Site::new();
    site.lead("known@example.jp");
    let ask = |email: &str| {
        let answer = site.ask("en", &[("kind", "erase"), ("email", email)]);
        let headers = answer.headers.iter().filter(|(name, _)| name != "date");
        (answer.status, answer.body, headers.cloned().collect::<Vec<_>>())
    };
    let known = ask("known@example.jp");
    assert_eq!(known.0, 200);
    assert_eq!(known, ask("nobody@example.jp"), "nobody is told of whom something is held");
    assert_eq!(known, ask("KNOWN@example.jp"), "nor that a mail was sent just now");
    let _ = site.mail(1);
    assert_eq!((site.count("subject_asking"), site.count("subject_mail")), (2, 2));
    let shapes: Vec<_> = (0..2).map(|at| said(&site.mail(at)).lines().count()).collect();
    assert_eq!(shapes[0], shapes[1], "the mail neither");
    site.later(3_600);
    assert_eq!(known, ask("known@example.jp"));
    let _ = site.mail(2);
    for _ in 0..4 {
        site.later(3_601);
        assert_eq!(known, ask("known@example.jp"));
    }
    assert_eq!(site.count("subject_mail"), 6, "no more than five in thirty days");
    assert_eq!(site.count("subject_request"), 0);
}

#[test]
fn a_link_ends_and_what_was_not_confirmed_goes_with_it() {
    let mut site = Site::new();
    assert_eq!(site.ask("ja", &[("kind", "stop"), ("email", "late@example.jp")]).status, 200);
    let confirm = link(&site.mail(0), "request");
    let token = confirm.split(['/', '?']).nth(4).unwrap();
    for bad in [
        format!("/s/shop/request/{token}x"),
        format!("/s/shop/request/{}", &token[1..]),
        format!("/s/other/request/{token}"),
        format!("/s/shop/answer/{token}"),
        format!("/s/shop/confirm/{token}"),
        "/s/shop/request/%E8%8A%B1".to_owned(),
    ] {
        for answer in [site.collector.get(&bad), site.press(&bad, "confirm")] {
            assert_eq!(answer.status, 404, "{bad}");
            assert!(answer.header("content-type").starts_with("text/html"), "people read it");
        }
    }
    site.later(6 * DAY);
    assert_eq!(site.collector.get(&confirm).status, 200, "still");
    site.later(2 * DAY);
    for (language, words) in [("ja", "有効期限が切れています"), ("en", "This link has expired")]
    {
        let path = confirm.replace("lang=ja", &format!("lang={language}"));
        for answer in [site.collector.get(&path), site.press(&path, "confirm")] {
            assert!(answer.status == 410 && answer.body.contains(words), "{}", answer.body);
            assert!(answer.body.contains("privacy@hiyori.example"), "{}", answer.body);
        }
    }
    assert_eq!((site.count("subject_request"), site.count("subject_asking")), (0, 1));
    site.restart();
    eventually("it is deleted", || site.count("subject_asking") == 0);
    assert_eq!(site.count("subject_mail"), 0);
    assert_eq!(site.press(&confirm, "confirm").status, 410);
    assert_eq!(trail(&site.data), [Value::Null; 0], "nobody has asked");
}

#[test]
fn of_presses_at_once_one_counts() {
    let site = Site::new();
    assert_eq!(site.ask("ja", &[("kind", "erase"), ("email", "twice@example.jp")]).status, 200);
    let confirm = link(&site.mail(0), "request");
    let pressed = std::thread::scope(|scope| {
        let press = || {
            let request = site.collector.request("POST", &confirm);
            (site.collector.authority().to_owned(), request)
        };
        let all: Vec<_> = (0..8).map(|_| press()).collect();
        let collector = &site.collector;
        let all: Vec<_> = all
            .into_iter()
            .map(|(_, request)| scope.spawn(move || collector.send(request, []).unwrap().status))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(pressed, [200; 8]);
    assert_eq!((site.count("subject_request"), trail(&site.data).len()), (1, 1));
    let _ = site.mail(1);
    assert_eq!(site.count("subject_mail"), 2, "asked once, told once");
}

#[test]
fn what_is_wrong_is_said_beside_the_field_and_nothing_that_was_typed_is_lost() {
    let site = Site::new();
    let long = "あ".repeat(4_001);
    let good = [("kind", "correct"), ("email", "typed@example.jp"), ("message", "町名が違います")];
    let but = |name: &'static str, value| {
        good.map(|(key, own)| if key == name { (key, value) } else { (key, own) })
    };
    for (language, fields, words) in [
        ("ja", but("kind", ""), "ご請求の内容を選んでください。"),
        ("en", but("kind", ""), "Please choose what you ask for."),
        ("ja", but("kind", "forget"), "この中からお選びください。"),
        ("en", but("kind", "forget"), "Please choose one of these."),
        ("ja", but("email", ""), "メールアドレスを入力してください。"),
        ("en", but("email", ""), "Please fill in “E-mail address”."),
        ("ja", but("email", "typed@"), "メールアドレスの形式をご確認ください"),
        ("en", but("email", "typed example.jp"), "e-mail address"),
        ("ja", but("message", &long), "4000文字以内で入力してください。"),
        ("en", but("message", &long), "4000"),
        ("ja", but("message", ""), "どこをどのように直すかをご記入ください。"),
        ("en", but("message", ""), "what is to be corrected, and how"),
    ] {
        let answer = site.ask(language, &fields);
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(answer.body.contains("role=\"alert\""), "{}", answer.body);
        for (key, value) in fields {
            assert!(key == "kind" || answer.body.contains(value), "{value:.20} is lost");
        }
        let kept = answer.body.contains("value=\"correct\" required checked");
        assert_eq!(kept, fields[0].1 == "correct", "{}", answer.body);
    }
    // Not from the page itself, not by a person, not in time, not readable.
    let began = site.began();
    let open = |began: &str, more: &[(&str, &str)]| {
        let began = began.to_owned();
        let fields = [&good[..], &[("began", &*began)], more].concat();
        site.send(PUBLIC, "en", &fields)
    };
    let fast = open(&began, &[]);
    assert_eq!(fast.status, 422, "{}", fast.body);
    site.later(3);
    let trapped = open(&began, &[("ashiato_trap", "https://buy.example")]);
    let forged = open("AAAA", &[]);
    let elsewhere = |origin: &str, language: &str| {
        let fields = [&good[..], &[("began", &*began)]].concat();
        site.send(origin, language, &fields)
    };
    let other = [elsewhere("https://evil.example", "ja"), elsewhere("null", "en")];
    for answer in [&fast, &trapped, &forged, &other[0], &other[1]] {
        assert!(answer.body.contains("typed@example.jp"), "{}", answer.body);
        assert!(answer.body.contains("町名が違います"), "{}", answer.body);
        assert!(!answer.body.contains("buy.example"), "{}", answer.body);
    }
    assert_eq!((trapped.status, forged.status), (422, 422));
    assert!(other.iter().all(|answer| answer.status == 403), "{other:?}");
    assert!(other[0].body.contains("ほかのサイトから送信されたか"), "{}", other[0].body);
    assert!(other[1].body.contains("came from another site"), "{}", other[1].body);
    site.later(DAY);
    assert!(open(&began, &[]).body.contains("open for long"));
    let request = site.collector.request("POST", "/s/shop/request?lang=en");
    let request = request.header("origin", PUBLIC).header("content-type", "text/plain");
    let answer = site.collector.send(request, "kind=erase").unwrap();
    assert!(answer.status == 415 && answer.body.contains("could not read"), "{}", answer.body);
    let huge = site.ask("ja", &but("message", &"あ".repeat(40_000)));
    assert!(huge.status == 413 && huge.body.contains("長すぎます"), "{}", huge.body);
    assert_eq!((site.count("subject_asking"), site.server.taken().len()), (0, 0));
    assert_eq!(site.ask("ja", &good).status, 200, "and what is right is taken");
    assert_eq!(site.count("subject_asking"), 1);
}

#[test]
fn whoever_has_many_addresses_asked_is_told_to_wait() {
    let site = Site::with(&[]);
    let send = |at: i32| {
        let email = format!("person{at}@example.jp");
        site.ask("ja", &[("kind", "erase"), ("email", &email)])
    };
    for at in 0..5 {
        assert_eq!(send(at).status, 200, "{at}");
    }
    let refused = send(5);
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    assert!(refused.body.contains("1分ほどおいて"), "{}", refused.body);
    assert!(refused.body.contains("person5@example.jp"), "{}", refused.body);
    assert_eq!(site.count("subject_asking"), 5);
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

#[test]
fn what_was_asked_and_what_is_handed_out_stay_readable_when_the_lead_key_is_exchanged() {
    let site = Site::new();
    site.lead("hanako@example.jp");
    let given = site.confirmed("export", "hanako@example.jp", 0);
    let said = subject(&site.data, &["export", "--request", &given], "");
    assert!(said.status.success(), "{said:?}");
    let take = link(&site.mail(2), "answer");
    site.later(3_601);
    let open = site.confirmed("correct", "hanako@example.jp", 3);
    let keys = site.data.path("keys").display().to_string();
    let rotated = ashiato(["keys", "rotate", "lead", "--after", "0", "--keys-file", &keys]);
    assert!(rotated.status.success(), "{rotated:?}");
    let kek = "SELECT DISTINCT kek FROM (SELECT kek FROM lead_key UNION ALL \
        SELECT kek FROM subject_asking UNION ALL SELECT kek FROM subject_answer) AS rests";
    let before = site.data.database().texts(kek);
    eventually("all rest on the new key", || {
        let now = site.data.database().texts(kek);
        now.len() == 1 && now != before
    });
    let shown = subject(&site.data, &["show", &open], "");
    assert!(shown.out.contains("message: 住所を直してください。"), "{shown:?}");
    assert_eq!(site.press(&take, "download").json()["leads"][0]["fields"]["name"], "足跡 花子");
}

#[test]
fn there_is_no_form_where_the_site_sends_no_mail_and_who_to_ask_is_said() {
    let site = Site::new();
    let linked = |path: &str| site.collector.get(path).body.contains("href=\"request?lang=en\"");
    assert!(linked("/s/shop/policy?lang=en") && linked("/s/shop/me?lang=en"));
    let file = shop_file();
    let (start, end) = (file.find("[mail]").unwrap(), file.find("[[forms]]").unwrap());
    let without = format!("{}{}", &file[..start], &file[end..]);
    let without: Vec<_> =
        without.split("[[forms.agreements]]").take(1).map(str::to_owned).collect();
    let _ = site.data.apply(&without.concat());
    eventually("the file is in force", || site.collector.get("/s/shop/request").status == 404);
    for (language, words) in [("ja", "フォームでは受け付けていません"), ("en", "There is no form")]
    {
        let path = format!("/s/shop/request?lang={language}");
        let posted = site.send(PUBLIC, language, &[("kind", "erase"), ("email", "a@b.example")]);
        for page in [site.collector.get(&path), posted] {
            assert_eq!(page.status, 404);
            assert!(page.body.contains(words), "{}", page.body);
            assert!(page.body.contains("mailto:privacy@hiyori.example"), "{}", page.body);
        }
    }
    assert!(!linked("/s/shop/policy?lang=en") && !linked("/s/shop/me?lang=en"));
    assert_eq!(site.collector.get("/s/nowhere/request").status, 404);
}
