//! The second step of a log-in.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    super::{App, extract::With},
    Tongue, WAITING, agent_of, asked_tongue, form, html, named_cookie, own_address, set_cookie,
    set_named_cookie,
};
use crate::{
    clock,
    error::Problem,
    office::{
        self,
        choice::escaped,
        log_in::Browser,
        second::{self, Second},
        view::second::{self as view, Again},
    },
    store::factors,
};

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

fn begin_again(app: &App, next: &str) -> Response {
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
    let mut db = app.readers.acquire().await?;
    let waits = factors::waiting(&mut db, &office::hash(token), clock::now()).await?;
    drop(db);
    if waits.is_none() {
        return Ok(begin_again(&app, next));
    }
    Ok(html(&view::page(asked_tongue(&headers, &uri), next, None)))
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
    let page = |again| html(&view::page(t, next, Some(again)));
    Ok(match done {
        Second::In(session, left) => {
            let to = if left.is_some() { "/office/account?recovered=1" } else { next };
            let cookies = [set_cookie(&app, Some(&session)), set_named_cookie(&app, WAITING, None)];
            (AppendHeaders(cookies), Redirect::to(to)).into_response()
        }
        Second::Refused => (StatusCode::UNPROCESSABLE_ENTITY, page(Again::Refused)).into_response(),
        Second::Wait(ms) => {
            let seconds = ms.div_euclid(1_000) + 1;
            let wait = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, page(Again::Wait(seconds))).into_response()
        }
        Second::Over => begin_again(&app, next),
    })
}
