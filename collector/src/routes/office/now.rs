//! What goes on now, and events with their properties.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};
use consent_core::time::Millis;
use serde_json::Value;

use super::{
    super::{
        App,
        extract::{At, With},
    },
    enter, html,
};
use crate::{
    clock,
    error::Problem,
    office::{
        choice::Choice,
        may::Action,
        period,
        view::{Place, now as view},
    },
    query::{
        self,
        withheld::{
            dashboard::rows,
            moments::{self as withheld, LISTED, NAMED},
        },
    },
    store::moments::{self, Asked, COMBINATIONS, NOW},
};

type Given = With<Vec<(String, String)>>;

fn find<'g>(given: &'g [(String, String)], name: &str) -> Option<&'g str> {
    given.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// `GET /office/sites/SITE/now`. Without `paused` it has itself asked for again: nothing of it is a script.
pub(super) async fn now(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Figures)?;
    let at = clock::now();
    let smallest = i64::from(site.file.statistics.smallest_group);
    let listed = rows(smallest, LISTED);
    let mut db = app.readers.acquire().await?;
    // Half an hour ago it may have been yesterday; a page's clock may be a little ahead.
    let days = (site.day(Millis(at.0 - NOW)), site.day(at) + 1);
    let mut recent = moments::recent(&mut db, site.id, days, at, listed).await?;
    drop(db);
    let hidden = withheld::recent(&mut recent, smallest);
    let runs = find(&given, "paused").is_none();
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Now);
    let moment = caller.t.moment(at, site.zone());
    let mut response = html(&view::now(&frame, (&recent, &hidden), &moment, runs));
    if runs {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("30"));
    }
    Ok(response)
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
    let (now, today) = (clock::now(), site.day(clock::now()));
    let days = choice.period.days(today);
    let name = find(&given, "name").filter(|name| name.len() <= 64 && !name.contains('\0'));
    let smallest = i64::from(site.file.statistics.smallest_group);
    let offsets = period::offsets(site.zone(), days);
    let mut db = app.readers.acquire().await?;
    let listed = rows(smallest, NAMED);
    let asked =
        Asked { days, names: listed, offsets: &offsets, properties: name.map(|it| (it, smallest)) };
    let moments::Told { mut names, hours: counted, mut properties } =
        moments::told(&mut db, site.id, asked, now).await?;
    let mut few = withheld::take_out(&mut names, |(.., visitors)| *visitors, smallest, listed);
    // Of an event that is not told it is not told either whether anything was told with it, or it was at all.
    let told = |name: &str| smallest <= 1 || names.iter().any(|(own, ..)| own == name);
    if name.is_some_and(|name| !told(name)) {
        properties.clear();
    }
    let meta = query::meta(&mut db, site.id, &site.file, days).await?;
    drop(db);
    let hours = withheld::hours(&counted, smallest);
    few |= hours.contains(&None);
    let Summed { properties, more, mut hidden } = summed(&properties, smallest);
    hidden |= name.is_some_and(|name| !told(name));
    few |= hidden;
    names.truncate(usize::try_from(NAMED).unwrap_or(usize::MAX));
    let data = view::Events {
        choice: &choice,
        today,
        meta: &meta,
        names: &names,
        one: name.map(|name| view::One { name, properties: &properties, more, hidden }),
        hours: &hours,
        withheld: few.then_some(smallest),
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Events);
    Ok(html(&view::events(&frame, &data)))
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

/// How often each value of each property was there. Rows have the combination, how often it was there, and one of its
/// visitors; those of one combination stand together.
fn summed(rows: &[(String, i64, i64)], smallest: i64) -> Summed {
    let mut sums: BTreeMap<String, BTreeMap<String, (i64, BTreeSet<i64>)>> = BTreeMap::new();
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
    let mut found =
        Summed { properties: BTreeMap::new(), more: combinations > COMBINATIONS, hidden: false };
    for (key, values) in sums {
        let mut values: Vec<(String, i64, BTreeSet<i64>)> =
            values.into_iter().map(|(value, (n, visitors))| (value, n, visitors)).collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let visitors = |(.., visitors): &(String, i64, BTreeSet<i64>)| {
            i64::try_from(visitors.len()).unwrap_or(i64::MAX)
        };
        found.hidden |= withheld::take_out(&mut values, visitors, smallest, u32::MAX);
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
        let Summed { properties, more, hidden } = summed(&rows, 1);
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
        let Summed { properties, hidden, .. } = summed(&rows, 3);
        assert!(hidden);
        assert_eq!(properties["a"], [("x".to_owned(), 15)], "z would give y away");
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["a"], "two told b 1");
        let Summed { properties, hidden, .. } = summed(&rows[1..], 2);
        assert!(!hidden);
        assert_eq!(properties["b"], [("1".to_owned(), 8), ("2".to_owned(), 7)]);
    }
}
