//! API tokens.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::{
    ids::{LeadId, base64url},
    time::DAY,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    super::{App, extract::At},
    Caller, enter, html, own_form, told,
    trail::names,
};
use crate::{
    clock,
    error::Problem,
    intake::approval::{self, Kind},
    keys,
    office::{
        may::Action,
        view::{
            Place,
            tokens::{self as view, DAYS, Data, NAME, Said},
        },
    },
    sites::Site,
    store::{
        accounts::Role,
        approvals, audit,
        tokens::{self, New, Scope},
    },
};

async fn shown(
    app: &App,
    caller: &Caller,
    (site, role): (&Site, Role),
    said: Option<Said<'_>>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let mut db = app.readers.acquire().await?;
    let tokens = tokens::list(&mut db, site.id).await?;
    let names = names(&mut db, site, false).await?;
    let mut approved = approvals::list(&mut db, site.id, 100).await?;
    drop(db);
    approved.retain(|one| {
        one.kind == Kind::TokenAdd.as_str()
            && one.asked_by == caller.account.id
            && approval::state(one, now) == "approved"
    });
    let waits = Kind::TokenAdd.waits(site.file.approval);
    let data = Data {
        tokens: &tokens,
        names: &names,
        waits,
        approved: &approved,
        zone: site.zone(),
        now,
        said,
    };
    let (key, sites) = (site.key.to_string(), caller.sites(app));
    let here = Caller { here: format!("/office/sites/{key}/tokens"), ..caller.clone() };
    let frame = here.frame(&sites, Some((&key, role)), Place::Tokens);
    let status = match said {
        None | Some(Said::Made(_)) => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, html(&view::page(&frame, &data))).into_response())
}

/// `GET /office/sites/SITE/tokens`.
pub(super) async fn page(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::People)?;
    shown(&app, &caller, (&site, role), None).await
}

/// `POST /office/sites/SITE/tokens`.
pub(super) async fn add(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::People)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let name = sent.get("name").trim();
    let scopes: Vec<Scope> = Scope::ALL
        .into_iter()
        .filter(|scope| sent.get(&format!("scope:{}", scope.as_str())) == "yes")
        .collect();
    let now = clock::now();
    let expires = match sent.get("days") {
        "never" => Ok(None),
        days => days.parse().ok().filter(|days| DAYS.contains(days)).map(Some).ok_or(()),
    };
    let approved: Option<LeadId> = sent.get("approved").parse().ok();
    let reads = scopes.contains(&Scope::Leads);
    let wrong =
        if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
            Some(Said::Name)
        } else if scopes.is_empty() {
            Some(Said::Scopes)
        } else if expires.is_err() {
            Some(Said::Days)
        } else if reads && approved.is_none() && Kind::TokenAdd.waits(site.file.approval) {
            Some(Said::Approval)
        } else {
            None
        };
    if wrong.is_some() {
        return shown(&app, &caller, (&site, role), wrong).await;
    }
    let expires = expires.unwrap_or_default().map(|days: i64| now.plus(days * DAY));
    let random = keys::random::<32>().map_err(|error| {
        tracing::error!(%error, "no token can be made");
        Problem::busy()
    })?;
    let token = format!("ashiato_{}", base64url(&random));
    let hash = Sha256::digest(&token);
    let made_by = format!("account {}", caller.account.id.0);
    let new = New { scopes: &scopes, name, made_by: &made_by, expires };
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let mut db = app.desk.hold().await?;
    let mut tx = db.begin().await?;
    if let (true, Some(id)) = (reads, approved) {
        let taken = approval::take(&mut tx, site.id, id, (Kind::TokenAdd, ""), now).await?;
        if taken.asked_by != caller.account.id {
            let detail = "whoever asked for it carries it out";
            return Err(Problem::forbidden("not_own_approval", detail));
        }
    }
    tokens::insert(&mut tx, &hash, site.id, new, now).await?;
    let details = json!({ "scopes": scopes, "expires": expires,
        "approval": approved.filter(|_| reads) });
    let entry = told(&caller, "token.add", ("token", tokens::id(&hash)), details);
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    db.keep();
    shown(&app, &caller, (&site, role), Some(Said::Made(&token))).await
}

/// `POST /office/sites/SITE/tokens/TOKEN/revoke`.
pub(super) async fn revoke(
    State(app): State<App>,
    At((key, token)): At<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::People)?;
    own_form(&app, &headers, &caller, body).await?;
    let mut db = app.desk.hold().await?;
    let mut tx = db.begin().await?;
    if !tokens::revoke(&mut tx, site.id, &token, clock::now()).await? {
        let detail = "the site has no such token to revoke";
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_token", detail));
    }
    let entry = told(&caller, "token.revoke", ("token", token), json!({}));
    audit::append(&mut tx, site.id, &entry).await?;
    tx.commit().await?;
    db.keep();
    Ok(Redirect::to(&format!("/office/sites/{key}/tokens")).into_response())
}
