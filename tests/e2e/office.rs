//! The back office: who gets in, and what each may see.

mod figures;

use std::collections::BTreeMap;

use ashiato_tests::{Answer, Collector, Data, Visitor, collector::UNLIMITED};

const EMAIL: &str = "mika@shop.example";
pub(crate) const PASSWORD: &str = "a kettle on the veranda";

/// A browser: it keeps one cookie, and sends what a browser sends.
pub(crate) struct Browser<'c> {
    pub(crate) collector: &'c Collector,
    pub(crate) cookie: String,
}

impl<'c> Browser<'c> {
    pub(crate) fn new(collector: &'c Collector) -> Self {
        Self { collector, cookie: String::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = self.collector.request("GET", path).header("accept-language", "en");
        let answer = self.collector.send(request.header("cookie", &self.cookie), []).unwrap();
        self.keep(answer)
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.collector.authority());
        self.post_as(path, fields, &[("origin", &origin), ("sec-fetch-site", "same-origin")])
    }

    fn post_as(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .collector
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let escape =
            |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", escape(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let answer = self.collector.send(request, body).unwrap();
        self.keep(answer)
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        if let Some((pair, _)) = answer.cookies().first() {
            self.cookie = (*pair).to_owned();
        }
        answer
    }

    /// Sets the password of a link, which logs in.
    pub(crate) fn use_link(&mut self, link: &str) -> Answer {
        let fields =
            [("email", EMAIL), ("password", PASSWORD), ("again", PASSWORD), ("language", "en")];
        self.post(path(link), &fields)
    }

    pub(crate) fn log_in(&mut self, email: &str, password: &str) -> Answer {
        let fields =
            [("email", email), ("password", password), ("language", "en"), ("next", "/office")];
        self.post("/office/login", &fields)
    }

    /// What its forms carry.
    pub(crate) fn token(&mut self) -> String {
        let page = self.get("/office/account").body;
        between(&page, "name=\"token\" value=\"", "\"").to_owned()
    }
}

pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| unreachable!("no {from:?} in {text}")).1;
    rest.split_once(to).unwrap_or_else(|| unreachable!("no {to:?} in {rest}")).0
}

fn path(link: &str) -> &str {
    let place = link.find("/office/").unwrap();
    link[place..].trim()
}

pub(crate) fn add(data: &Data, email: &str, role: &str, site: &str) -> String {
    data.run(&["user", "add", "--email", email, "--role", role, "--site", site])
}

/// Somebody of that role, logged in.
pub(crate) fn somebody<'c>(
    data: &Data,
    collector: &'c Collector,
    email: &str,
    role: &str,
) -> Browser<'c> {
    let mut browser = Browser::new(collector);
    assert_eq!(browser.use_link(&add(data, email, role, "shop")).status, 303);
    browser
}

#[test]
fn the_first_link_makes_the_owner_once() {
    let data = Data::new();
    let mut collector = Collector::start_with(&data, &UNLIMITED);
    let line = collector.next_line();
    let link = line.strip_prefix("back office: ").unwrap();
    let mut owner = Browser::new(&collector);
    assert!(owner.get(path(link)).body.contains("the owner"), "{line}");
    // Weak ones are refused, and nothing is used up by that.
    for (password, said) in [
        ("short", "12 letters"),
        ("password1234", "easily guessed"),
        ("mikamikamika", "easily guessed"),
    ] {
        let fields =
            [("email", EMAIL), ("password", password), ("again", password), ("language", "en")];
        let answer = owner.post(path(link), &fields);
        assert!(answer.status == 422 && answer.body.contains(said), "{answer:?}");
    }
    let answer = owner.use_link(link);
    assert_eq!((answer.status, answer.header("location")), (303, "/office"));
    let cookies = answer.cookies();
    assert_eq!(cookies[0].1, ["Path=/", "HttpOnly", "SameSite=Lax"], "{cookies:?}");
    assert_eq!(owner.get("/office").header("location"), "/office/sites/other");
    assert_eq!(owner.get("/office/sites/shop").status, 200);
    // Neither twice, nor once there is an owner.
    assert_eq!(Browser::new(&collector).use_link(link).status, 404);
    assert_eq!(Browser::new(&collector).get(path(link)).status, 404);
    assert!(data.run(&["user", "list"]).contains("owner everywhere\tactive"));
    // Neither address, password nor token is in the log.
    let log = collector.log();
    let token = link.rsplit('/').next().unwrap();
    assert!(![EMAIL, PASSWORD, token].iter().any(|secret| log.contains(secret)), "{log}");
    assert!(!data.holds(PASSWORD.as_bytes()) && !data.holds(token.as_bytes()));
}

