//! What an account shows beside its password: an app's codes, recovery codes, and who has to.

mod forgiving;

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED, process::ashiato};

use crate::jar::{Browser, between};

const EMAIL: &str = "mika@shop.example";
const PASSWORD: &str = "a kettle on the veranda";
/// Half a minute, in seconds.
const STEP: u64 = 30;

#[expect(
    clippy::disallowed_methods,
    reason = "an app reads the clock of the telephone that it is on"
)]
fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// An app that was shown the secret: its codes are those of the moment in which it is asked, since a busy machine takes
/// its time. What is to be shown twice is kept, then.
pub(crate) struct App {
    totp: totp_rs::Totp,
    /// The code that confirmed it.
    confirmed: String,
}

impl App {
    pub(crate) fn of(page: &str) -> Self {
        let letters = between(page, "<code>", "</code>").replace(' ', "");
        let secret = totp_rs::Secret::try_from_base32(letters).unwrap();
        let builder = totp_rs::Builder::new().with_secret(secret).with_digits(6);
        let totp = builder.with_algorithm(totp_rs::Algorithm::SHA1).build().unwrap();
        Self { totp, confirmed: String::new() }
    }

    /// The code of this moment's step, or of one after or before it.
    pub(crate) fn code(&self, steps: i64) -> String {
        let at = now().checked_add_signed(steps * i64::try_from(STEP).unwrap()).unwrap();
        self.totp.generate(at).to_string()
    }

