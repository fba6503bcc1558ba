//! Logging in by an OpenID Connect provider, and from where a role may be used.

mod allow;
mod certificates;
mod provider;

use std::collections::BTreeMap;

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED, process::ashiato};
use provider::{CLIENT, Mood, Provider, SECRET};
use serde_json::json;

const EMAIL: &str = "mika@shop.example";

/// A browser with its cookies, which follows nothing by itself.
struct Browser<'c> {
    collector: &'c Collector,
    cookies: BTreeMap<String, String>,
}

impl<'c> Browser<'c> {
    fn new(collector: &'c Collector) -> Self {
        Self { collector, cookies: BTreeMap::new() }
    }

    fn get(&mut self, path: &str) -> Answer {
        self.get_by(path, &[])
    }

    fn get_by(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut request = self.collector.request("GET", path).header("accept-language", "en");
        request = request.header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.collector.send(request, []).unwrap();
        for (pair, attributes) in answer.cookies() {
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains(&"Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Begins a log-in: what the provider is asked by the browser.
    fn begin(&mut self) -> BTreeMap<String, String> {
        let answer = self.get("/office/oidc?next=/office/account");
        assert_eq!(answer.status, 303, "{answer:?}");
        let query = answer.header("location").split_once('?').unwrap().1.to_owned();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// A whole log-in with a provider in that mood.
    fn log_in(&mut self, provider: &Provider, mood: Mood) -> Answer {
        let asked = self.begin();
        let own = (asked["nonce"].clone(), asked["code_challenge"].clone());
        provider.say(Mood { asked: own, ..mood });
        let back = back(&asked["state"], &provider.issuer);
        self.get(&back)
    }

    fn is_in(&mut self) -> bool {
        self.get("/office/account").status == 200
    }
}

fn back(state: &str, issuer: &str) -> String {
    let issuer: String = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    format!("/office/oidc/return?code=c0de&state={state}&iss={issuer}")
}

fn start(data: &Data, provider: &Provider, more: &[&str]) -> Collector {
    start_at(data, &provider.issuer, more)
}

fn start_at(data: &Data, issuer: &str, more: &[&str]) -> Collector {
    let given = ["--oidc-issuer", issuer, "--oidc-client-id", CLIENT];
    let flags: Vec<_> = UNLIMITED.iter().chain(&given).chain(more).copied().collect();
    Collector::start_in(data, &flags, &[("ASHIATO_OIDC_CLIENT_SECRET", SECRET)])
}

fn add(data: &Data, email: &str) {
    data.run(&["user", "add", "--email", email, "--role", "marketer", "--site", "shop"]);
}

fn verified() -> Mood {
    Mood { claims: json!({ "email": EMAIL, "email_verified": true }), ..Mood::default() }
}

#[test]
fn who_has_an_account_gets_in_and_is_known_by_the_subject_from_then_on() {
    let (data, provider) = (Data::new(), Provider::start());
    add(&data, EMAIL);
    let collector = start(&data, &provider, &["--oidc-name", "Corporate ID"]);
    let mut mika = Browser::new(&collector);
    assert!(mika.get("/office/login").body.contains("Log in with Corporate ID"));
    let asked = mika.begin();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "openid email");
    let answer = mika.log_in(&provider, verified());
    assert_eq!((answer.status, answer.header("location")), (303, "/office/account"), "{answer:?}");
    let page = mika.get("/office/account").body;
    assert!(page.contains(EMAIL) && page.contains("By the identity provider"), "{page}");
    // Roles stay ours.
    assert_eq!(mika.get("/office/sites/shop").status, 200);
    assert_eq!(mika.get("/office/sites/other").status, 404);

    // Another address, or none, changes nothing for a subject that is known.
    for claims in [json!({}), json!({ "email": "other@shop.example", "email_verified": true })] {
        let mut again = Browser::new(&collector);
        assert_eq!(again.log_in(&provider, Mood { claims, ..Mood::default() }).status, 303);
        assert!(again.get("/office/account").body.contains(EMAIL));
    }
    // Whoever is given the address later does not come into the account.
    let claims = json!({ "sub": "sub-2", "email": EMAIL, "email_verified": true });
    let mut later = Browser::new(&collector);
    let answer = later.log_in(&provider, Mood { claims: claims.clone(), ..Mood::default() });
    assert!(answer.status == 403 && answer.body.contains("sign_on_nobody"), "{answer:?}");
    assert!(!later.is_in());
    // Unless whoever runs the server says so, which logs out everywhere.
    data.run(&["user", "unbind", "--email", EMAIL]);
    assert!(!mika.is_in());
    assert_eq!(later.log_in(&provider, Mood { claims, ..Mood::default() }).status, 303);
    assert!(later.is_in());
    data.run(&["user", "disable", "--email", EMAIL]);
    assert!(!later.is_in());
    let claims = json!({ "sub": "sub-2" });
    assert_eq!(later.log_in(&provider, Mood { claims, ..Mood::default() }).status, 403);
    let log = collector.log();
    assert!(![EMAIL, SECRET, "sub-1"].iter().any(|secret| log.contains(secret)), "{log}");
}

#[test]
fn an_address_that_no_token_holds_is_asked_for() {
    let (data, provider) = (Data::new(), Provider::start());
    add(&data, EMAIL);
    let collector = start(&data, &provider, &[]);
    let about = |sub: &str, verified: bool| Mood {
        about: json!({ "sub": sub, "email": EMAIL, "email_verified": verified }),
        ..Mood::default()
    };
    for (mood, code) in
        [(about("sub-2", true), "sign_on_token"), (about("sub-1", false), "sign_on_unverified")]
    {
        let mut browser = Browser::new(&collector);
        let answer = browser.log_in(&provider, mood);
        assert!(answer.status == 403 && answer.body.contains(code), "{answer:?}");
        assert!(!browser.is_in());
    }
    let mut browser = Browser::new(&collector);
    assert_eq!(browser.log_in(&provider, about("sub-1", true)).status, 303);
    assert!(browser.is_in());
}

#[test]
fn what_a_hostile_provider_says_lets_nobody_in() {
    let (data, provider) = (Data::new(), Provider::start());
    add(&data, EMAIL);
    let collector = start(&data, &provider, &[]);
    let claims = |change: serde_json::Value| {
        let mut mood = verified();
        for (name, value) in change.as_object().unwrap() {
            mood.claims[name] = value.clone();
        }
        mood
    };
    let head = |head| Mood { head, ..verified() };
    for (mood, code, status) in [
        (claims(json!({ "nonce": "another" })), "sign_on_token", 403),
        (claims(json!({ "aud": "another" })), "sign_on_token", 403),
        (claims(json!({ "iss": "https://id.example" })), "sign_on_token", 403),
        (claims(json!({ "exp": -61 })), "sign_on_token", 403),
        (claims(json!({ "iat": 62 })), "sign_on_token", 403),
        (head(json!({ "alg": "none" })), "sign_on_token", 403),
        (Mood { unsigned: true, ..head(json!({ "alg": "none" })) }, "sign_on_token", 403),
        (head(json!({ "alg": "HS256", "kid": "1" })), "sign_on_token", 403),
        (head(json!({ "alg": "EdDSA", "kid": "2" })), "sign_on_token", 403),
        (Mood { key: 2, ..verified() }, "sign_on_token", 403),
        (claims(json!({ "email_verified": false })), "sign_on_unverified", 403),
        (claims(json!({ "email": "nobody@shop.example" })), "sign_on_nobody", 403),
        (Mood { status: 400, ..verified() }, "sign_on_down", 503),
        (Mood { status: 302, ..verified() }, "sign_on_down", 503),
    ] {
        let mut browser = Browser::new(&collector);
        let answer = browser.log_in(&provider, mood.clone());
        assert!(answer.status == status && answer.body.contains(code), "{code}: {answer:?}");
        assert!(answer.body.contains("You were not logged in"));
        assert!(browser.cookies.is_empty() && !browser.is_in(), "{:?}", browser.cookies);
    }
    assert_eq!(data.database().number("SELECT COUNT(*) FROM account_session"), 0);
    assert_eq!(data.database().number("SELECT COUNT(*) FROM account_identity"), 0);
    // The log says which of the claims it was.
    let log = collector.log();
    for reason in ["its nonce is another", "its audience is another", "has expired", "no such key"]
    {
        assert!(log.contains(reason), "{reason}: {log}");
    }
}

#[test]
fn a_log_in_ends_once_in_the_browser_that_began_it_and_with_its_provider() {
    let (data, provider) = (Data::new(), Provider::start());
    add(&data, EMAIL);
    let collector = start(&data, &provider, &[]);
    let refused = |answer: &Answer, code: &str| {
        assert!(answer.status == 403 && answer.body.contains(code), "{answer:?}");
    };
    let mut mika = Browser::new(&collector);
    let asked = mika.begin();
    let right = back(&asked["state"], &provider.issuer);
    provider.say(Mood {
        asked: (asked["nonce"].clone(), asked["code_challenge"].clone()),
        ..verified()
    });
    // Somebody else's browser, another state, one that is altered.
    refused(&Browser::new(&collector).get(&right), "sign_on_state");
    let kept = mika.cookies.clone();
    for state in ["", "x", &asked["state"].replace(|_| true, "A")] {
        refused(&mika.get(&back(state, &provider.issuer)), "sign_on_state");
        mika.cookies.clone_from(&kept);
    }
    // The expiry is part of what the state follows from.
    let (name, value) = kept.iter().next().unwrap();
    let parts: Vec<_> = value.split('.').collect();
    let longer = format!("{}.{}0.{}", parts[0], parts[1], parts[2]);
    mika.cookies = [(name.clone(), longer)].into();
    refused(&mika.get(&right), "sign_on_state");
    mika.cookies.clone_from(&kept);
    // Another provider's answer, and one that does not say whose it is.
    refused(&mika.get(&back(&asked["state"], "https://id.example")), "sign_on_token");
    mika.cookies.clone_from(&kept);
    refused(
        &mika.get(&format!("/office/oidc/return?code=c0de&state={}", asked["state"])),
        "sign_on_token",
    );
    mika.cookies.clone_from(&kept);
    let denied = format!("/office/oidc/return?error=access_denied&state={}", asked["state"]);
    refused(&mika.get(&denied), "sign_on_denied");
    mika.cookies.clone_from(&kept);
    assert_eq!(mika.get(&right).status, 303);
    assert!(mika.is_in());
    // Its cookie and state once more, with a provider that would take the code again.
    let mut thief = Browser::new(&collector);
    thief.cookies = kept;
    refused(&thief.get(&right), "sign_on_state");
    assert!(!thief.is_in());
}

#[test]
fn a_provider_that_is_down_slow_or_another_is_said_to_be_and_passwords_go_on() {
    let (data, provider) = (Data::new(), Provider::start());
    add(&data, EMAIL);
    let collector = start(&data, &provider, &[]);
    let down = |answer: &Answer| {
        assert!(answer.status == 503 && answer.body.contains("sign_on_down"), "{answer:?}");
        assert!(answer.body.contains("Try again in a while"), "{answer:?}");
    };
    provider.say(Mood { issuer: Some("https://id.example".to_owned()), ..Mood::default() });
    down(&Browser::new(&collector).get("/office/oidc"));
    provider.say(Mood::default());
    down(&Browser::new(&collector).log_in(&provider, Mood { silent: true, ..verified() }));
    // The page that passwords are given on does not wait for the provider.
    assert_eq!(collector.get("/office/login").status, 200);

    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let other = Data::new();
    let collector = start_at(&other, &issuer, &[]);
    down(&Browser::new(&collector).get("/office/oidc"));
}

#[test]
fn passwords_can_be_closed_and_a_link_still_lets_in() {
    let (data, provider) = (Data::new(), Provider::start());
    let collector = start(&data, &provider, &["--no-password-log-in"]);
    let page = collector.get("/office/login").body;
    assert!(!page.contains("type=\"password\"") && page.contains("/office/oidc?"), "{page}");
    let origin = format!("http://{}", collector.authority());
    let post = |path: &str, body: &str| {
        let request = collector.request("POST", path).header("origin", &origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        collector.send(request.header("accept-language", "en"), body).unwrap()
    };
    let answer =
        post("/office/login", "email=mika%40shop.example&password=a+kettle+on+the+veranda");
    assert!(answer.status == 403 && answer.body.contains("Passwords are not taken"), "{answer:?}");
    let link = data.run(&["user", "add", "--email", EMAIL, "--role", "owner"]);
    let path = &link.trim()[link.find("/office/").unwrap()..];
    let password = "a+kettle+on+the+veranda";
    assert_eq!(post(path, &format!("password={password}&again={password}")).status, 303);
}

#[test]
fn what_cannot_be_a_provider_is_refused_at_start() {
    let data = Data::empty_on_sqlite();
    let (url, keys) = (data.database_url(), data.path("keys").display().to_string());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--keys-file", &keys];
    let file = data.path("secret");
    std::fs::write(&file, SECRET).unwrap();
    let file = file.display().to_string();
    let issuer = ["--oidc-issuer", "https://id.example", "--oidc-client-id", CLIENT];
    for (more, said) in [
        (vec!["--oidc-issuer", "http://id.example", "--oidc-client-id", CLIENT], "https"),
        (vec!["--oidc-issuer", "https://id.example"], "--oidc-client-id"),
        (vec!["--no-password-log-in"], "--oidc-issuer"),
        ([&issuer[..], &["--oidc-client-secret-file", &file]].concat(), "chmod 600"),
        (vec!["--office-allow", "king=::1"], "there is no role"),
        (vec!["--office-allow", "owner=shop"], "write a network"),
    ] {
        let given: Vec<_> = serve.iter().chain(&more).map(|it| (*it).to_owned()).collect();
        let answer = ashiato(&given);
        assert!(!answer.status.success() && answer.err.contains(said), "{said}: {}", answer.err);
        assert!(!answer.err.contains(SECRET));
    }
}
