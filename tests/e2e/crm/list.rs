//! Listings: page by page, of those who may be contacted, and of what has changed.

use std::collections::{BTreeMap, BTreeSet};

use ashiato_tests::{Session, Visitor};
use serde_json::{Value, json};

use super::{Crm, ids, person};

/// Numbers that look drawn and are the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        // Splitmix64, as its paper gives it.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

/// Walks over all pages; between two of them `between` happens. The ids in their order.
fn walk(crm: &Crm, more: &str, mut between: impl FnMut()) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = crm.page(&format!("{more}{cursor}"));
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { return seen };
        assert!(next.len() < 80, "a cursor holds a place and nothing else");
        cursor = format!("&after={next}");
        between();
    }
}

#[test]
fn a_walk_meets_every_lead_once_whatever_comes_and_goes_between_its_pages() {
    let crm = Crm::start();
    let mut made = 0;
    let mut add = || {
        made += 1;
        crm.give(&person(&format!("p{made}@example.jp")))
    };
    let mut alive: Vec<String> = (0..60).map(|_| add()).collect();
    for seed in 0..6 {
        let mut draw = Draw(seed);
        let before: BTreeSet<String> = alive.iter().cloned().collect();
        let (mut erased, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let limit = 1 + draw.below(9);
        let since = if seed % 2 == 1 { "&changed_since=0" } else { "" };
        let usable = if seed % 3 == 0 { "&usable=true" } else { "" };
        let seen = walk(&crm, &format!("&limit={limit}{since}{usable}"), || match draw.below(4) {
            0 => alive.push(add()),
            1 if alive.len() > 20 => {
                let gone = alive.swap_remove(draw.below(alive.len()));
                assert_eq!(crm.erase(&gone).status, 204);
                erased.insert(gone);
            }
            2 if changed.len() < 5 => {
                let id = alive[draw.below(alive.len())].clone();
                let fields = json!({"company": format!("{}", draw.below(1_000_000))});
                let _ = crm.change(&id, &[("if-match", "*")], &fields).expect(200);
                changed.insert(id);
            }
            _ => {}
        });
        let mut times = BTreeMap::new();
        for id in &seen {
            *times.entry(id.clone()).or_insert(0) += 1;
        }
        for id in before.difference(&erased) {
            let met = times.get(id).copied().unwrap_or(0);
            if since.is_empty() || !changed.contains(id) {
                assert_eq!(met, 1, "seed {seed}: {id}");
            } else {
                assert!(met >= 1, "seed {seed}: {id} was changed, and is met in its last state");
            }
        }
        for (id, met) in &times {
            assert!(before.contains(id) || !since.is_empty(), "seed {seed}: {id} came later");
            assert!(*met == 1 || changed.contains(id), "seed {seed}: {id}");
        }
    }
}

#[test]
fn pages_are_the_newest_first_or_by_changes_the_oldest_first() {
    let crm = Crm::start();
    let all: Vec<_> = (0..5).map(|n| crm.give(&person(&format!("p{n}@example.jp")))).collect();
    let received = |id: &String| crm.lead(id)["received_at"].as_i64().unwrap();
    let newest = walk(&crm, "&limit=2", || ());
    assert!(newest.is_sorted_by(|a, b| received(a) >= received(b)), "{newest:?}");
    assert_eq!(newest.iter().collect::<BTreeSet<_>>(), all.iter().collect());
    let _ = crm.change(&all[0], &[("if-match", "*")], &json!({"company": "x"})).expect(200);
    let by_change = walk(&crm, "&limit=2&changed_since=0", || ());
    assert_eq!(by_change.len(), 5);
    let at = crm.lead(&all[0])["changed_at"].clone();
    let last = crm.page(&format!("&changed_since={at}"));
    assert!(ids(&last).contains(&all[0]));
    let later = at.as_i64().unwrap() + 1;
    assert_eq!(ids(&crm.page(&format!("&changed_since={later}"))), [""; 0]);
    // Of a whole walk the first page says since when to ask the next time.
    let first = crm.page("&limit=2");
    let second = crm.page(&format!("&limit=2&after={}", first["next"].as_str().unwrap()));
    assert_eq!(first["as_of"], second["as_of"]);
    // A stop is a change.
    let keys = crm.data.path("keys").display().to_string();
    let stop = ["mail", "suppress", "--site", "shop", "--keys-file", &keys, "--email"];
    let _ = crm.data.run(&[&stop[..], &["p3@example.jp"]].concat());
    let page = crm.page(&format!("&changed_since={later}"));
    assert_eq!(ids(&page), [all[3].clone()]);
    assert_eq!(page["results"][0]["locked"], true);
    // So is a ground that is taken back by hand, or given.
    for given in [&["--withdraw"][..], &["--ground", "card_exchanged", "--proof", "x"]] {
        let at = crm.lead(&all[1])["changed_at"].as_i64().unwrap() + 1;
        let said = crate::ground::ground(&crm.data, &all[1], &[given, &["--by", "x"]].concat());
        assert!(said.status.success(), "{said:?}");
        assert!(ids(&crm.page(&format!("&changed_since={at}"))).contains(&all[1]), "{given:?}");
    }
}

#[test]
fn who_may_be_contacted_comes_with_what_a_mail_must_show_and_a_link_that_stops_it() {
    let crm = Crm::start();
    let session = Session::open(&crm.collector, None);
    let locked = crm.collector.post("/v1/leads", session.sign(&session.lead(None))).expect(201);
    let id = crm.give(&person("taro@example.jp"));
    let page = crm.page("&usable=true");
    assert_eq!(ids(&page), std::slice::from_ref(&id), "a form alone gives no ground");
    assert_eq!(ids(&crm.page("&usable=false")), [locked["lead"].as_str().unwrap()]);
    assert_eq!(crm.page("&usable=false")["results"][0]["fields"]["name"], "足跡 花子");
    assert_eq!(crm.page("")["results"].as_array().unwrap().len(), 2);
    assert_eq!(page["mail"]["from"], "news@hiyori.example");
    let shown: Vec<_> = page["mail"]["items"]["en"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["text"].as_str().unwrap()))
        .collect();
    let address = "1-2 Ashiato-cho, Nakagyo-ku, Kyoto 604-0000, Japan";
    let items = [
        ("sender", "Hiyori Home Goods K.K."),
        ("address", address),
        ("complaints", "075-000-0000"),
    ];
    assert_eq!(shown, items);
    assert_eq!(page["mail"]["items"]["ja"][0]["text"], "株式会社ひより道具店");

    let stop = page["results"][0]["stop_url"].as_str().unwrap();
    let path = stop.strip_prefix("https://consent.hiyori.example").unwrap();
    assert!(path.starts_with("/s/shop/stop/"), "{path}");
    let request = crm.collector.request("POST", path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let one_click = crm.collector.send(request, "List-Unsubscribe=One-Click").unwrap();
    assert_eq!(one_click.status, 200);
    assert_eq!(ids(&crm.page("&usable=true")), [""; 0]);
    assert_eq!(crm.lead(&id)["locked"], true);
}

#[test]
fn a_withdrawal_cuts_the_link_in_these_answers_at_once() {
    let crm = Crm::start();
    let visitor = Visitor::who_grants(&crm.collector, &["lead_link"]);
    let id = visitor.send_lead(&crm.collector).expect(201)["lead"].as_str().unwrap().to_owned();
    let given = "UPDATE lead SET ground = 'opt_in', ground_since = 9";
    crm.data.database().execute(given).unwrap();
    let linked = |lead: &Value| (lead["linked"].clone(), lead["linked_at"].is_null());
    let shown = || {
        [
            crm.lead(&id),
            crm.page("")["results"][0].clone(),
            crm.page("&usable=true")["results"][0].clone(),
        ]
    };
    assert_eq!(shown().each_ref().map(linked), [(); 3].map(|()| (json!(true), false)));
    let _ = visitor.later(&crm.collector).decide(&crm.collector, "withdraw", &[]).expect(201);
    assert_eq!(shown().each_ref().map(linked), [(); 3].map(|()| (json!(false), true)));
}

#[test]
fn nobody_stands_in_the_log_and_every_list_in_the_trail() {
    let mut crm = Crm::start();
    let mut lead = person("hanako.planted@example.jp");
    lead["fields"]["name"] = "植木 花子".into();
    lead["fields"]["telephone"] = "075-123-9876".into();
    let id = crm.give(&lead);
    let _ = crm.give_as("", &[], &lead).problem(409);
    let _ = crm.page("&usable=true");
    let bad = json!({"name": "植木 花", "email": "hanako.planted@@example.jp"});
    let _ = crm.change(&id, &[("if-match", "*")], &bad).problem(422);
    let good = json!({"name": "植木 花"});
    let _ = crm.change(&id, &[("if-match", "*")], &good).expect(200);
    let _ = crm.get("/api/v1/leads?site=shop&after=hanako.planted@example.jp").problem(422);
    let trail = crm.data.run(&["audit", "list", "--site", "shop", "--json"]);
    assert!(trail.lines().any(|line| line.contains("lead.list") && line.contains(&id)), "{trail}");
    crm.collector.stop();
    for (what, text) in [("log", crm.collector.log()), ("trail", trail)] {
        for planted in ["planted", "植木", "+8175123", "075-123", "京都展示会", &crm.writes]
        {
            assert!(!text.contains(planted), "{planted} stands in the {what}");
        }
    }
}