#[test]
fn a_link_that_has_expired_lets_nobody_in() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let link = add(&data, EMAIL, "marketer", "shop");
    data.database().run("UPDATE account_link SET expires = 1");
    assert_eq!(Browser::new(&collector).use_link(&link).status, 404);
    // A newer link takes the place of an older one.
    let older = data.run(&["user", "link", "--email", EMAIL]);
    let newer = data.run(&["user", "link", "--email", EMAIL]);
    assert_eq!(Browser::new(&collector).use_link(&older).status, 404);
    assert_eq!(Browser::new(&collector).use_link(&newer).status, 303);
}

#[test]
fn wrong_passwords_wait_longer_each_time_whether_or_not_there_is_an_account() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let other = Collector::start_with(&data, &UNLIMITED);
    let _ = somebody(&data, &collector, EMAIL, "owner");
    let mut tries = BTreeMap::new();
    for email in [EMAIL, "nobody@shop.example"] {
        for collector in [&collector, &other, &collector, &other, &collector] {
            if tries.get(email).is_some_and(|tries: &Vec<_>| tries.len() == 4) {
                let mut database = data.database();
                assert_eq!(database.number("SELECT MAX(failures) FROM account_delay"), 4);
                // However slow the machine is.
                database.run("UPDATE account_delay SET until = until + 3600000");
            }
            let answer = Browser::new(collector).log_in(email, "not the password");
            let said = between(&answer.body, "role=\"alert\">", "<").to_owned();
            tries.entry(email).or_insert_with(Vec::new).push((answer.status, said));
        }
    }
    let statuses: Vec<_> = tries[EMAIL].iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 429]);
    let said = |email| tries[email].iter().take(4).collect::<Vec<_>>();
    assert_eq!(said(EMAIL), said("nobody@shop.example"));
    // The right one waits too, and is let in when the time has come.
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).status, 429);
    data.database().run("UPDATE account_delay SET until = 2592000000001");
    assert_eq!(Browser::new(&other).log_in(EMAIL, PASSWORD).status, 429);
    data.database().run("UPDATE account_delay SET until = until - 1296000000000");
    let mut browser = Browser::new(&other);
    assert_eq!(browser.log_in(EMAIL, PASSWORD).status, 303);
    assert!(browser.get("/office/account").body.contains("Refused"), "the history tells");
    assert!(!collector.log().contains("shop.example") && !other.log().contains("shop.example"));
}

#[test]
fn a_session_ends_by_its_owner_by_time_and_with_its_account() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut one = somebody(&data, &collector, EMAIL, "administrator");
    let mut two = Browser::new(&collector);
    assert_eq!(two.log_in(EMAIL, PASSWORD).status, 303);
    assert_eq!(two.get("/office/sites/shop").status, 200);
    // One ends the other.
    let page = one.get("/office/account").body;
    let session = between(&page, "name=\"session\" value=\"", "\"").to_owned();
    let token = one.token();
    let fields = [("token", token.as_str()), ("session", session.as_str())];
    assert_eq!(one.post("/office/account/end", &fields).status, 303);
    let sent_on = two.get("/office/sites/shop?period=7");
    assert_eq!(sent_on.status, 303);
    assert_eq!(sent_on.header("location"), "/office/login?next=/office/sites/shop%3Fperiod%3D7");
    // Two hours without use, twelve in all.
    for column in ["seen_at", "begun_at"] {
        let hours = if column == "seen_at" { 2 } else { 12 };
        assert_eq!(two.log_in(EMAIL, PASSWORD).status, 303);
        assert_eq!(two.get("/office/account").status, 200);
        data.database()
            .run(&format!("UPDATE account_session SET {column} = {column} - 3600000 * {hours}"));
        assert_eq!(two.get("/office/account").status, 303);
    }
    // Logged out, the cookie is worth nothing any more.
    assert_eq!(one.log_in(EMAIL, PASSWORD).status, 303);
    let (token, cookie) = (one.token(), one.cookie.clone());
    assert_eq!(one.post("/office/logout", &[("token", token.as_str())]).status, 303);
    assert_eq!(Browser { collector: &collector, cookie }.get("/office/account").status, 303);
    assert_eq!(one.log_in(EMAIL, PASSWORD).status, 303);
    let _ = data.run(&["user", "disable", "--email", EMAIL]);
    assert_eq!(one.get("/office/account").status, 303);
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).status, 422);
}

