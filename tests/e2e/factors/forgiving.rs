//! What forgives wrong codes: a code, and nothing that asks for the password alone.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};

use super::{EMAIL, PASSWORD, later, set_up};
use crate::jar::Browser;

#[test]
fn what_asks_for_the_password_alone_forgives_no_wrong_codes() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut browser = Browser::somebody(&data, &collector, EMAIL, "owner", PASSWORD);
    let mut database = data.database();
    let failures = "SELECT COALESCE(MAX(failures), 0) FROM account_delay";
    let unknown = |browser: &mut Browser<'_>| {
        let token = browser.token();
        let fields = [("token", token.as_str()), ("known", PASSWORD), ("passkey", "AAAA")];
        browser.post("/office/account/passkeys/remove", &fields)
    };
    let wrong = |browser: &mut Browser<'_>, known: &str, code: &str| {
        let token = browser.token();
        let fields = [("token", token.as_str()), ("known", known), ("second", code)];
        browser.post("/office/account/totp/off", &fields).status
    };
    // Where there is nothing beside the password, that forgives wrong passwords.
    let token = browser.token();
    let fields = [("token", token.as_str()), ("known", "not the password"), ("passkey", "AAAA")];
    let refused = browser.post("/office/account/passkeys/remove", &fields);
    assert_eq!((refused.status, database.number(failures)), (422, 1));
    assert_eq!(unknown(&mut browser).status, 303);
    assert_eq!(database.number(failures), 0);
    let (app, _) = set_up(&mut browser);
    later(&data);
    assert_eq!(wrong(&mut browser, PASSWORD, &app.wrong()), 422);
    assert_eq!(wrong(&mut browser, PASSWORD, &app.wrong()), 422);
    assert_eq!(database.number(failures), 2);
    // Nothing to do, and a password that is changed: neither counts, and neither forgives.
    assert_eq!(unknown(&mut browser).status, 303);
    assert_eq!(database.number(failures), 2);
    let (token, other) = (browser.token(), "a lantern on the veranda");
    let change =
        [("token", token.as_str()), ("known", PASSWORD), ("password", other), ("again", other)];
    let changed = browser.post("/office/account/password", &change);
    assert_eq!(changed.header("location"), "/office/account?changed=1", "{changed:?}");
    assert_eq!(database.number(failures), 2);
    assert_eq!(wrong(&mut browser, other, &app.wrong()), 422);
    assert_eq!(wrong(&mut browser, other, &app.wrong()), 422);
    assert_eq!(database.number(failures), 4);
    // The fourth has the next wait, be it two seconds: here an hour.
    database.run("UPDATE account_delay SET until = until + 3600000");
    assert_eq!(wrong(&mut browser, other, &app.code(0)), 429);
    // Once that is over, what forgives nothing has nobody wait either.
    database.run("UPDATE account_delay SET until = until - 7200000");
    let token = browser.token();
    let fields = [("token", token.as_str()), ("known", other), ("passkey", "AAAA")];
    for _ in 0..2 {
        assert_eq!(browser.post("/office/account/passkeys/remove", &fields).status, 303);
    }
    assert_eq!(database.number(failures), 4);
    // Nor does it count where there was no failure of before.
    database.run("DELETE FROM account_delay");
    assert_eq!(browser.post("/office/account/passkeys/remove", &fields).status, 303);
    assert_eq!(database.number(failures), 0);
    assert_eq!(wrong(&mut browser, other, &app.wrong()), 422);
    // A code forgives.
    assert_eq!(wrong(&mut browser, other, &app.code(0)), 303);
    assert_eq!(database.number(failures), 0);
}
