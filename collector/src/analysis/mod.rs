//! What visitors did one after the other: funnels, paths, the return of cohorts, segments and scores.
//!
//! The algorithms are pure: they take events one visitor after the other, of each in the order in which they happened, and
//! keep a bounded state for each visitor. Only events whose consent holds are read at all,
//! so that nobody who withdrew is in any result; a lead is in reach only through a link whose consent holds.

pub mod answer;
pub mod asked;
pub mod chosen;
pub mod cohorts;
pub mod funnel;
pub mod kept;
pub mod paths;
pub mod score;
pub mod segment;
pub mod withheld;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{columns::Event, error::Problem};

/// Why an analysis has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Nobody waits for it any more.
    #[error("nobody waits for the answer any more")]
    Given,
    /// It would take more memory than one question may.
    #[error(
        "too many visitors are asked about at once; ask for fewer days, or for a narrower first step"
    )]
    TooMuch,
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::TooMuch => Self::field("date_range", "too_much", stopped.to_string()),
            Stopped::Given => Self::unanswered(),
        }
    }
}

/// Whether somebody still waits: the one who does holds a [`Waiting`].
#[derive(Clone, Debug, Default)]
pub struct Patience(Arc<AtomicBool>);

/// Somebody who waits. Dropping it ends the work at its next look.
#[derive(Debug)]
pub struct Waiting(Patience);

impl Patience {
    /// Somebody who waits.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        Waiting(self.clone())
    }

    /// Goes on as long as somebody waits.
    ///
    /// # Errors
    /// [`Stopped::Given`] where nobody does.
    pub fn look(&self) -> Result<(), Stopped> {
        if self.0.load(Ordering::Relaxed) { Err(Stopped::Given) } else { Ok(()) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Takes each event in turn, and looks now and then whether somebody still waits.
///
/// # Errors
/// Where nobody does, or where `take` stops.
pub fn each(
    events: impl Iterator<Item = Event>,
    patience: &Patience,
    mut take: impl FnMut(Event) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    for (at, event) in events.enumerate() {
        if at.is_multiple_of(65_536) {
            patience.look()?;
        }
        take(event)?;
    }
    Ok(())
}

/// The place of a visitor in a list of all.
fn place(visitor: u32) -> usize {
    usize::try_from(visitor).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod made;
