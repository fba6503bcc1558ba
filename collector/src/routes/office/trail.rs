//! The audit trail: searched, verified, and taken along.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use base64ct::{Base64, Encoding as _};
use consent_core::time::Millis;
use serde_json::json;

use super::{
    super::{
        App,
        extract::{At, With},
    },
    enter, html, own_form,
    table::{broken, send, table},
    told,
};
use crate::{
    error::Problem,
    intake::cell::{rows, safe},
    office::{
        may::{Action, may},
        period,
        view::{
            Place,
            leads::mask,
            trail::{self as view, Data, Looked, PAGE},
        },
    },
    query,
    sites::Site,
    store::{
        Connection,
        accounts::people,
        audit::{
            self, Recorded,
            found::{self, Wanted},
        },
    },
    transparency::trail,
};

/// Entries of one part of a table.
const PART: i64 = 1_000;

/// The parameters, and what they look for.
fn looked(given: &[(String, String)], site: &Site) -> (Looked, Wanted, i64) {
    let find = |name: &str| {
        let own = given.iter().find(|(other, _)| other == name);
        own.map_or("", |(_, value)| value.as_str()).trim().chars().take(200).collect::<String>()
    };
    let day = |text: &str| {
        let day = query::days(&(text.to_owned(), text.to_owned()));
        day.ok().map(|(day, _)| day)
    };
    let (from, to) = (find("from"), find("to"));
    let (first, last) = (day(&from), day(&to));
    let reversed = first.zip(last).is_some_and(|(first, last)| first > last);
    let wrong =
        reversed || (!from.is_empty() && first.is_none()) || (!to.is_empty() && last.is_none());
    let begins = |day: Option<i64>| {
        day.filter(|_| !wrong).map(|day| Millis(period::begins(day, site.zone())))
    };
    let who = find("who");
    let (kind, actor) = who.split_once(':').unwrap_or((&who, ""));
    let wanted = Wanted {
        action: find("action"),
        object: find("object"),
        actor_kind: kind.to_owned(),
        actor: actor.to_owned(),
        since: begins(first).unwrap_or(Millis(i64::MIN)),
        until: begins(last.map(|last| last + 1)).unwrap_or(Millis(i64::MAX)),
    };
    let before = find("before").parse().unwrap_or(i64::MAX);
    let (action, object) = (wanted.action.clone(), wanted.object.clone());
    // A field for a day takes nothing else.
    let shown = |text: String, day: Option<i64>| day.map_or_else(String::new, |_| text);
    let (from, to) = (shown(from, first), shown(to, last));
    (Looked { action, object, who, from, to, wrong }, wanted, before)
}

/// The accounts of a site by their ids, named as the caller may see it.
pub(super) async fn names(
    db: &mut Connection,
    site: &Site,
    masked: bool,
) -> sqlx::Result<BTreeMap<String, String>> {
    let people = people::of(db, site.id).await?;
    let name = |email: &str| if masked { mask(email) } else { email.to_owned() };
    let named =
        people.iter().map(|person| (person.account.id.0.to_string(), name(&person.account.email)));
    Ok(named.collect())
}

/// `GET /office/sites/SITE/trail`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Vec<(String, String)>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::Trail)?;
    let (looked, wanted, before) = looked(&given, &site);
    let mut db = app.readers.acquire().await?;
    let mut entries = found::newest(&mut db, site.id, &wanted, (before, PAGE + 1)).await?;
    let verified = found::verified(&mut db, site.id).await?;
    let names = names(&mut db, &site, !may(role, Action::Persons)).await?;
    let head = match audit::head(&mut db, site.id).await {
        // Of a head that is damaged the verification tells.
        Err(sqlx::Error::Protocol(_)) => (0, [0; 32]),
        head => head?,
    };
    drop(db);
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = entries.len() > page;
    entries.truncate(page);
    let data = Data {
        looked: &looked,
        entries: &entries,
        more,
        names: &names,
        head,
        verified: verified.as_ref(),
        zone: site.zone(),
    };
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Trail);
    let status = if looked.wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, html(&view::page(&frame, &data))).into_response())
}

/// `POST /office/sites/SITE/trail/verify`.
pub(super) async fn verify(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::Trail)?;
    own_form(&app, &headers, &caller, body).await?;
    let mut db = app.readers.acquire().await?;
    let mut whole = db.snapshot().await?;
    let found = trail::verify(&mut whole, site.id, &[]).await?;
    whole.rollback().await?;
    drop(db);
    let details = json!({
        "size": found.size,
        "root": Base64::encode_string(&found.root),
        "wrong": found.wrong.len(),
    });
    let entry = told(&caller, "audit.verify", ("site", key.clone()), details);
    app.writer.audit(site.id, entry).await?;
    Ok(Redirect::to(&format!("/office/sites/{key}/trail")).into_response())
}

/// `GET /office/sites/SITE/trail.csv`.
pub(super) async fn export(
    State(app): State<App>,
    At(key): At<String>,
    With(given): With<Vec<(String, String)>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::Trail)?;
    let (looked, wanted, mut before) = looked(&given, &site);
    if looked.wrong {
        return Err(Problem::field("from", "days", "two days, the first before the last"));
    }
    let details = json!({ "action": looked.action, "object": looked.object, "who": looked.who,
        "from": looked.from, "to": looked.to });
    let entry = told(&caller, "audit.export", ("site", key.clone()), details);
    app.writer.audit(site.id, entry).await?;
    let (readers, id) = (app.readers.clone(), site.id);
    Ok(table(&format!("audit-{key}.csv"), |parts| async move {
        send(&parts, format!("\u{feff}{}", HEADS.join(",") + "\n")).await?;
        loop {
            let mut db = readers.acquire().await.map_err(broken)?;
            let page = found::newest(&mut db, id, &wanted, (before, PART)).await.map_err(broken)?;
            drop(db);
            let Some(last) = page.last() else { return Ok(()) };
            before = last.seq;
            send(&parts, rows(page.iter().map(row)).map_err(broken)?).await?;
        }
    }))
}

const HEADS: [&str; 9] =
    ["seq", "at", "actor_kind", "actor", "action", "object_kind", "object", "details", "leaf"];

fn row(entry: &Recorded) -> [String; 9] {
    let texts = [
        &entry.actor_kind,
        &entry.actor,
        &entry.action,
        &entry.object_kind,
        &entry.object,
        &entry.details,
    ];
    let [kind, actor, action, object_kind, object, details] = texts.map(|text| safe(text));
    let at = crate::intake::listing::moment(Millis(entry.at));
    let leaf = safe(&Base64::encode_string(&entry.leaf));
    [entry.seq.to_string(), at, kind, actor, action, object_kind, object, details, leaf]
}
