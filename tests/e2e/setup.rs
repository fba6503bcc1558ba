//! The guided set-up: from the first link to a tag that was seen.

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED, data::shop_file};

/// Somebody who is logged in by a link: what their forms and calls carry.
pub(crate) struct Person<'c> {
    collector: &'c Collector,
    cookie: String,
    token: String,
}

pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| unreachable!("no {from:?} in {text}")).1;
    rest.split_once(to).unwrap().0
}

impl<'c> Person<'c> {
    pub(crate) fn by_link(collector: &'c Collector, link: &str, email: &str) -> Self {
        let path = &link.trim()[link.find("/office/").unwrap()..];
        let (origin, password) =
            (format!("http://{}", collector.authority()), "a+kettle+on+a+roof");
        let request = collector.request("POST", path).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = format!("email={email}&password={password}&again={password}&language=en");
        let answer = collector.send(request, body).unwrap();
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.cookies()[0].0.to_owned();
        let mut person = Self { collector, cookie, token: String::new() };
        let page = person.get("/office/account").body;
        between(&page, "name=\"token\" value=\"", "\"").clone_into(&mut person.token);
        person
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let request = self.collector.request("GET", path).header("accept-language", "en");
        self.collector.send(request.header("cookie", &self.cookie), []).unwrap()
    }

    fn send(&self, path: &str, body: String) -> Answer {
        self.send_as("text/plain", path, body)
    }

    fn send_as(&self, kind: &str, path: &str, body: String) -> Answer {
        let origin = format!("http://{}", self.collector.authority());
        let request = self.collector.request("POST", path).header("cookie", &self.cookie);
        let request = request.header("origin", origin).header("content-type", kind);
        self.collector.send(request.header("accept-language", "en"), body).unwrap()
    }

    fn post(&self, path: &str, file: &str) -> Answer {
        let file = file.replace('\n', "\r\n");
        self.send(path, format!("token={}\r\ntext={file}\r\n", self.token))
    }

    pub(crate) fn speak(&self, language: &str) {
        let body = format!("token={}&language={language}&back=/office", self.token);
        let form = "application/x-www-form-urlencoded";
        assert_eq!(self.send_as(form, "/office/language", body).status, 303);
    }

    /// What is made of the answers, sent by a form that carries this.
    fn start(&self, token: &str) -> Answer {
        let body = format!("token={token}&{ANSWERS}");
        self.send_as("application/x-www-form-urlencoded", "/office/setup/template", body)
    }
}

const ANSWERS: &str = "name=Shop&key=my-shop&origin=https%3A%2F%2Fwww.shop.example&company=Shop%20K.K.&\
    representative=Mika%20Sato&address=Kyoto&contact=privacy%40shop.example&timezone=Asia%2FTokyo&languages=en%2Cja";

