use core::cell::{Cell, RefCell};

use serde_json::{Value as Json, json};

use super::*;
use crate::asked::tests::{PURPOSES, asked_of};

const AT: i64 = 1_800_000_000_000;
const VISITOR: &str = "BwcHBwcHBwcHBwcHBwcHBw";

/// A browser that is told where it is, and writes down what it is asked for.
struct Browser {
    address: RefCell<String>,
    seen: Cell<bool>,
    clock: Cell<i64>,
    drawn: Cell<u8>,
    bits: Cell<u128>,
    left: RefCell<String>,
    pauses: RefCell<Vec<u32>>,
    sent: RefCell<Vec<u32>>,
    flushed: RefCell<Vec<String>>,
    can_flush: Cell<bool>,
}

impl Page for Browser {
    fn address(&self) -> String {
        self.address.borrow().clone()
    }
    fn title(&self) -> String {
        ["title of ", &*self.address.borrow()].concat()
    }
    fn is_seen(&self) -> bool {
        self.seen.get()
    }
    fn clock(&self) -> Millis {
        Millis(self.clock.get())
    }
    fn draw(&self) -> [u8; 10] {
        self.drawn.set(self.drawn.get().wrapping_add(1));
        [self.drawn.get(); 10]
    }
    fn decision(&self) -> Option<ConsentCookie> {
        let bits = self.bits.get();
        Some(ConsentCookie { revision: 3, decided: Millis(AT), bits, receipt: None })
    }
    fn visitor(&self) -> String {
        if self.bits.get() == 0 { String::new() } else { VISITOR.to_owned() }
    }
    fn left(&self) -> String {
        self.left.borrow().clone()
    }
    fn leave(&self, text: &str) {
        text.clone_into(&mut self.left.borrow_mut());
    }
    fn plain(&self, text: &str) -> String {
        text.replace('+', " ")
    }
    fn pause(&self, number: u32, _: i64) {
        self.pauses.borrow_mut().push(number);
    }
    fn send(&self, call: u32, visitor: &str) {
        assert_eq!(visitor, VISITOR);
        self.sent.borrow_mut().push(call);
    }
    fn ahead(&self) -> i64 {
        7
    }
    fn flush(&self, _: u32, payload: String, _: &str) -> bool {
        if self.can_flush.get() {
            self.flushed.borrow_mut().push(payload);
        }
        self.can_flush.get()
    }
}

/// Analytics takes everything but campaigns, which are another purpose's.
fn watch() -> (Watch, Browser) {
    let all = "ashiato:page_view,click,scroll,user_engagement,outbound_click,file_download";
    let purposes = PURPOSES
        .replace("ashiato:page_view,click", all)
        .replace("video optional", "video optional ads:campaign_visit");
    let place = Place::new("utm_source,utm_term,gclid,page".to_owned(), "https://a.example/?q=x");
    let browser = Browser {
        address: RefCell::new("https://shop.example/".to_owned()),
        seen: Cell::new(true),
        clock: Cell::new(AT),
        drawn: Cell::new(0),
        bits: Cell::new(0b1),
        left: RefCell::default(),
        pauses: RefCell::default(),
        sent: RefCell::default(),
        flushed: RefCell::default(),
        can_flush: Cell::new(true),
    };
    (Watch::new(asked_of("", &purposes), place), browser)
}

impl Browser {
    fn go(&self, address: &str) {
        address.clone_into(&mut self.address.borrow_mut());
    }
    fn later(&self, ms: i64) {
        self.clock.set(self.clock.get() + ms);
    }
}

/// Everything that the page sends when it goes away: name, address and properties.
fn told(watch: &mut Watch, browser: &Browser) -> Vec<(String, String, Json)> {
    watch.left(browser, true);
    let batches = core::mem::take(&mut *browser.flushed.borrow_mut());
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    batches
        .iter()
        .flat_map(|batch| {
            let batch: Json = serde_json::from_str(batch).unwrap();
            batch["events"].as_array().unwrap().clone()
        })
        .map(|event| {
            (text(&event["name"]), text(&event["page"]["url"]), event["properties"].clone())
        })
        .collect()
}

