//! Passkeys: made, shown, and refused for each thing that may be wrong with them.

mod authenticator;

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED};
use serde_json::Value;

use self::authenticator::{Authenticator, ORIGIN, asked, asked_to_prove};
use crate::jar::{Browser, between};

const EMAIL: &str = "mika@shop.example";
const PASSWORD: &str = "a kettle on the veranda";

fn start(data: &Data) -> Collector {
    Collector::start_with(data, &[&UNLIMITED[..], &["--public-url", ORIGIN]].concat())
}

fn ask_for(browser: &mut Browser<'_>, place: &str, kind: &str) -> Value {
    let page = browser.get(place);
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    asked(&page, kind)
}

fn add(browser: &mut Browser<'_>, made: &str, known: &str) -> Answer {
    add_by(browser, made, known, ("second", ""))
}

/// The same, with what is shown beside the password.
fn add_by(browser: &mut Browser<'_>, made: &str, known: &str, proof: (&str, &str)) -> Answer {
    let token = browser.token();
    let fields =
        [("token", &*token), ("known", known), ("name", "Telephone"), ("credential", made), proof];
    browser.post("/office/account/passkeys", &fields)
}

/// What a passkey says to whoever changes by what they log in.
fn proven(browser: &mut Browser<'_>, by: &mut Authenticator) -> String {
    by.show(&asked_to_prove(&browser.get("/office/account")))
}

/// Makes a passkey at the account's page, of an authenticator with that id.
fn made(browser: &mut Browser<'_>, id: u8) -> (Authenticator, Answer) {
    let mut authenticator = Authenticator::new(id);
    let asked = ask_for(browser, "/office/account", "make");
    let answer = add(browser, &authenticator.make(&asked), PASSWORD);
    (authenticator, answer)
}

fn enter(browser: &mut Browser<'_>, shown: &str) -> Answer {
    let fields = [("credential", shown), ("language", "en"), ("next", "/office")];
    browser.post("/office/login/passkey", &fields)
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("Nobody can log in with that passkey"), "{answer:?}");
    assert!(answer.cookies().is_empty());
}

#[test]
fn a_passkey_logs_in_by_itself_and_nothing_of_it_counts_twice() {
    let data = Data::new();
    let collector = start(&data);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let asked = ask_for(&mut browser, "/office/account", "make");
    let mut wrong = Authenticator::new(1);
    let answer = add(&mut browser, &wrong.make(&asked), "not the password");
    assert!(answer.status == 422 && answer.body.contains("present password is wrong"));
    // Made for another page, or another site.
    for (origin, party) in [("https://evil.example", "office.example"), (ORIGIN, "evil.example")] {
        (wrong.origin, wrong.party) = (origin, party);
        let answer = add(&mut browser, &wrong.make(&asked), PASSWORD);
        assert!(answer.status == 422 && answer.body.contains("The passkey was not taken"));
    }
    let (mut own, answer) = made(&mut browser, 2);
    assert!(answer.body.contains("<ul class=\"codes\">"), "recovery codes come with the first");
    let page = browser.get("/office/account").body;
    assert!(page.contains("Telephone") && page.contains("Not used yet"));

    let mut other = Browser::new(&collector);
    let asked = ask_for(&mut other, "/office/login", "show");
    let shown = own.show(&asked);
    let answer = enter(&mut other, &shown);
    assert_eq!((answer.status, answer.header("location")), (303, "/office"));
    assert_eq!(other.get("/office/sites/shop").status, 200);
    assert!(other.get("/office/account").body.contains("With a passkey"));
    // The same again, or the same challenge signed anew.
    refused(&enter(&mut Browser::new(&collector), &shown));
    refused(&enter(&mut Browser::new(&collector), &own.show(&asked)));
    // A challenge for something else, one that has expired, and one that nobody asked.
    let mut third = Browser::new(&collector);
    let for_account = ask_for(&mut browser, "/office/account", "make");
    refused(&enter(&mut third, &own.show(&for_account)));
    let mut changed = ask_for(&mut third, "/office/login", "show");
    changed["challenge"] = Value::from("AAAA");
    refused(&enter(&mut third, &own.show(&changed)));
    // Another page, another site, another person, and nobody's passkey.
    let fresh = |browser: &mut Browser<'_>| ask_for(browser, "/office/login", "show");
    own.origin = "https://office.example.evil.example";
    refused(&enter(&mut third, &own.show(&fresh(&mut browser_of(&collector)))));
    (own.origin, own.party) = (ORIGIN, "evil.example");
    refused(&enter(&mut third, &own.show(&fresh(&mut browser_of(&collector)))));
    own.party = "office.example";
    let user = std::mem::replace(&mut own.user, "AAAA".to_owned());
    refused(&enter(&mut third, &own.show(&fresh(&mut browser_of(&collector)))));
    own.user = user;
    own.id = [77; 16];
    refused(&enter(&mut third, &own.show(&fresh(&mut browser_of(&collector)))));
    own.id = [2; 16];
    let mut forged = Authenticator::new(2);
    forged.user.clone_from(&own.user);
    refused(&enter(&mut third, &forged.show(&fresh(&mut browser_of(&collector)))));
    for text in ["", "{}", "nonsense"] {
        refused(&enter(&mut third, text));
    }
    // It is still good by itself; once it has counted it must not count backwards.
    for (counter, good) in [(5, true), (5, false), (4, false), (0, false), (6, true)] {
        own.counter = counter;
        let answer = enter(&mut third, &own.show(&fresh(&mut browser_of(&collector))));
        if good {
            assert_eq!(answer.status, 303, "{counter}");
        } else {
            refused(&answer);
        }
    }
    assert!(third.get("/office/account").body.contains("Refused: the passkey"));
    // A disabled account is let in by nothing.
    let _ = data.run(&["user", "disable", "--email", EMAIL]);
    own.counter = 9;
    refused(&enter(&mut third, &own.show(&fresh(&mut browser_of(&collector)))));
    assert!(!collector.log().contains("shop.example"));
}

