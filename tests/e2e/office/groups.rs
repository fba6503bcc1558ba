//! Small groups in the pages of figures.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};

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
