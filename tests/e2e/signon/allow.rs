//! Roles that may be used from certain networks only.

use ashiato_tests::{Answer, Collector, Data, collector::UNLIMITED, data::shop_file};

use super::Browser;
use crate::setup::between;

const HOME: [(&str, &str); 1] = [("x-forwarded-for", "192.0.2.7")];
const AWAY: [(&str, &str); 1] = [("x-forwarded-for", "198.51.100.1")];

/// Somebody of that role, logged in by a link, from anywhere.
fn somebody<'c>(data: &Data, collector: &'c Collector, arguments: &[&str]) -> Browser<'c> {
    let link = data.run(&[&["user", "add"], arguments].concat());
    let path = link.trim()[link.find("/office/").unwrap()..].to_owned();
    let origin = format!("http://{}", collector.authority());
    let request = collector.request("POST", &path).header("origin", &origin);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let password = "a+kettle+on+the+veranda";
    let request = request.header("x-forwarded-for", "198.51.100.1");
    let answer = collector.send(request, format!("password={password}&again={password}")).unwrap();
    assert_eq!(answer.status, 303, "{answer:?}");
    let mut browser = Browser::new(collector);
    for (pair, _) in answer.cookies() {
        let (name, value) = pair.split_once('=').unwrap();
        browser.cookies.insert(name.to_owned(), value.to_owned());
    }
    browser
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends what a page of that browser would, from there.
fn post(
    browser: &Browser<'_>,
    path: &str,
    (kind, body): (&str, String),
    from: &[(&str, &str)],
) -> Answer {
    let cookies: Vec<_> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let origin = format!("http://{}", browser.collector.authority());
    let mut request = browser.collector.request("POST", path).header("origin", origin);
    request = request.header("content-type", kind).header("cookie", cookies.join("; "));
    for (name, value) in from {
        request = request.header(*name, *value);
    }
    browser.collector.send(request.header("accept-language", "en"), body).unwrap()
}

/// What the forms of that browser's pages carry.
fn token(page: &str) -> String {
    between(page, "name=\"token\" value=\"", "\"").to_owned()
}

#[test]
fn a_role_is_used_from_its_networks_and_nothing_keeps_the_address() {
    let data = Data::new();
    let rules = ["--trusted-proxy", "127.0.0.1", "--office-allow", "owner=192.0.2.0/24"];
    let flags: Vec<_> = UNLIMITED.iter().chain(&rules).copied().collect();
    let collector = Collector::start_with(&data, &flags);
    let owner = ["--email", "mika@shop.example", "--role", "owner"];
    // A link lets in from everywhere, and the page that comes next says why it shows nothing.
    let mut owner = somebody(&data, &collector, &owner);
    for path in ["/office", "/office/account", "/office/sites/shop", "/office/sites/shop/leads"] {
        let answer = owner.get_by(path, &AWAY);
        assert!(answer.status == 403 && answer.body.contains("Not from here"), "{answer:?}");
        assert!(answer.body.contains("--office-allow"));
        assert!(matches!(owner.get_by(path, &HOME).status, 200 | 303), "{path}");
    }
    // What the caller writes in front of what the proxy adds is not believed.
    let feigned = [("x-forwarded-for", "192.0.2.7, 198.51.100.1")];
    assert_eq!(owner.get_by("/office/account", &feigned).status, 403);
    assert_eq!(owner.get("/office/account").status, 403, "the proxy itself is in no network");

    let marketer = ["--email", "ken@shop.example", "--role", "marketer", "--site", "shop"];
    let mut marketer = somebody(&data, &collector, &marketer);
    assert_eq!(marketer.get_by("/office/sites/shop", &AWAY).status, 200);
    assert_eq!(marketer.get_by("/office/sites/other", &AWAY).status, 404);

    let told = data.run(&["audit", "list", "--site", "shop", "--action", "account.kept_out"]);
    assert!(told.contains("owner") && !told.contains("marketer"), "{told}");
    assert!(!data.holds(b"198.51.100.1") && !collector.log().contains("198.51.100.1"));
    let told = data.run(&["audit", "list", "--site", "shop"]);
    assert!(!told.contains("198.51"), "{told}");
    // Who is logged in nowhere comes to the log-in, wherever that is.
    assert_eq!(Browser::new(&collector).get_by("/office/login", &AWAY).status, 200);
}