    /// A code that is wrong whichever step it is.
    fn wrong(&self) -> String {
        let right: Vec<_> = (-3..4).map(|steps| self.code(steps)).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

/// Sets an app up; it and the recovery codes.
fn set_up(browser: &mut Browser<'_>) -> (App, Vec<String>) {
    let token = browser.token();
    let begun = browser.post("/office/account/totp", &[("token", &token)]);
    assert_eq!(begun.header("location"), "/office/account/totp");
    let page = browser.get("/office/account/totp").body;
    assert!(page.contains("<svg class=\"qr\""), "{page}");
    let mut app = App::of(&page);
    app.confirmed = app.code(0);
    let answer = browser.confirm(&app.confirmed, PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    (app, codes(&answer))
}

fn codes(answer: &Answer) -> Vec<String> {
    let list = between(&answer.body, "<ul class=\"codes\">", "</ul>");
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// What was taken before is forgotten: the tests are faster than a clock's half minutes.
fn later(data: &Data) {
    data.database().run("UPDATE account_totp SET step = 0");
}

fn said(answer: &Answer) -> &str {
    between(&answer.body, "role=\"alert\">", "<")
}

#[test]
fn an_app_is_asked_for_once_a_code_has_confirmed_it_and_no_code_counts_twice() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    // What was never confirmed is asked of nobody.
    let token = browser.token();
    assert_eq!(browser.post("/office/account/totp", &[("token", &token)]).status, 303);
    let first = App::of(&browser.get("/office/account/totp").body);
    let wrong = browser.confirm(&first.wrong(), PASSWORD);
    assert_eq!((wrong.status, said(&wrong)), (422, "The code is wrong, or was used before."));
    let wrong = browser.confirm(&first.code(0), "not the password");
    assert_eq!((wrong.status, said(&wrong)), (422, "The present password is wrong."));
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).header("location"), "/office");
    // Begun anew, the secret is another one.
    let (app, codes) = set_up(&mut browser);
    assert_ne!(app.code(0), first.code(0));
    assert_eq!(codes.len(), 10);
    assert_eq!(browser.get("/office/account/totp").status, 303, "the secret is shown no more");
    let secret = app.totp.secret();
    assert!(!data.holds(secret) && !data.holds(secret.to_base32().as_bytes()));
    assert!(!codes.iter().any(|code| data.holds(code.replace('-', "").as_bytes())));

    let mut other = Browser::new(&collector);
    let second = other.log_in(EMAIL, PASSWORD);
    assert_eq!(second.header("location"), "/office/login/second?lang=en&next=/office");
    assert_eq!(other.get("/office/account").status, 303, "the password alone lets nobody in");
    assert_eq!(other.get("/office/login/second").status, 200);
    // The code that confirmed it counts no more, nor does a wrong one, or one of long before.
    let used = app.confirmed.clone();
    for code in [used, app.wrong(), app.code(-2), "12345".to_owned(), String::new()] {
        data.database().run("DELETE FROM account_delay");
        let refused = other.second(&code);
        assert_eq!(refused.status, 422, "{code}: {refused:?}");
        assert!(said(&refused).starts_with("The code is wrong"), "{refused:?}");
    }
    // The next one does, however it is written, and takes the log-in to where it was going.
    let code = app.code(1);
    let entered = other.second(&format!(" {} {} ", &code[..3], &code[3..]));
    assert_eq!((entered.status, entered.header("location")), (303, "/office"));
    assert_eq!(other.get("/office/account").status, 200);
    let mut third = Browser::new(&collector);
    assert_eq!(third.log_in(EMAIL, PASSWORD).status, 303);
    assert_eq!(third.second(&code).status, 422, "twice");
    later(&data);
    assert_eq!(third.second(&app.code(0)).status, 303);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    let page = third.get("/office/account").body;
    for told in ["With an app's code", "Refused: the code", "Password only", "By a link"] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn a_log_in_waits_for_its_code_ten_minutes_and_in_its_own_browser() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let (app, _) = set_up(&mut browser);
    later(&data);
    let mut other = Browser::new(&collector);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    let stranger = Browser::new(&collector).second(&app.code(0));
    assert_eq!((stranger.status, stranger.header("location")), (303, "/office/login?next=/office"));
    // Ten minutes, and no longer.
    data.database().run("UPDATE account_waiting SET expires = expires - 600000");
    assert_eq!(other.second(&app.code(0)).header("location"), "/office/login?next=/office");
    assert_eq!(other.get("/office/login/second").status, 303);
    // A new password ends what waits; so does the account's end.
    for act in ["link", "disable"] {
        data.database().run("DELETE FROM account_delay");
        assert!(other.log_in(EMAIL, PASSWORD).header("location").contains("second"));
        let link = data.run(&["user", act, "--email", EMAIL]);
        if act == "link" {
            let set = Browser::new(&collector).use_link(&link, EMAIL, PASSWORD);
            assert!(set.header("location").contains("second"), "a link takes nobody past it");
        }
        let over = other.second(&app.code(0));
        assert_eq!(over.header("location"), "/office/login?next=/office", "{act}");
    }
}

#[test]
fn wrong_codes_wait_longer_each_time_and_the_password_alone_does_not_forgive_them() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let (app, _) = set_up(&mut browser);
    later(&data);
    let mut other = Browser::new(&collector);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    for _ in 0..3 {
        assert_eq!(other.second(&app.wrong()).status, 422);
    }
    let mut database = data.database();
    assert_eq!(database.number("SELECT MAX(failures) FROM account_delay"), 4);
    database.run("UPDATE account_delay SET until = until + 3600000");
    // The right code waits too, and so does the log-in.
    let wait = other.second(&app.code(0));
    assert!(wait.status == 429 && wait.header("retry-after").parse::<u64>().unwrap() > 60);
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).status, 429);
    database.run("UPDATE account_delay SET until = 0 + until - 7200000");
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    assert_eq!(database.number("SELECT MAX(failures) FROM account_delay"), 5);
    database.run("UPDATE account_delay SET until = until - 7200000");
    assert_eq!(other.second(&app.code(0)).status, 303);
    assert_eq!(database.number("SELECT COUNT(*) FROM account_delay"), 0);
    // So does who is logged in, and tries to switch it off.
    let token = other.token();
    for (known, code, status) in [
        ("not the password", app.code(1), 422),
        (PASSWORD, app.wrong(), 422),
        (PASSWORD, app.wrong(), 422),
        (PASSWORD, app.wrong(), 422),
    ] {
        let fields = [("token", token.as_str()), ("known", known), ("second", code.as_str())];
        assert_eq!(other.post("/office/account/totp/off", &fields).status, status);
    }
    database.run("UPDATE account_delay SET until = until + 3600000");
    let code = app.code(1);
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("second", code.as_str())];
    assert_eq!(other.post("/office/account/totp/off", &fields).status, 429);
    assert!(!collector.log().contains("shop.example"));
}