#[test]
fn no_page_of_another_site_sends_a_form_or_shows_one() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = somebody(&data, &collector, EMAIL, "owner");
    let (token, own) = (browser.token(), format!("http://{}", collector.authority()));
    let with = |token: &str| [("token", token.to_owned()), ("language", "ja".to_owned())];
    let wrong = [
        (String::new(), vec![("origin", own.as_str())]),
        ("made up".to_owned(), vec![("origin", own.as_str())]),
        (token.clone(), vec![("origin", "https://shop.example")]),
        (token.clone(), vec![("origin", "null")]),
        (token.clone(), vec![]),
        (token.clone(), vec![("origin", own.as_str()), ("sec-fetch-site", "same-site")]),
    ];
    for (token, headers) in &wrong {
        let fields = with(token);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(
            browser.post_as("/office/language", &fields, headers).status,
            403,
            "{headers:?}"
        );
    }
    for path in ["/office/login", "/office/link/x"] {
        let fields = [("email", EMAIL), ("password", PASSWORD)];
        let answer =
            Browser::new(&collector).post_as(path, &fields, &[("origin", "https://shop.example")]);
        assert_eq!(answer.status, 403);
    }
    let page = browser.get("/office/sites/shop");
    assert!(page.body.contains("lang=\"en\""), "nothing was changed");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(
        page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self';")
    );
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.body.contains("<script async") && !page.body.contains(" style="));
    let fields = [("token", token.as_str()), ("language", "ja"), ("back", "https://evil.example/")];
    let answer = browser.post("/office/language", &fields);
    assert_eq!((answer.status, answer.header("location")), (303, "/office"));
    assert!(browser.get("/office/sites/shop").body.contains("lang=\"ja\""));
}

#[test]
fn each_role_sees_what_it_may_on_its_own_site() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let _ = visitor.later(&collector).send(&collector, &[visitor.event("page_view")]);
    let form = visitor.session.lead(Some(&visitor.id));
    let email = form["fields"]["email"].as_str().unwrap().to_owned();
    for (role, leads, opened) in [
        ("owner", 200, true),
        ("administrator", 200, true),
        ("marketer", 200, false),
        ("privacy_officer", 200, true),
        ("auditor", 403, false),
    ] {
        let mut browser = somebody(&data, &collector, &format!("{role}@shop.example"), role);
        for place in ["", "/consent", "/settings", "?period=today", "?period=90&figure=engaged"] {
            assert_eq!(
                browser.get(&format!("/office/sites/shop{place}")).status,
                200,
                "{role} {place}"
            );
            assert_eq!(
                browser.get(&format!("/office/sites/other{place}")).status,
                404,
                "{role} {place}"
            );
        }
        let list = browser.get("/office/sites/shop/leads");
        assert_eq!((list.status, list.body.contains(&email)), (leads, opened), "{role}");
        let one = browser.get(&format!("/office/sites/shop/leads/{lead}"));
        assert_eq!((one.status, one.body.contains(&email)), (leads, opened), "{role}");
        assert_eq!(browser.get(&format!("/office/sites/other/leads/{lead}")).status, 404);
    }
    // Whoever saw what people wrote stands in the trail: three by list and by lead. Four saw the timeline.
    for (action, times) in [("lead.list", 3), ("lead.read", 3), ("lead.timeline", 4)] {
        let told = data.run(&["audit", "list", "--site", "shop", "--action", action]);
        assert_eq!(told.matches(action).count(), times, "{told}");
    }
    // A role that is taken away is gone with the next call.
    let mut browser = somebody(&data, &collector, EMAIL, "owner");
    assert_eq!(browser.get("/office/sites/shop/leads").status, 200);
    let _ = add(&data, EMAIL, "auditor", "shop");
    assert_eq!(browser.get("/office/sites/shop/leads").status, 403);
    assert_eq!(browser.get("/office/nothing").status, 404);
    assert_eq!(browser.get("/office/sites/nowhere").status, 404);
}
