//! The trail in the back office, and what is told to it.

use std::process::Command;

use ashiato_tests::{Collector, Data, collector::UNLIMITED, process::program, wait_for};

use super::{again, everywhere, leads_to, on_site, send, told};
use crate::office::Browser;

const TRAIL: &str = "/office/sites/shop/trail";

#[test]
fn the_trail_is_searched_verified_and_taken_along_by_those_who_may() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut owner = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut auditor = on_site(&data, &collector, ("ai@shop.example", "auditor", "shop"));
    let mut officer = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let mut marketer = on_site(&data, &collector, ("mark@shop.example", "marketer", "shop"));
    assert_eq!(marketer.get(TRAIL).status, 403);
    assert_eq!(marketer.get(&format!("{TRAIL}.csv")).status, 403);
    assert_eq!(send(&mut marketer, &format!("{TRAIL}/verify"), &[]).status, 403);
    // Somebody whose name at the command line is a formula.
    let mut command = Command::new(program("ASHIATO_BIN", "ashiato"));
    command.args(["token", "add", "--site", "shop", "--scope", "query"]);
    command.args(["--database-url", &data.database_url()]).env_remove("SUDO_USER");
    let made = command.env("USER", "=1+1").output().unwrap();
    assert!(made.status.success(), "{made:?}");

    let seen = owner.get(TRAIL).body;
    assert!(seen.contains("olga@shop.example") && seen.contains("=1+1"), "{seen}");
    assert!(seen.contains("How</span> by a link"), "{seen}");
    let speak = |owner: &mut Browser<'_>, language| {
        let fields = [("language", language), ("back", TRAIL)];
        assert_eq!(leads_to(&send(owner, "/office/language", &fields)), TRAIL);
    };
    speak(&mut owner, "ja");
    let seen = owner.get(TRAIL).body;
    assert!(
        seen.contains("方法</span> リンク") && seen.contains("権限</span> 集計の照会"),
        "{seen}"
    );
    speak(&mut owner, "en");
    assert!(officer.get(TRAIL).body.contains("olga@shop.example"));
    let masked = auditor.get(TRAIL).body;
    assert!(masked.contains("o•••@shop.example") && !masked.contains("olga@"), "{masked}");
    for (asked, has, lacks) in [
        ("action=token.add", "token.add", "account.log_in</div>"),
        ("action=account", "account.log_in</div>", "token.add</div>"),
        ("who=command", "token.add</div>", "account.log_in</div>"),
        ("who=account:1", "account.log_in</div>", "token.add</div>"),
        ("from=2001-01-01&to=2999-01-01", "token.add</div>", "There is no such entry"),
        ("to=2001-01-01", "There is no such entry", "<tbody>"),
        ("object=nothing", "There is no such entry", "<tbody>"),
        ("action=%27%20OR%201%3D1", "There is no such entry", "<tbody>"),
    ] {
        let page = owner.get(&format!("{TRAIL}?{asked}"));
        assert_eq!(page.status, 200);
        let found = page.body.contains(has) && !page.body.contains(lacks);
        assert!(found, "{asked}: {}", page.body);
    }
    for wrong in ["from=2026-02-02&to=2026-02-01", "from=soon"] {
        let page = owner.get(&format!("{TRAIL}?{wrong}"));
        assert!(page.status == 422 && page.body.contains("These are no days"), "{page:?}");
    }
    assert_eq!(owner.get(&format!("{TRAIL}.csv?from=soon")).status, 422);
    assert_eq!(auditor.get("/office/sites/other/trail").status, 404);

    // Older ones stand on the next page, none twice.
    for _ in 0..60 {
        let _ = owner.get("/office/sites/shop/people");
    }
    let all = told(&data, "account");
    let first = owner.get(&format!("{TRAIL}?action=account")).body;
    let older = first.split("before=").nth(1).unwrap().split('"').next().unwrap();
    let second = owner.get(&format!("{TRAIL}?action=account&before={older}")).body;
    let rows = |page: &str| page.matches("<th scope=\"row\">").count();
    assert_eq!((rows(&first), rows(&second)), (50, all.len() - 50));

    // As a table, without a formula; the trail is told who took it.
    let table = auditor.get(&format!("{TRAIL}.csv?action=token.add"));
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.body.contains(",command,'=1+1,token.add,token,"), "{}", table.body);
    assert!(!table.body.contains(",=") && !table.body.contains("log_in"), "{}", table.body);
    assert_eq!(told(&data, "audit.export").len(), 1);
    let whole = auditor.get(&format!("{TRAIL}.csv")).body;
    assert_eq!(
        whole.lines().count(),
        data.run(&["audit", "list", "--site", "shop"]).lines().count() + 1
    );

    // Sound, then changed behind everybody's back.
    assert!(auditor.get(TRAIL).body.contains("Not yet"));
    assert_eq!(leads_to(&send(&mut auditor, &format!("{TRAIL}/verify"), &[])), TRAIL);
    assert!(auditor.get(TRAIL).body.contains("entries, as recorded"));
    let mut database = data.database();
    let of = if data.is_sqlite() { "" } else { " ON audit" };
    database.run(&format!("DROP TRIGGER audit_is_not_changed{of}"));
    database.run("UPDATE audit SET actor = 'nobody' WHERE action = 'token.add'");
    let _ = leads_to(&send(&mut auditor, &format!("{TRAIL}/verify"), &[]));
    let page = auditor.get(TRAIL).body;
    assert!(page.contains("things wrong in") && !page.contains("as recorded"), "{page}");
}

