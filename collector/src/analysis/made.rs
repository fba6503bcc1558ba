//! Tables that tests make.

use proptest::prelude::*;

use crate::{
    columns::{New, Table},
    store::scores::table,
};

/// What was done: by whom, when, and which of [`PAGES`] was seen. Days have a thousand moments; at one moment a visitor
/// does one thing.
pub(super) type Act = (u32, i64, usize);

/// The pages of [`Act`].
pub(super) const PAGES: [&str; 5] = ["/a", "/b", "/c", "/d", "/e"];

/// Acts of so many visitors on so many pages.
pub(super) fn acts(visitors: u32, until: i64, pages: usize) -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec((0..visitors, 0..until, 0..pages), 0..60).prop_map(|mut acts| {
        acts.sort_unstable();
        acts.dedup_by_key(|(visitor, at, _)| (*visitor, *at));
        acts
    })
}

/// Views of pages as they were done.
pub(super) fn views(acts: &[Act]) -> Table {
    let named: Vec<_> =
        acts.iter().map(|(who, at, page)| (*who, *at, "page_view", PAGES[*page])).collect();
    named_events(&named)
}

/// Events by visitor, moment, name and page.
pub(super) fn named_events(acts: &[(u32, i64, &'static str, &'static str)]) -> Table {
    let event = |(visitor, at, name, page): &(u32, i64, &'static str, &'static str)| New {
        visitor: i64::from(*visitor),
        at: *at,
        day: at.div_euclid(1_000),
        name,
        page,
        ..New::default()
    };
    table(&mut acts.iter().map(event).collect::<Vec<_>>()).unwrap()
}
