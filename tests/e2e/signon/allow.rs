//! Roles that may be used from certain networks only.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};

use super::Browser;

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
}
