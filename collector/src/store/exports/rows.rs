//! Events that leave by their rows, while a site's copies are being made.

use consent_core::time::Millis;

use super::{
    super::{
        Connection, SiteId, VisitorRow, ended,
        statement::{Row, sql},
    },
    Event, TIED, Wanted,
};

/// Some events, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Those whose consent holds.
    pub(super) events: Vec<Event>,
    /// After which place it goes on; none where it does not.
    pub(super) next: Option<Vec<u8>>,
}

const EVENTS: &str = "SELECT e.id, e.at, e.name, e.page, e.query, e.title, e.referrer, e.properties, g.purpose, \
    g.service, CASE WHEN ";
/// The next so many in the order of the primary key, before anything else is looked at: else PostgreSQL, where it thinks
/// that there are few, sorts all of them for each page.
const FROM: &str = ") THEN NULL ELSE g.visitor_id END, g.visitor_id FROM (SELECT site_id, grant_id, id, at, name, page, query, title, \
    referrer, properties FROM event WHERE site_id = ";
const OF_GRANTS: &str =
    ") e LEFT JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id";

/// The next events after a place, of `limit` at most that are looked at, as of `now`: what rests on a consent that has run
/// out by then is left out, and so is what was withdrawn since the ones before.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn after(
    db: &mut Connection,
    site: SiteId,
    wanted: &Wanted,
    after: &[u8],
    limit: u32,
    now: Millis,
) -> sqlx::Result<Page> {
    let mut query = sql(EVENTS);
    query.push(TIED).push_bind(site.0).push(FROM).push_bind(site.0);
    query.push(" AND id > ").push_bind(after);
    query.push(" AND day >= ").push_bind(wanted.days.0);
    query.push(" AND day <= ").push_bind(wanted.days.1);
    if !wanted.names.is_empty() {
        query.push(" AND name IN (");
        query.push_list(&wanted.names);
        query.push(")");
    }
    query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit)).push(OF_GRANTS);
    ended::leave_out(&mut query, site, now);
    query.push(" ORDER BY e.id");
    let rows = query.rows(db).await?;
    let is_last = u32::try_from(rows.len()).is_ok_and(|rows| rows < limit);
    let next = rows.last().filter(|_| !is_last).map(|row| row.get(0));
    let events = rows.iter().filter_map(event).filter(|(_, visitor)| wanted.is_of(*visitor));
    Ok(Page { events: events.map(|(event, _)| event).collect(), next })
}

/// An event and whose it is; none where no grant holds it any more.
fn event(row: &Row) -> Option<(Event, VisitorRow)> {
    let event = Event {
        at: Millis(row.get(1)),
        name: row.get(2),
        page: row.get(3),
        query: row.get(4),
        title: row.get(5),
        referrer: row.get(6),
        properties: row.get(7),
        purpose: row.get::<Option<String>>(8)?,
        service: row.get::<Option<String>>(9)?,
        visitor: row.get::<Option<i64>>(10).map(VisitorRow),
    };
    Some((event, VisitorRow(row.get::<Option<i64>>(11)?)))
}
