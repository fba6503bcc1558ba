//! What is refused is counted by site, reason, event and hour, and explained to whoever runs the
//! site. Nothing of the caller is kept: a reason is one of a fixed list, an event's name one that the
//! site file has.
//!
//! Events are counted where they are decided, in their own transaction. Whole calls are refused before
//! anything is written, and whoever floods the collector with them must not make it write each time: they
//! are counted in memory ([`Pending`]) and written together, at most once a second.

mod reasons;
pub mod report;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use consent_core::time::Millis;

pub use reasons::{Call, REASONS, Reason, Refused, Text};

use crate::store::{
    SiteId,
    refusals::{Count, hour},
};

/// Refused calls that are not written yet. It holds a count for each site, hour and reason, so that it
/// cannot grow with the number of calls.
#[derive(Clone, Debug, Default)]
pub struct Pending(Arc<Mutex<Counts>>);

type Counts = BTreeMap<(SiteId, i64, &'static str), i64>;

impl Pending {
    fn with<R>(&self, act: impl FnOnce(&mut Counts) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts one call.
    pub fn add(&self, site: SiteId, reason: &'static Reason, now: Millis) {
        self.with(|counts| *counts.entry((site, hour(now), reason.name)).or_default() += 1);
    }

    /// What is to be written; it is taken out.
    #[must_use]
    pub fn take(&self) -> Vec<(SiteId, Count)> {
        let counts = self.with(std::mem::take);
        let count = |((site, hour, reason), n): ((SiteId, i64, &str), i64)| {
            (site, Count { hour, reason: reason.to_owned(), event: String::new(), n })
        };
        counts.into_iter().map(count).collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, counts: &[(SiteId, Count)]) {
        self.with(|pending| {
            for (site, count) in counts {
                if let Some(reason) = Reason::named(&count.reason) {
                    *pending.entry((*site, count.hour, reason.name)).or_default() += count.n;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_site_hour_and_reason_however_many_come() {
        let pending = Pending::default();
        let reason = |name| Reason::named(name).unwrap();
        for _ in 0..1_000 {
            pending.add(SiteId(1), reason("foreign_origin"), Millis(7_200_000));
        }
        pending.add(SiteId(2), reason("session_expired"), Millis(3_600_000));
        let taken = pending.take();
        let numbers: Vec<_> = taken
            .iter()
            .map(|(site, count)| (site.0, count.hour, count.reason.as_str(), count.n))
            .collect();
        assert_eq!(numbers, [(1, 2, "foreign_origin", 1_000), (2, 1, "session_expired", 1)]);
        assert_eq!(pending.take(), []);
        pending.put_back(&taken);
        pending.add(SiteId(2), reason("session_expired"), Millis(3_600_001));
        assert_eq!(pending.take()[1].1.n, 2, "what was not written is not lost");
    }
}
