//! What decisions of one transaction write, gathered first.

use std::collections::HashMap;

use consent_core::{
    ids::{PurposeKey, VisitorHash},
    policy::Slot,
    standing::Standing,
    time::Millis,
};

use crate::{
    log::Hash,
    sites::Site,
    store::{
        Connection, SiteId, VisitorRow,
        decisions::{self, Decision},
        ended, grants,
        tallies::{self, Counts, Kind},
        visitors::{self, New, Times},
    },
    transparency::Appender,
};

/// Whose standing a decision changes, and into what.
pub(super) struct Whose<'a> {
    pub(super) hash: VisitorHash,
    /// None of a visitor whom the decision makes.
    pub(super) row: Option<VisitorRow>,
    /// How far what they granted before had ended by itself.
    pub(super) before: Before,
    pub(super) standing: Standing,
    /// The purpose that allows links with leads.
    pub(super) lead_link: Option<&'a PurposeKey>,
    pub(super) times: Times,
}

/// How far a consent had ended by itself when its visitor decided anew. What the sweep had not come to yet
/// ends then: how long that takes is to make no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It held, or there was none.
    Held,
    /// It was of an older revision: it links nobody any more.
    Outdated,
    /// It had run out.
    RunOut,
}

impl Before {
    /// Of that standing, under that revision, at that time.
    pub(super) fn of(standing: &Standing, revision: u32, now: Millis) -> Self {
        match standing.receipt() {
            None => Self::Held,
            Some(_) if standing.expires() <= now => Self::RunOut,
            Some(_) if standing.revision() != revision => Self::Outdated,
            Some(_) => Self::Held,
        }
    }
}

/// Decisions that share neither an id nor a visitor, and the places of the log that they take.
pub(super) struct Page<'a> {
    first: i64,
    leaves: Vec<Hash>,
    decisions: Vec<(Decision<'a>, Option<Whose<'a>>)>,
    counts: Counts,
}

impl<'a> Page<'a> {
    /// One without anything on it yet, whose first leaf has that place.
    pub(super) fn at(first: i64) -> Self {
        Self { first, leaves: Vec::new(), decisions: Vec::new(), counts: Counts::new() }
    }

    /// The place of the next decision.
    pub(super) fn next(&self) -> i64 {
        self.first + i64::try_from(self.leaves.len()).unwrap_or(i64::MAX)
    }

    /// Puts a decision down at [`Page::next`].
    pub(super) fn put(&mut self, leaf: Hash, decision: Decision<'a>, whose: Option<Whose<'a>>) {
        self.leaves.push(leaf);
        self.decisions.push((decision, whose));
    }

    /// Counts a first decision and the switches that it granted, without an identifier.
    pub(super) fn count(&mut self, site: &Site, granted: &[Slot<'_>], now: Millis) {
        let day = site.day(now);
        let mut add = |kind, detail| {
            *self.counts.entry((site.id, day, kind, detail)).or_default() += 1;
        };
        add(Kind::Decided, String::new());
        for slot in granted {
            add(Kind::Granted, tallies::switch(slot.purpose, slot.service));
        }
    }

    /// Writes it; the rows of visitors who are new.
    pub(super) async fn write(
        mut self,
        db: &mut Connection,
        log: &mut Appender,
    ) -> sqlx::Result<HashMap<(SiteId, VisitorHash), VisitorRow>> {
        tallies::add(db, &self.counts).await?;
        let new = self.decisions.iter().filter_map(|(decision, whose)| match whose {
            Some(Whose { hash, row: None, standing, times, .. }) => {
                Some(New { site: decision.site, hash: *hash, standing, times: *times })
            }
            _ => None,
        });
        let rows = visitors::insert(db, &new.collect::<Vec<_>>()).await?;
        for (decision, whose) in &mut self.decisions {
            decision.visitor = whose.as_ref().and_then(|Whose { hash, row, .. }| {
                row.or_else(|| rows.get(&(decision.site, *hash)).copied())
            });
        }
        log.append(db, &self.leaves).await?;
        let decisions: Vec<_> = self.decisions.iter().map(|(decision, _)| decision).collect();
        decisions::insert(db, &decisions).await?;
        let changed = || {
            self.decisions.iter().filter_map(|(decision, whose)| {
                Some((decision.site, decision.visitor?, whose.as_ref()?))
            })
        };
        for (site, row, whose) in changed() {
            match whose.before {
                Before::Held => {}
                Before::Outdated => drop(ended::unlink(db, site, row).await?),
                Before::RunOut => ended::end(db, site, row, whose.times.recorded).await?,
            }
        }
        let granted = changed().map(|(site, visitor, Whose { standing, lead_link, .. })| {
            grants::Granted { site, visitor, standing, lead_link: *lead_link }
        });
        grants::insert(db, &granted.collect::<Vec<_>>()).await?;
        // Who is new has granted nothing before.
        for (site, row, whose) in changed().filter(|(_, _, whose)| whose.row.is_some()) {
            visitors::set_standing(db, site, row, &whose.standing, whose.times).await?;
            grants::withdraw_others(db, site, row, &whose.standing).await?;
        }
        Ok(rows)
    }
}
