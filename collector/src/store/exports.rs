//! Events that leave as such. No statement here reads what a lead holds: that a visitor is tied to one takes their
//! number away, and tells nothing more.

use consent_core::time::Millis;

use super::{Connection, SiteId, VisitorRow, ended, statement::sql};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place among all of the site's.
    pub place: Vec<u8>,
    /// When.
    pub at: Millis,
    /// What.
    pub name: String,
    /// The page's path.
    pub page: String,
    /// The allowed part of its query.
    pub query: String,
    /// The page's title.
    pub title: String,
    /// The address that led there.
    pub referrer: String,
    /// More about it, a JSON object.
    pub properties: Option<String>,
    /// The purpose under which it was taken.
    pub purpose: String,
    /// The service for which it was taken.
    pub service: String,
    /// Whose it is; nobody's where they are tied to a lead.
    pub visitor: Option<VisitorRow>,
}

/// Which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// First and last day, since 1970 in the site's time zone.
    pub days: (i64, i64),
    /// Their names; none: all.
    pub names: Vec<String>,
}

const EVENTS: &str = "SELECT e.id, e.at, e.name, e.page, e.query, e.title, e.referrer, e.properties, g.purpose, \
    g.service, CASE WHEN g.visitor_id IN (SELECT lg.visitor_id FROM lead_link l \
        JOIN consent_grant lg ON lg.site_id = l.site_id AND lg.id = l.grant_id WHERE l.site_id = ";
const FROM: &str = ") THEN NULL ELSE g.visitor_id END \
    FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id WHERE e.site_id = ";

/// The next events after a place, `limit` at most, as of `now`: what rests on a consent that has run out by then is left
/// out, and so is what was withdrawn since the ones before.
///
/// # Errors
/// Where the database does not answer.
pub async fn events(
    db: &mut Connection,
    site: SiteId,
    wanted: &Wanted,
    after: &[u8],
    limit: u32,
    now: Millis,
) -> sqlx::Result<Vec<Event>> {
    let mut query = sql(EVENTS);
    query.push_bind(site.0).push(FROM).push_bind(site.0);
    query.push(" AND e.id > ").push_bind(after);
    query.push(" AND e.day >= ").push_bind(wanted.days.0);
    query.push(" AND e.day <= ").push_bind(wanted.days.1);
    if !wanted.names.is_empty() {
        query.push(" AND e.name IN (");
        query.push_list(&wanted.names);
        query.push(")");
    }
    ended::leave_out(&mut query, site, now);
    query.push(" ORDER BY e.id LIMIT ").push_bind(i64::from(limit));
    let rows = query.rows(db).await?;
    let event = |row: &super::statement::Row| Event {
        place: row.get(0),
        at: Millis(row.get(1)),
        name: row.get(2),
        page: row.get(3),
        query: row.get(4),
        title: row.get(5),
        referrer: row.get(6),
        properties: row.get(7),
        purpose: row.get(8),
        service: row.get(9),
        visitor: row.get::<Option<i64>>(10).map(VisitorRow),
    };
    Ok(rows.iter().map(event).collect())
}
