//! Small groups in the pages of figures.

use ashiato_tests::{Collector, Data, Visitor, collector::UNLIMITED, data::shop_file};
use serde_json::json;

use super::{EMAIL, between, somebody};
use crate::groups::{analysis::ways, protect, visits};

#[test]
fn what_stands_for_few_visitors_is_not_shown_by_any_choice() {
    let data = Data::new();
    protect(&data);
    let collector = Collector::start_with(&data, &UNLIMITED);
    visits(&collector);
    let mut browser = somebody(&data, &collector, EMAIL, "marketer");
    let page = browser.get("/office/sites/shop?period=7").body;
    assert!(page.contains("What stands for fewer than 5 visitors is not shown"), "{page}");
    let card = between(&page, "<h2 id=\"by-page\">", "</section>");
    assert!(
        card.contains("/tea") && !card.contains("/contact") && !card.contains("/pots"),
        "{card}"
    );
    // Chosen by its address: whom it lets pass, and whom it leaves out.
    for chosen in ["page=/contact", "page=/nobody-was-here", "exit=/contact"] {
        let page = browser.get(&format!("/office/sites/shop?period=7&{chosen}")).body;
        assert!(page.contains("Fewer than 5 visitors match"), "{chosen}: {page}");
        assert!(!page.contains("class=\"tile\""), "{chosen}: {page}");
    }
    let page = browser.get("/office/sites/shop?period=7&page=/tea").body;
    let views = between(&page, "<span class=\"name\">Visitors</span><span class=\"value\">", "<");
    assert_eq!(views, "7");
}

#[test]
fn analyses_say_in_words_what_they_do_not_show() {
    let data = Data::new();
    protect(&data);
    let collector = Collector::start_with(&data, &UNLIMITED);
    ways(&collector);
    let mut browser = somebody(&data, &collector, EMAIL, "marketer");
    let mut page = |place: &str| browser.get(&format!("/office/sites/shop/analysis{place}")).body;
    let part = "What stands for fewer than 5 visitors is not shown";
    let whole = "Fewer than 5 visitors stand behind this";
    let two =
        |first: &str, second: &str| format!("?period=7&k1=page&v1={first}&k2=page&v2={second}");
    let shown = page(&two("/", "/tea"));
    assert!(!shown.contains(part) && !shown.contains(whole), "{shown}");
    let shown = page(&two("/", "/contact"));
    assert!(shown.contains(part) && shown.contains("withheld"), "{shown}");
    let shown = page(&two("/contact", "/"));
    assert!(shown.contains(whole) && !shown.contains("Nobody took"), "{shown}");
    let shown = page("/paths?period=7&k1=page&v1=/");
    assert!(shown.contains("Visitors: 12") && shown.contains("only each visitor"), "{shown}");
    assert!(shown.contains(part) && !shown.contains("/pots"), "{shown}");
    let shown = page("/cohorts?period=7&kfirst=page&vfirst=/news");
    assert!(shown.contains(whole) && shown.contains("withheld"), "{shown}");
    let shown = page("/segments?period=7&k1=page&v1=/contact&d1=did&n1=1");
    assert!(shown.contains(part) && shown.contains("<strong>withheld</strong>"), "{shown}");
}

/// Somebody who looks at a page and puts something into the cart there. Whoever decided did so on one page.
fn buyer(data: &Data, collector: &Collector) -> Visitor {
    let visitor = Visitor::who_grants(collector, &["analytics"]);
    let on = |name: &str| {
        let mut event = visitor.event(name);
        event["page"]["url"] = json!("https://shop.example/rare-tea");
        event
    };
    let mut cart = on("add_to_cart");
    cart["properties"] = json!({ "blend": "gyokuro-1" });
    assert_eq!(visitor.send(collector, &[on("page_view"), cart]).expect(200)["stored"], 2);
    data.database().run("UPDATE decision SET page = '/asked-here', banner = 'rare-banner'");
    visitor
}

#[test]
fn now_events_and_decisions_are_shown_of_as_many_visitors_as_it_takes() {
    let data = Data::new();
    data.apply(&format!("{}\n[statistics]\nsmallest_group = 3\n", shop_file()));
    let collector = Collector::start_with(&data, &UNLIMITED);
    let mut buyers = vec![buyer(&data, &collector), buyer(&data, &collector)];
    let mut browser = somebody(&data, &collector, EMAIL, "marketer");
    let mut page = |place: &str| browser.get(&format!("/office/sites/shop/{place}")).body;
    let rows = "What stands for fewer than 3 visitors is not shown";

    let shown = page("now");
    assert!(shown.contains("Fewer than 3 visitors came in the last half hour"), "{shown}");
    assert!(!shown.contains("/rare-tea") && !shown.contains("add_to_cart"), "{shown}");
    assert!(shown.contains("<dd class=\"value\">withheld</dd>"), "{shown}");
    let shown = page("events?period=7");
    assert!(shown.contains(rows) && !shown.contains("add_to_cart"), "{shown}");
    assert!(shown.contains("<td class=\"number\">withheld</td>"), "{shown}");
    // What two told is not told apart from what nobody did.
    for name in ["add_to_cart", "no_such"] {
        let shown = page(&format!("events?period=7&name={name}"));
        assert!(shown.contains(rows) && !shown.contains("Nothing was told"), "{name}: {shown}");
        assert!(!shown.contains("blend") && !shown.contains("gyokuro-1"), "{name}: {shown}");
    }
    let shown = page("consent?period=7");
    assert!(shown.contains("What stands for fewer than 3 decisions is not shown"), "{shown}");
    assert!(!shown.contains("/asked-here") && !shown.contains("rare-banner"), "{shown}");

    buyers.push(buyer(&data, &collector));
    let shown = page("now");
    assert!(shown.contains("/rare-tea") && shown.contains("add_to_cart"), "{shown}");
    assert!(shown.contains("<dd class=\"value\">3</dd>"), "{shown}");
    let shown = page("events?period=7&name=add_to_cart");
    assert!(shown.contains("<code>blend</code>") && shown.contains("gyokuro-1"), "{shown}");
    let value = between(&shown, "gyokuro-1", "</tr>");
    assert!(value.contains("<td class=\"number\">3</td>"), "{value}");
    let shown = page("consent?period=7");
    assert!(!shown.contains("What stands for fewer than"), "{shown}");
    assert!(shown.contains("/asked-here") && shown.contains("rare-banner"), "{shown}");

    // Two withdraw, and then the third.
    let mut withdrawn = |buyers: &[Visitor]| {
        for buyer in buyers {
            let answer = buyer.later(&collector).decide(&collector, "withdraw", &[]);
            assert!(answer.status < 300, "{answer:?}");
        }
        let shown = page("consent?period=7");
        between(&shown, "Withdrawn how soon</h2>", "</section>").to_owned()
    };
    let shown = withdrawn(&buyers[..2]);
    assert!(shown.contains("withheld") && !shown.contains("number\">2<"), "{shown}");
    let shown = withdrawn(&buyers[2..]);
    assert!(shown.contains("number\">3<") && !shown.contains("withheld"), "{shown}");
}
