//! What stands behind the question mark of calls about leads, each fault with its own refusal, and the place at which a
//! listing goes on.

use std::collections::BTreeMap;

use axum::http::Uri;
use consent_core::{
    ids::{LeadId, base64url, from_base64url},
    time::Millis,
};

use crate::{
    error::{FieldError, Problem},
    store::leads::read::Search,
};

/// Leads of one page, at most, and where nothing is said.
pub(super) const MOST: u32 = 500;
pub(super) const USUAL: u32 = 50;
/// Names what a cursor is written like.
const FORM: u8 = 1;

/// Parameters, taken one by one.
#[derive(Debug)]
pub(in crate::routes) struct Parameters {
    given: BTreeMap<String, String>,
    wrong: Vec<FieldError>,
}

impl Parameters {
    /// Those of an address.
    pub(in crate::routes) fn of(uri: &Uri) -> Self {
        let mut own = Self { given: BTreeMap::new(), wrong: Vec::new() };
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if own.given.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                own.refuse(&name, "repeated", "stands there twice: give it once");
            }
        }
        own
    }

    pub(super) fn refuse(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        // What somebody made up is not said back at length.
        let field = name.chars().take(40).collect();
        self.wrong.push(FieldError { field, code, message: message.into() });
    }

    /// The text of one.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// The site, which every call names.
    pub(in crate::routes) fn site(&mut self) -> String {
        let site = self.text("site").filter(|site| !site.is_empty());
        if site.is_none() {
            self.refuse("site", "required", "add ?site=SITE");
        }
        site.unwrap_or_default()
    }

    /// One of fixed values.
    pub(super) fn one_of<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let given = self.text(name)?;
        let found = values.iter().find(|(value, _)| *value == given).map(|(_, it)| *it);
        if found.is_none() {
            let names: Vec<_> = values.iter().map(|(value, _)| *value).collect();
            self.refuse(name, "invalid", format!("one of {}", names.join(", ")));
        }
        found
    }

    /// How many there are to be, at most and where nothing is said.
    pub(in crate::routes) fn limit(&mut self, most: u32, usual: u32) -> u32 {
        let Some(given) = self.text("limit") else { return usual };
        match given.parse() {
            Ok(limit) if (1..=most).contains(&limit) => limit,
            _ => {
                self.refuse("limit", "range", format!("a number from 1 to {most}"));
                usual
            }
        }
    }

    fn time(&mut self, name: &str) -> Option<Millis> {
        let given = self.text(name)?;
        let time = given.parse().ok().filter(|time| *time >= 0).map(Millis);
        if time.is_none() {
            self.refuse(name, "invalid", "milliseconds since 1970, as in 1795687200000");
        }
        time
    }

    /// Says everything that is wrong, what nobody asked for among it.
    pub(in crate::routes) fn end(mut self, known: &str) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.given).into_keys() {
            self.refuse(
                &name,
                "unknown",
                format!("is no parameter of this call, which has {known}"),
            );
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(Problem::content(self.wrong)) }
    }
}

/// What a listing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// Leads of a page, at most.
    pub(super) limit: u32,
    /// Those whose persons may be contacted, the others, or all.
    pub(super) usable: Option<bool>,
    /// Which, and where it goes on.
    pub(super) search: Search,
    /// Since when changes are to be asked for after this walk over all pages.
    pub(super) as_of: Millis,
}

impl Listing {
    /// The parameters of a listing that is begun `now`; what began earlier says so by its cursor.
    pub(super) fn of(mut parameters: Parameters, now: Millis) -> Result<Self, Problem> {
        let mut listing = Self {
            limit: parameters.limit(MOST, USUAL),
            usable: parameters.one_of("usable", &[("true", true), ("false", false)]),
            search: Search {
                changed_since: parameters.time("changed_since"),
                after: None,
                approved: None,
            },
            as_of: now,
        };
        if let Some(cursor) = parameters.text("after")
            && listing.go_on(&cursor).is_none()
        {
            let remedy = "give `next` of the page before as it is, with the same site, usable and changed_since; \
                or leave it out to begin anew";
            parameters.refuse("after", "cursor", format!("is no cursor of this listing: {remedy}"));
        }
        parameters.end("site, limit, after, usable, changed_since")?;
        Ok(listing)
    }

