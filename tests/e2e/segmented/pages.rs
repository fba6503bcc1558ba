//! A segment on the pages of the back office.

use std::collections::BTreeSet;

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED};
use serde_json::json;

use super::{Act, acts, counted, happen, keep, of_those, segments};
use crate::{
    now::{marketer, row},
    setup::Person,
};

fn values(page: &str) -> Vec<&str> {
    let values = page.split("<span class=\"value\">").skip(1);
    values.map(|rest| rest.split('<').next().unwrap()).collect()
}

#[test]
fn visits_and_events_of_a_segment_are_those_of_its_visitors() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let acts = acts();
    let _ = happen(&data, &collector, &acts);
    let token = data.token("shop", &["query"]);
    let ken = marketer(&data, &collector);
    for (name, definition, is) in segments() {
        keep(&collector, &token, name, &definition);
        let escaped = name.replace(' ', "+");
        let page = ken.get(&format!("/office/sites/shop?period=7&segment={escaped}"));
        assert_eq!(page.status, 200);
        // Visits without a page view are left out.
        let own: Vec<Act> = of_those(&acts, is).copied().collect();
        let seen = |act: &&Act| {
            let same = |other: &Act| (other.visitor, other.before) == (act.visitor, act.before);
            own.iter().any(|other| same(other) && other.name == "page_view")
        };
        let in_visits: Vec<Act> = own.iter().filter(seen).copied().collect();
        let all = in_visits.iter().map(|act| Act { page: "all", ..*act }).collect::<Vec<_>>();
        let [_, visitors, views, visits] = counted(all.iter()).first().map_or([0; 4], |it| it.1);
        let expected = [visitors, visits, views].map(|sum| sum.to_string());
        assert_eq!(values(&page.body)[..3], expected, "{name}");
        for (path, [_, _, views, _]) in counted(in_visits.iter()) {
            let viewers: BTreeSet<_> = in_visits
                .iter()
                .filter(|act| act.page == path && act.name == "page_view")
                .map(|act| act.visitor)
                .collect();
            if views > 0 {
                let row = row(&page.body, "Pages", path);
                assert_eq!(row, [views.to_string(), viewers.len().to_string()], "{name} {path}");
            }
        }
        // Of the last half hour is whatever was not the day before.
        let now = ken.get(&format!("/office/sites/shop/now?segment={escaped}"));
        assert_eq!((now.status, now.header("refresh")), (200, "30"));
        let recent: Vec<Act> = own.iter().filter(|act| !act.before).copied().collect();
        for path in ["/", "/a", "/c"] {
            let views = recent.iter().filter(|act| act.page == path && act.name == "page_view");
            let viewers: BTreeSet<_> = views.clone().map(|act| act.visitor).collect();
            let n = views.count();
            let expected = [n.to_string(), viewers.len().to_string()];
            assert!(n == 0 || row(&now.body, "Pages", path) == expected, "{name} {path}");
        }
        let visitors: BTreeSet<_> = recent.iter().map(|act| act.visitor).collect();
        let tile = format!("<dd class=\"value\">{}</dd>", visitors.len());
        assert!(now.body.contains(&tile), "{name}: {tile} in {}", now.body);
        let events = ken.get(&format!("/office/sites/shop/events?period=7&segment={escaped}")).body;
        for kind in ["page_view", "click"] {
            let own: Vec<_> = own.iter().filter(|act| act.name == kind).collect();
            let visitors: BTreeSet<_> = own.iter().map(|act| act.visitor).collect();
            if !own.is_empty() {
                let expected = [own.len().to_string(), visitors.len().to_string()];
                assert_eq!(row(&events, "Events", kind), expected, "{name} {kind}");
            }
        }
    }
}

#[test]
fn a_segment_is_kept_from_page_to_page_and_taken_away_as_any_condition() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let _ = happen(&data, &collector, &acts());
    let token = data.token("shop", &["query"]);
    keep(&collector, &token, "買う人 & co", &json!({"did": {"filters": [["is", "page", ["/a"]]]}}));
    let ken = marketer(&data, &collector);
    let own = "segment=%E8%B2%B7%E3%81%86%E4%BA%BA%20%26%20co";
    let amp = |address: &str| address.replace('&', "&amp;");
    let page = ken.get(&format!("/office/sites/shop?period=7&page=/a&{own}")).body;
    for address in [
        // Other days, another figure, another row, and without the page or the segment.
        format!("/office/sites/shop?period=90&page=/a&{own}"),
        format!("/office/sites/shop?period=7&figure=visits&page=/a&{own}"),
        format!("/office/sites/shop?period=7&{own}"),
        "/office/sites/shop?period=7&page=/a".to_owned(),
        // The pages that can show the same.
        format!("/office/sites/shop/now?{own}"),
        format!("/office/sites/shop/events?{own}"),
        format!("/office/sites/shop/analysis?{own}"),
    ] {
        assert!(page.contains(&format!("href=\"{}\"", amp(&address))), "{address} in {page}");
    }
    assert!(page.contains("href=\"/office/sites/shop/consent\""), "who decides is in no segment");
    assert!(page.contains("<option value=\"買う人 &amp; co\" selected>"), "{page}");
    let page = ken.get(&format!("/office/sites/shop/events?period=7&name=click&{own}")).body;
    for address in [
        format!("/office/sites/shop/events?period=90&{own}"),
        "/office/sites/shop/events?period=7&name=click".to_owned(),
        format!("/office/sites/shop/events?period=7&{own}&name=page_view"),
        format!("/office/sites/shop?{own}"),
    ] {
        assert!(page.contains(&format!("href=\"{}\"", amp(&address))), "{address} in {page}");
    }
    let page = ken.get(&format!("/office/sites/shop/analysis/paths?{own}")).body;
    assert!(page.contains(&format!("href=\"/office/sites/shop/analysis/cohorts?{own}\"")));
    assert!(page.contains(&format!("href=\"/office/sites/shop?{own}\"")), "{page}");
    assert!(page.contains("href=\"/office/sites/shop/analysis/segments\""), "it asks about none");
    let page = ken.get(&format!("/office/sites/shop/now?paused=1&{own}")).body;
    for address in [
        format!("?{own}"),
        "/office/sites/shop/now?period=30&paused=1".to_owned(),
        format!("/office/sites/shop?{own}"),
    ] {
        assert!(page.contains(&format!("href=\"{}\"", amp(&address))), "{address} in {page}");
    }
    let page = ken.get("/office/sites/shop/analysis/segments").body;
    assert!(page.contains(&format!("href=\"/office/sites/shop?{own}\"")), "{page}");
}

