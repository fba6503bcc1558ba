//! Roles, given and taken in pages.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};

use super::{account, again, everywhere, on_site, send, told};
use crate::office::{Browser, between};

const PEOPLE: &str = "/office/sites/shop/people";

fn act(browser: &mut Browser<'_>, id: i64, act: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let answer = send(browser, &format!("{PEOPLE}/{id}/{act}"), fields);
    (answer.status, answer.body)
}

#[test]
fn people_are_added_changed_and_let_go_within_ones_own_sites_and_role() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut adam = on_site(&data, &collector, ("adam@shop.example", "administrator", "shop"));
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let _ = on_site(&data, &collector, ("both@shop.example", "marketer", "shop"));
    let _ = data.run(&[
        "user",
        "add",
        "--email",
        "both@shop.example",
        "--role",
        "auditor",
        "--site",
        "other",
    ]);
    for page in ["people", "tokens"] {
        assert_eq!(pia.get(&format!("/office/sites/shop/{page}")).status, 403);
        assert_eq!(adam.get(&format!("/office/sites/other/{page}")).status, 404);
    }
    let fields = [("email", "x@shop.example"), ("role", "auditor")];
    assert_eq!(send(&mut pia, PEOPLE, &fields).status, 403);
    assert_eq!(send(&mut adam, "/office/sites/other/people", &fields).status, 404);

    // A new one is given a link, once, and logs in by it.
    let added = send(&mut adam, PEOPLE, &[("email", " Mika@Shop.example "), ("role", "marketer")]);
    let link = between(&added.body, "class=\"once\">", "<").to_owned();
    assert!(link.contains("/office/link/") && !adam.get(PEOPLE).body.contains("/office/link/"));
    let mut mika = Browser::new(&collector);
    assert_eq!(mika.use_link(&link).status, 303);
    assert_eq!(mika.get("/office/sites/shop/leads").status, 200);
    let page = adam.get(PEOPLE).body;
    assert!(page.contains("mika@shop.example") && page.contains("olga@shop.example"), "{page}");
    let wrong = send(&mut adam, PEOPLE, &[("email", "no address"), ("role", "marketer")]);
    assert!(wrong.status == 422 && wrong.body.contains("This is no e-mail address"), "{wrong:?}");
    let wrong = [("email", "y@shop.example"), ("role", "king")];
    assert_eq!(send(&mut adam, PEOPLE, &wrong).status, 422);

    // A role holds with the next call.
    let id = account(&data, "mika@shop.example");
    assert_eq!(mika.get("/office/sites/shop/trail").status, 403);
    assert_eq!(act(&mut adam, id, "role", &[("role", "auditor")]).0, 200);
    assert_eq!(mika.get("/office/sites/shop/trail").status, 200);
    assert_eq!(mika.get("/office/sites/shop/leads").status, 403);
    // Never above one's own: neither given nor taken, nor by the back door.
    let own = account(&data, "adam@shop.example");
    let (owner, both) = (account(&data, "olga@shop.example"), account(&data, "both@shop.example"));
    let refused = [
        (id, "role", vec![("role", "owner")], "Only an owner"),
        (owner, "role", vec![("role", "auditor")], "Only an owner"),
        (owner, "disable", vec![], "Only an owner"),
        (owner, "link", vec![], "Only an owner"),
        (owner, "remove", vec![], "Only an owner"),
        (owner, "delete", vec![("sure", "yes")], "Only an owner"),
        (own, "role", vec![("role", "auditor")], "Nobody changes their own"),
        (own, "delete", vec![("sure", "yes")], "Nobody changes their own"),
        (both, "link", vec![], "beyond the sites"),
        (both, "disable", vec![], "beyond the sites"),
        (both, "delete", vec![("sure", "yes")], "beyond the sites"),
        (id, "delete", vec![], "Tick that you are sure"),
    ];
    for (id, what, fields, said) in refused {
        let (status, body) = act(&mut adam, id, what, &fields);
        assert!(status == 403 && body.contains(said), "{what} {status}: {body}");
        assert!(!body.contains("/office/link/"), "{what}");
    }
    for fields in [
        vec![("email", "olga@shop.example"), ("role", "marketer")],
        vec![("email", "z@shop.example"), ("role", "owner")],
        vec![("email", "z@shop.example"), ("role", "auditor"), ("everywhere", "yes")],
        vec![("email", "adam@shop.example"), ("role", "administrator"), ("everywhere", "yes")],
    ] {
        assert_eq!(send(&mut adam, PEOPLE, &fields).status, 403, "{fields:?}");
    }
    assert_eq!(act(&mut adam, 99, "disable", &[]).0, 404);
    assert_eq!(olga.get("/office/sites/shop").status, 200, "she is what she was");
    // Whoever is elsewhere too is given a role here, and no link.
    let (status, body) = act(&mut adam, both, "role", &[("role", "auditor")]);
    assert!(status == 200 && !body.contains("/office/link/"), "{body}");

    // Disabled at once, let in again by a new link.
    assert_eq!(act(&mut adam, id, "disable", &[]).0, 200);
    assert_eq!(mika.get("/office/account").status, 303);
    assert_eq!(again(&collector, "mika@shop.example").1, 422);
    let (_, body) = act(&mut adam, id, "link", &[]);
    let link = between(&body, "class=\"once\">", "<").to_owned();
    assert_eq!(mika.use_link(&link).status, 303);
    assert_eq!(act(&mut adam, id, "remove", &[]).0, 200);
    assert_eq!(mika.get("/office/sites/shop").status, 404);
    assert_eq!(act(&mut adam, id, "remove", &[]).0, 404, "there is nobody any more");
    let roles = told(&data, "account.role");
    assert!(
        roles
            .iter()
            .any(|entry| entry["details"]["role"] == "auditor"
                && entry["actor"]["kind"] == "account")
    );
    assert!(!roles.iter().any(|entry| entry.to_string().contains("@")), "{roles:?}");
}