/// The file as the page shows it.
fn file(page: &str) -> String {
    let text = between(page, "spellcheck=\"false\"", "</textarea>").split_once('>').unwrap().1;
    text.trim_start()
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn an_owner_goes_from_the_first_link_to_a_site_and_goes_on_where_they_stopped() {
    let data = Data::empty();
    let mut collector = Collector::start_with(&data, &UNLIMITED);
    let line = collector.next_line();
    let owner = Person::by_link(&collector, &line, "mika%40shop.example");
    assert_eq!(owner.get("/office").header("location"), "/office/setup");
    let page = owner.get("/office/setup").body;
    assert!(page.contains("Start from a template"), "{page}");
    // Who answers names people: no address holds that.
    assert!(page.contains("action=\"/office/setup/template\"") && !page.contains("method=\"get\""));
    let page = owner.get(&format!("/office/setup?{ANSWERS}")).body;
    assert!(page.contains("Start from a template") && !page.contains("Mika Sato"), "{page}");
    let answer = owner.start(&owner.token);
    assert!(answer.status == 200 && answer.body.contains("Mika Sato"), "{answer:?}");
    let made = file(&answer.body);

    // What is wrong stands with its line, and the draft waits for whoever comes back.
    let broken = made
        .replace("Asia/Tokyo", "Asia/Tokio")
        .replace("consent_days = 180", "consent_dyas = 180");
    for path in ["/office/setup", "/office/setup/apply"] {
        let answer = owner.post(path, &broken);
        assert_eq!(answer.status, 422, "{answer:?}");
        for part in ["Asia/Tokio", "consent_dyas"] {
            let line = 1 + broken.lines().position(|line| line.contains(part)).unwrap();
            assert!(answer.body.contains(&format!("Line {line}<")), "{part}: {}", answer.body);
        }
    }
    owner.speak("ja");
    let answer = owner.post("/office/setup", &broken);
    owner.speak("en");
    for said in ["Asia/Tokio` はタイムゾーンではありません", "`consent_days` ではありませんか"]
    {
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
    }
    assert!(!answer.body.contains("is not a time zone"), "{}", answer.body);
    assert_eq!(owner.get("/office").header("location"), "/office/setup");
    assert_eq!(file(&owner.get("/office/setup").body), broken);
    assert_eq!(data.database().number("SELECT COUNT(*) FROM site"), 0);

    let answer = owner.post("/office/setup", &made);
    assert!(answer.status == 200 && answer.body.contains("makes a new site"), "{answer:?}");
    let answer = owner.post("/office/setup/apply", &made);
    assert_eq!(answer.header("location"), "/office/sites/my-shop/setup", "{answer:?}");
    let page = owner.get("/office/sites/my-shop/setup").body;
    assert!(page.contains("/s/my-shop/ashiato.js") && page.contains("Nobody was asked"), "{page}");
    assert!(data.run(&["audit", "list", "--site", "my-shop"]).contains("site.apply"));
    assert!(owner.get("/office/setup").body.contains("Start from a template"), "the draft is gone");

    // The same again asks nobody; what is kept for another time asks everybody again, and says so before.
    for (file, said) in [
        (made.clone(), "asks nobody again"),
        (made.replace("retention_days = 395", "retention_days = 300"), "asks everybody again"),
    ] {
        let answer = owner.post("/office/setup", &file);
        assert!(answer.status == 200 && answer.body.contains(said), "{answer:?}");
    }
    // A browser comes that is asked.
    let loader = collector.get("/s/my-shop/ashiato.js").body;
    let part = between(&loader, "\"ui.en\":\"", "\"");
    let request = collector.request("GET", &format!("/s/my-shop/{part}"));
    let request = request.header("accept-encoding", "br");
    assert_eq!(collector.status(request).unwrap(), 200);
    ashiato_tests::wait_for("the tag to be seen", || {
        owner.get("/office/sites/my-shop/setup").body.contains("The tag works").then_some(())
    });
}

#[test]
fn only_who_runs_sites_sets_one_up_and_by_their_own_form() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let person = |email: &str, role: &str, more: &[&str]| {
        let given = [&["user", "add", "--email", email, "--role", role], more].concat();
        Person::by_link(&collector, &data.run(&given), "")
    };
    let marketer = person("ken@shop.example", "marketer", &[]);
    let of_one = person("yui@shop.example", "owner", &["--site", "shop"]);
    for other in [&marketer, &of_one] {
        assert_eq!(other.get("/office/setup").status, 403);
        assert_eq!(other.start(&other.token).status, 403);
        assert_eq!(other.post("/office/setup/apply", "key = 1").status, 403);
    }
    assert_eq!(marketer.get("/office/sites/shop/setup").status, 200);
    assert_eq!(of_one.get("/office/sites/other/setup").status, 404);

    let owner = person("mika@shop.example", "owner", &[]);
    let answer = owner.start("x");
    assert!(answer.status == 403 && answer.body.contains("could not be verified"), "{answer:?}");
    assert!(!answer.body.contains("Mika Sato"), "{answer:?}");
    let made = file(&owner.start(&owner.token).body);
    let answer = owner.send("/office/setup/apply", format!("token=x\r\ntext={made}"));
    assert!(answer.status == 403 && answer.body.contains("could not be verified"), "{answer:?}");
    for body in ["", "text=x", "token=x", &format!("token={}&text=x", owner.token)] {
        assert_eq!(owner.send("/office/setup", body.to_owned()).status, 400, "{body}");
    }
    assert_eq!(owner.post("/office/setup", &"x".repeat(70_000)).status, 413);
    assert_eq!(owner.post("/office/setup", "\"").status, 422);
    // Who is owner everywhere but marketer of one site does not change that one.
    data.run(&[
        "user",
        "add",
        "--email",
        "mika@shop.example",
        "--site",
        "shop",
        "--role",
        "marketer",
    ]);
    let shop = made.replace("key = \"my-shop\"", "key = \"shop\"");
    assert_eq!(owner.post("/office/setup/apply", &shop).status, 403);
    assert_eq!(data.database().number("SELECT COUNT(*) FROM site WHERE key = 'my-shop'"), 0);
}

#[test]
fn one_person_does_not_give_up_what_waits_for_a_second_one() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let given = ["user", "add", "--email", "mika@shop.example", "--role", "owner"];
    let owner = Person::by_link(&collector, &data.run(&given), "");
    let with = |approval: &str| format!("{}\n[approval]\n{approval}\n", shop_file());
    let both = with("exports = true\nerasures = true");
    let edition = || data.database().number("SELECT edition FROM site WHERE key = 'shop'");
    data.apply(&both);
    let before = edition();
    // At once, while the collector may still know the file before: what is in force when it is applied counts.
    assert_eq!(owner.post("/office/setup/apply", &shop_file()).status, 403);
    for less in [shop_file(), with("exports = true"), with("erasures = true\nexports = false")] {
        for path in ["/office/setup/apply", "/office/setup/apply?lang=ja"] {
            let answer = owner.post(path, &less);
            let said =
                if path.contains("ja") { "二人での承認" } else { "on the command line" };
            assert!(answer.status == 403 && answer.body.contains(said), "{answer:?}");
        }
        assert_eq!(owner.get("/office/setup").status, 200);
        assert_eq!(file(&owner.get("/office/setup").body).trim_end(), less.trim_end());
    }
    assert_eq!(edition(), before);
    // Anything else is theirs to change, and whoever runs the server gives it up.
    let other = both.replacen("theme = \"auto\"", "theme = \"light\"", 1);
    assert_ne!(other, both);
    let answer = owner.post("/office/setup/apply", &other);
    assert_eq!((answer.status, edition()), (303, before + 1), "{answer:?}");
    assert_eq!(
        owner.post("/office/setup", &with("exports = true")).status,
        403,
        "so says the check"
    );
    data.apply(&shop_file());
    let only = with("exports = true");
    ashiato_tests::wait_for("the command's file to be known", || {
        (owner.post("/office/setup/apply", &only).status == 303).then_some(())
    });
    assert_eq!(owner.post("/office/setup/apply", &shop_file()).status, 403);
}
