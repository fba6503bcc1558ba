//! Copies of events by their columns ([`crate::columns`]), for questions.
//!
//! An answer is complete and current to the last commit: what is not copied yet is read from its rows, and what is
//! gone from them (`gone`), or rests on a consent that has run out, is left out of the copies that have it still. All
//! of it is read in one snapshot. Copies are made and kept by one collector at a time ([`copy`]), and can be made
//! anew from the rows at any time: a damaged one is, and until then the rows answer.

mod cache;
pub mod copy;
pub mod day;
mod found;
mod fresh;
mod gone;
mod merge;
mod queue;
mod rows;
mod whose;
mod write;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use consent_core::time::Millis;

use self::found::Found;
pub(super) use self::fresh::{Builder as FreshEvents, Fresh, Group, stamp};
pub(super) use self::gone::events;
pub(super) use self::queue::{add, add_new};
pub use self::whose::{Find, Whose, ask_of, visitors_of};
use super::{Connection, SiteId};
use crate::columns::{Table, Wanted};

/// The site's events from the first to the last of the days (since 1970, in the site's time zone), without those
/// whose consent has run out by `now`; of their columns those that are wanted.
///
/// # Errors
/// Where the database does not answer.
pub async fn read(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    wanted: Wanted,
    now: Millis,
) -> sqlx::Result<Table> {
    ask(db, site, (days, now), wanted, |table| table).await
}

/// Answers a question by such a table, beside whatever else goes on.
///
/// # Errors
/// Where the database does not answer.
pub async fn ask<T: Send + 'static>(
    db: &mut Connection,
    site: SiteId,
    (days, now): ((i64, i64), Millis),
    wanted: Wanted,
    answer: impl FnOnce(Table) -> T + Clone + Send + 'static,
) -> sqlx::Result<T> {
    let found = Found::copies(db, site, days, wanted, now).await?;
    match blocking(found, answer.clone()).await? {
        Ok(answer) => Ok(answer),
        Err(damaged) => {
            tell_damage(&damaged);
            let found = Found::rows(db, site, days, wanted, now).await?;
            let answered = blocking(found, answer).await?;
            answered.map_err(|damaged| sqlx::Error::Decode(damaged.damage.into()))
        }
    }
}

/// Says that a copy is damaged, and has the site's copies made anew.
fn tell_damage(damaged: &found::Damaged) {
    tracing::error!(
        part = damaged.part,
        column = damaged.column.name(),
        damage = %damaged.damage,
        "a copy of events is damaged: the rows answer, and the site's copies are made anew"
    );
    cache::damaged(damaged.tag);
}

/// The same by the rows alone, as tests compare it.
#[cfg(test)]
pub(crate) async fn by_rows(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    wanted: Wanted,
    now: Millis,
) -> Table {
    let found = Found::rows(db, site, days, wanted, now).await.unwrap();
    blocking(found, |table| table).await.unwrap().unwrap()
}

/// Puts a table together beside whatever else goes on. Who does not wait for it any more has it stopped.
async fn blocking<T: Send + 'static>(
    found: Found,
    answer: impl FnOnce(Table) -> T + Send + 'static,
) -> sqlx::Result<Result<T, found::Damaged>> {
    struct Waiting(Arc<AtomicBool>);
    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let _waiting = Waiting(Arc::clone(&stop));
    let made = tokio::task::spawn_blocking(move || found.table(&stop).map(answer)).await;
    made.map_err(|_| sqlx::Error::WorkerCrashed)
}
