//! Events by their rows, for what is not copied.
//!
//! Events are read by themselves, and then the grants that they rest on, of which there are fewer. A join would leave it to
//! the database where to begin, and SQLite began with the grants: it knows nothing of how many a site has, takes them for
//! few, and looked for every event under each of them.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

use sqlx::AssertSqlSafe;

use super::fresh::{Event, Group, TEXTS};

use crate::columns::{New, Wanted};
use crate::store::{
    Connection, SiteId,
    engine::Engine,
    statement::{Row, Statement, sql},
};

/// An event as its rows say it.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    grant: i64,
    at: i64,
    /// Its day.
    pub(super) day: i64,
    /// Its id.
    pub(super) id: Vec<u8>,
    texts: Texts,
    under: Arc<Under>,
}

/// Name, page, query, title, referrer and properties.
#[derive(Clone, Debug)]
enum Texts {
    /// As they were read.
    Read([Option<String>; TEXTS]),
    /// By where they stand in those of a group.
    Kept([Option<Range<u32>>; TEXTS], Arc<str>),
}

impl Texts {
    fn all(&self) -> [Option<&str>; TEXTS] {
        match self {
            Self::Read(texts) => texts.each_ref().map(Option::as_deref),
            Self::Kept(places, texts) => places.each_ref().map(|place| {
                let place = place.as_ref()?;
                texts.get(usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?)
            }),
        }
    }
}

/// What the grant says under which events were taken.
#[derive(Clone, Debug, Default)]
struct Under {
    visitor: i64,
    purpose: String,
    service: String,
    language: String,
    device: String,
}

impl Taken {
    fn read(row: &Row) -> (i64, Self) {
        let grant = row.get(0);
        let (at, day, id) = (row.get(1), row.get(2), row.get(3));
        let texts = Texts::Read(std::array::from_fn(|place| row.get(4 + place)));
        (grant, Self { grant, at, day, id, texts, under: Arc::default() })
    }

    /// The same, to be copied.
    pub(super) fn copied(&self) -> New<'_> {
        let [name, page, query, title, referrer, properties] = self.texts.all();
        New {
            visitor: self.under.visitor,
            grant: self.grant,
            at: self.at,
            day: self.day,
            name: name.unwrap_or_default(),
            page: page.unwrap_or_default(),
            query: query.unwrap_or_default(),
            title: title.unwrap_or_default(),
            referrer: referrer.unwrap_or_default(),
            purpose: &self.under.purpose,
            service: &self.under.service,
            language: &self.under.language,
            device: &self.under.device,
            properties,
        }
    }
}

/// Brings events into the order of copies: by day, visitor, time and id.
pub(super) fn sort(events: &mut [Taken]) {
    events.sort_unstable_by(|one, other| {
        let key = |event: &Taken| (event.day, event.under.visitor, event.at);
        key(one).cmp(&key(other)).then_with(|| one.id.cmp(&other.id))
    });
}

const COLUMNS: [(Wanted, &str); TEXTS] = [
    (Wanted::NAME, ", e.name"),
    (Wanted::PAGE, ", e.page"),
    (Wanted::QUERY, ", e.query"),
    (Wanted::TITLE, ", e.title"),
    (Wanted::REFERRER, ", e.referrer"),
    (Wanted::PROPERTIES, ", e.properties"),
];

fn select<'q>(wanted: Wanted) -> Statement<'q> {
    let derived = wanted.has(Wanted::ENGAGED) || wanted.has(Wanted::CAMPAIGN);
    let wanted = if derived { wanted | Wanted::NAME | Wanted::PROPERTIES } else { wanted };
    let mut query = sql("SELECT e.grant_id, e.at, e.day, e.id");
    for (column, text) in COLUMNS {
        query.push(if wanted.has(column) { text } else { ", NULL" });
    }
    query.push(" FROM event e WHERE e.site_id = ");
    query
}

/// Events with what their grants say. One that rests on no grant, which no database has, is none.
async fn with_grants(
    db: &mut Connection,
    site: SiteId,
    events: impl Iterator<Item = (i64, Taken)>,
) -> sqlx::Result<Vec<Taken>> {
    let mut grants = BTreeSet::new();
    let mut events: Vec<Taken> = events
        .map(|(grant, event)| {
            grants.insert(grant);
            event
        })
        .collect();
    let grants: Vec<i64> = grants.into_iter().collect();
    let mut known: HashMap<i64, Arc<Under>> = HashMap::with_capacity(grants.len());
    for chunk in grants.chunks(IDS) {
        for row in under(site, chunk).rows(db).await? {
            let (visitor, purpose, service) = (row.get(1), row.get(2), row.get(3));
            let language = row.get::<Option<String>>(4).unwrap_or_default();
            let device = row.get::<Option<String>>(5).unwrap_or_default();
            let under = Under { visitor, purpose, service, language, device };
            known.insert(row.get(0), Arc::new(under));
        }
    }
    events.retain_mut(|event| {
        let under = known.get(&event.grant);
        under.map(|under| event.under = Arc::clone(under)).is_some()
    });
    Ok(events)
}