#[test]
fn a_segment_that_cannot_be_shown_is_said_and_everybody_is_not_shown_in_its_place() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &UNLIMITED);
    let visitor = Visitor::who_grants(&collector, &["analytics"]);
    let _ = visitor.send(&collector, &[visitor.event("page_view")]).expect(200);
    let both = data.token("shop", &["query", "leads"]);
    keep(&collector, &both, "leads", &json!({"lead": {}}));
    let filled = json!({"lead": {"field": "field:message", "filled": true}});
    keep(&collector, &both, "wrote", &filled);
    keep(&collector, &both, "came", &json!({"did": {}}));
    let ken = marketer(&data, &collector);
    let given = ["user", "add", "--email", "rin@shop.example", "--role", "auditor"];
    let link = data.run(&[&given[..], &["--site", "shop"]].concat());
    let rin = Person::by_link(&collector, &link, "");
    let given = ["user", "add", "--email", "mika@shop.example", "--role", "owner"];
    let link = data.run(&given);
    let mika = Person::by_link(&collector, &link, "");
    let trail = || data.run(&["audit", "list", "--site", "shop"]).matches("lead.segment").count();
    for path in ["/office/sites/shop", "/office/sites/shop/now", "/office/sites/shop/events"] {
        let see = |who: &Person<'_>, name: &str| who.get(&format!("{path}?segment={name}"));
        for (who, name, status, said) in [
            (&ken, "gone", 422, "There is no such segment"),
            (&ken, "a%00b", 422, "There is no such segment"),
            (&ken, "wrote", 403, "which your role does not reach"),
            (&rin, "leads", 403, "which your role does not reach"),
        ] {
            let page = see(who, name);
            assert_eq!(page.status, status, "{path} {name}");
            assert!(page.body.contains(said), "{path} {name}: {}", page.body);
            assert!(!page.body.contains("class=\"value\"") && !page.body.contains("<table"));
            assert!(page.body.contains("class=\"chip\""), "there is a way out: {path} {name}");
        }
        for (who, offered) in [
            (&rin, &["came"][..]),
            (&ken, &["came", "leads"]),
            (&mika, &["came", "leads", "wrote"]),
        ] {
            let page = see(who, "came");
            assert_eq!(page.status, 200);
            let names = page.body.split("<option value=\"").skip(2);
            let names: Vec<_> = names.map(|rest| rest.split('"').next().unwrap()).collect();
            assert_eq!(names, offered, "{path}");
        }
        let before = trail();
        assert_eq!((see(&ken, "leads").status, trail()), (200, before));
        assert_eq!((see(&mika, "wrote").status, trail()), (200, before + 1), "it is in the trail");
    }
    // An open tab does not fill the trail: what is told there with each view does not renew itself.
    let now = "/office/sites/shop/now?segment=";
    let leads = mika.get(&format!("{now}leads"));
    assert_eq!((leads.status, leads.header("refresh")), (200, "30"));
    assert!(leads.body.contains("Renewed every 30 seconds"), "{}", leads.body);
    for own in ["wrote", "wrote&paused=1"] {
        let wrote = mika.get(&format!("{now}{own}"));
        assert_eq!((wrote.status, wrote.header("refresh")), (200, ""), "{own}");
        assert!(wrote.body.contains("it does not renew itself"), "{}", wrote.body);
        assert!(wrote.body.contains("<a class=\"button\" href=\"?segment=wrote\">Show as of now"));
        assert!(!wrote.body.contains("Stop renewing") && !wrote.body.contains("Renew by itself"));
    }
    mika.speak("ja");
    let page = mika.get(&format!("{now}wrote")).body;
    assert!(
        page.contains("自動更新はしません") && page.contains(">最新の状態を表示</a>"),
        "{page}"
    );
}
