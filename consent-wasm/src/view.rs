//! Views of pages: what is counted, and what an event says of the page it happened on.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use consent_core::{
    event::{Event, MAX_VALUE, Observation, Page},
    gate::{Permitted, permit},
    ids::Uuid7,
    page::Address,
    policy::Policy,
    standing::{Standing, Subject},
    time::Millis,
};

/// Where the visitor is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Query parameters that may be kept.
    parameters: Vec<String>,
    /// The address of the view that was counted last, without its fragment.
    counted: String,
    /// The address that led to the current one.
    referrer: String,
}

/// An event as it is observed.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it happened.
    pub at: Millis,
    /// Random bits for its id.
    pub random: &'a [u8; 10],
    /// The page's address.
    pub url: &'a str,
    /// The page's title.
    pub title: &'a str,
}

impl Place {
    /// A page that `referrer` led to.
    #[must_use]
    pub fn new(parameters: Vec<String>, referrer: &str) -> Self {
        Self { parameters, counted: String::new(), referrer: referrer.into() }
    }

    /// Whether this is a view that has not been counted; from now on it has.
    pub fn arrive(&mut self, url: &str) -> bool {
        let url = url.split('#').next().unwrap_or_default();
        if self.counted == url {
            return false;
        }
        let last = core::mem::replace(&mut self.counted, url.into());
        if !last.is_empty() {
            self.referrer = last;
        }
        true
    }

    /// The page came back from the back/forward cache: its view counts again.
    pub fn again(&mut self) {
        self.counted = String::new();
    }

    /// An address as far as it may be told.
    #[must_use]
    pub fn clean(&self, url: &str) -> String {
        Address::parse(url).map_or_else(String::new, |page| short(&page.cleaned(&self.parameters)))
    }

    /// The event, if the site takes it and the gate lets it be.
    #[must_use]
    pub fn observe(
        &self,
        policy: &Policy,
        seen: Seen<'_>,
        standing: &Standing,
        now: Millis,
    ) -> Option<Permitted<Event>> {
        let observation = Observation {
            id: Uuid7::new(seen.at, seen.random),
            name: seen.name.parse().ok()?,
            at: seen.at,
            page: Page {
                url: self.clean(seen.url),
                title: short(seen.title),
                referrer: self.clean(&self.referrer),
            },
            properties: BTreeMap::new(),
        };
        let event = Event::under(policy, Subject::ThisBrowser, observation).ok()?;
        permit(event, standing, now).ok()
    }
}

/// A text as far as the wire takes it.
fn short(text: &str) -> String {
    let mut end = text.len().min(MAX_VALUE);
    loop {
        match text.get(..end) {
            Some(start) => return start.into(),
            None => end -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use consent_core::cookie::ConsentCookie;
    use proptest::prelude::*;

    use super::*;
    use crate::settings::tests::settings;

    const AT: Millis = Millis(1_800_000_000_000);

    fn observe(name: &str, bits: u128, at: Millis) -> Option<Permitted<Event>> {
        let settings = settings();
        let mut place = Place::new(vec!["utm_source".to_owned()], "https://a.example/?q=x");
        place.arrive("https://shop.example/");
        let cookie = ConsentCookie { revision: 3, decided: AT, bits, receipt: None };
        let standing = cookie.standing(&settings.policy, settings.consent_days);
        let seen = Seen {
            name,
            at,
            random: &[1; 10],
            url: "https://shop.example/?email=me%40b.example&utm_source=mail#top",
            title: "店",
        };
        place.observe(&settings.policy, seen, &standing, AT)
    }

    #[test]
    fn an_event_tells_the_page_without_what_a_query_may_tell_of_the_visitor() {
        let event = observe("page_view", 0b1, AT).unwrap();
        let page = &event.action().observation().page;
        assert_eq!(page.url, "https://shop.example/?utm_source=mail");
        assert_eq!(page.referrer, "https://a.example/");
    }

    #[test]
    fn nothing_is_observed_without_its_grant_or_before_it_or_that_the_site_does_not_take() {
        assert_eq!(observe("page_view", 0, AT), None);
        assert_eq!(observe("page_view", 0b1110, AT), None);
        assert_eq!(observe("page_view", 0b1, AT.plus(-1)), None);
        assert_eq!(observe("page_vieu", 0b1, AT), None);
        assert_eq!(observe("Page View", 0b1, AT), None);
    }

    #[test]
    fn a_view_counts_once_and_leads_to_the_next() {
        let mut place = Place::new(Vec::new(), "https://a.example/");
        assert!(place.arrive("https://shop.example/#a"));
        assert!(!place.arrive("https://shop.example/#b"));
        assert!(place.arrive("https://shop.example/2"));
        assert_eq!(place.referrer, "https://shop.example/");
        place.again();
        assert!(place.arrive("https://shop.example/2"));
        assert_eq!(place.referrer, "https://shop.example/");
    }

    proptest! {
        #[test]
        fn a_text_is_cut_between_characters(text in "\\PC{0,800}") {
            let short = short(&text);
            prop_assert!(short.len() <= MAX_VALUE && text.starts_with(&short));
            prop_assert!(text.len() > MAX_VALUE || short == text);
        }
    }
}