#[test]
fn the_last_owner_stays() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut otto = on_site(&data, &collector, ("otto@shop.example", "owner", "shop"));
    let (first, second) =
        (account(&data, "olga@shop.example"), account(&data, "otto@shop.example"));
    // Who owns one site takes nobody who owns all of them.
    for what in ["remove", "disable", "delete", "role"] {
        let fields = [("sure", "yes"), ("role", "auditor")];
        let (status, body) = act(&mut otto, first, what, &fields);
        assert!(status == 403 && body.contains("beyond the sites"), "{what}: {body}");
    }
    assert_eq!(act(&mut olga, second, "role", &[("role", "auditor")]).0, 200);
    assert_eq!(otto.get(PEOPLE).status, 403, "a role that is taken is gone at once");
    // Two who own all: the one may go, the other stays.
    let added = send(
        &mut olga,
        PEOPLE,
        &[("email", "oki@shop.example"), ("role", "owner"), ("everywhere", "yes")],
    );
    let link = between(&added.body, "class=\"once\">", "<").to_owned();
    let mut oki = Browser::new(&collector);
    assert_eq!(oki.use_link(&link).status, 303);
    assert_eq!(act(&mut oki, first, "disable", &[]).0, 200);
    let third = account(&data, "oki@shop.example");
    let _ = data.run(&["user", "link", "--email", "olga@shop.example"]);
    let _ = data.run(&["user", "add", "--email", "olga@shop.example", "--role", "administrator"]);
    let (mut olga, status) = again(&collector, "olga@shop.example");
    assert_eq!(status, 303);
    for what in ["remove", "disable", "delete", "role"] {
        let (status, _) = act(&mut olga, third, what, &[("sure", "yes"), ("role", "auditor")]);
        assert_eq!(status, 403, "{what}");
    }
}

#[test]
fn of_two_owners_who_remove_each_other_at_once_one_stays() {
    let data = Data::new();
    let collectors = [(); 2].map(|()| Collector::start_with(&data, &UNLIMITED));
    for round in 0..5 {
        let emails = ["a", "b"].map(|name| format!("{name}{round}@shop.example"));
        let mut browsers: Vec<_> = std::iter::zip(&collectors, &emails)
            .map(|(collector, email)| everywhere(&data, collector, email, "owner"))
            .collect();
        let ids = emails.each_ref().map(|email| account(&data, email));
        let tokens: Vec<_> = browsers.iter_mut().map(Browser::token).collect();
        let statuses = std::thread::scope(|scope| {
            let tried = browsers.iter_mut().zip(&tokens).zip([ids[1], ids[0]]);
            let tried = tried.map(|((browser, token), other)| {
                let path = format!("{PEOPLE}/{other}/remove");
                scope.spawn(move || browser.post(&path, &[("token", token)]).status)
            });
            let tried: Vec<_> = tried.collect();
            tried.into_iter().map(|tried| tried.join().unwrap()).collect::<Vec<_>>()
        });
        let owners = "SELECT COUNT(*) FROM account WHERE everywhere = 'owner'";
        assert_eq!(data.database().number(owners), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        data.database().run("UPDATE account SET everywhere = NULL");
    }
}
