//! Leads that a CRM gives: once, whatever is sent again.

use ashiato_tests::Session;
use serde_json::json;

use super::{Crm, person};

#[test]
fn a_lead_is_given_shown_in_its_one_spelling_and_found_by_its_address() {
    let crm = Crm::start();
    let mut lead = person(" Planted.HANAKO@example.jp");
    lead["fields"]["telephone"] = "０７５-０００-００００".into();
    lead["since"] = 1_750_000_000_000_i64.into();
    let answer = crm.give_as("", &[], &lead);
    let made = answer.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made, json!({"id": id, "outcome": "added", "version": 1, "locked": false}));
    assert_eq!(answer.header("location"), format!("/api/v1/leads/{id}"));
    assert_eq!(answer.header("etag"), "\"1\"");
    let shown = crm.lead(id);
    assert_eq!(shown["fields"]["email"], "Planted.HANAKO@example.jp");
    assert_eq!(shown["fields"]["telephone"], "+81750000000");
    let of = |name: &str| shown[name].clone();
    assert_eq!([of("origin"), of("form"), of("ground")], ["api", "contact", "card_exchanged"]);
    assert_eq!((of("ground_since"), of("locked")), (json!(1_750_000_000_000_i64), json!(false)));
    assert_eq!(crm.page("")["results"][0], shown);
    assert_eq!(crm.trail(id), ["lead.add", "lead.read"]);
    let by = "SELECT said_by FROM lead_ground WHERE ground = 'card_exchanged'";
    assert_eq!(crm.data.database().texts(by), ["crm.example"]);
    for planted in ["planted.hanako", "Planted.HANAKO", "足跡 花子", "京都展示会"] {
        assert!(!crm.data.holds(planted.as_bytes()), "{planted} stands in the clear");
    }
}

#[test]
fn somebody_who_is_known_is_refused_added_or_updated_as_is_asked() {
    let crm = Crm::start();
    let first = crm.give(&person("hanako@example.jp"));
    let mut again = person("HANAKO@example.jp");
    again["fields"]["name"] = "足跡 花".into();
    again["fields"]["telephone"] = "075-000-0000".into();
    let refused = crm.give_as("", &[], &again);
    assert_eq!(refused.problem(409), "duplicate");
    assert_eq!(refused.json()["leads"], json!([first]));
    assert_eq!(crm.give_as("?on_duplicate=refuse", &[], &again).problem(409), "duplicate");

    again["ground"] = "existing_customer".into();
    let updated = crm.give_as("?on_duplicate=update", &[], &again);
    let expected = json!({"id": first, "outcome": "updated", "version": 2, "locked": false});
    assert_eq!(updated.expect(200), expected);
    assert_eq!(updated.header("etag"), "\"2\"");
    let shown = crm.lead(&first);
    assert_eq!(shown["fields"]["name"], "足跡 花");
    assert_eq!(shown["ground"], "card_exchanged", "a ground is not replaced by the way");
    // The same once more says nothing new.
    assert_eq!(crm.give_as("?on_duplicate=update", &[], &again).expect(200), expected);

    let added = crm.give_as("?on_duplicate=add", &[], &again).expect(201);
    assert_ne!(added["id"], first);
    let refused = crm.give_as("?on_duplicate=update", &[], &again);
    assert_eq!(refused.problem(409), "several_duplicates");
    assert_eq!(refused.json()["leads"].as_array().unwrap().len(), 2);
    // By the number alone.
    let mut other = person("other@example.jp");
    other["fields"]["telephone"] = "+81 75 000 0000".into();
    assert_eq!(crm.give_as("", &[], &other).problem(409), "duplicate");
    assert_eq!(crm.trail(&first), ["lead.add", "lead.change", "lead.read"]);
}

