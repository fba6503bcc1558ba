//! The page of lead scores.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{
    super::{
        App,
        analysis::{asker, settle},
        extract::{At, With},
    },
    Caller,
    analysis::{Given, Look, is_told},
    enter, own_form,
};
use crate::{
    analysis::{kept, score::Rule, segment::Did},
    clock,
    error::Problem,
    office::{
        asked::Asked,
        may::{Action, may},
        view::{self, analysis::scores::Scores},
    },
    store::{
        audit::{Actor, Entry},
        scores,
    },
};

/// Leads that are shown.
const LEADS: usize = 50;

/// `GET /office/sites/SITE/analysis/scores`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    With(given): Given,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let look = Look::begin(&app, &key, given, (&headers, &uri)).await?;
    show(&app, &look, None).await
}

async fn show(app: &App, look: &Look, refused: Option<Problem>) -> Result<Response, Problem> {
    let _ = look.caller.site(app, look.site.key.as_str(), Action::Leads)?;
    let asker = asker(app, &look.site).await?;
    let mut db = app.readers.acquire().await?;
    let rules = scores::list(&mut db, look.site.id).await?;
    let leads = asker.scores(&mut db, LEADS).await;
    drop(db);
    let leads = match (leads, refused) {
        (_, Some(refused)) => Err(refused),
        (leads, None) => leads,
    };
    if let Ok(leads) = &leads
        && !leads.is_empty()
    {
        let seen: Vec<_> = leads.iter().map(|(lead, _)| lead).collect();
        let (object, details) = (("site", look.site.key.to_string()), json!({ "leads": seen }));
        let by = by(&look.caller);
        let entry = Entry { at: clock::now(), by, action: "lead.score", object, details };
        app.writer.audit(look.site.id, entry).await?;
    }
    let may_keep = may(look.role, Action::Keep);
    look.show(app, Some(leads), |frame, data, leads| {
        let of = Scores { rules: &rules, may_keep, zone: look.site.zone() };
        view::analysis::scores::show(frame, data, &of, leads.map_or(&[], Vec::as_slice))
    })
}

fn by(caller: &Caller) -> Actor {
    Actor::Account(caller.account.id.0.to_string())
}

/// `POST /office/sites/SITE/analysis/scores/keep`.
pub(super) async fn keep(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::Keep)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let place = format!("/office/sites/{key}/analysis/scores");
    let mut given = sent.0.clone();
    given.retain(|(name, _)| name != "token");
    let asked = Asked::read(place.clone(), given.clone());
    let row = asked.row("1");
    let rule = Rule {
        did: Did {
            filters: if row.value.is_empty() { vec![] } else { row.kind.filters(&row.value) },
            at_least: row.times,
            in_last_days: (row.days > 0).then_some(row.days),
            date_range: None,
        },
        up_to: asked.number("up_to", 1),
    };
    let points = sent.get("points").parse().unwrap_or(0);
    let mut db = app.desk.hold().await?;
    let kept = (sent.get("name"), points, &rule);
    let kept = kept::keep_rule(&mut db, site.id, (clock::now(), by(&caller)), kept).await;
    match settle(db, kept) {
        Ok(_) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if is_told(&problem) => {
            let there: Uri = place.parse().map_err(|_| Problem::malformed("no address"))?;
            let look = Look::begin(&app, &key, given, (&headers, &there)).await?;
            show(&app, &look, Some(problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /office/sites/SITE/analysis/scores/remove`.
pub(super) async fn remove(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::Keep)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let mut db = app.desk.hold().await?;
    let removed =
        kept::remove_rule(&mut db, site.id, (clock::now(), by(&caller)), sent.get("name")).await;
    settle(db, removed)?;
    Ok(Redirect::to(&format!("/office/sites/{key}/analysis/scores")).into_response())
}
