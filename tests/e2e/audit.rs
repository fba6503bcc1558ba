//! The audit trail, as an administrator reads and verifies it.

use ashiato_tests::{Collector, Data, Visitor, process::ashiato};
use serde_json::Value;

fn trail(data: &Data, more: &[&str]) -> Vec<Value> {
    let said = data.run(&[&["audit", "list", "--site", "shop", "--json"], more].concat());
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn who_read_changed_and_erased_what_stands_in_the_trail_without_personal_data() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let token = data.token("shop", &["leads"]);
    let _ = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
    let _ =
        collector.get_as(&token, &format!("/api/v1/leads/{lead}/timeline?site=shop")).expect(200);
    let other = data.token("other", &["leads"]);
    assert_eq!(collector.get_as(&other, "/api/v1/leads?site=shop").status, 403);
    data.run(&["leads", "erase", &lead, "--site", "shop"]);
    data.run(&["leads", "erase", &lead, "--site", "shop"]);
    let mut database = data.database();
    let hex = database.hex("id");
    let id = database.texts(&format!("SELECT {hex} FROM decision")).remove(0);
    let decision = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
    data.run(&["log", "erase", "--site", "shop", "--decision", &decision]);

    let all = trail(&data, &[]);
    let told: Vec<_> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected =
        ["site.apply", "token.add", "lead.list", "lead.timeline", "lead.erase", "decision.erase"];
    assert_eq!(told, expected, "what was refused, or changed nothing, is not told");
    assert_eq!(all[2]["details"]["leads"], serde_json::json!([lead]));
    assert_eq!(all[2]["actor"]["kind"], "token");
    assert_eq!(all[2]["actor"]["id"], all[1]["object"]["id"], "the token is told when it is made");
    assert_eq!(all[4]["object"]["id"], lead);
    assert_eq!(all[4]["actor"]["kind"], "command");
    for personal in ["hanako", "花子", &token, &visitor.id] {
        assert!(!all.iter().any(|entry| entry.to_string().contains(personal)), "{personal}");
    }
    assert_eq!(trail(&data, &["--action", "lead", "--object", &lead]).len(), 2);
    assert_eq!(trail(&data, &["--action", "lead.erase"]).len(), 1);
    assert_eq!(trail(&data, &["--since", "2999-01-01"]).len(), 0);
    assert_eq!(trail(&data, &["--since", "2001-02-03T04:05:06Z"]).len(), 6);
    assert_eq!(all[5]["object"]["id"], decision);
    let text = data.run(&["audit", "list", "--site", "shop"]);
    assert!(text.lines().nth(4).unwrap().contains(&format!("lead.erase  lead {lead}")), "{text}");
    let url = data.database_url();
    let said =
        ashiato(["audit", "list", "--site", "shop", "--since", "tomorrow", "--database-url", &url]);
    assert!(!said.status.success() && said.err.contains("is no day"), "{said:?}");
    let said = ashiato(["audit", "list", "--site", "shoop", "--database-url", &url]);
    assert!(!said.status.success() && said.err.contains("no site"), "{said:?}");
}

#[test]
fn nothing_is_shown_that_cannot_be_told_to_the_trail() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["lead_link"]);
    let _ = visitor.send_lead(&collector).expect(201);
    let token = data.token("shop", &["leads"]);
    data.database().run("ALTER TABLE audit RENAME TO aside");
    let answer = collector.get_as(&token, "/api/v1/leads?site=shop");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(!answer.body.contains("hanako"));
    data.database().run("ALTER TABLE aside RENAME TO audit");
    let _ = collector.get_as(&token, "/api/v1/leads?site=shop").expect(200);
}

#[test]
fn a_checkpoint_kept_elsewhere_proves_that_the_trail_only_grew() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    collector.stop();
    let keys = data.path("keys").display().to_string();
    let _ = data.token("shop", &["query"]);
    let own = ["--site", "shop", "--keys-file", &keys];
    let kept = data.path("kept").display().to_string();
    std::fs::write(&kept, data.run(&[&["audit", "checkpoint"][..], &own].concat())).unwrap();
    let _ = data.token("shop", &["leads"]);
    let verify = [&["audit", "verify", "--checkpoint", &kept][..], &own].concat();
    let said = data.run(&verify);
    assert!(said.contains("size 3: good") && said.contains("signatures verified"), "{said}");
    // Another site's checkpoint is not taken for this one's.
    let url = data.database_url();
    let other =
        ["audit", "verify", "--checkpoint", &kept, "--site", "other", "--database-url", &url];
    let said = ashiato(other);
    assert!(!said.status.success() && said.err.contains("/audit/other"), "{said:?}");
    let mut database = data.database();
    for refused in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        let said = database.execute(refused).unwrap_err();
        assert!(said.contains("the trail only grows"), "{said}");
    }
    database.run(
        "UPDATE audit_head SET size = 2 WHERE site_id = (SELECT id FROM site WHERE key = 'shop')",
    );
    let said = ashiato(verify.iter().copied().chain(["--database-url", &url]));
    assert!(!said.status.success() && said.out.contains("WRONG: "), "{said:?}");
}
