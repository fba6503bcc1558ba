//! What one shows beside one's password: setting it up, and switching it off.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    super::App,
    Caller, Sent,
    account::{own, refused},
    agent_of, enter_account, html, own_form, passkeys, scripted,
};
use crate::{
    error::Problem,
    keys::factors::{FactorError, challenges::Ceremony},
    office::{
        log_in::{Browser, Failure},
        own::{Codes, Done, Proof},
        view::{
            Place,
            account::Said,
            factors::{self as view, SetUp},
            proof,
        },
        webauthn::RelyingParty,
    },
    store::{Connection, factors, passkeys as of_account},
};

const ACCOUNT: &str = "/office/account";

/// What somebody sent about their own account.
pub(super) async fn sent(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    body: Body,
) -> Result<(Caller, Sent, String), Problem> {
    let caller = enter_account(app, headers, uri).await?;
    let sent = own_form(app, headers, &caller, body).await?;
    Ok((caller, sent, agent_of(headers)))
}

/// The password and what stands beside it, as they were sent.
pub(super) fn shown_by<'s>(sent: &'s Sent, party: Option<&'s RelyingParty>) -> (String, Proof<'s>) {
    let proof = Proof { code: sent.get("second"), passkey: sent.get("shown"), party };
    (sent.get("known").to_owned(), proof)
}

/// What is asked for beside the password; nothing where the account has no second factor.
pub(super) async fn asked_for(
    app: &App,
    db: &mut Connection,
    caller: &Caller,
) -> Result<Option<proof::Asked>, Problem> {
    let id = caller.account.id;
    let app_counts = factors::app(db, id).await?.is_some_and(|app| app.confirmed_at.is_some());
    let own: Vec<_> = of_account::of(db, id).await?.into_iter().map(|passkey| passkey.id).collect();
    if !app_counts && own.is_empty() {
        return Ok(None);
    }
    let passkey = match own.is_empty() {
        true => None,
        false => passkeys::ask(app, Ceremony::Change(&caller.session.hash), own)?,
    };
    Ok(Some(proof::Asked { app: app_counts, passkey }))
}

fn host(app: &App) -> &str {
    app.access.url.split_once("://").map_or(&*app.access.url, |(_, host)| host)
}

/// The page that shows the secret of an app that is being set up; to the account where there is none, or it counts.
async fn shown(app: &App, caller: &Caller, said: Option<Said>) -> Result<Response, Problem> {
    let mut db = app.readers.acquire().await?;
    let set_up = factors::app(&mut db, caller.account.id).await?;
    let proof = asked_for(app, &mut db, caller).await?;
    drop(db);
    let Some(set_up) = set_up.filter(|set_up| set_up.confirmed_at.is_none()) else {
        return Ok(Redirect::to(ACCOUNT).into_response());
    };
    let secret = app.keys.open_totp(caller.account.id, &set_up.sealed);
    let secret = secret.map_err(|error: FactorError| Problem::from(Failure::from(error)))?;
    let data = SetUp { secret: &secret, host: host(app), proof: proof.as_ref(), said };
    let sites = caller.sites(app);
    let here = Caller { here: "/office/account/totp".to_owned(), ..caller.clone() };
    let page = view::set_up(&here.frame(&sites, None, Place::Account), &data);
    let asks = proof.as_ref().is_some_and(|proof| proof.passkey.is_some());
    Ok(if asks { scripted(&page) } else { html(&page) })
}

/// `GET /office/account/totp`.
pub(super) async fn set_up(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    shown(&app, &caller, None).await
}

/// `POST /office/account/totp`: makes a secret anew.
pub(super) async fn begin(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, _, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    own(&app, &caller, browser).set_up_app().await?;
    Ok(Redirect::to("/office/account/totp").into_response())
}

/// Recovery codes, shown once.
pub(super) fn codes(app: &App, caller: &Caller, codes: &Codes) -> Response {
    let sites = caller.sites(app);
    // The language is changed on a page that can be shown again.
    let here = Caller { here: ACCOUNT.to_owned(), ..caller.clone() };
    html(&view::codes(&here.frame(&sites, None, Place::Account), codes))
}

/// `POST /office/account/totp/confirm`.
pub(super) async fn confirm(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, sent, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    let party = RelyingParty::of(&app.access.url);
    let shown_too = shown_by(&sent, party.as_ref());
    match own(&app, &caller, browser).confirm_app(shown_too, sent.get("code")).await? {
        Done::Yes(made) if made.is_empty() => {
            Ok(Redirect::to("/office/account?on=1").into_response())
        }
        Done::Yes(made) => Ok(codes(&app, &caller, &made)),
        Done::Nothing => Ok(Redirect::to(ACCOUNT).into_response()),
        other => {
            let said = Said::of(&other);
            let status = match said {
                Said::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Ok((status, shown(&app, &caller, Some(said)).await?).into_response())
        }
    }
}

/// `POST /office/account/totp/off`.
pub(super) async fn remove(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, sent, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    let party = RelyingParty::of(&app.access.url);
    match own(&app, &caller, browser).remove_app(shown_by(&sent, party.as_ref())).await? {
        Done::Yes(()) => Ok(Redirect::to("/office/account?off=1").into_response()),
        Done::Nothing => Ok(Redirect::to(ACCOUNT).into_response()),
        other => refused(&app, &caller, Said::of(&other)).await,
    }
}

/// `POST /office/account/codes`.
pub(super) async fn renew(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, sent, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    let party = RelyingParty::of(&app.access.url);
    match own(&app, &caller, browser).renew_codes(shown_by(&sent, party.as_ref())).await? {
        Done::Yes(made) => Ok(codes(&app, &caller, &made)),
        Done::Nothing => Ok(Redirect::to(ACCOUNT).into_response()),
        other => refused(&app, &caller, Said::of(&other)).await,
    }
}
