//! Second persons: what leaves and what is erased waits for one.

use ashiato_tests::{Collector, Data, collector::UNLIMITED, process::ashiato};

use super::{account, everywhere, import, leads_to, on_site, send, shop, told};
use crate::office::{Browser, between};

const BOTH: &str = "[approval]\nexports = true\nerasures = true";
const LEADS: &str = "/office/sites/shop/leads";

/// The lead whose page shows a text.
fn lead(browser: &mut Browser<'_>, text: &str) -> String {
    let page = browser.get(LEADS).body;
    let card = page.split("<li class=\"card\">").find(|card| card.contains(text));
    let card = card.unwrap_or_else(|| unreachable!("no {text} in {page}"));
    between(card, "/office/sites/shop/leads/", "\"").to_owned()
}

#[test]
fn a_list_leaves_only_once_somebody_else_has_approved_it_and_only_with_whom_it_was_asked_of() {
    let data = shop(BOTH);
    let collector = Collector::start_with(&data, &UNLIMITED);
    import(
        &data,
        "=1+1,formula@example.jp,,名刺\n足跡 花子,hanako@example.jp,,名刺\n太郎,taro@example.jp,,名刺\n次郎,jiro@example.jp,,名刺\n",
    );
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let mut mark = on_site(&data, &collector, ("mark@shop.example", "marketer", "shop"));
    let (taro, jiro) = (lead(&mut olga, "taro@example.jp"), lead(&mut olga, "jiro@example.jp"));

    let export = format!("{LEADS}/export");
    assert_eq!(send(&mut mark, &export, &[("reason", "mailing")]).status, 403);
    assert_eq!(send(&mut pia, "/office/sites/other/leads/export", &[("reason", "x")]).status, 404);
    for wrong in ["", "  ", &"x".repeat(501)] {
        let answer = send(&mut olga, &export, &[("reason", wrong)]);
        assert!(answer.status == 422 && !answer.body.contains("hanako"), "{answer:?}");
    }
    let own = leads_to(&send(&mut olga, &export, &[("reason", "the autumn mailing")]));
    let act = |act: &str| format!("{own}/{act}");
    // Nobody before it is approved, and whoever asked never approves.
    assert_eq!(send(&mut olga, &act("download"), &[]).status, 409);
    assert_eq!(send(&mut olga, &act("approve"), &[]).status, 403);
    assert_eq!(send(&mut mark, &act("approve"), &[]).status, 403);
    let _ = data.run(&[
        "user",
        "add",
        "--email",
        "olga@shop.example",
        "--role",
        "privacy_officer",
        "--site",
        "shop",
    ]);
    assert_eq!(send(&mut olga, &act("approve"), &[]).status, 403, "nor by another role");
    let forged = "UPDATE approval SET state = 'approved', decided_by = asked_by, decided_at = 1";
    assert!(data.database().execute(forged).is_err(), "nor by hand");
    assert!(pia.get(&own).body.contains("the autumn mailing"));
    assert_eq!(leads_to(&send(&mut pia, &act("approve"), &[])), own);
    assert_eq!(send(&mut pia, &act("decline"), &[]).status, 409, "it is decided once");
    assert_eq!(send(&mut pia, &act("download"), &[]).status, 403, "it is not hers");

    // Erased and locked ones fall out, none comes in.
    import(&data, "三郎,saburo@example.jp,,名刺\n");
    let keys = data.path("keys").display().to_string();
    let withdraw = ["leads", "ground", &jiro, "--site", "shop", "--withdraw", "--by", "Olga"];
    let _ = data.run(&[&withdraw[..], &["--keys-file", &keys]].concat());
    let ask =
        leads_to(&send(&mut olga, &format!("{LEADS}/{taro}/erase"), &[("reason", "asked to")]));
    let _ = leads_to(&send(&mut pia, &format!("{ask}/approve"), &[]));
    let _ = leads_to(&send(&mut olga, &format!("{ask}/do"), &[]));
    let table = send(&mut olga, &act("download"), &[]);
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.header("content-disposition").contains("leads-shop.csv"));
    let lines: Vec<_> = table.body.lines().collect();
    assert_eq!(lines.len(), 3, "{}", table.body);
    assert!(table.body.contains("hanako@example.jp") && table.body.contains(",'=1+1,"));
    for out in ["taro@", "jiro@", "saburo@"] {
        assert!(!table.body.contains(out), "{out} in {}", table.body);
    }
    assert!(
        lines[0].starts_with("\u{feff}lead,form,origin,ground") && lines[0].ends_with("stop_url")
    );
    assert!(olga.get(&own).body.contains("were erased since"));

    // Every step is told, with the leads that left.
    for (action, times) in
        [("approval.ask", 2), ("approval.approve", 2), ("lead.export", 1), ("lead.erase", 1)]
    {
        assert_eq!(told(&data, action).len(), times, "{action}");
    }
    let exported = &told(&data, "lead.export")[0];
    assert_eq!(exported["details"]["leads"].as_array().unwrap().len(), 2);
    assert!(own.ends_with(exported["details"]["approval"].as_str().unwrap()));
    // A role that is taken is gone with the next call, and so is the time.
    let _ = data.run(&[
        "user",
        "add",
        "--email",
        "olga@shop.example",
        "--role",
        "marketer",
        "--site",
        "shop",
    ]);
    assert_eq!(send(&mut olga, &act("download"), &[]).status, 403);
    let _ = data.run(&[
        "user",
        "add",
        "--email",
        "olga@shop.example",
        "--role",
        "owner",
        "--site",
        "shop",
    ]);
    data.database().run("UPDATE approval SET until = 1");
    assert_eq!(send(&mut olga, &act("download"), &[]).status, 409);
}

