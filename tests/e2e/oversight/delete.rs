//! `ashiato user delete`: the account goes, what it did stays.

use ashiato_tests::{
    Collector, Data,
    collector::UNLIMITED,
    data::shop_file,
    process::{Said, ashiato},
};

use super::{account, again, everywhere, leads_to, on_site, send, shop, told};

fn delete(data: &Data, email: &str, more: &[&str]) -> Said {
    let url = data.database_url();
    let given = ["user", "delete", "--email", email, "--database-url", &url];
    ashiato([&given[..], more].concat())
}

/// Everything that an account may have, but for its own row.
const TABLES: [&str; 11] = [
    "account_session",
    "account_link",
    "account_role",
    "account_waiting",
    "account_totp",
    "account_recovery",
    "account_passkey",
    "account_identity",
    "account_draft",
    "account_refused",
    "account_log_in",
];

#[test]
fn an_account_is_deleted_with_all_that_it_logs_in_by_and_its_deeds_stay_in_the_trail() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut adam = on_site(&data, &collector, ("adam@shop.example", "administrator", "shop"));
    let (owner, id) = (account(&data, "olga@shop.example"), account(&data, "adam@shop.example"));
    // What he did, and what he has.
    let people = "/office/sites/shop/people";
    let fields = [("email", "new@shop.example"), ("role", "marketer")];
    assert_eq!(send(&mut adam, people, &fields).status, 200);
    assert_eq!(send(&mut adam, "/office/account/totp", &[]).status, 303);
    assert_eq!(again(&collector, "adam@shop.example").1, 303);
    let bytes =
        |hex: &str| if data.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
    let id16 = bytes("00112233445566778899aabbccddeeff");
    let mut database = data.database();
    for row in [
        format!("account_link (hash, account_id, expires) VALUES ({id16}, {id}, 9999999999999)"),
        format!(
            "account_waiting (hash, account_id, log_in_id, expires) VALUES ({id16}, {id}, {id16}, 9999999999999)"
        ),
        format!("account_recovery (account_id, digest) VALUES ({id}, {id16})"),
        format!(
            "account_passkey (id, account_id, name, key, counter, backup_eligible, made_at) VALUES ({id16}, {id}, 'key', {id16}, 0, 0, 1)"
        ),
        format!(
            "account_identity (issuer, subject, account_id, bound_at) VALUES ('https://id.example', 'adam', {id}, 1)"
        ),
        format!("account_draft (account_id, text, saved_at) VALUES ({id}, 'key', 1)"),
        format!("account_refused (id, account_id, at) VALUES ({id16}, {id}, 1)"),
    ] {
        database.run(&format!("INSERT INTO {row}"));
    }
    for table in TABLES {
        let held = format!("SELECT COUNT(*) FROM {table} WHERE account_id = {id}");
        assert!(database.number(&held) > 0, "{table}");
    }
    let before = told(&data, "account").len();

    let said = delete(&data, " Adam@Shop.example ", &[]);
    assert!(said.status.success() && said.out.contains(&format!("number, {id}")), "{said:?}");
    for table in TABLES {
        let held = format!("SELECT COUNT(*) FROM {table} WHERE account_id = {id}");
        assert_eq!(database.number(&held), 0, "{table}");
    }
    let empty = "email = '' AND password IS NULL AND everywhere IS NULL AND disabled_at > 0";
    assert_eq!(
        database.number(&format!("SELECT COUNT(*) FROM account WHERE id = {id} AND {empty}")),
        1
    );
    assert_eq!(adam.get("/office/account").status, 303, "logged out at once");
    assert_eq!(again(&collector, "adam@shop.example").1, 422);

    // The trail has all of it, and one entry more; it verifies, and its page shows who did what by number.
    let all = told(&data, "account");
    assert_eq!(all.len(), before + 1);
    let last = &told(&data, "account.delete")[0];
    assert_eq!(last["actor"]["kind"], "command");
    assert_eq!(last["object"]["id"], id.to_string(), "{last}");
    let role = told(&data, "account.role");
    let number = id.to_string();
    let own = role.iter().filter(|entry| entry["actor"]["id"] == number).count();
    assert_eq!(own, 1, "{role:?}");
    let _ = data.run(&["audit", "verify", "--site", "shop"]);
    let page = olga.get(&format!("/office/sites/shop/trail?who=account:{id}")).body;
    assert!(
        page.contains(&format!("another account, #{id}")) && page.contains("<td>Role given<"),
        "{page}"
    );
    let page = olga.get(people).body;
    assert!(!page.contains("adam@") && page.contains("new@shop.example"), "{page}");
    assert!(!data.run(&["user", "list"]).contains("adam@"));

    // Nobody twice; who comes with that address is somebody else.
    let said = delete(&data, "adam@shop.example", &[]);
    assert!(!said.status.success() && said.err.contains("`ashiato user list`"), "{said:?}");
    let said = delete(&data, "no address", &[]);
    assert!(!said.status.success() && said.err.contains("NAME@HOST"), "{said:?}");
    let _ = on_site(&data, &collector, ("adam@shop.example", "auditor", "shop"));
    assert!(account(&data, "adam@shop.example") > id && owner < id);
}