fn names(told: &[(String, String, Json)]) -> Vec<&str> {
    told.iter().map(|(name, ..)| name.as_str()).collect()
}

#[test]
fn a_view_counts_once_its_address_is_new_as_far_as_it_may_be_told() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    for address in ["#top", "?q=1", "?q=2#x", "?page=2", "?page=2&q=3", "a"] {
        browser.go(&["https://shop.example/", address].concat());
        watch.view(&browser);
        watch.view(&browser);
    }
    let told = told(&mut watch, &browser);
    let pages: Vec<_> = told.iter().map(|(_, page, _)| page.as_str()).collect();
    assert_eq!(names(&told), ["page_view"; 3]);
    let origin = "https://shop.example/";
    assert_eq!(pages, [origin.to_owned(), format!("{origin}?page=2"), format!("{origin}a")]);
}

#[test]
fn a_page_that_nobody_sees_is_not_counted_until_somebody_does() {
    let (mut watch, browser) = watch();
    browser.seen.set(false);
    watch.follow(&browser);
    browser.go("https://shop.example/b");
    watch.view(&browser);
    assert!(browser.pauses.borrow().is_empty());
    watch.record(&browser, "click", Properties::default());
    browser.seen.set(true);
    watch.follow(&browser);
    let told = told(&mut watch, &browser);
    assert_eq!(names(&told), ["click", "page_view"]);
    for (_, page, _) in told {
        assert_eq!(page, "https://shop.example/b");
    }
}

#[test]
fn a_page_back_from_the_cache_counts_again() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    watch.again(&browser);
    assert_eq!(names(&told(&mut watch, &browser)), ["page_view", "page_view"]);
}

#[test]
fn without_the_grant_of_its_purpose_nothing_is_observed() {
    let (mut watch, browser) = watch();
    browser.bits.set(0b1100);
    watch.follow(&browser);
    watch.look(&browser, true);
    browser.later(9_000);
    watch.read(&browser, 100.0);
    watch.press(&browser, "https://maker.example/a.pdf", false);
    watch.record(&browser, "click", Properties::default());
    assert_eq!(told(&mut watch, &browser), []);
    browser.bits.set(0b1);
    watch.follow(&browser);
    assert_eq!(names(&told(&mut watch, &browser)), ["page_view"], "and no time of before");
}

#[test]
fn time_belongs_to_the_view_that_was_looked_at() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    watch.look(&browser, true);
    browser.later(4_000);
    browser.go("https://shop.example/b");
    watch.view(&browser);
    browser.later(2_000);
    let told = told(&mut watch, &browser);
    assert_eq!(names(&told), ["page_view", "user_engagement", "page_view", "user_engagement"]);
    assert_eq!((&*told[1].1, &told[1].2), ("https://shop.example/", &json!({"engaged_ms": 4_000})));
    assert_eq!(
        (&*told[3].1, &told[3].2),
        ("https://shop.example/b", &json!({"engaged_ms": 2_000}))
    );
}

#[test]
fn depths_are_told_once_a_view() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    watch.read(&browser, 60.0);
    watch.read(&browser, 60.0);
    browser.go("https://shop.example/b");
    watch.view(&browser);
    watch.read(&browser, 30.0);
    let told = told(&mut watch, &browser);
    let depths: Vec<_> =
        told.iter().filter(|(name, ..)| name == "scroll").map(|(.., json)| json).collect();
    assert_eq!(depths, [&json!({"percent": 25}), &json!({"percent": 50}), &json!({"percent": 25})]);
}

#[test]
fn links_are_told_without_what_their_queries_may_tell() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    for href in [
        "https://maker.example/?id=7&page=2#x",
        "https://shop.example/care.pdf?token=s",
        "mailto:me@b.example",
        "https://shop.example/b",
    ] {
        watch.press(&browser, href, false);
    }
    let told = told(&mut watch, &browser);
    assert_eq!(names(&told), ["page_view", "outbound_click", "file_download"]);
    assert_eq!(told[1].2, json!({"url": "https://maker.example/?page=2", "host": "maker.example"}));
    assert_eq!(told[2].2, json!({"url": "https://shop.example/care.pdf", "extension": "pdf"}));
}