#[test]
fn recovery_codes_work_once_each_and_are_made_anew_on_demand() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let (app, codes) = set_up(&mut browser);
    assert!(browser.get("/office/account").body.contains("Recovery codes left: 10"));
    for (at, code) in codes[..7].iter().enumerate() {
        let mut lost = Browser::new(&collector);
        assert_eq!(lost.log_in(EMAIL, PASSWORD).status, 303);
        let written = if at == 0 { code.to_uppercase().replace('-', " ") } else { code.clone() };
        let entered = lost.second(&written);
        assert_eq!(entered.header("location"), "/office/account?recovered=1", "{code}");
        let page = lost.get("/office/account?recovered=1").body;
        assert!(page.contains("You have logged in with a recovery code"));
        assert!(page.contains(&format!("Recovery codes left: {}", 9 - at)), "{page}");
        assert_eq!(page.contains("There are few left"), 9 - at <= 3);
        let mut again = Browser::new(&collector);
        assert_eq!(again.log_in(EMAIL, PASSWORD).status, 303);
        assert_eq!(again.second(code).status, 422, "{code} twice");
        data.database().run("DELETE FROM account_delay");
    }
    // New ones, for whoever knows the password and has a code; the old ones are worth nothing then.
    later(&data);
    let token = browser.token();
    let wrong = app.wrong();
    fn renew<'t>(token: &'t str, known: &'t str, code: &'t str) -> [(&'static str, &'t str); 3] {
        [("token", token), ("known", known), ("second", code)]
    }
    let right = app.code(0);
    let refused = browser.post("/office/account/codes", &renew(&token, "not the password", &right));
    assert_eq!((refused.status, said(&refused)), (422, "The present password is wrong."));
    for code in ["", &wrong, &codes[0]] {
        data.database().run("DELETE FROM account_delay");
        let refused = browser.post("/office/account/codes", &renew(&token, PASSWORD, code));
        assert_eq!(refused.status, 422, "{code}: {refused:?}");
        assert!(said(&refused).starts_with("The code of the second step is wrong"), "{refused:?}");
    }
    assert_eq!(data.database().number("SELECT COUNT(*) FROM account_recovery"), 3, "none is gone");
    data.database().run("DELETE FROM account_delay");
    let right = app.code(0);
    let new = self::codes(&browser.post("/office/account/codes", &renew(&token, PASSWORD, &right)));
    assert!(new.len() == 10 && !new.contains(&codes[9]));
    let mut other = Browser::new(&collector);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    assert_eq!(other.second(&codes[9]).status, 422);
    assert_eq!(other.second(&new[9]).status, 303);
    // Whoever has lost the app makes new ones by a recovery code, which goes with them.
    let token = other.token();
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("second", new[0].as_str())];
    let new = self::codes(&other.post("/office/account/codes", &fields));
    assert_eq!(new.len(), 10);
    // Switched off by password and code, the password alone lets in again, and nothing is left of it.
    later(&data);
    let token = other.token();
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("second", "")];
    assert_eq!(other.post("/office/account/totp/off", &fields).status, 422);
    data.database().run("DELETE FROM account_delay");
    let code = app.code(0);
    let fields = [("token", token.as_str()), ("known", PASSWORD), ("second", code.as_str())];
    assert_eq!(
        other.post("/office/account/totp/off", &fields).header("location"),
        "/office/account?off=1"
    );
    assert_eq!(Browser::new(&collector).log_in(EMAIL, PASSWORD).header("location"), "/office");
    let mut database = data.database();
    for table in ["account_totp", "account_recovery", "account_waiting"] {
        assert_eq!(database.number(&format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    let refused = other.post("/office/account/codes", &[("token", &token), ("known", PASSWORD)]);
    assert_eq!(refused.header("location"), "/office/account", "there is nothing to recover");
    // All of it stands in the trail, without a code or an address.
    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "account"]);
    let told = trail.lines().map(|line| line.split_whitespace().nth(4).unwrap());
    let told: Vec<_> =
        told.filter(|act| !["account.role", "account.log_in"].contains(act)).collect();
    assert_eq!(told, ["account.totp", "account.codes", "account.codes", "account.totp"], "{trail}");
    assert!(!trail.contains(EMAIL) && !trail.contains(&new[0]));
}

