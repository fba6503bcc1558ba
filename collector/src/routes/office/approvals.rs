//! What waits for a second person: asked for, decided, carried out.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::ids::LeadId;

use super::{
    super::{App, extract::At},
    Caller, enter,
    export::{ask, erase, leads_table},
    html, own_form, people,
    trail::names,
};
use crate::{
    clock,
    error::Problem,
    intake::approval::{self, Asked, Kind},
    office::{
        may::Action,
        view::{
            Place,
            approvals::{self as view, Data, Left},
        },
    },
    sites::Site,
    store::{accounts::AccountId, approvals},
};

/// Rows of the list.
const ROWS: i64 = 100;

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_approval", "the site has no such approval")
}

/// `GET /office/sites/SITE/approvals`.
pub(super) async fn list(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let mut db = app.readers.acquire().await?;
    let all = approvals::list(&mut db, site.id, ROWS).await?;
    let names = names(&mut db, &site, false).await?;
    drop(db);
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Approvals);
    Ok(html(&view::list(&frame, &data(&caller, &site, &names), &all)))
}

fn data<'a>(
    caller: &Caller,
    site: &'a Site,
    names: &'a std::collections::BTreeMap<String, String>,
) -> Data<'a> {
    let (own, asks, zone) = (caller.account.id.0, site.file.approval, site.zone());
    Data { names, own, asks, zone, now: clock::now() }
}

/// `POST /office/sites/SITE/approvals`: for what is done by command.
pub(super) async fn add(
    State(app): State<App>,
    At(key): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, _) = caller.site(&app, &key, Action::HandOut)?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let kind = Kind::parse(sent.get("kind"));
    let leads: Option<&[LeadId]> = match kind {
        Some(Kind::LeadsExport) => None,
        // Whoever may not make tokens in the pages asks for none either.
        Some(Kind::TokenAdd | Kind::WebhookAdd) => {
            caller.site(&app, &key, Action::People)?;
            Some(&[])
        }
        _ => return Err(Problem::field("kind", "unknown", "something that is done by command")),
    };
    let kind = kind.unwrap_or(Kind::LeadsExport);
    let asked = Asked { kind, object: "", reason: sent.get("reason"), leads };
    ask(&app, &caller, &site, asked).await
}

/// `GET /office/sites/SITE/approvals/ID`.
pub(super) async fn one(
    State(app): State<App>,
    At((key, id)): At<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    let id: LeadId = id.parse().map_err(|_| unknown())?;
    let mut db = app.readers.acquire().await?;
    let found = approvals::find(&mut db, site.id, id).await?.ok_or_else(unknown)?;
    let leads = approvals::leads(&mut db, site.id, id).await?.len();
    let names = names(&mut db, &site, false).await?;
    drop(db);
    let of_leads = !matches!(
        Kind::parse(&found.kind),
        Some(Kind::AccountDelete | Kind::TokenAdd | Kind::WebhookAdd)
    );
    let sites = caller.sites(&app);
    let frame = caller.frame(&sites, Some((&key, role)), Place::Approvals);
    let left = Left { leads, of_leads };
    Ok(html(&view::one(&frame, &data(&caller, &site, &names), &found, left)))
}

/// `POST /office/sites/SITE/approvals/ID/ACT`.
pub(super) async fn act(
    State(app): State<App>,
    At((key, id, act)): At<(String, String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter(&app, &headers, &uri).await?;
    let (site, role) = caller.site(&app, &key, Action::HandOut)?;
    own_form(&app, &headers, &caller, body).await?;
    let id: LeadId = id.parse().map_err(|_| unknown())?;
    let (by, now) = (caller.account.id, clock::now());
    let mut db = app.desk.hold().await?;
    let found = approvals::find(&mut db, site.id, id).await?.ok_or_else(unknown)?;
    let kind = Kind::parse(&found.kind);
    let done = match act.as_str() {
        "approve" | "decline" => {
            // Of accounts and tokens decides who could do it.
            if matches!(kind, Some(Kind::AccountDelete | Kind::TokenAdd | Kind::WebhookAdd)) {
                caller.site(&app, &key, Action::People)?;
            }
            if let (Some(Kind::AccountDelete), "approve") = (kind, act.as_str()) {
                let account = AccountId(found.object.parse().map_err(|_| unknown())?);
                people::reaches(&app, &mut db, (&site, role), &caller, account).await?;
            }
            approval::decide(&mut db, site.id, id, (by, act == "approve"), now).await
        }
        "withdraw" => approval::withdraw(&mut db, site.id, id, (by, now)).await,
        "download" | "do" => {
            if found.asked_by != by {
                db.keep();
                let detail = "whoever asked for it carries it out";
                return Err(Problem::forbidden("not_own_approval", detail));
            }
            let of = (kind.ok_or_else(unknown)?, found.object.as_str());
            approval::approved(&mut db, site.id, id, of, now).await.map(drop)
        }
        _ => return Err(unknown()),
    };
    db.keep();
    done?;
    match (act.as_str(), kind) {
        ("download", Some(Kind::LeadsExport)) => {
            return leads_table(&app, &caller, &site, Some(id)).await;
        }
        ("do", Some(Kind::LeadErase)) => {
            let lead = found.object.parse().map_err(|_| unknown())?;
            erase(&app, &caller, &site, lead, Some(id)).await?;
        }
        ("do", Some(Kind::AccountDelete)) => {
            caller.site(&app, &key, Action::People)?;
            let account = AccountId(found.object.parse().map_err(|_| unknown())?);
            people::delete(&app, &caller, (&site, role), account, Some(id)).await?;
        }
        ("download" | "do", _) => return Err(unknown()),
        _ => {}
    }
    Ok(Redirect::to(&format!("/office/sites/{key}/approvals/{id}")).into_response())
}
