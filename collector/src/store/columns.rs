//! Events by their columns ([`crate::columns`]), for questions.

use consent_core::time::Millis;

use super::{Connection, SiteId, ended, statement::sql};
use crate::columns::{Builder, New, Table, Wanted};

/// Columns that may be left out, in the order in which they are read.
const COLUMNS: [(Wanted, &str); 9] = [
    (Wanted::NAME, ", e.name"),
    (Wanted::PAGE, ", e.page"),
    (Wanted::TITLE, ", e.title"),
    (Wanted::REFERRER, ", e.referrer"),
    (Wanted::QUERY, ", e.query"),
    (Wanted::PURPOSE, ", g.purpose"),
    (Wanted::SERVICE, ", g.service"),
    (Wanted::LANGUAGE, ", d.language"),
    (Wanted::PROPERTIES, ", e.properties"),
];

const FROM: &str =
    " FROM event e JOIN consent_grant g ON g.site_id = e.site_id AND g.id = e.grant_id";
const DECISIONS: &str = " JOIN decision d ON d.site_id = g.site_id AND d.visitor_id = g.visitor_id \
    AND d.receipt_id = g.receipt_id";

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
    let mut query = sql("SELECT g.visitor_id, e.at, e.day");
    for (column, text) in COLUMNS {
        query.push(if wanted.has(column) { text } else { ", NULL" });
    }
    query.push(FROM);
    if wanted.has(Wanted::LANGUAGE) {
        query.push(DECISIONS);
    }
    query.push(" WHERE e.site_id = ").push_bind(site.0);
    query.push(" AND e.day >= ").push_bind(days.0).push(" AND e.day <= ").push_bind(days.1);
    ended::leave_out(&mut query, site, now);
    query.push(" ORDER BY e.day, g.visitor_id, e.at, e.id");
    let mut table = Builder::default();
    for row in query.rows(db).await? {
        let texts: [Option<String>; 9] = std::array::from_fn(|at| row.get(3 + at));
        let [name, page, title, referrer, query, purpose, service, language, properties] =
            texts.each_ref().map(Option::as_deref);
        table.push(&New {
            visitor: row.get(0),
            at: row.get(1),
            day: row.get(2),
            name: name.unwrap_or_default(),
            page: page.unwrap_or_default(),
            title: title.unwrap_or_default(),
            referrer: referrer.unwrap_or_default(),
            query: query.unwrap_or_default(),
            purpose: purpose.unwrap_or_default(),
            service: service.unwrap_or_default(),
            properties,
            language: language.unwrap_or_default(),
        });
    }
    Ok(table.finish())
}
