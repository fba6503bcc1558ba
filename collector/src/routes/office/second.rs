//! The second step of a log-in.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    super::{App, extract::With},
    Tongue, WAITING, agent_of, asked_tongue, form, html, named_cookie, own_address, passkeys,
    scripted, set_cookie, set_named_cookie,
};
use crate::{
    clock,
    error::Problem,
    keys::factors::challenges::Ceremony,
    office::{
        self,
        choice::escaped,
        log_in::Browser,
        second::{self, Second},
        view::second as view,
    },
    store::{factors, passkeys as of_account},
};

pub(super) use crate::office::view::second::Again;

/// Sends a browser here whose password was right.
pub(super) fn asked(app: &App, token: &str, next: &str, t: Tongue) -> Response {
    let to = format!("/office/login/second?lang={}&next={}", t.code(), escaped(next));
    ([set_named_cookie(app, WAITING, Some(token))], Redirect::to(&to)).into_response()
}

/// The parameters of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

pub(super) fn begin_again(app: &App, next: &str) -> Response {
    let to = format!("/office/login?next={}", escaped(next));
    ([set_named_cookie(app, WAITING, None)], Redirect::to(&to)).into_response()
}

/// `GET /office/login/second`.
pub(super) async fn page(
    State(app): State<App>,
    With(asked): With<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let next = own_address(&asked.next);
    let Some(token) = named_cookie(&app, &headers, WAITING) else {
        return Ok(begin_again(&app, next));
    };
    let t = asked_tongue(&headers, &uri);
    Ok(shown(&app, (token, next, t), None).await?.unwrap_or_else(|| begin_again(&app, next)))
}

/// The page, with what the account that waits can show; nothing where none does.
async fn shown(
    app: &App,
    (token, next, t): (&str, &str, Tongue),
    again: Option<Again>,
) -> Result<Option<Response>, Problem> {
    let hash = office::hash(token);
    let mut db = app.readers.acquire().await?;
    let Some(waiting) = factors::waiting(&mut db, &hash, clock::now()).await? else {
        return Ok(None);
    };
    let set_up = factors::app(&mut db, waiting.account).await?;
    let own = of_account::of(&mut db, waiting.account).await?;
    drop(db);
    let has_app = set_up.is_some_and(|set_up| set_up.confirmed_at.is_some());
    let own: Vec<_> = own.into_iter().map(|passkey| passkey.id).collect();
    let ask = match own.is_empty() {
        true => None,
        false => passkeys::ask(app, Ceremony::GoOn(&hash), own)?,
    };
    let page = view::page(t, next, again, has_app, ask.as_ref());
    Ok(Some(if ask.is_some() { scripted(&page) } else { html(&page) }))
}

/// `POST /office/login/second`.
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
        return Ok(begin_again(&app, next));
    };
    let agent = agent_of(&headers);
    let browser = Browser { agent: &agent, language: t.code() };
    let pair = (token, sent.get("code"));
    let done = second::by_code(&app.desk, &app.keys, pair, browser, clock::now()).await?;
    answer(&app, (token, next, t), done, Again::Refused).await
}

/// What became of it.
pub(super) async fn answer(
    app: &App,
    (token, next, t): (&str, &str, Tongue),
    done: Second,
    refused: Again,
) -> Result<Response, Problem> {
    let (status, again, wait) = match done {
        Second::In(session, left) => {
            let to = if left.is_some() { "/office/account?recovered=1" } else { next };
            let cookies = [set_cookie(app, Some(&session)), set_named_cookie(app, WAITING, None)];
            return Ok((AppendHeaders(cookies), Redirect::to(to)).into_response());
        }
        Second::Refused => (StatusCode::UNPROCESSABLE_ENTITY, refused, None),
        Second::Wait(ms) => {
            let seconds = ms.div_euclid(1_000) + 1;
            (StatusCode::TOO_MANY_REQUESTS, Again::Wait(seconds), Some(seconds))
        }
        Second::Over => return Ok(begin_again(app, next)),
    };
    let Some(page) = shown(app, (token, next, t), Some(again)).await? else {
        return Ok(begin_again(app, next));
    };
    let wait = wait.map(|seconds| (header::RETRY_AFTER, seconds.to_string()));
    Ok((status, AppendHeaders(wait), page).into_response())
}
