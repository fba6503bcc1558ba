//! What goes on now, and events with their properties.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use consent_core::time::Millis;
use serde_json::Value;

use super::{
    super::{
        App,
        extract::{At, With},
    },
    chosen::{Choosing, too_many},
    enter, html,
};
use crate::{
    clock,
    error::Problem,
    office::{
        choice::Choice,
        may::Action,
        period,
        view::{Frame, Place, now as view},
    },
    query::{
        self,
        withheld::{
            dashboard::rows,
            moments::{self as withheld, Hidden, NAMED},
        },
    },
    sites::Site,
    store::{
        moments::{self, Recent},
        named::{self, Asked, COMBINATIONS, Counted},
    },
};

type Given = With<Vec<(String, String)>>;

fn find<'g>(given: &'g [(String, String)], name: &str) -> Option<&'g str> {
    given.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// `GET /office/sites/SITE/now`. Without `paused` it has itself asked for again: nothing of it is a script. Where each view
/// is told to the trail it does not, so that an open tab leaves one entry and not 120 an hour.
pub(super) async fn now(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Figures)?;
    let choice = Choice { filters: Vec::new(), ..Choice::read(uri.path().to_owned(), &given) };
    let segment = choice.segment.as_deref();
    let mut choosing = Choosing::begin(&app, &caller, (&site, role), segment).await?;
    let at = clock::now();
    let found =
        choosing.figures(async |choosing| half_hour(&app, &site, at, choosing).await).await?;
    let runs = find(&given, "paused").is_none();
    let moment = caller.t.moment(at, site.zone());
    let shown = found.as_ref().map(|(recent, hidden)| (recent, hidden));
    let segments = choosing.shown();
    let told = choosing.is_told();
    let data = view::Now { choice: &choice, segments, shown, at: &moment, runs, told };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Now);
    let frame = Frame { segment, ..frame };
    let mut response = html(&view::now(&frame, &data));
    *response.status_mut() = choosing.status();
    if runs && !told && choosing.is_good() {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("30"));
    }
    Ok(response)
}

/// What goes on, and what of it is not told.
async fn half_hour(
    app: &App,
    site: &Site,
    now: Millis,
    choosing: &Choosing,
) -> Result<(Recent, Hidden), Problem> {
    let today = site.day(now);
    let (chosen, mut db) = choosing.open(app, site).await?;
    let whose = chosen.as_ref().map(|chosen| chosen.whose(moments::days(today)));
    let recent = moments::recent(&mut db, site.id, (today, now), whose.as_ref()).await?;
    let (mut recent, others) = recent.ok_or_else(too_many)?;
    let smallest = i64::from(site.file.statistics.smallest_group);
    let hidden = withheld::recent(&mut recent, others.as_ref(), smallest);
    Ok((recent, hidden))
}

/// `GET /office/sites/SITE/events`.
pub(super) async fn events(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Figures)?;
    let choice = Choice { filters: Vec::new(), ..Choice::read(uri.path().to_owned(), &given) };
    let segment = choice.segment.as_deref();
    let name = find(&given, "name").filter(|name| name.len() <= 64 && !name.contains('\0'));
    let mut choosing = Choosing::begin(&app, &caller, (&site, role), segment).await?;
    let found = choosing
        .figures(async |choosing| shown(&app, &site, (&choice, name), choosing).await)
        .await?;
    let today = site.day(clock::now());
    let (segments, shown) = (choosing.shown(), found.as_ref());
    let data = view::Events { choice: &choice, today, segments, name, shown };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Events);
    let frame = Frame { segment, ..frame };
    Ok((choosing.status(), html(&view::events(&frame, &data))).into_response())
}

/// What there was of events, and of the one that is looked at.
async fn shown<'n>(
    app: &App,
    site: &Site,
    (choice, name): (&Choice, Option<&'n str>),
    choosing: &Choosing,
) -> Result<view::Shown<'n>, Problem> {
    let now = clock::now();
    let days = choice.period.days(site.day(now));
    let smallest = i64::from(site.file.statistics.smallest_group);
    let offsets = period::offsets(site.zone(), days);
    let (chosen, mut db) = choosing.open(app, site).await?;
    let whose = chosen.as_ref().map(|chosen| chosen.whose(days));
    let whose = whose.as_ref();
    let asked = Asked { days, offsets: &offsets, name, visitors: smallest, whose };
    let counted = named::counted(&mut db, site.id, &asked, now).await?;
    let (Counted { mut names, hours, properties }, others) = counted.ok_or_else(too_many)?;
    let meta = query::meta(&mut db, site.id, &site.file, days).await?;
    drop((db, chosen));
    let others = others.unwrap_or_default();
    let beside: HashMap<&str, i64> =
        others.names.iter().map(|(name, _, visitors)| (name.as_str(), *visitors)).collect();
    let both = |(name, _, visitors): &(String, i64, i64)| {
        (*visitors, beside.get(name.as_str()).copied().unwrap_or(0))
    };
    let mut few = withheld::take_out_by(&mut names, both, smallest, rows(smallest, NAMED));
    // Of an event that is not told it is not told either whether anything was told with it, or it was at all.
    let told = |name: &str| smallest <= 1 || names.iter().any(|(own, ..)| own == name);
    let one = name.map(|name| {
        let combinations = if told(name) { properties } else { Vec::new() };
        let Summed { properties, more, hidden } =
            summed(&combinations, &others.properties, smallest);
        view::One { name, properties, more, hidden: hidden || !told(name) }
    });
    let hours = withheld::hours(&hours, &others.hours, smallest);
    few |= hours.contains(&None) || one.as_ref().is_some_and(|one| one.hidden);
    names.truncate(usize::try_from(NAMED).unwrap_or(usize::MAX));
    Ok(view::Shown { meta, names, one, hours, withheld: few.then_some(smallest) })
}