#[test]
fn somebody_with_two_roles_is_kept_from_the_site_of_the_one_alone() {
    let data = Data::new();
    let rules = ["--trusted-proxy", "127.0.0.1", "--office-allow", "owner=192.0.2.0/24"];
    let flags: Vec<_> = UNLIMITED.iter().chain(&rules).copied().collect();
    let collector = Collector::start_with(&data, &flags);
    let given = ["--email", "mika@shop.example", "--site", "shop", "--role", "owner"];
    let mut both = somebody(&data, &collector, &given);
    data.run(&[
        "user",
        "add",
        "--email",
        "mika@shop.example",
        "--site",
        "other",
        "--role",
        "auditor",
    ]);
    assert_eq!(both.get_by("/office/sites/other", &AWAY).status, 200);
    assert_eq!(both.get_by("/office/account", &AWAY).status, 200);
    assert_eq!(both.get_by("/office/sites/shop", &AWAY).status, 403);
    assert_eq!(both.get_by("/office/sites/shop", &HOME).status, 200);
    // The same site by another spelling of its key; what is no site is none.
    for path in
        ["/office/sites/%73hop", "/office/sites/%73hop/leads", "/office/sites/sho%70/people"]
    {
        let answer = both.get_by(path, &AWAY);
        assert!(answer.status == 403 && answer.body.contains("Not from here"), "{answer:?}");
        assert_eq!(both.get_by(path, &HOME).status, 200, "{path}");
    }
    for path in ["/office/sites/%6eowhere/leads", "/office/sites/%ff/leads"] {
        assert_eq!(both.get_by(path, &AWAY).status, 404, "{path}");
    }
}

