//! Withdrawal reaches everything at once.

use ashiato_tests::{Collector, Data, Visitor, process::eventually};
use serde_json::{Value, json};

/// Every lead of the shop, by the API.
fn leads(collector: &Collector, token: &str) -> Vec<Value> {
    let answer = collector.get_as(token, "/api/v1/leads?site=shop").expect(200);
    answer["results"].as_array().unwrap().clone()
}

/// How many page views and visitors the shop has, by the API.
fn page_views(collector: &Collector, token: &str) -> i64 {
    let query = json!({
        "site": "shop",
        "metrics": ["events", "visitors"],
        "date_range": ["2026-01-01", "2027-12-31"],
    });
    let answer = collector.query(token, &query).expect(200);
    answer["results"][0]["metrics"][0].as_i64().unwrap_or(0)
}

#[test]
fn withdrawing_everything_erases_the_events_and_cuts_the_link() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["query", "leads"]);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201);
    let visitor = visitor.later(&collector);
    let _ =
        visitor.send(&collector, &[visitor.event("page_view"), visitor.event("click")]).expect(200);
    assert_eq!(page_views(&collector, &token), 2);
    assert_eq!(leads(&collector, &token)[0]["linked"], true);

    let _ = visitor.decide(&collector, "withdraw", &[]).expect(201);
    assert_eq!(page_views(&collector, &token), 0);
    let shown = leads(&collector, &token);
    assert_eq!(shown.len(), 1, "what the person sent stays");
    assert_eq!(shown[0]["linked"], false);
    let path = format!("/api/v1/leads/{}/timeline?site=shop", lead["lead"].as_str().unwrap());
    let timeline = collector.get_as(&token, &path).expect(200);
    assert_eq!((&timeline["linked"], &timeline["events"]), (&json!(false), &json!([])));
    let mut database = data.database();
    for table in ["event", "lead_link", "consent_grant"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert_eq!(database.number("SELECT count(*) FROM decision"), 2, "the proof stays");
}

#[test]
fn withdrawing_the_lead_link_cuts_it_and_leaves_the_analytics_that_is_still_granted() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let token = data.token("shop", &["query", "leads"]);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let lead = visitor.send_lead(&collector).expect(201);
    let visitor = visitor.later(&collector);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let _ = visitor.decide(&collector, "custom", &["analytics"]).expect(201);
    assert_eq!(page_views(&collector, &token), 1);
    let path = format!("/api/v1/leads/{}/timeline?site=shop", lead["lead"].as_str().unwrap());
    assert_eq!(collector.get_as(&token, &path).expect(200)["linked"], false);
    assert_eq!(data.database().number("SELECT count(*) FROM lead_link"), 0);
}

#[test]
fn withdrawing_one_purpose_erases_its_events_only() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "marketing"]);
    let events = [visitor.event("page_view"), visitor.event("campaign_visit")];
    assert_eq!(visitor.send(&collector, &events).expect(200)["stored"], 2);
    let _ = visitor.decide(&collector, "custom", &["marketing"]).expect(201);
    assert_eq!(data.database().texts("SELECT name FROM event"), ["campaign_visit"]);
    let again = visitor.send(&collector, &events).expect(200);
    assert_eq!(
        again["refused"][0]["reason"], "not_granted",
        "a late repetition brings nothing back"
    );
    assert_eq!(again["duplicate"], 1);
}

#[test]
fn granting_again_brings_nothing_back() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let _ = visitor.send_lead(&collector).expect(201);
    let event = visitor.event("page_view");
    let _ = visitor.send(&collector, std::slice::from_ref(&event)).expect(200);
    let _ = visitor.decide(&collector, "withdraw", &[]).expect(201);
    let back = visitor.later(&collector);
    let _ = back.decide(&collector, "custom", &["analytics", "lead_link"]).expect(201);
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM event"), 0);
    assert_eq!(database.number("SELECT count(*) FROM lead_link"), 0);
    let answer = back.send(&collector, &[event]).expect(200);
    assert_eq!(
        answer["refused"][0]["reason"], "not_granted",
        "it happened under the consent that was withdrawn"
    );
}

#[test]
fn one_visitors_withdrawal_leaves_the_others_alone() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let stays = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let goes = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    for visitor in [&stays, &goes] {
        let _ = visitor.send_lead(&collector).expect(201);
        let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    }
    let _ = goes.decide(&collector, "reject_all", &[]).expect(201);
    let mut database = data.database();
    assert_eq!(database.number("SELECT count(*) FROM event"), 1);
    assert_eq!(database.number("SELECT count(*) FROM lead_link"), 1);
}

#[test]
fn a_renewed_consent_keeps_what_it_still_grants() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let _ = visitor.decide(&collector, "custom", &["analytics", "marketing"]).expect(201);
    assert_eq!(data.database().number("SELECT count(*) FROM event"), 1);
}

#[test]
fn a_changed_policy_grants_nothing_until_it_has_been_asked_and_cuts_links_at_once() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let token = data.token("shop", &["query", "leads"]);
    let visitor = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let _ = visitor.send_lead(&collector).expect(201);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let material = ashiato_tests::data::shop_file().replacen(
        "retention_days = 395",
        "retention_days = 700",
        1,
    );
    data.apply(&material);
    collector.stop();
    let next = Collector::start(&data);
    assert_eq!(leads(&next, &token)[0]["linked"], false);
    eventually("the link is cut", || data.database().number("SELECT count(*) FROM lead_link") == 0);
    assert_eq!(page_views(&next, &token), 1, "what was seen before stays until they are asked");
    let later = visitor.later(&next);
    assert_eq!(later.session.revision, 2);
    let answer = later.send(&next, &[later.event("page_view")]).expect(200);
    assert_eq!(answer["refused"][0]["reason"], "expired", "{answer}");
    let _ = later.decide(&next, "custom", &["analytics", "lead_link"]).expect(201);
    assert_eq!(later.send(&next, &[later.event("page_view")]).expect(200)["stored"], 1);
    assert_eq!(page_views(&next, &token), 2);
    assert_eq!(leads(&next, &token)[0]["linked"], false, "the old link does not come back");
}

#[test]
fn a_consent_that_has_run_out_is_erased_by_the_running_collector() {
    let data = Data::new();
    let mut collector = Collector::start(&data);
    let token = data.token("shop", &["query", "leads"]);
    let goes = Visitor::who_grants(&collector, &["analytics", "lead_link"]);
    let _ = goes.send_lead(&collector).expect(201);
    let _ = goes.send(&collector, &[goes.event("page_view")]).expect(200);
    assert_eq!(data.database().execute("UPDATE visitor SET expires = 1"), Ok(1));
    let stays = Visitor::who_grants(&collector, &["analytics"]);
    let _ = stays.send(&collector, &[stays.event("page_view")]).expect(200);
    assert_eq!(page_views(&collector, &token), 1, "it counts no more, swept or not");
    assert_eq!(leads(&collector, &token)[0]["linked"], false);
    // It is looked for at the start, and every minute.
    collector.stop();
    let next = Collector::start(&data);
    eventually("it is erased", || data.database().number("SELECT count(*) FROM event") == 1);
    eventually("all of it is", || data.database().number("SELECT count(*) FROM lead_link") == 0);
    assert_eq!(page_views(&next, &token), 1);
    assert_eq!(data.database().number("SELECT count(*) FROM decision"), 2, "the proof stays");
    let answer = goes.send(&next, &[goes.event("page_view")]).expect(200);
    assert_eq!(answer["refused"][0]["reason"], "expired", "{answer}");
}