/// What was told with an event.
#[derive(Debug, PartialEq, Eq)]
struct Summed {
    properties: view::Properties,
    /// Whether there are more combinations than are looked at.
    more: bool,
    /// Whether any value is not told.
    hidden: bool,
}

/// How often each value of a property was there, and which visitors told it.
type Values = BTreeMap<String, (i64, BTreeSet<i64>)>;

/// The same of each property, and how many combinations there were. Rows have the combination, how often it was there, and
/// one of its visitors; those of one combination stand together.
fn sums(rows: &[(String, i64, i64)]) -> (BTreeMap<String, Values>, usize) {
    let mut sums: BTreeMap<String, Values> = BTreeMap::new();
    let mut combinations = 0;
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        combinations += 1;
        let Some((text, n, _)) = same.first() else { continue };
        let Ok(Value::Object(told)) = serde_json::from_str(text) else { continue };
        for (key, value) in told {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let (times, visitors) = sums.entry(key).or_default().entry(value).or_default();
            *times += n;
            visitors.extend(same.iter().map(|(.., visitor)| *visitor));
        }
    }
    (sums, combinations)
}

/// What may be told of the values of properties, by rows of those who are told, and of others.
fn summed(rows: &[(String, i64, i64)], others: &[(String, i64, i64)], smallest: i64) -> Summed {
    let (sums, combinations) = sums(rows);
    let (others, _) = self::sums(others);
    let mut found =
        Summed { properties: BTreeMap::new(), more: combinations > COMBINATIONS, hidden: false };
    for (key, values) in sums {
        let count = |visitors: &BTreeSet<i64>| i64::try_from(visitors.len()).unwrap_or(i64::MAX);
        let beside = |value: &String| {
            let other = others.get(&key).and_then(|values| values.get(value));
            other.map_or(0, |(_, visitors)| count(visitors))
        };
        let mut values: Vec<(String, i64, i64)> =
            values.into_iter().map(|(value, (n, visitors))| (value, n, count(&visitors))).collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let both = |(value, _, visitors): &(String, i64, i64)| (*visitors, beside(value));
        found.hidden |= withheld::take_out_by(&mut values, both, smallest, u32::MAX);
        if !values.is_empty() {
            let told = values.into_iter().map(|(value, n, _)| (value, n)).collect();
            found.properties.insert(key, told);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, n: i64, visitor: i64) -> (String, i64, i64) {
        (text.to_owned(), n, visitor)
    }

    #[test]
    fn values_of_properties_are_summed_by_name_whatever_else_was_told_with_them() {
        let rows = [
            row(r#"{"a":"x","b":1}"#, 3, 7),
            row(r#"{"a":"y","b":1}"#, 2, 7),
            row(r#"{"a":"y"}"#, 2, 8),
            row("broken", 9, 8),
        ];
        let Summed { properties, more, hidden } = summed(&rows, &[], 1);
        assert_eq!(properties["a"], [("y".to_owned(), 4), ("x".to_owned(), 3)]);
        assert_eq!(properties["b"], [("1".to_owned(), 5)]);
        assert!(!more && !hidden);
    }

    #[test]
    fn values_of_few_visitors_are_not_told_however_often_they_were_there() {
        // One told y, often; four told x, no combination with it as many; three told z.
        let rows = [
            row(r#"{"a":"y","only":1}"#, 90, 1),
            row(r#"{"a":"x","b":1}"#, 8, 1),
            row(r#"{"a":"x","b":1}"#, 8, 2),
            row(r#"{"a":"x","b":2}"#, 7, 2),
            row(r#"{"a":"x","b":2}"#, 7, 3),
            row(r#"{"a":"x","b":2}"#, 7, 4),
            row(r#"{"a":"z"}"#, 5, 1),
            row(r#"{"a":"z"}"#, 5, 2),
            row(r#"{"a":"z"}"#, 5, 3),
        ];
        let Summed { properties, hidden, .. } = summed(&rows, &[], 3);
        assert!(hidden);
        assert_eq!(properties["a"], [("x".to_owned(), 15)], "z would give y away");
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["a"], "two told b 1");
        let Summed { properties, hidden, .. } = summed(&rows[1..], &[], 2);
        assert!(!hidden);
        assert_eq!(properties["b"], [("1".to_owned(), 8), ("2".to_owned(), 7)]);
        // Out of the segment one more told z: all less those in it would tell of them.
        let others =
            [row(r#"{"a":"z","c":1}"#, 9, 7), row(r#"{"a":"x"}"#, 2, 7), row(r#"{"a":"x"}"#, 2, 8)];
        let Summed { properties, hidden, .. } = summed(&rows[1..], &others, 2);
        assert!(hidden);
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["b"], "z with one other, and x with it");
    }
}
