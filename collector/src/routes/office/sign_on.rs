//! Coming in by an OpenID Connect provider.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    super::{App, extract::With},
    Tongue, agent_of, asked_tongue, html, is_secure, own_address, set_cookie,
};
use crate::{
    clock,
    error::Problem,
    office::{
        log_in::Browser,
        sign_on::{self, Begun, Refused, SignOn},
        view,
    },
};

/// The parameters of a log-in that begins.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

/// What a provider sends back (RFC 6749 §4.1.2, RFC 9207).
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

fn provider(app: &App) -> Result<&Arc<SignOn>, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no provider");
    app.access.sign_on.as_ref().ok_or_else(none)
}

/// Where the provider sends browsers back to.
fn back(app: &App) -> String {
    format!("{}/office/oidc/return", app.access.url)
}

/// `GET /office/oidc`: on to the provider.
pub(super) async fn begin(
    State(app): State<App>,
    With(asked): With<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let t = asked_tongue(&headers, &uri);
    let begun = Begun::new(&app.keys, own_address(&asked.next), clock::now());
    let begun = begun.map_err(|error| {
        tracing::error!(%error, "nobody can log in just now");
        Problem::busy()
    })?;
    Ok(match provider.address(&begun, &back(&app), t.code()).await {
        Ok(address) => {
            ([cookie_line(&app, Some(&begun.cookie))], Redirect::to(&address)).into_response()
        }
        Err(refused) => page(&app, t, refused),
    })
}

/// `GET /office/oidc/return`: back from the provider.
pub(super) async fn end(
    State(app): State<App>,
    With(answer): With<Answer>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let t = asked_tongue(&headers, &uri);
    Ok(match let_in(&app, provider, answer, t, &headers).await? {
        Ok((token, next)) => {
            // Two lines of one name: an array of them would leave the last only.
            let mut response = Redirect::to(own_address(&next)).into_response();
            for (name, line) in [set_cookie(&app, Some(&token)), cookie_line(&app, None)] {
                if let Ok(line) = line.parse() {
                    response.headers_mut().append(name, line);
                }
            }
            response
        }
        Err(refused) => page(&app, t, refused),
    })
}

async fn let_in(
    app: &App,
    provider: &Arc<SignOn>,
    answer: Answer,
    t: Tongue,
    headers: &HeaderMap,
) -> Result<Result<(String, String), Refused>, Problem> {
    let now = clock::now();
    let kept = cookie(app, headers);
    let begun = kept.and_then(|kept| Begun::resumed(&app.keys, kept, &answer.state, now));
    let Some(begun) = begun else { return Ok(Err(Refused::State)) };
    let Some(code) = answer.code.filter(|_| answer.error.is_none()) else {
        return Ok(Err(Refused::Denied));
    };
    let person = match provider.person(&begun, (code, answer.iss), &back(app), now).await {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    let agent = agent_of(headers);
    let browser = Browser { agent: &agent, language: t.code() };
    let named = (provider.issuer(), &person);
    let done = sign_on::let_in(&app.desk, &begun, named, browser, clock::now()).await?;
    Ok(done.map(|token| (token, begun.next)))
}

/// Says why nobody was let in. What was begun is over.
fn page(app: &App, t: Tongue, refused: Refused) -> Response {
    let status = match refused {
        Refused::Down => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    let page = html(&view::sign_on::refused(t, refused, app.access.password));
    (status, [cookie_line(app, None)], page).into_response()
}

fn cookie_name(app: &App) -> &'static str {
    if is_secure(app) { "__Host-ashiato_sign_on" } else { "ashiato_sign_on" }
}

fn cookie<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie_name(app)).map(|(_, value)| value)
}

/// The `Set-Cookie` line of a log-in that has begun; without one it is taken back. A provider's page leads back, so
/// that it is sent along from there.
fn cookie_line(app: &App, value: Option<&str>) -> (HeaderName, String) {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let age = if value.is_some() { sign_on::TIME / 1_000 } else { 0 };
    let (name, value) = (cookie_name(app), value.unwrap_or_default());
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    (header::SET_COOKIE, line)
}