#[test]
fn a_campaign_is_told_once_by_its_allowed_parameters_and_under_its_own_purpose() {
    let (mut watch, browser) = watch();
    browser.go(
        "https://shop.example/?utm_source=spring+mail&utm_campaign=no&utm_term=&gclid=g1&page=2",
    );
    watch.follow(&browser);
    browser.bits.set(0b101);
    watch.follow(&browser);
    watch.again(&browser);
    let told = told(&mut watch, &browser);
    assert_eq!(names(&told), ["page_view", "campaign_visit", "page_view"]);
    assert_eq!(told[1].2, json!({"source": "spring mail", "gclid": "g1"}));
}

#[test]
fn a_page_without_a_campaign_gets_none_later() {
    let (mut watch, browser) = watch();
    browser.bits.set(0b101);
    watch.follow(&browser);
    browser.go("https://shop.example/b?utm_source=own-link");
    watch.view(&browser);
    assert_eq!(names(&told(&mut watch, &browser)), ["page_view", "page_view"]);
}

#[test]
fn a_full_batch_does_not_wait() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    for _ in 0..98 {
        watch.record(&browser, "click", Properties::default());
    }
    assert_eq!((browser.pauses.borrow().len(), browser.sent.borrow().len()), (1, 0));
    watch.record(&browser, "click", Properties::default());
    assert_eq!(*browser.sent.borrow(), [1]);
}

#[test]
fn what_cannot_be_flushed_is_left_for_the_next_page_of_the_same_visitor() {
    let (mut first, browser) = watch();
    first.follow(&browser);
    browser.can_flush.set(false);
    for all in [false, true] {
        first.left(&browser, all);
        let left = browser.left.borrow();
        assert!(left.starts_with(VISITOR) && left.contains("page_view"), "{left}");
    }
    let (mut next, _) = watch();
    browser.seen.set(false);
    next.follow(&browser);
    assert!(!browser.left.borrow().is_empty(), "a page in the background leaves it there");
    browser.seen.set(true);
    browser.can_flush.set(true);
    next.follow(&browser);
    assert_eq!(*browser.left.borrow(), "");
    assert_eq!(names(&told(&mut next, &browser)), ["page_view", "page_view"]);
    assert_eq!(*browser.left.borrow(), "", "what was flushed is not left as well");
}

#[test]
fn a_page_that_goes_for_good_without_a_session_leaves_everything() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    browser.can_flush.set(false);
    watch.left(&browser, true);
    assert_eq!(Lines::of(&browser.left.borrow()).count(), 2);
}

#[test]
fn a_withdrawal_takes_what_was_left_at_once_even_in_the_background() {
    let (mut watch, browser) = watch();
    watch.follow(&browser);
    browser.can_flush.set(false);
    watch.left(&browser, false);
    assert_ne!(*browser.left.borrow(), "");
    browser.seen.set(false);
    browser.bits.set(0);
    watch.follow(&browser);
    assert_eq!(*browser.left.borrow(), "");
    watch.left(&browser, true);
    assert_eq!(*browser.left.borrow(), "", "and nothing is left afterwards");
}

#[test]
fn properties_beyond_a_limit_are_told_to_who_can_mend_them() {
    let (mut watch, browser) = watch();
    let mut properties = Properties::default();
    properties.add("bad", "object", "");
    assert!(watch.track(&browser, "click", properties, Millis(AT)).is_err());
    let mut properties = Properties::default();
    properties.add("plan", "string", "pro");
    assert!(watch.track(&browser, "click", properties, Millis(AT)).is_ok());
    assert!(watch.track(&browser, "click", Properties::default(), Millis(AT - 1)).is_ok());
    let told = told(&mut watch, &browser);
    assert_eq!(names(&told), ["page_view", "click"], "what came before the grant is not granted");
    assert_eq!(told[1].2, json!({"plan": "pro"}));
}