#[test]
fn by_command_nothing_leaves_and_nothing_is_erased_without_what_was_approved() {
    let data = shop(BOTH);
    let collector = Collector::start_with(&data, &UNLIMITED);
    let crm = data.token("shop", &["leads:write"]);
    import(&data, "足跡 花子,hanako@example.jp,,名刺\n");
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let hanako = lead(&mut olga, "hanako@example.jp");
    let (keys, url) = (data.path("keys").display().to_string(), data.database_url());
    let run =
        |command: &[&str]| ashiato([command, &["--site", "shop", "--database-url", &url]].concat());
    let list =
        ["leads", "list", "--usable", "--keys-file", &keys, "--public-url", "https://x.example"];
    let subject = ["subject", "export", "--email", "hanako@example.jp", "--keys-file", &keys];
    let erase = ["subject", "erase", "--email", "hanako@example.jp", "--keys-file", &keys];
    let token = ["token", "add", "--scope", "leads"];
    let hook = [
        "webhook",
        "add",
        "--url",
        "https://crm.example/x",
        "--events",
        "lead.created",
        "--fields",
        "email",
        "--keys-file",
        &keys,
    ];
    let gone = ["leads", "erase", &hanako];
    for command in [&list[..], &subject, &erase, &token, &hook, &gone] {
        let said = run(command);
        assert!(
            !said.status.success() && said.err.contains("waits for a second person"),
            "{said:?}"
        );
        assert!(!said.out.contains("hanako") && !said.err.contains("hanako"), "{said:?}");
    }
    assert_eq!(data.run(&["subject", "requests", "--site", "shop"]), "", "nothing was begun");
    let delete = collector.request("DELETE", &format!("/api/v1/leads/{hanako}?site=shop"));
    let delete = delete.header("authorization", format!("Bearer {crm}"));
    assert_eq!(collector.send(delete, []).unwrap().problem(403), "approval_needed");

    let mut approved = |kind: &str| {
        let fields = [("kind", kind), ("reason", "for the CRM")];
        let own = leads_to(&send(&mut olga, "/office/sites/shop/approvals", &fields));
        let id = own.rsplit('/').next().unwrap().to_owned();
        let early = run(&[&list[..], &["--approved", &id]].concat());
        assert!(!early.status.success() && !early.out.contains("hanako"), "{early:?}");
        // Of tokens and webhooks decides who could make them.
        if kind != "leads.export" {
            assert_eq!(send(&mut pia, &format!("{own}/approve"), &[]).status, 403);
            return id;
        }
        let _ = leads_to(&send(&mut pia, &format!("{own}/approve"), &[]));
        id
    };
    let (export, add) = (approved("leads.export"), approved("token.add"));
    let said = run(&[&list[..], &["--approved", &export]].concat());
    assert!(said.status.success() && said.out.contains("hanako@example.jp"), "{said:?}");
    let other = run(&[&token[..], &["--approved", &export]].concat());
    assert!(!other.status.success() && other.err.contains("something else"), "{other:?}");
    let said = run(&[&token[..], &["--approved", &add]].concat());
    assert!(!said.status.success() && said.err.contains("waiting"), "{said:?}");
    let mut adam = on_site(&data, &collector, ("adam@shop.example", "administrator", "shop"));
    let _ = leads_to(&send(&mut adam, &format!("/office/sites/shop/approvals/{add}/approve"), &[]));
    let said = run(&[&token[..], &["--approved", &add]].concat());
    assert!(said.status.success(), "{said:?}");
    let said = run(&[&token[..], &["--approved", &add]].concat());
    assert!(!said.status.success() && said.err.contains("done"), "a token is made once: {said:?}");
    let ask =
        leads_to(&send(&mut adam, &format!("{LEADS}/{hanako}/erase"), &[("reason", "asked to")]));
    let id = ask.rsplit('/').next().unwrap();
    let _ = leads_to(&send(&mut pia, &format!("{ask}/approve"), &[]));
    assert!(run(&[&gone[..], &["--approved", id]].concat()).status.success());
    assert_eq!(data.database().number("SELECT COUNT(*) FROM lead"), 0);
}