#[test]
fn what_is_sent_again_is_answered_as_before_and_counts_once_also_after_an_erasure() {
    let crm = Crm::start();
    let session = Session::open(&crm.collector, None);
    let mut by_id = person("hanako@example.jp");
    let uuid = session.fresh_id();
    by_id["id"] = uuid.clone().into();
    let by_key = person("taro@example.jp");
    let key = [("idempotency-key", "order 4711")];
    let ways: [(&[(&str, &str)], _); 2] = [(&[], by_id), (&key, by_key)];
    for (headers, lead) in &ways {
        let first = crm.give_as("", headers, lead);
        let made = first.expect(201);
        let id = made["id"].as_str().unwrap();
        let again = crm.give_as("", headers, lead);
        assert_eq!((again.expect(201), again.header("etag")), (made.clone(), "\"1\""));
        let mut other = lead.clone();
        other["fields"]["message"] = "別の内容".into();
        assert_eq!(crm.give_as("", headers, &other).problem(409), "other_content");
        other = lead.clone();
        other["proof"] = "another".into();
        assert_eq!(crm.give_as("", headers, &other).problem(409), "other_content");

        let _ = crm.change(id, &[("if-match", "\"1\"")], &json!({"name": "花"})).expect(200);
        assert_eq!(crm.give_as("", headers, lead).expect(201), made, "whatever became of it");
        assert_eq!(crm.erase(id).status, 204);
        assert_eq!(crm.give_as("", headers, lead).expect(201), made);
        assert_eq!(crm.data.database().number("SELECT count(*) FROM lead"), 0);
    }
    // The id that the other system chose names the lead, in either spelling.
    let mut lead = person("jiro@example.jp");
    let uuid = session.fresh_id();
    lead["id"] = uuid.clone().into();
    let id = crm.give(&lead);
    assert_eq!(crm.lead(&uuid)["id"], id);
    // An id that a lead has that came otherwise.
    let other = crm.data.token("other", &["leads:write"]);
    let headers = [("content-type", "application/json")];
    lead["site"] = "other".into();
    let there = crm.call(("POST", "/api/v1/leads"), &other, &headers, &lead.to_string());
    assert_eq!(there.expect(201)["id"], id, "each site has its own");
}

#[test]
fn an_update_is_one_call_too() {
    let crm = Crm::start();
    let first = crm.give(&person("hanako@example.jp"));
    let mut lead = person("hanako@example.jp");
    lead["fields"]["name"] = "足跡 花".into();
    let key = [("idempotency-key", "a")];
    let made = crm.give_as("?on_duplicate=update", &key, &lead).expect(200);
    let _ = crm.change(&first, &[("if-match", "\"2\"")], &json!({"name": "はな"})).expect(200);
    assert_eq!(crm.give_as("?on_duplicate=update", &key, &lead).expect(200), made);
    assert_eq!(crm.lead(&first)["fields"]["name"], "はな", "it is not done again");
}

#[test]
fn what_changes_nothing_is_answered_as_before_too_after_the_lead_was_erased() {
    let crm = Crm::start();
    let lead = person("hanako@example.jp");
    let first = crm.give(&lead);
    let key = [("idempotency-key", "a")];
    let made = crm.give_as("?on_duplicate=update", &key, &lead).expect(200);
    assert_eq!((&made["id"], &made["version"]), (&json!(first), &json!(1)));
    assert_eq!(crm.erase(&first).status, 204);
    assert_eq!(crm.give_as("?on_duplicate=update", &key, &lead).expect(200), made);
    assert_eq!(crm.data.database().number("SELECT count(*) FROM lead"), 0);
    let mut other = lead.clone();
    other["fields"]["name"] = json!("次郎");
    let answer = crm.give_as("?on_duplicate=update", &key, &other).expect(409);
    assert_eq!(answer["code"], "other_content");
}

#[test]
fn of_many_who_give_one_person_at_once_one_does() {
    let crm = Crm::start();
    for round in 0..10 {
        let lead = person(&format!("p{round}@example.jp"));
        let statuses = std::thread::scope(|scope| {
            let give = || scope.spawn(|| crm.give_as("", &[], &lead).status);
            let threads: Vec<_> = (0..4).map(|_| give()).collect();
            let mut all: Vec<_> = threads.into_iter().map(|it| it.join().unwrap()).collect();
            all.sort_unstable();
            all
        });
        assert_eq!(statuses, [201, 409, 409, 409]);
    }
    assert_eq!(crm.data.database().number("SELECT count(*) FROM lead"), 10);
}

#[test]
fn no_lead_that_may_be_used_comes_in_beside_a_stop() {
    let crm = Crm::start();
    for round in 0..15 {
        let lead = person(&format!("p{round}@example.jp"));
        let _ = crm.give(&lead);
        let page = crm.page("&usable=true");
        let stop = page["results"][0]["stop_url"].as_str().unwrap();
        let path = stop.strip_prefix("https://consent.hiyori.example").unwrap();
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    start.wait();
                    let _ = crm.give_as("?on_duplicate=add", &[], &lead).expect(201);
                });
            }
            start.wait();
            let request = crm.collector.request("POST", path);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(
                crm.collector.send(request, "List-Unsubscribe=One-Click").unwrap().status,
                200
            );
        });
        assert_eq!(super::ids(&crm.page("&usable=true")), [""; 0], "round {round}");
    }
    assert_eq!(crm.data.database().number("SELECT count(*) FROM lead"), 60);
}
