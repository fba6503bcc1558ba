//! One day of a site at a time, whole: for whoever goes through many days and has no room for all of them at once.

use consent_core::time::Millis;

use super::{
    blocking,
    found::{Found, columns, headers, run_out, uncopied},
    gone, queue, rows, tell_damage,
};
use crate::columns::{Table, Wanted};
use crate::store::{Connection, SiteId, statement::sql};

/// What the copies have of a range of days.
#[derive(Debug)]
pub enum Day<T> {
    /// Its first day with any events, and what was made of all of their columns and their grants.
    Of(i64, T),
    /// No events.
    Nothing,
    /// Nothing that answers: the rows do, until the copies are made.
    Uncopied,
}

const FIRST: &str =
    "SELECT MIN(day) FROM event_part WHERE site_id = $1 AND day >= $2 AND day <= $3";

/// Makes something of the first day of a range that has events, without those whose consent has run out by `now`, in one
/// snapshot. Days beside it are not looked at. Its columns are not kept in memory: whoever goes through all days comes once.
///
/// # Errors
/// Where the database does not answer.
pub async fn first_day<T: Send + 'static>(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    now: Millis,
    make: impl FnOnce(Table) -> T + Send + 'static,
) -> sqlx::Result<Day<T>> {
    let mut tx = db.snapshot().await?;
    if uncopied(&mut tx, site).await?.is_some() {
        tx.rollback().await?;
        return Ok(Day::Uncopied);
    }
    let ids = queue::groups(&mut tx, site).await?.events_of(|_| true);
    let mut new = rows::of_ids(&mut tx, site, &ids, Wanted::ALL).await?;
    new.retain(|row| (days.0..=days.1).contains(&row.day));
    let copied: Option<i64> =
        sql(FIRST).bind(site.0).bind(days.0).bind(days.1).one(&mut tx).await?;
    let Some(day) = copied.into_iter().chain(new.iter().map(|row| row.day)).min() else {
        tx.commit().await?;
        return Ok(Day::Nothing);
    };
    new.retain(|row| row.day == day);
    let mut mask = run_out(&mut tx, site, now).await?;
    for gone in gone::list(&mut tx, site, (day, day)).await? {
        gone.hide(&mut mask);
    }
    let headers = headers(&mut tx, site, (day, day)).await?;
    let parts = columns(&mut tx, site, headers, None, &mask, false).await?;
    tx.commit().await?;
    match blocking(Found { mask, parts, rows: new }, make).await? {
        Ok(made) => Ok(Day::Of(day, made)),
        Err(damaged) => {
            tell_damage(&damaged);
            Ok(Day::Uncopied)
        }
    }
}
