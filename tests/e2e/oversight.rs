//! The back office of those who answer for it: the trail, second persons, accounts, tokens, requests.

mod approvals;
mod delete;
mod people;
mod requests;
mod tokens;
mod trail;

use std::fs;

use ashiato_tests::{Answer, Collector, Data, data::shop_file};

use crate::office::{Browser, PASSWORD, add};

/// The shop, with what its file says of second persons.
fn shop(approval: &str) -> Data {
    let data = Data::new();
    data.apply(&format!("{}\n{approval}\n", shop_file()));
    data
}

/// Reads people in who may be contacted.
fn import(data: &Data, rows: &str) {
    let file = data.path("list.csv");
    fs::write(&file, format!("お名前,メールアドレス,telephone,message\n{rows}")).unwrap();
    let keys = data.path("keys").display().to_string();
    let import = ["leads", "import", file.to_str().unwrap(), "--site", "shop", "--form", "contact"];
    let ground = ["--ground", "card_exchanged", "--proof", "名刺", "--keys-file", &keys];
    let adds = ["--on-duplicate", "add"];
    let _ = data.run(&[&import[..], &ground, &adds].concat());
}

/// Somebody of a role everywhere, logged in.
fn everywhere<'c>(data: &Data, collector: &'c Collector, email: &str, role: &str) -> Browser<'c> {
    let link = data.run(&["user", "add", "--email", email, "--role", role]);
    let mut browser = Browser::new(collector);
    assert_eq!(browser.use_link(&link).status, 303);
    browser
}

/// Somebody of a role on a site, logged in.
fn on_site<'c>(
    data: &Data,
    collector: &'c Collector,
    (email, role, site): (&str, &str, &str),
) -> Browser<'c> {
    let mut browser = Browser::new(collector);
    assert_eq!(browser.use_link(&add(data, email, role, site)).status, 303);
    browser
}

/// Sends a form of one's own pages.
fn send(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = browser.token();
    browser.post(path, &[&[("token", token.as_str())], fields].concat())
}

/// Where an answer leads.
#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").to_owned()
}

/// The id of an account.
fn account(data: &Data, email: &str) -> i64 {
    data.database().number(&format!("SELECT id FROM account WHERE email = '{email}'"))
}

/// What the trail has of an action.
fn told(data: &Data, action: &str) -> Vec<serde_json::Value> {
    let said = data.run(&["audit", "list", "--site", "shop", "--action", action, "--json"]);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Logs in anew by the password that every account of these tests has.
fn again<'c>(collector: &'c Collector, email: &str) -> (Browser<'c>, u16) {
    let mut browser = Browser::new(collector);
    let status = browser.log_in(email, PASSWORD).status;
    (browser, status)
}