fn browser_of(collector: &Collector) -> Browser<'_> {
    Browser::new(collector)
}

#[test]
fn a_passkey_is_a_second_step_and_of_its_own_account_alone() {
    let data = Data::new();
    let collector = start(&data);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let mut stranger =
        Browser::somebody(&data, &collector, "ken@shop.example", "auditor", PASSWORD);
    let (mut own, codes) = made(&mut browser, 2);
    let (mut theirs, _) = made(&mut stranger, 3);
    // The id of somebody else's is not taken, nor one's own twice, nor a challenge of another session.
    let another = |browser: &mut Browser<'_>, own: &mut Authenticator, id: u8| {
        let asked = ask_for(browser, "/office/account", "make");
        let (made, shown) = (Authenticator::new(id).make(&asked), proven(browser, own));
        add_by(browser, &made, PASSWORD, ("shown", &shown))
    };
    for id in [3, 2] {
        let answer = another(&mut browser, &mut own, id);
        assert!(answer.status == 422 && answer.body.contains("The passkey was not taken"));
    }
    let of_stranger = ask_for(&mut stranger, "/office/account", "make");
    let answer = add(&mut browser, &Authenticator::new(4).make(&of_stranger), PASSWORD);
    assert_eq!(answer.status, 422);
    let answer = another(&mut browser, &mut own, 5);
    assert_eq!(answer.header("location"), "/office/account?key=1", "codes are there already");

    let mut other = Browser::new(&collector);
    let second = other.log_in(EMAIL, PASSWORD);
    assert!(second.header("location").starts_with("/office/login/second"), "{second:?}");
    let page = other.get("/office/login/second?lang=en");
    assert!(!page.body.contains("six digits"), "there is no app");
    let asked_of = asked(&page, "show");
    assert_eq!(asked_of["own"].as_array().unwrap().len(), 2);
    let go_on = |browser: &mut Browser<'_>, shown: &str| {
        let fields = [("credential", shown), ("language", "en"), ("next", "/office")];
        browser.post("/office/login/second/passkey", &fields)
    };
    let log_in_page = ask_for(&mut Browser::new(&collector), "/office/login", "show");
    for shown in [theirs.show(&asked_of), own.show(&log_in_page), "nonsense".to_owned()] {
        let answer = go_on(&mut other, &shown);
        assert!(answer.status == 422 && answer.body.contains("The passkey was not taken"));
    }
    let shown = own.show(&asked_of);
    assert_eq!(
        go_on(&mut Browser::new(&collector), &shown).header("location"),
        "/office/login?next=/office"
    );
    assert_eq!(go_on(&mut other, &shown).header("location"), "/office");
    assert_eq!(other.get("/office/sites/shop").status, 200);
    // A recovery code does as well.
    let code = between(&codes.body, "<code>", "</code>");
    let mut lost = Browser::new(&collector);
    assert_eq!(lost.log_in(EMAIL, PASSWORD).status, 303);
    assert_eq!(lost.second(code).header("location"), "/office/account?recovered=1");
    // Removed by password and passkey, it is worth nothing; with the last one the second step is gone.
    let token = other.token();
    let remove = |browser: &mut Browser<'_>, id: u8, known: &str, proof: (&str, &str)| {
        let id = consent_core::ids::base64url(&[id; 16]);
        let fields = [("token", token.as_str()), ("passkey", &id), ("known", known), proof];
        browser.post("/office/account/passkeys/remove", &fields)
    };
    let shown = proven(&mut other, &mut own);
    assert_eq!(remove(&mut other, 2, "not the password", ("shown", &shown)).status, 422);
    let unknown = remove(&mut other, 3, PASSWORD, ("second", ""));
    assert_eq!(unknown.header("location"), "/office/account", "not theirs");
    let removed = remove(&mut other, 2, PASSWORD, ("shown", &shown));
    assert_eq!(removed.header("location"), "/office/account?gone=1");
    let asked_again = ask_for(&mut Browser::new(&collector), "/office/login", "show");
    refused(&enter(&mut Browser::new(&collector), &own.show(&asked_again)));
    assert!(Browser::new(&collector).log_in(EMAIL, PASSWORD).header("location").contains("second"));
    let code = codes.body.split("<code>").nth(2).unwrap().split('<').next().unwrap();
    let removed = remove(&mut other, 5, PASSWORD, ("second", code));
    assert_eq!(removed.header("location"), "/office/account?gone=1");
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).header("location"), "/office");
    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "account.passkey"]);
    assert_eq!(trail.lines().count(), 5, "{trail}");
    // Whoever runs the server takes all of it away.
    let _ = data.run(&["user", "reset-factors", "--email", "ken@shop.example"]);
    let asked = ask_for(&mut Browser::new(&collector), "/office/login", "show");
    refused(&enter(&mut Browser::new(&collector), &theirs.show(&asked)));
    assert_eq!(data.database().number("SELECT COUNT(*) FROM account_passkey"), 0);
}

