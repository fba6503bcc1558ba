//! Passkeys: made at the account's page, and shown at the log-in.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use consent_core::ids::from_base64url;

use super::{
    super::App,
    Caller, Tongue, WAITING,
    account::{own, refused},
    agent_of, asked_tongue, doors,
    factors::{codes, sent, shown_by},
    form, named_cookie, own_address, second, set_cookie,
};
use crate::{
    clock,
    error::Problem,
    keys::factors::challenges::Ceremony,
    office::{
        log_in::{Browser, Failure},
        own::Done,
        passkeys,
        view::{
            account::Said,
            doors::Again,
            passkeys::{Ask, SCRIPT},
        },
        webauthn::{Refusal, RelyingParty},
    },
};

const ACCOUNT: &str = "/office/account";

/// `GET /office/passkeys.js`.
pub(super) async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, SCRIPT).into_response()
}

/// What a browser is asked; nothing where it could not answer.
pub(super) fn ask(
    app: &App,
    ceremony: Ceremony<'_>,
    own: Vec<Vec<u8>>,
) -> Result<Option<Ask>, Problem> {
    let Some(party) = RelyingParty::of(&app.access.url) else { return Ok(None) };
    let challenge = app.keys.challenge(ceremony, clock::now()).map_err(Failure::from)?;
    Ok(Some(Ask { challenge, party: party.id, own }))
}

fn party(app: &App) -> Result<RelyingParty, Problem> {
    RelyingParty::of(&app.access.url)
        .ok_or_else(|| Problem::field("credential", "invalid", "no page here may have passkeys"))
}

/// `POST /office/login/passkey`.
pub(super) async fn log_in(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let sent = form(&app, &headers, body).await?;
    let t = Tongue::of(sent.get("language")).unwrap_or_else(|| asked_tongue(&headers, &uri));
    let next = own_address(sent.get("next"));
    let agent = agent_of(&headers);
    let browser = Browser { agent: &agent, language: t.code() };
    let parts = (&app.desk, &*app.keys, &party(&app)?);
    match passkeys::log_in(parts, sent.get("credential"), browser, clock::now()).await? {
        Ok(token) => Ok(([set_cookie(&app, Some(&token))], Redirect::to(next)).into_response()),
        Err(refusal) => {
            tracing::info!(%refusal, "a passkey was not taken");
            let page = doors::shown(&app, t, ("", next), Some(Again::Passkey))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// `POST /office/login/second/passkey`.
pub(super) async fn go_on(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let sent = form(&app, &headers, body).await?;
    let t = Tongue::of(sent.get("language")).unwrap_or_else(|| asked_tongue(&headers, &uri));
    let next = own_address(sent.get("next"));
    let Some(token) = named_cookie(&app, &headers, WAITING) else {
        return Ok(second::begin_again(&app, next));
    };
    let agent = agent_of(&headers);
    let browser = Browser { agent: &agent, language: t.code() };
    let parts = (&app.desk, &*app.keys, &party(&app)?);
    let done =
        passkeys::go_on(parts, (token, sent.get("credential")), browser, clock::now()).await?;
    second::answer(&app, (token, next, t), done, second::Again::Passkey).await
}

/// `POST /office/account/passkeys`.
pub(super) async fn add(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, sent, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    let (party, made) = (party(&app)?, (sent.get("name"), sent.get("credential")));
    let shown_too = shown_by(&sent, Some(&party));
    match own(&app, &caller, browser).add_passkey(&party, shown_too, made).await? {
        Done::Yes(made) if made.is_empty() => {
            Ok(Redirect::to("/office/account?key=1").into_response())
        }
        Done::Yes(made) => Ok(codes(&app, &caller, &made)),
        other => not_done(&app, &caller, &other).await,
    }
}

/// `POST /office/account/passkeys/remove`.
pub(super) async fn remove(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let (caller, sent, agent) = sent(&app, &headers, &uri, body).await?;
    let browser = Browser { agent: &agent, language: caller.t.code() };
    let unknown = || Problem::field("passkey", "invalid", "there is no such passkey");
    let id = from_base64url(sent.get("passkey")).ok_or_else(unknown)?;
    let party = RelyingParty::of(&app.access.url);
    let shown_too = shown_by(&sent, party.as_ref());
    match own(&app, &caller, browser).remove_passkey(shown_too, &id).await? {
        Done::Yes(()) => Ok(Redirect::to("/office/account?gone=1").into_response()),
        Done::Nothing => Ok(Redirect::to(ACCOUNT).into_response()),
        other => not_done(&app, &caller, &other).await,
    }
}

async fn not_done<T>(app: &App, caller: &Caller, done: &Done<T>) -> Result<Response, Problem> {
    if let Done::Passkey(refusal) | Done::Unproven(Some(refusal)) = done {
        // Of the person it tells nothing; of a browser, or of the public address, it may.
        let refusal: &Refusal = refusal;
        tracing::info!(%refusal, "a passkey was not taken");
    }
    refused(app, caller, Said::of(done)).await
}
