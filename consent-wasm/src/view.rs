//! The view of a page: which address counts as one, how long it was looked at, how far it was read.
//!
//! A view is a page whose address is new as far as it may be told: without its fragment, and without
//! parameters that the site file does not list. What a router puts there besides is no page to anybody
//! who reads the figures.

use alloc::string::String;

use consent_core::{event::MAX_VALUE, page::Address, time::Millis};

use crate::lines::Lines;

/// How far a page has to be read to be told, in per cent.
const DEPTHS: [u8; 4] = [25, 50, 75, 90];
/// The longest that a page is looked at without a sign of it, in milliseconds: a machine may sleep with
/// a page in front of nobody.
const LONGEST: i64 = 30 * 60_000;
/// What is shorter is not told yet, in milliseconds.
const SHORTEST: i64 = 1_000;

/// Where the visitor is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Query parameters that may be kept, with commas between.
    parameters: String,
    /// The address of the view, cleaned; empty before the first.
    pub url: String,
    /// Its title as it was last seen.
    pub title: String,
    /// The address that led to it, cleaned.
    pub referrer: String,
    /// Whether it has been counted.
    pub counted: bool,
    /// How many of the depths have been told.
    depths: usize,
    /// Since when it has been looked at.
    since: Option<Millis>,
    /// How long it was looked at before, in milliseconds.
    looked: i64,
}

impl Place {
    /// A page that `referrer` led to; `parameters` may be kept, with commas between.
    #[must_use]
    pub fn new(parameters: String, referrer: &str) -> Self {
        let mut place = Self { parameters, ..Self::default() };
        place.referrer = place.clean(referrer);
        place
    }

    /// Whether a query parameter may be kept.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        Lines::split(&self.parameters, b',').any(|own| own == name)
    }

    /// An address as far as it may be told; empty where it is none of the web.
    #[must_use]
    pub fn clean(&self, url: &str) -> String {
        let cleaned = Address::parse(url).map(|url| url.cleaned_by(|name| self.allows(name)));
        cleaned.map(short).unwrap_or_default()
    }

    /// Another address, or the first.
    pub fn arrive(&mut self, url: String) {
        let last = core::mem::replace(&mut self.url, url);
        if !last.is_empty() {
            self.referrer = last;
        }
        self.again();
    }

    /// The same page once more: it came back from the back/forward cache.
    pub const fn again(&mut self) {
        self.counted = false;
        self.depths = 0;
    }

    /// From now on somebody looks at the page, or nobody does.
    pub fn look(&mut self, looking: bool, at: Millis) {
        if let Some(since) = self.since.take() {
            // A clock may have been set back.
            self.looked += at.since(since).clamp(0, LONGEST);
        }
        self.since = looking.then_some(at);
    }

    /// How long the page was looked at since this was last told, where it is long enough to be told.
    pub fn looked(&mut self, at: Millis) -> Option<i64> {
        self.look(self.since.is_some(), at);
        (self.looked >= SHORTEST).then(|| core::mem::take(&mut self.looked))
    }

    /// Forgets how long it was looked at.
    pub const fn forget(&mut self) {
        self.looked = 0;
    }

    /// The next depth to be told, where the page has been read to `percent`.
    #[must_use]
    pub fn depth(&self, percent: f64) -> Option<u8> {
        DEPTHS.get(self.depths).copied().filter(|depth| f64::from(*depth) <= percent)
    }

    /// It has been told.
    pub const fn deeper(&mut self) {
        self.depths += 1;
    }
}

/// A text as far as the wire takes it.
#[must_use]
pub fn short(mut text: String) -> String {
    let mut end = text.len().min(MAX_VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place::new("utm_source,page".to_owned(), "https://a.example/?q=x&page=2#y")
    }

    #[test]
    fn an_address_is_told_without_what_a_query_may_tell_of_the_visitor() {
        let place = place();
        let url = "https://shop.example/?email=me%40b.example&utm_source=mail&utm=1#top";
        assert_eq!(place.clean(url), "https://shop.example/?utm_source=mail");
        assert_eq!(place.referrer, "https://a.example/?page=2");
        for url in ["", "about:blank", "mailto:me@b.example", "https://me@b.example/"] {
            assert_eq!(place.clean(url), "", "{url}");
        }
    }

    #[test]
    fn without_a_list_no_parameter_is_kept() {
        let place = Place::new(String::new(), "");
        assert_eq!(place.clean("https://a.example/?=1&a=1"), "https://a.example/");
    }

    #[test]
    fn a_view_leads_to_the_next() {
        let mut place = place();
        place.arrive("https://shop.example/".to_owned());
        assert_eq!(place.referrer, "https://a.example/?page=2");
        place.counted = true;
        place.arrive("https://shop.example/2".to_owned());
        assert_eq!(place.referrer, "https://shop.example/");
        assert!(!place.counted);
    }

    #[test]
    fn time_counts_while_somebody_looks() {
        let mut place = place();
        place.look(true, Millis(1_000));
        place.look(true, Millis(2_000));
        place.look(false, Millis(3_000));
        place.look(true, Millis(60_000));
        assert_eq!(place.looked(Millis(61_500)), Some(3_500));
        assert_eq!(place.looked(Millis(61_600)), None, "too short to be told");
        assert_eq!(place.looked(Millis(63_000)), Some(1_500), "but not lost");
    }

    #[test]
    fn neither_a_sleeping_machine_nor_a_clock_set_back_makes_time() {
        let mut place = place();
        place.look(true, Millis(1_000_000));
        place.look(true, Millis(0));
        assert_eq!(place.looked(Millis(i64::MAX)), Some(LONGEST));
        place.look(true, Millis(0));
        place.forget();
        assert_eq!(place.looked(Millis(500)), None);
    }

    #[test]
    fn each_depth_is_told_once_a_view_and_in_its_order() {
        let mut place = place();
        let mut told = |percent| {
            let mut told = Vec::new();
            while let Some(depth) = place.depth(percent) {
                told.push(depth);
                place.deeper();
            }
            told
        };
        assert_eq!(told(24.9), [0; 0]);
        assert_eq!(told(51.0), [25, 50]);
        assert_eq!(told(30.0), [0; 0]);
        assert_eq!(told(100.0), [75, 90]);
        assert_eq!(told(100.0), [0; 0]);
        place.again();
        assert_eq!(place.depth(100.0), Some(25));
    }

    proptest! {
        #[test]
        fn a_text_is_cut_between_characters(text in "\\PC{0,800}") {
            let short = short(text.clone());
            prop_assert!(short.len() <= MAX_VALUE && text.starts_with(&short));
            prop_assert!(text.len() > MAX_VALUE || short == text);
        }
    }
}