#[test]
fn every_log_in_stands_in_the_trail_of_each_site_that_it_opens_and_of_no_other() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let _ = on_site(&data, &collector, ("mika@shop.example", "marketer", "shop"));
    let (_, status) = again(&collector, "mika@shop.example");
    assert_eq!(status, 303);
    assert_eq!(Browser::new(&collector).log_in("mika@shop.example", "wrong entirely").status, 422);
    assert_eq!(
        Browser::new(&collector).log_in("nobody@shop.example", "wrong entirely").status,
        422
    );
    // A try that is not let in is told once nobody can be judging it any more.
    data.database().run("UPDATE account_refused SET at = at - 60000");
    let all = wait_for("the failed log-in is told", || {
        let all = told(&data, "account.log_in");
        (all.len() == 3).then_some(all)
    });
    let how: Vec<_> = all.iter().map(|entry| entry["details"]["how"].as_str().unwrap()).collect();
    assert_eq!(how, ["link", "password", "refused"]);
    assert_eq!(all[1]["actor"]["kind"], "account");
    assert_eq!(all[2]["actor"]["kind"], "job", "who failed has not shown to be that account");
    assert_eq!(data.database().number("SELECT COUNT(*) FROM account_refused"), 0);
    let other = data.run(&["audit", "list", "--site", "other", "--action", "account"]);
    assert_eq!(other, "");
    let _ = everywhere(&data, &collector, "olga@shop.example", "owner");
    let other = data.run(&["audit", "list", "--site", "other", "--action", "account.log_in"]);
    assert_eq!(other.lines().count(), 1, "{other}");
    let trail = data.run(&["audit", "list", "--site", "shop"]);
    assert!(!trail.contains("shop.example"), "{trail}");
}

#[test]
fn what_is_done_with_accounts_and_mail_by_command_is_told() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let _ = on_site(&data, &collector, ("mika@shop.example", "marketer", "shop"));
    for act in ["disable", "link"] {
        let _ = data.run(&["user", act, "--email", "mika@shop.example"]);
    }
    let keys = data.path("keys").display().to_string();
    for act in ["suppress", "unsuppress"] {
        let mut command =
            vec!["mail", act, "--site", "shop", "--email", "x@y.jp", "--keys-file", &keys];
        command.extend(
            (act == "unsuppress").then_some(["--reason", "a mistake"]).into_iter().flatten(),
        );
        let _ = data.run(&command);
    }
    let all = told(&data, "account");
    let actions: Vec<_> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["account.role", "account.log_in", "account.disable", "account.link"]);
    assert!(all.iter().all(|entry| entry["object"]["id"] == "1"), "{all:?}");
    assert_eq!(told(&data, "mail").len(), 2);
}
