//! What goes on now, and events with their properties.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};
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
        view::{Place, now as view},
    },
    query,
    store::moments::{self, COMBINATIONS},
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
    let mut db = app.readers.acquire().await?;
    let recent = moments::recent(&mut db, site.id, site.day(at), at).await?;
    drop(db);
    let runs = find(&given, "paused").is_none();
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Now);
    let moment = caller.t.moment(at, site.zone());
    let mut response = html(&view::now(&frame, &recent, &moment, runs));
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
    let mut db = app.readers.acquire().await?;
    let names = moments::names(&mut db, site.id, days, now).await?;
    let quarters = moments::quarters(&mut db, site.id, days, now).await?;
    let rows = match name {
        Some(name) => moments::properties(&mut db, site.id, days, name, now).await?,
        None => Vec::new(),
    };
    let meta = query::meta(&mut db, site.id, &site.file, days).await?;
    drop(db);
    let mut hours = [0; 24];
    for (at, n) in quarters {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let hour = at.to_zoned(site.zone().clone()).hour();
        hours[usize::try_from(hour).unwrap_or(0)] += n;
    }
    let more = i64::try_from(rows.len()).is_ok_and(|rows| rows > COMBINATIONS);
    let properties = summed(&rows);
    let data = view::Events {
        choice: &choice,
        today,
        meta: &meta,
        names: &names,
        one: name.map(|name| (name, &properties, more)),
        hours: &hours,
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Events);
    Ok(html(&view::events(&frame, &data)))
}

/// How often each value of each property was there.
fn summed(rows: &[(String, i64)]) -> view::Properties {
    let mut sums: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (text, n) in rows {
        let Ok(Value::Object(told)) = serde_json::from_str(text) else { continue };
        for (key, value) in told {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            *sums.entry(key).or_default().entry(value).or_default() += n;
        }
    }
    let sorted = sums.into_iter().map(|(key, values)| {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (key, values)
    });
    sorted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_properties_are_summed_by_name_whatever_else_was_told_with_them() {
        let rows = [
            (r#"{"a":"x","b":1}"#.to_owned(), 3),
            (r#"{"a":"y","b":1}"#.to_owned(), 2),
            (r#"{"a":"y"}"#.to_owned(), 2),
            ("broken".to_owned(), 9),
        ];
        let sums = summed(&rows);
        assert_eq!(sums["a"], [("y".to_owned(), 4), ("x".to_owned(), 3)]);
        assert_eq!(sums["b"], [("1".to_owned(), 5)]);
    }
}