#[test]
fn the_password_alone_changes_nothing_of_what_is_shown_beside_it() {
    let data = Data::new();
    let collector = start(&data);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let mut stranger =
        Browser::somebody(&data, &collector, "ken@shop.example", "auditor", PASSWORD);
    let page = browser.get("/office/account").body;
    assert!(!page.contains("name=\"second\""), "nothing is asked for that there is not: {page}");
    let (mut own, codes) = made(&mut browser, 2);
    let (mut theirs, _) = made(&mut stranger, 3);
    let token = browser.token();
    let account = consent_core::ids::base64url(&[2; 16]);
    let code = between(&codes.body, "<code>", "</code>");
    let before = || {
        let mut database = data.database();
        let count = |table: &str| format!("SELECT COUNT(*) FROM {table}");
        [
            count("account_passkey"),
            count("account_recovery"),
            count("account_totp WHERE confirmed_at > 0"),
        ]
        .map(|text| database.number(&text))
    };
    let held = before();
    // Nothing, what is no code, what somebody else shows, what was asked for something else, of another browser, and of
    // another page.
    let of_stranger = proven(&mut stranger, &mut theirs);
    let asked_to_log_in = ask_for(&mut browser_of(&collector), "/office/login", "show");
    let for_make = own.show(&ask_for(&mut browser, "/office/account", "make"));
    let mut other = browser_of(&collector);
    assert_eq!(enter(&mut other, &own.show(&asked_to_log_in)).status, 303);
    let of_other_browser = proven(&mut other, &mut own);
    own.origin = "https://evil.example";
    let of_other_page = proven(&mut browser, &mut own);
    own.origin = ORIGIN;
    let wrong = [
        ("second", "", "The code of the second step"),
        ("second", "123456", "The code of the second step"),
        ("second", "abcde-fghij", "The code of the second step"),
        ("shown", "{}", "The passkey was not taken"),
        ("shown", &of_stranger, "The passkey was not taken"),
        ("shown", &for_make, "The passkey was not taken"),
        ("shown", &of_other_browser, "The passkey was not taken"),
        ("shown", &of_other_page, "The passkey was not taken"),
    ];
    for (name, value, said) in wrong {
        for place in ["codes", "passkeys/remove", "passkeys"] {
            data.database().run("DELETE FROM account_delay");
            let made = match place {
                "passkeys" => {
                    Authenticator::new(9).make(&ask_for(&mut browser, "/office/account", "make"))
                }
                _ => String::new(),
            };
            let fields = [
                ("token", token.as_str()),
                ("known", PASSWORD),
                ("passkey", &account),
                ("name", "Telephone"),
                ("credential", &made),
                (name, value),
            ];
            let answer = browser.post(&format!("/office/account/{place}"), &fields);
            assert_eq!(answer.status, 422, "{place} {value}: {answer:?}");
            assert!(between(&answer.body, "role=\"alert\">", "<").starts_with(said), "{answer:?}");
            assert_eq!(before(), held, "{place} {value}");
        }
    }
    // An app is set up by whoever has the passkey, or a recovery code.
    assert_eq!(browser.post("/office/account/totp", &[("token", &token)]).status, 303);
    let page = browser.get("/office/account/totp");
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    let app = crate::factors::App::of(&page.body);
    let confirm = |browser: &mut Browser<'_>, proof: (&str, &str)| {
        data.database().run("DELETE FROM account_delay");
        let right = app.code(0);
        let fields = [("token", token.as_str()), ("code", &right), ("known", PASSWORD), proof];
        browser.post("/office/account/totp/confirm", &fields)
    };
    assert_eq!(confirm(&mut browser, ("second", "")).status, 422);
    assert_eq!(before(), held);
    let shown = own.show(&asked_to_prove(&page));
    assert_eq!(confirm(&mut browser, ("shown", &shown)).header("location"), "/office/account?on=1");
    // What a passkey says counts once.
    let renew = |browser: &mut Browser<'_>, proof: (&str, &str)| {
        data.database().run("DELETE FROM account_delay");
        let fields = [("token", token.as_str()), ("known", PASSWORD), proof];
        browser.post("/office/account/codes", &fields)
    };
    assert_eq!(renew(&mut browser, ("shown", &shown)).status, 422);
    let shown = proven(&mut browser, &mut own);
    assert!(renew(&mut browser, ("shown", &shown)).body.contains("<ul class=\"codes\">"));
    assert_eq!(renew(&mut browser, ("second", code)).status, 422, "a code of before");
    // The app is switched off by a passkey too, for whoever has lost it.
    let shown = proven(&mut browser, &mut own);
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("shown", &shown)];
    let off = browser.post("/office/account/totp/off", &fields);
    assert_eq!(off.header("location"), "/office/account?off=1", "{off:?}");
    assert!(browser.get("/office/account").body.contains("Refused: the passkey"));
    // Three wrong ones in a row wait, like wrong passwords.
    data.database().run("DELETE FROM account_delay");
    for _ in 0..3 {
        let fields = [("token", token.as_str()), ("known", PASSWORD), ("second", "123456")];
        assert_eq!(browser.post("/office/account/codes", &fields).status, 422);
    }
    data.database().run("UPDATE account_delay SET until = until + 3600000");
    let shown = proven(&mut browser, &mut own);
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("shown", &shown)];
    assert_eq!(browser.post("/office/account/codes", &fields).status, 429);
}

#[test]
fn where_no_page_may_have_passkeys_none_are_offered() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let page = browser.get("/office/account");
    assert!(page.body.contains("Passkeys need an address with HTTPS"));
    for page in [page, Browser::new(&collector).get("/office/login")] {
        assert!(
            !page.body.contains("<script")
                && !page.header("content-security-policy").contains("script")
        );
    }
    assert_eq!(enter(&mut Browser::new(&collector), "{}").status, 422);
    let script = browser.get("/office/passkeys.js");
    assert!(script.header("content-type").starts_with("text/javascript"));
}
