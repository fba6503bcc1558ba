//! Questions of some visitors' events alone.

use std::{collections::HashSet, fmt, sync::Arc};

use consent_core::time::Millis;

use super::ask;
use crate::{
    columns::{Members, Table, Wanted},
    store::{Connection, SiteId, VisitorRow},
};

/// Who of a table's visitors they are; none where it would take too much memory, or nobody waits for it any more.
pub type Find = dyn Fn(&Table) -> Option<Members> + Send + Sync;

/// Whose events are asked about, and what has to be read to find them.
#[derive(Clone)]
pub struct Whose {
    /// First and last day of what tells who they are; none where no event does.
    pub days: Option<(i64, i64)>,
    /// The columns that tell it.
    pub wanted: Wanted,
    /// Finds them in a table of those days.
    pub find: Arc<Find>,
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whose").field("days", &self.days).finish_non_exhaustive()
    }
}

/// Answers a question by a table of the events of some days, whosoever they are, and by who of its visitors are asked
/// about, where not all are. None where there is no finding them. Both come of one snapshot: who has withdrawn by then is
/// in neither. What a segment knows of leads was read just before it.
///
/// # Errors
/// Where the database does not answer.
pub async fn ask_of<T: Send + 'static>(
    db: &mut Connection,
    site: SiteId,
    (days, now): ((i64, i64), Millis),
    (wanted, whose): (Wanted, Option<&Whose>),
    answer: impl FnOnce(Table, Option<Members>) -> T + Clone + Send + 'static,
) -> sqlx::Result<Option<T>> {
    let more = whose.and_then(|whose| whose.days).unwrap_or(days);
    let read = (days.0.min(more.0), days.1.max(more.1));
    let wanted = wanted | whose.map_or(Wanted::NONE, |whose| whose.wanted);
    let find = whose.map(|whose| Arc::clone(&whose.find));
    let of = move |mut table: Table| {
        let members = match find {
            Some(find) => Some(find(&table)?),
            None => None,
        };
        table.keep_days(days);
        Some(answer(table, members))
    };
    ask(db, site, (read, now), wanted, of).await
}

/// The rows of those who are asked about, of all who did anything in the days that tell it. None where there is no finding
/// them.
///
/// # Errors
/// Where the database does not answer.
pub async fn visitors_of(
    db: &mut Connection,
    site: SiteId,
    (days, now): ((i64, i64), Millis),
    whose: &Whose,
) -> sqlx::Result<Option<HashSet<VisitorRow>>> {
    let rows = |table: Table, members: Option<Members>| {
        let all = 0..u32::try_from(table.visitors()).unwrap_or(u32::MAX);
        let all = all.filter(|visitor| members.as_ref().is_none_or(|them| them.has(*visitor)));
        all.map(|visitor| table.visitor_row(visitor)).collect()
    };
    ask_of(db, site, (days, now), (Wanted::NONE, Some(whose)), rows).await
}
