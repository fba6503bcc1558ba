//! One's own account.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::ids::from_base64url;
use jiff::tz::TimeZone;

use super::{
    super::App, Caller, agent_of, doors::new_password, enter_account, html, own_form, scripted,
    set_cookie,
};
use crate::{
    clock,
    error::Problem,
    keys::factors::challenges::Ceremony,
    office::{
        log_in::Browser,
        own::{Done, Own},
        view::{
            Place,
            account::{self as view, Said},
            passkeys as view_of,
        },
    },
    store::{factors, log_ins, passkeys as of_account},
};

/// `GET /office/account`.
pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    let said = match uri.query() {
        Some("changed=1") => Some(Said::Changed),
        Some("recovered=1") => Some(Said::Recovered),
        Some("off=1") => Some(Said::Off),
        Some("on=1") => Some(Said::On),
        Some("key=1") => Some(Said::Added),
        Some("gone=1") => Some(Said::Gone),
        _ => None,
    };
    shown(&app, &caller, said).await
}

/// The page, with what became of what was sent.
pub(super) async fn shown(
    app: &App,
    caller: &Caller,
    said: Option<Said>,
) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let sessions = log_ins::of(&mut db, caller.account.id, clock::now()).await?;
    let history = log_ins::history(&mut db, caller.account.id).await?;
    let second = factors::app(&mut db, caller.account.id).await?;
    let second = view::Second {
        since: second.and_then(|app| app.confirmed_at),
        on: factors::has_second(&mut db, caller.account.id).await?,
        codes: factors::codes(&mut db, caller.account.id).await?,
        owed: caller.owes_second,
    };
    let passkeys = of_account::of(&mut db, caller.account.id).await?;
    let proof = super::factors::asked_for(app, &mut db, caller).await?;
    drop(db);
    let own = passkeys.iter().map(|passkey| passkey.id.clone()).collect();
    let ask = super::passkeys::ask(app, Ceremony::Make(&caller.session.hash), own)?;
    let passkeys = view_of::Own {
        all: &passkeys,
        ask: ask.map(|ask| (ask, app.keys.user_handle(caller.account.id))),
        name: &caller.session.agent,
    };
    let sites = caller.sites(app);
    let site = sites.first().and_then(|(key, _)| app.sites.get(key));
    let zone = site.as_ref().map_or(TimeZone::UTC, |site| site.zone().clone());
    let of = site.as_ref().and_then(|site| Some((site.key.as_str(), caller.role(site)?)));
    let data = view::Data {
        sessions: &sessions,
        own: &caller.session.hash,
        history: &history,
        second: &second,
        passkeys: &passkeys,
        proof: proof.as_ref(),
        zone: &zone,
        said,
    };
    let here = Caller { here: "/office/account".to_owned(), ..caller.clone() };
    let page = view::page(&here.frame(&sites, of, Place::Account), &data);
    Ok(if passkeys.ask.is_some() { scripted(&page) } else { html(&page) })
}

/// `POST /office/account/end`.
pub(super) async fn end(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let unknown = || Problem::field("session", "invalid", "there is no such session");
    let hash = from_base64url(sent.get("session")).ok_or_else(unknown)?;
    let mut db = app.desk.hold().await?;
    log_ins::end(&mut db, &hash, caller.account.id).await?;
    db.keep();
    Ok(Redirect::to("/office/account").into_response())
}

/// `POST /office/account/password`.
pub(super) async fn change(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let (email, given) = (&caller.account.email, sent.get("password"));
    let said = match new_password(given, sent.get("again"), email) {
        Err(wrong) => Said::Wrong(wrong),
        Ok(()) => {
            let agent = agent_of(&headers);
            let browser = Browser { agent: &agent, language: caller.t.code() };
            match own(&app, &caller, browser)
                .change_password(sent.get("known").to_owned(), given.to_owned())
                .await?
            {
                Done::Yes(token) => {
                    let to = Redirect::to("/office/account?changed=1");
                    return Ok(([set_cookie(&app, Some(&token))], to).into_response());
                }
                other => Said::of(&other),
            }
        }
    };
    refused(&app, &caller, said).await
}

/// Whose account it is, and from where they change it.
pub(super) fn own<'a>(app: &'a App, caller: &'a Caller, browser: Browser<'a>) -> Own<'a> {
    let (account, session) = (&caller.account, caller.session.hash.as_slice());
    Own { desk: &app.desk, keys: &app.keys, account, browser, session, now: clock::now() }
}

/// The page again, with why nothing was done.
pub(super) async fn refused(app: &App, caller: &Caller, said: Said) -> Result<Response, Problem> {
    let page = shown(app, caller, Some(said)).await?;
    let status = match said {
        Said::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, page).into_response())
}