const UNDER: &str = "SELECT g.id, g.visitor_id, g.purpose, g.service, d.language, d.device \
    FROM consent_grant g LEFT JOIN decision d ON d.site_id = g.site_id AND d.visitor_id = g.visitor_id \
    AND d.receipt_id = g.receipt_id WHERE g.site_id = ";

fn under<'q>(site: SiteId, grants: &[i64]) -> Statement<'q> {
    let mut query = sql(UNDER);
    query.push_bind(site.0).push(" AND g.id IN (");
    query.push_filled(grants.iter().copied());
    query.push(")");
    query
}

/// Events of those days.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn of_days(
    db: &mut Connection,
    site: SiteId,
    days: (i64, i64),
    wanted: Wanted,
) -> sqlx::Result<Vec<Taken>> {
    let mut query = select(wanted);
    query.push_bind(site.0).push(" AND e.day >= ").push_bind(days.0);
    query.push(" AND e.day <= ").push_bind(days.1);
    let rows = query.rows(db).await?;
    with_grants(db, site, rows.iter().map(Taken::read)).await
}

/// The next events in the order of their ids, whole.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn after(
    db: &mut Connection,
    site: SiteId,
    after: &[u8],
    limit: u32,
) -> sqlx::Result<Vec<Taken>> {
    let mut query = select(Wanted::ALL);
    query.push_bind(site.0).push(" AND e.id > ").push_bind(after);
    query.push(" ORDER BY e.id LIMIT ").push_bind(i64::from(limit));
    let rows = query.rows(db).await?;
    with_grants(db, site, rows.iter().map(Taken::read)).await
}

/// Ids of one statement on SQLite.
const IDS: usize = 1_024;

/// Those of the events that are there still.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn of_ids(
    db: &mut Connection,
    site: SiteId,
    ids: &[[u8; 16]],
    wanted: Wanted,
) -> sqlx::Result<Vec<Taken>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut events = Vec::with_capacity(ids.len());
    if let Engine::Postgres(own) = db.engine().await? {
        sqlx::query(BY_KEY).execute(&mut *own).await?;
        let list: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
        // Of texts of this program alone.
        let text = AssertSqlSafe(one_by_one(wanted));
        let rows = sqlx::query(text).bind(site.0).bind(list).fetch_all(own).await?;
        events.extend(rows.into_iter().map(|row| Taken::read(&row.into())));
    } else {
        for chunk in ids.chunks(IDS) {
            events.extend(among(site, chunk, wanted).rows(db).await?.iter().map(Taken::read));
        }
    }
    with_grants(db, site, events.into_iter()).await
}

/// The same of events that this process has still.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn of_fresh(
    db: &mut Connection,
    site: SiteId,
    groups: impl Iterator<Item = Group>,
) -> sqlx::Result<Vec<Taken>> {
    let events = groups.flat_map(Group::events).map(|(event, texts)| {
        let Event { id, grant, at, day, texts: places } = event;
        let (id, texts) = (id.to_vec(), Texts::Kept(places, texts));
        (grant, Taken { grant, at, day, id, texts, under: Arc::default() })
    });
    with_grants(db, site, events).await
}

/// Until the transaction ends. A plan that was made while a month had nothing in it would read that month through for each
/// id once it has; and to translate one into machine code takes a second.
const BY_KEY: &str = "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), \
    set_config('plan_cache_mode', 'force_custom_plan', true)";

/// Events of a list of ids, on PostgreSQL: each is looked up in its own month, where a condition on the list as a whole
/// would look for all of them in every month.
fn one_by_one(wanted: Wanted) -> String {
    let mut query = select(wanted);
    query.push("$1 AND e.id = wanted.id OFFSET 0");
    format!(
        "SELECT found.* FROM UNNEST($2::BYTEA[]) AS wanted (id), LATERAL ({}) AS found",
        query.plain()
    )
}

/// Those events, on SQLite.
fn among<'q>(site: SiteId, ids: &'q [[u8; 16]], wanted: Wanted) -> Statement<'q> {
    let mut query = select(wanted);
    query.push_bind(site.0).push(" AND e.id IN (");
    query.push_filled(ids.iter());
    query.push(")");
    query
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn sqlite_finds_events_and_grants_by_their_keys_however_many() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let mut db = Database::at(&url).unwrap().create().await.unwrap();
        for n in [1, 4, 1_000] {
            let (ids, grants) = (vec![[7; 16]; n], vec![7; n]);
            let statements = [among(SiteId(1), &ids, Wanted::ALL), under(SiteId(1), &grants)];
            let mut found = Vec::new();
            for statement in statements {
                let steps = statement.explained().rows(&mut db).await.unwrap();
                found.extend(steps.iter().map(|step| step.get::<String>(3)));
            }
            let expected = [
                "SEARCH e USING PRIMARY KEY (site_id=? AND id=?)",
                "SEARCH g USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH d USING INDEX decision_of_a_receipt (site_id=? AND visitor_id=? AND receipt_id=?)",
            ];
            let alike = |(found, expected): (&String, &&str)| found.starts_with(expected);
            assert_eq!(found.len(), expected.len(), "{found:#?}");
            assert!(found.iter().zip(&expected).all(alike), "{n}: {found:#?}");
        }
    }
}