#[test]
fn what_reaches_beyond_a_site_rests_on_roles_that_are_used_from_there() {
    let data = Data::new();
    let rules = ["--trusted-proxy", "127.0.0.1", "--office-allow", "owner=192.0.2.0/24"];
    let flags: Vec<_> = UNLIMITED.iter().chain(&rules).copied().collect();
    let collector = Collector::start_with(&data, &flags);
    let add =
        |email: &str, more: &[&str]| data.run(&[&["user", "add", "--email", email], more].concat());
    let mut mika =
        somebody(&data, &collector, &["--email", "mika@shop.example", "--role", "owner"]);
    add("mika@shop.example", &["--site", "shop", "--role", "administrator"]);
    for (path, home) in [("/office/setup", 200), ("/office/sites/other", 200)] {
        let answer = mika.get_by(path, &AWAY);
        assert!(answer.status == 403 && answer.body.contains("Not from here"), "{answer:?}");
        assert_eq!(mika.get_by(path, &HOME).status, home, "{path}");
    }
    assert_eq!(mika.get_by("/office/sites/shop", &AWAY).status, 200);

    let own = token(&mika.get_by("/office/account", &HOME).body);
    let people = "/office/sites/shop/people";
    let form = |more: &str| (FORM, format!("token={own}&{more}"));
    let yui = "SELECT COUNT(*) FROM account WHERE email = 'yui@shop.example'";
    let everywhere = "email=yui%40shop.example&role=auditor&everywhere=yes";
    assert_eq!(post(&mika, people, form(everywhere), &AWAY).status, 403);
    assert_eq!(data.database().number(yui), 0);
    let here = "email=yui%40shop.example&role=marketer";
    assert_eq!(post(&mika, people, form(here), &AWAY).status, 200);
    assert_eq!(data.database().number(yui), 1);
    add("yui@shop.example", &["--site", "other", "--role", "marketer"]);
    let yui = "SELECT id FROM account WHERE email = 'yui@shop.example'";
    let disable = format!("{people}/{}/disable", data.database().number(yui));
    let disabled = "SELECT COUNT(*) FROM account WHERE disabled_at IS NOT NULL";
    assert_eq!(post(&mika, &disable, form(""), &AWAY).status, 403, "it reaches the other site");
    assert_eq!(data.database().number(disabled), 0);
    assert_eq!(post(&mika, &disable, form(""), &HOME).status, 200);
    assert_eq!(data.database().number(disabled), 1);

    // A role of a site that is kept out does not become the one that somebody has everywhere.
    let mut ken =
        somebody(&data, &collector, &["--email", "ken@shop.example", "--role", "administrator"]);
    add("ken@shop.example", &["--site", "shop", "--role", "owner"]);
    assert_eq!(ken.get_by("/office/setup", &AWAY).status, 200);
    assert_eq!(ken.get_by("/office/sites/other", &AWAY).status, 200);
    assert_eq!(ken.get_by("/office/sites/shop", &AWAY).status, 403);
    let own = token(&ken.get_by("/office/account", &HOME).body);
    let file = shop_file().replace('\n', "\r\n");
    for path in ["/office/setup", "/office/setup/apply"] {
        let body = ("text/plain", format!("token={own}\r\ntext={file}\r\n"));
        assert_eq!(post(&ken, path, body, &AWAY).status, 403, "{path}");
    }
    let body = ("text/plain", format!("token={own}\r\ntext={file}\r\n"));
    assert_eq!(post(&ken, "/office/setup", body, &HOME).status, 200);
}

#[test]
fn who_is_kept_out_goes_and_the_trail_is_told_once() {
    let data = Data::new();
    let rules = ["--trusted-proxy", "127.0.0.1", "--office-allow", "owner=192.0.2.0/24"];
    let flags: Vec<_> = UNLIMITED.iter().chain(&rules).copied().collect();
    let collector = Collector::start_with(&data, &flags);
    let mut owner =
        somebody(&data, &collector, &["--email", "mika@shop.example", "--role", "owner"]);
    let mut page = String::new();
    for path in ["/office", "/office/account", "/office/sites/shop", "/office/sites/shop/leads"] {
        let answer = owner.get_by(path, &AWAY);
        assert_eq!(answer.status, 403, "{answer:?}");
        page = answer.body;
    }
    for site in ["shop", "other"] {
        let list = ["audit", "list", "--site", site, "--action", "account.kept_out", "--json"];
        assert_eq!(data.run(&list).lines().count(), 1, "{site}");
    }
    for open in ["/office/office.css", "/office/passkeys.js"] {
        assert_eq!(owner.get_by(open, &AWAY).status, 200, "{open}");
    }
    assert_eq!(owner.get_by("/office/link/none", &AWAY).status, 404);

    // The page that says so has the way out.
    assert!(page.contains("action=\"/office/logout\""), "{page}");
    let own = token(&page);
    let body = (FORM, format!("token={own}&language=ja&back=%2Foffice"));
    assert_eq!(post(&owner, "/office/language", body, &AWAY).status, 303);
    let answer = post(&owner, "/office/logout", (FORM, "token=x".to_owned()), &AWAY);
    assert_eq!(answer.status, 403, "{answer:?}");
    let answer = post(&owner, "/office/logout", (FORM, format!("token={own}")), &AWAY);
    assert!(answer.header("location").starts_with("/office/login?out=1"), "{answer:?}");
    assert_eq!(owner.get_by("/office/login", &AWAY).status, 200);
    let answer = owner.get_by("/office/account", &HOME);
    assert!(answer.header("location").starts_with("/office/login"), "{answer:?}");
}