#[test]
fn a_role_that_needs_a_second_factor_sees_nothing_before_it_has_one() {
    let data = Data::new();
    let flags = [&UNLIMITED[..], &["--second-factor", "owner,administrator"]].concat();
    let collector = Collector::start_with(&data, &flags);
    let mut marketer = Browser::somebody(&data, &collector, "m@shop.example", "marketer", PASSWORD);
    assert_eq!(marketer.get("/office/sites/shop").status, 200);
    let mut owner = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    for place in ["/office", "/office/sites/shop", "/office/sites/shop/leads"] {
        let sent_on = owner.get(place);
        assert_eq!((sent_on.status, sent_on.header("location")), (303, "/office/account"));
    }
    assert!(owner.get("/office/account").body.contains("Your role asks for a second step"));
    let (app, _) = set_up(&mut owner);
    assert_eq!(owner.get("/office/sites/shop").status, 200);
    // Lost app and codes: whoever runs the server takes it away, and it is to be set up anew.
    let said = data.run(&["user", "reset-factors", "--email", EMAIL]);
    assert!(said.contains("logs in by its password alone"), "{said}");
    assert_eq!(owner.get("/office/account").status, 303, "logged out");
    assert_eq!(owner.log_in(EMAIL, PASSWORD).header("location"), "/office");
    assert_eq!(owner.get("/office").header("location"), "/office/account");
    let (other, _) = set_up(&mut owner);
    assert_ne!(app.code(0), other.code(0));
    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "account.reset_factors"]);
    assert!(trail.contains("command ") && trail.contains("account.reset_factors"), "{trail}");
    let url = data.database_url();
    let nobody =
        ["user", "reset-factors", "--email", "nobody@shop.example", "--database-url", &url];
    let missing = ashiato(nobody.iter().copied());
    assert!(
        !missing.status.success() && missing.err.contains("`ashiato user list`"),
        "{missing:?}"
    );
    // A role that is given later asks for it with the next call.
    let _ = data.run(&[
        "user",
        "add",
        "--email",
        "m@shop.example",
        "--role",
        "administrator",
        "--site",
        "shop",
    ]);
    assert_eq!(marketer.get("/office/sites/shop").header("location"), "/office/account");
}

#[test]
fn a_new_password_ends_every_other_session_and_is_judged_by_its_strength() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let mut other = Browser::new(&collector);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 303);
    let token = browser.token();
    let change = |known, new| {
        [
            ("token", token.clone()),
            ("known", known),
            ("password", new),
            ("again", String::from("縁側で猫とお茶をのむ")),
        ]
    };
    for (known, new, said_of_it) in [
        (PASSWORD, "iloveyou", "easily guessed"),
        (PASSWORD, "猫とお茶", "8 letters"),
        (PASSWORD, "a kettle on the roof", "differ"),
        ("not the password", "縁側で猫とお茶をのむ", "present password is wrong"),
    ] {
        let fields = change(known.to_owned(), new.to_owned());
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = browser.post("/office/account/password", &fields);
        assert!(answer.status == 422 && said(&answer).contains(said_of_it), "{new}: {answer:?}");
        assert_eq!(other.get("/office/account").status, 200);
    }
    let fields = change(PASSWORD.to_owned(), "縁側で猫とお茶をのむ".to_owned());
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.post("/office/account/password", &fields);
    assert_eq!(answer.header("location"), "/office/account?changed=1");
    assert_eq!(other.get("/office/account").status, 303, "logged out");
    assert_eq!(browser.get("/office/account").status, 200);
    assert_eq!(other.log_in(EMAIL, PASSWORD).status, 422);
    assert_eq!(other.log_in(EMAIL, "縁側で猫とお茶をのむ").status, 303);
    let history = browser.get("/office/account").body;
    assert!(history.contains("Password changed"));
    let trail = data.run(&["audit", "list", "--site", "shop", "--action", "account.password"]);
    assert_eq!(trail.lines().count(), 1, "{trail}");
}