#[test]
fn the_last_owner_of_a_site_is_not_deleted() {
    let data = Data::new();
    let add = |email: &str, more: &[&str]| {
        let _ = data.run(&[&["user", "add", "--email", email, "--role", "owner"], more].concat());
    };
    add("otto@shop.example", &["--site", "shop"]);
    let refused = |email: &str, of: &str| {
        let said = delete(&data, email, &[]);
        assert!(!said.status.success(), "{said:?}");
        assert!(said.err.contains(&format!("last owner of {of}\n")), "{said:?}");
        assert!(said.err.contains("remedy: make somebody else the owner first"), "{said:?}");
        assert!(account(&data, email) > 0 && told(&data, "account.delete").is_empty());
    };
    refused("otto@shop.example", "shop");
    add("olga@shop.example", &[]);
    refused("olga@shop.example", "every site, other");
    // A disabled owner is none.
    add("oki@shop.example", &[]);
    let _ = data.run(&["user", "disable", "--email", "oki@shop.example"]);
    refused("olga@shop.example", "every site, other");
    assert!(delete(&data, "oki@shop.example", &[]).status.success());
    add("oda@shop.example", &[]);
    for email in ["olga@shop.example", "otto@shop.example"] {
        let said = delete(&data, email, &[]);
        assert!(said.status.success(), "{said:?}");
    }
}

#[test]
fn where_a_site_asks_for_two_an_account_is_deleted_by_what_was_approved_for_it() {
    let data = shop("[approval]\nerasures = true");
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut olga = everywhere(&data, &collector, "olga@shop.example", "owner");
    let mut otto = everywhere(&data, &collector, "otto@shop.example", "owner");
    let (mark, mia) = ("mark@shop.example", "mia@shop.example");
    for email in [mark, mia] {
        for site in ["shop", "other"] {
            let role = ["--role", "marketer", "--site", site];
            let _ = data.run(&[&["user", "add", "--email", email], &role[..]].concat());
        }
    }
    let asked = |browser: &mut _, email: &str| {
        let path = format!("/office/sites/shop/people/{}/delete", account(&data, email));
        leads_to(&send(browser, &path, &[("reason", "has left")]))
    };
    let of_mark = asked(&mut olga, mark);
    let of_mia = asked(&mut olga, mia);
    let id = |place: &str| place.rsplit('/').next().unwrap().to_owned();
    let (approval, other) = (id(&of_mark), id(&of_mia));
    let refused = |more: &[&str], why: &str| {
        let said = delete(&data, mark, more);
        assert!(!said.status.success() && said.err.contains(why), "{said:?}");
        assert!(account(&data, mark) > 0);
    };
    refused(&[], "shop: on this site that waits for a second person");
    refused(&["--approved", &approval], "that request is waiting");
    let _ = leads_to(&send(&mut otto, &format!("{of_mark}/approve"), &[]));
    let _ = leads_to(&send(&mut otto, &format!("{of_mia}/approve"), &[]));
    refused(&["--approved", &other], "approved for something else");
    refused(&["--approved", "nonsense"], "--approved");
    refused(&["--approved", &approval.replace(&approval[..4], "aaaa")], "no such request");
    // Nor is it done in the pages of another site, which asks for nobody.
    let path = format!("/office/sites/other/people/{}/delete", account(&data, mark));
    let answer = send(&mut olga, &path, &[("sure", "yes")]);
    assert!(answer.status == 403 && answer.body.contains("second person"), "{answer:?}");
    let said = delete(&data, mark, &["--approved", &approval]);
    assert!(said.status.success(), "{said:?}");
    assert_eq!(told(&data, "account.delete")[0]["details"]["approval"], approval);
    // It is used up with that, and what was refused has used nothing up.
    let done = "SELECT COUNT(*) FROM approval WHERE state = 'done'";
    assert_eq!(data.database().number(done), 1);
    assert_eq!(send(&mut olga, &format!("{of_mark}/do"), &[]).status, 409);
    // Once nobody is asked any more, nothing is needed.
    data.apply(&shop_file());
    assert!(delete(&data, mia, &[]).status.success());
}
