//! Small groups in the pages of figures.

use ashiato_tests::{Collector, Data, collector::UNLIMITED};

use super::{EMAIL, between, somebody};
use crate::groups::{protect, visits};

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