#[test]
fn an_account_is_deleted_by_two_and_nothing_of_whose_it_was_stays() {
    let data = shop(BOTH);
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut otto = everywhere(&data, &collector, "otto@shop.example", "owner");
    let mut pia = on_site(&data, &collector, ("pia@shop.example", "privacy_officer", "shop"));
    let mut mark = on_site(&data, &collector, ("mark@shop.example", "marketer", "shop"));
    let id = account(&data, "mark@shop.example");
    let delete = format!("/office/sites/shop/people/{id}/delete");
    assert_eq!(send(&mut olga, &delete, &[("sure", "yes")]).status, 422, "a reason is needed");
    let own = leads_to(&send(&mut olga, &delete, &[("reason", "has left")]));
    assert_eq!(send(&mut olga, &format!("{own}/do"), &[]).status, 409);
    assert_eq!(send(&mut olga, &format!("{own}/approve"), &[]).status, 403);
    assert_eq!(send(&mut pia, &format!("{own}/approve"), &[]).status, 403);
    let _ = leads_to(&send(&mut otto, &format!("{own}/approve"), &[]));
    assert_eq!(mark.get("/office/account").status, 200);
    let _ = leads_to(&send(&mut olga, &format!("{own}/do"), &[]));
    assert_eq!(mark.get("/office/account").status, 303);
    assert_eq!(send(&mut olga, &format!("{own}/do"), &[]).status, 409, "it is done once");
    assert_eq!(super::again(&collector, "mark@shop.example").1, 422);
    assert_eq!(
        data.database().number("SELECT COUNT(*) FROM account WHERE email = 'mark@shop.example'"),
        0
    );
    // The address may come again, as somebody else.
    let _ = on_site(&data, &collector, ("mark@shop.example", "marketer", "shop"));
    assert!(account(&data, "mark@shop.example") > id);
    assert_eq!(told(&data, "account.delete").len(), 1);
}

#[test]
fn a_site_file_that_asks_for_something_else_is_refused_with_what_it_may_ask_for() {
    let data = Data::empty();
    for (text, said) in [
        ("[approval]\nexport = true", "exports"),
        ("[approval]\nexports = \"yes\"", "exports"),
        ("approval = true", "approval"),
    ] {
        let file = data.path("site.toml");
        let shop = ashiato_tests::data::shop_file();
        let text = if text.starts_with('[') {
            format!("{shop}\n{text}\n")
        } else {
            format!("{text}\n{shop}")
        };
        std::fs::write(&file, text).unwrap();
        let answer = ashiato(["site", "check", file.to_str().unwrap()]);
        assert!(!answer.status.success() && answer.err.contains(said), "{answer:?}");
        assert!(answer.err.contains("remedy"), "{answer:?}");
    }
}
