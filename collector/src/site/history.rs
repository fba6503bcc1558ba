//! The revisions of a site's policy: since when, and what each changed.
//!
//! Made of the editions in the database alone, so that every collector tells the same, whenever it was
//! started.

use std::collections::BTreeMap;

use consent_core::{client::Change, time::Millis};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{SiteFile, texts::fill};

/// A revision as it was kept.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its number.
    pub revision: u32,
    /// When it was put in force.
    pub since: Millis,
    /// Its file as it was last; none where an earlier version of the product wrote it and this one cannot
    /// read it.
    pub file: Option<SiteFile>,
}

/// All revisions, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The revisions.
    pub revisions: Vec<Revision>,
}

/// A revision as visitors are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: u32,
    /// The day on which it was put in force, by the site's clock.
    pub since: Date,
    /// What it changed, by language; empty of the first.
    pub changes: BTreeMap<String, Vec<String>>,
}

/// Revisions that somebody who is asked again is told of.
const TOLD: usize = 5;
/// Sentences that a banner has room for, of one revision.
const LINES: usize = 4;

impl SiteFile {
    /// What there is to tell of the revisions until now, the oldest first, in this file's languages.
    #[must_use]
    pub fn history(&self, zone: &TimeZone, past: &[Past]) -> History {
        let changes = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| past.get(before))?.file.as_ref()?;
            let now = past[at].file.as_ref()?;
            let told =
                |language: &String| (language.clone(), self.speech(language).changes(before, now));
            Some(self.languages.iter().map(told).collect())
        };
        let revision = |(at, kept): (usize, &Past)| Revision {
            number: kept.revision,
            since: day(kept.since, zone),
            changes: changes(at).unwrap_or_default(),
        };
        History { revisions: past.iter().enumerate().map(revision).rev().collect() }
    }

    /// What this file changes of `older`, a sentence each, in a language.
    #[must_use]
    pub fn changes_for_visitors(&self, older: &Self, language: &str) -> Vec<String> {
        self.speech(language).changes(older, self)
    }

    /// What the last few revisions changed, short enough for a banner, the newest first.
    #[must_use]
    pub fn told(&self, history: &History, language: &str) -> Vec<Change> {
        let speech = self.speech(language);
        let told = history.revisions.iter().take(TOLD).filter_map(|revision| {
            let mut lines = revision.changes.get(speech.language())?.clone();
            if lines.len() > LINES {
                let more = lines.split_off(LINES - 1).len().to_string();
                lines.push(fill(speech.word("change_more"), &[("n", &more)]));
            }
            (!lines.is_empty()).then_some(Change { revision: revision.number, lines })
        });
        told.collect()
    }
}

impl History {
    /// The revision of that number.
    #[must_use]
    pub fn revision(&self, number: u32) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.number == number)
    }

    /// The one that took its place.
    pub(super) fn after(&self, number: u32) -> Option<&Revision> {
        self.revisions.iter().rfind(|revision| revision.number > number)
    }
}

/// The day of a time by a zone's clock.
pub(crate) fn day(at: Millis, zone: &TimeZone) -> Date {
    let time = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(zone.clone()).date()
}
