//! API tokens: made and revoked in pages and by command, and over in time.

use ashiato_tests::{Collector, Data, collector::UNLIMITED, process::ashiato};
use serde_json::json;

use super::{leads_to, on_site, send, told};
use crate::office::between;

const TOKENS: &str = "/office/sites/shop/tokens";

#[test]
fn a_token_is_made_once_used_and_over_when_its_time_is_or_somebody_revokes_it() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut adam = on_site(&data, &collector, ("adam@shop.example", "administrator", "shop"));
    let mut mark = on_site(&data, &collector, ("mark@shop.example", "marketer", "shop"));
    let all = [("name", "Dashboard"), ("scope:query", "yes"), ("days", "30")];
    assert_eq!(send(&mut mark, TOKENS, &all).status, 403);
    assert_eq!(send(&mut adam, "/office/sites/other/tokens", &all).status, 404);
    for (wrong, said) in [
        (vec![("name", ""), ("scope:query", "yes"), ("days", "30")], "Give it a name"),
        (vec![("name", "x"), ("days", "30")], "at least one scope"),
        (vec![("name", "x"), ("scope:query", "yes"), ("days", "31")], "when it expires"),
        (vec![("name", "x"), ("scope:query", "yes")], "when it expires"),
    ] {
        let answer = send(&mut adam, TOKENS, &wrong);
        assert!(answer.status == 422 && answer.body.contains(said), "{said}: {answer:?}");
    }
    let made = send(&mut adam, TOKENS, &all);
    let token = between(&made.body, "class=\"once\">", "<").to_owned();
    let page = adam.get(TOKENS).body;
    assert!(!page.contains(&token) && page.contains("Dashboard"), "{page}");
    assert!(!data.holds(token.as_bytes()));
    let query = json!({"site": "shop", "date_range": ["2026-01-01", "2026-01-02"], "metrics": ["visitors"]});
    let _ = collector.query(&token, &query).expect(200);
    assert_eq!(data.database().number("SELECT COUNT(*) FROM token WHERE used_at > 0"), 1);
    assert_eq!(collector.get_as(&token, "/api/v1/leads?site=shop").problem(403), "scope");
    // Its time is over.
    data.database().run("UPDATE token SET expires_at = 1");
    let over = collector.query(&token, &query);
    assert!(over.body.contains("make a new one"), "{over:?}");
    assert_eq!(over.problem(401), "token_expired");
    assert!(adam.get(TOKENS).body.contains("Expired"));
    data.database().run("UPDATE token SET expires_at = NULL");
    let _ = collector.query(&token, &query).expect(200);
    // Revoked by its id, once, and by nobody of another site.
    let id = told(&data, "token.add")[0]["object"]["id"].as_str().unwrap().to_owned();
    let revoke = format!("{TOKENS}/{id}/revoke");
    assert_eq!(send(&mut mark, &revoke, &[]).status, 403);
    let mut other = on_site(&data, &collector, ("eve@shop.example", "owner", "other"));
    let elsewhere = format!("/office/sites/other/tokens/{id}/revoke");
    assert_eq!(send(&mut other, &elsewhere, &[]).status, 404);
    assert_eq!(leads_to(&send(&mut adam, &revoke, &[])), TOKENS);
    assert_eq!(collector.query(&token, &query).problem(401), "token_revoked");
    assert_eq!(send(&mut adam, &revoke, &[]).status, 404);
    assert_eq!(told(&data, "token.revoke").len(), 1);
}

#[test]
fn by_command_tokens_have_names_and_ends_too() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let url = data.database_url();
    let run =
        |command: &[&str]| ashiato([command, &["--site", "shop", "--database-url", &url]].concat());
    let add = ["token", "add", "--scope", "query"];
    let tomorrow = run(&[&add[..], &["--name", "CRM", "--expires", "1"]].concat());
    let (token, id) = (tomorrow.out.trim(), tomorrow.err.trim().rsplit(' ').next().unwrap());
    let query = json!({"site": "shop", "date_range": ["2026-01-01", "2026-01-02"], "metrics": ["visitors"]});
    let _ = collector.query(token, &query).expect(200);
    assert!(run(&[&add[..], &["--expires", "2031-04-01"]].concat()).status.success());
    for wrong in ["0", "-1", "4000", "soon", "2001-01-01", "9999-01-01"] {
        let said = run(&[&add[..], &[&format!("--expires={wrong}")]].concat());
        assert!(!said.status.success() && said.err.contains("remedy"), "{wrong}: {said:?}");
    }
    let listed = run(&["token", "list"]).out;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains("\tholds\tquery\texpires ") && listed.ends_with("CRM\n")
            || listed.contains("CRM"),
        "{listed}"
    );
    assert!(!listed.contains(token) && listed.contains("expires 2031-04-01"), "{listed}");
    let revoked = run(&["token", "revoke", id]);
    assert!(revoked.status.success(), "{revoked:?}");
    assert_eq!(collector.query(token, &query).problem(401), "token_revoked");
    let again = run(&["token", "revoke", id]);
    assert!(!again.status.success() && again.err.contains("token list"), "{again:?}");
    assert!(run(&["token", "list"]).out.contains("revoked"));
}