    /// Which listing it is: places of one are none of another.
    fn kind(&self) -> [u8; 10] {
        let mut kind = [0; 10];
        kind[0] = FORM;
        let usable = self.usable.map_or(0, |usable| 1 + u8::from(usable));
        kind[1] = usable + 4 * u8::from(self.search.changed_since.is_some());
        let since = self.search.changed_since.map_or(0, |since| since.0);
        kind[2..].copy_from_slice(&since.to_be_bytes());
        kind
    }

    /// The cursor by which it goes on after that place.
    pub(super) fn cursor(&self, (at, lead): (Millis, LeadId)) -> String {
        let mut bytes = self.kind().to_vec();
        bytes.extend_from_slice(&self.as_of.0.to_be_bytes());
        bytes.extend_from_slice(&at.0.to_be_bytes());
        bytes.extend_from_slice(lead.as_bytes());
        base64url(&bytes)
    }

    fn go_on(&mut self, cursor: &str) -> Option<()> {
        let bytes: [u8; 42] = from_base64url(cursor)?.try_into().ok()?;
        let (kind, rest) = bytes.split_first_chunk::<10>()?;
        let (as_of, rest) = rest.split_first_chunk::<8>()?;
        let (at, id) = rest.split_first_chunk::<8>()?;
        if *kind != self.kind() {
            return None;
        }
        self.as_of = Millis(i64::from_be_bytes(*as_of));
        let place = (Millis(i64::from_be_bytes(*at)), LeadId::from_bytes(id.try_into().ok()?));
        self.search.after = Some(place);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listing(query: &str) -> Result<Listing, Vec<(String, &'static str)>> {
        let uri: Uri = format!("/api/v1/leads?{query}").parse().unwrap();
        let mut parameters = Parameters::of(&uri);
        parameters.site();
        Listing::of(parameters, Millis(7)).map_err(|problem| {
            problem.errors.into_iter().map(|error| (error.field, error.code)).collect()
        })
    }

    #[test]
    fn each_fault_is_named() {
        let faults = |query: &str| listing(query).unwrap_err();
        let one = |field: &str, code| vec![(field.to_owned(), code)];
        assert_eq!(faults(""), one("site", "required"));
        for limit in ["0", "501", "-1", "ten", ""] {
            assert_eq!(faults(&format!("site=a&limit={limit}")), one("limit", "range"), "{limit}");
        }
        assert_eq!(faults("site=a&usable=yes"), one("usable", "invalid"));
        assert_eq!(faults("site=a&changed_since=-1"), one("changed_since", "invalid"));
        assert_eq!(faults("site=a&site=b"), one("site", "repeated"));
        assert_eq!(faults("site=a&colour=red"), one("colour", "unknown"));
        for after in ["50", "", "AAAA", "%20", &"A".repeat(56), &"A".repeat(9_000)] {
            assert_eq!(faults(&format!("site=a&after={after}")), one("after", "cursor"), "{after}");
        }
        let listing = listing("site=a&limit=500").unwrap();
        assert_eq!((listing.limit, listing.usable), (500, None));
    }

    #[test]
    fn a_cursor_goes_on_in_its_own_listing_only() {
        let begun = listing("site=a&usable=true").unwrap();
        let place = (Millis(5), LeadId::from_bytes([9; 16]));
        let cursor = begun.cursor(place);
        let later = listing(&format!("site=a&usable=true&after={cursor}")).unwrap();
        assert_eq!((later.search.after, later.as_of), (Some(place), begun.as_of));
        for other in ["", "&usable=false", "&usable=true&changed_since=0"] {
            assert!(listing(&format!("site=a{other}&after={cursor}")).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_cursor_makes_it_panic(cursor in "[A-Za-z0-9_-]{0,60}") {
            let _ = listing(&format!("site=a&after={cursor}"));
        }

        #[test]
        fn a_place_comes_back_as_it_was(at: i64, id: [u8; 16], usable: Option<bool>, since in proptest::option::of(0..i64::MAX)) {
            let place = (Millis(at), LeadId::from_bytes(id));
            let search = Search { changed_since: since.map(Millis), after: None, approved: None };
            let mut listing = Listing { limit: 1, usable, search, as_of: Millis(3) };
            let cursor = listing.cursor(place);
            prop_assert_eq!(listing.go_on(&cursor), Some(()));
            prop_assert_eq!(listing.search.after, Some(place));
        }
    }
}
