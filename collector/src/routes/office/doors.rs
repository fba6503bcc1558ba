//! Coming in and going out.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    super::{
        App,
        extract::{At, With},
    },
    Tongue, agent_of, asked_tongue, cookie, enter_account, form, html, own_address, own_form,
    passkeys, scripted, second, set_cookie,
};
use crate::{
    clock,
    error::Problem,
    keys::factors::challenges::Ceremony,
    office::{
        self,
        log_in::{self, Browser, LogIn},
        password,
        view::doors::{self as view, Again, Wrong},
    },
    store::{
        accounts::{self, Bearer},
        log_ins,
    },
};

/// The parameters of the log-in.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: u8,
}

/// `GET /office/login`.
pub(super) async fn log_in(
    State(app): State<App>,
    With(asked): With<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let next = own_address(&asked.next);
    if cookie(&app, &headers).is_some() && enter_account(&app, &headers, &uri).await.is_ok() {
        return Ok(Redirect::to(next).into_response());
    }
    let again = (asked.out == 1).then_some(Again::Out);
    shown(&app, asked_tongue(&headers, &uri), ("", next), again)
}

/// The log-in, for an address that was given, and where it leads.
pub(super) fn shown(
    app: &App,
    t: Tongue,
    (email, next): (&str, &str),
    again: Option<Again>,
) -> Result<Response, Problem> {
    Ok(match passkeys::ask(app, Ceremony::LogIn, Vec::new())? {
        Some(ask) => scripted(&view::log_in(t, &app.access, (email, next), again, Some(&ask))),
        None => html(&view::log_in(t, &app.access, (email, next), again, None)),
    })
}

/// `POST /office/login`.
pub(super) async fn try_log_in(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let sent = form(&app, &headers, body).await?;
    let t = Tongue::of(sent.get("language")).unwrap_or_else(|| asked_tongue(&headers, &uri));
    let next = own_address(sent.get("next"));
    if !app.access.password {
        return Err(Problem::forbidden("password_off", "passwords are not taken"));
    }
    let given = sent.get("password");
    let tried = match office::email(sent.get("email")).filter(|_| given.len() <= password::MOST) {
        Some(email) => {
            let agent = agent_of(&headers);
            let browser = Browser { agent: &agent, language: t.code() };
            let pair = (email.as_str(), given.to_owned());
            log_in::by_password(&app.desk, &app.keys, pair, browser, clock::now()).await?
        }
        // No account has such an address, whoever asks.
        None => LogIn::Refused,
    };
    let page = |again| shown(&app, t, (sent.get("email"), next), Some(again));
    Ok(match tried {
        LogIn::In(token) => ([set_cookie(&app, Some(&token))], Redirect::to(next)).into_response(),
        LogIn::Second(token) => second::asked(&app, &token, next, t),
        LogIn::Refused => (StatusCode::UNPROCESSABLE_ENTITY, page(Again::Refused)?).into_response(),
        LogIn::Wait(ms) => {
            let seconds = ms.div_euclid(1_000) + 1;
            let wait = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, page(Again::Wait(seconds))?).into_response()
        }
    })
}

fn used_up() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "link", "the link was used or has expired")
}

/// `GET /office/link/TOKEN`. It only shows: what looks at links before their reader does uses none up.
pub(super) async fn link(
    State(app): State<App>,
    At(token): At<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let bearer = bearer(&app, &token).await?;
    let email = match &bearer {
        Bearer::Account(account) => Some(account.email.as_str()),
        Bearer::First => None,
    };
    Ok(html(&view::link(asked_tongue(&headers, &uri), email, "", None)))
}

async fn bearer(app: &App, token: &str) -> Result<Bearer, Problem> {
    let mut db = app.readers.acquire().await?;
    accounts::link(&mut db, &office::hash(token), clock::now()).await?.ok_or_else(used_up)
}

/// `POST /office/link/TOKEN`.
pub(super) async fn use_link(
    State(app): State<App>,
    At(token): At<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let sent = form(&app, &headers, body).await?;
    let t = Tongue::of(sent.get("language")).unwrap_or_else(|| asked_tongue(&headers, &uri));
    let bearer = bearer(&app, &token).await?;
    let own = match &bearer {
        Bearer::Account(account) => Some(account.email.clone()),
        Bearer::First => None,
    };
    let given = sent.get("email");
    let checked = match own.clone().or_else(|| office::email(given)) {
        None => Err(Wrong::Email),
        Some(email) => {
            new_password(sent.get("password"), sent.get("again"), &email).map(|()| email)
        }
    };
    let email = match checked {
        Ok(email) => email,
        Err(wrong) => {
            let page = html(&view::link(t, own.as_deref(), given, Some(wrong)));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let agent = agent_of(&headers);
    let browser = Browser { agent: &agent, language: t.code() };
    let pair = (email.as_str(), sent.get("password").to_owned());
    let done = log_in::by_link(&app.desk, &app.keys, &token, pair, browser, clock::now()).await?;
    match done {
        Some(LogIn::In(session)) => {
            Ok(([set_cookie(&app, Some(&session))], Redirect::to("/office")).into_response())
        }
        Some(LogIn::Second(token)) => Ok(second::asked(&app, &token, "/office", t)),
        _ => Err(used_up()),
    }
}

/// Whether a new password is good, and given twice.
pub(super) fn new_password(password: &str, again: &str, email: &str) -> Result<(), Wrong> {
    password::check(password, email).map_err(Wrong::Password)?;
    if password == again { Ok(()) } else { Err(Wrong::Twice) }
}

/// `POST /office/logout`.
pub(super) async fn log_out(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    own_form(&app, &headers, &caller, body).await?;
    let mut db = app.desk.hold().await?;
    log_ins::end(&mut db, &caller.session.hash, caller.account.id).await?;
    db.keep();
    let to = format!("/office/login?out=1&lang={}", caller.t.code());
    let (name, value) = set_cookie(&app, None);
    Ok(([(name, value)], Redirect::to(&to)).into_response())
}

/// `POST /office/language`.
pub(super) async fn speak(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let caller = enter_account(&app, &headers, &uri).await?;
    let sent = own_form(&app, &headers, &caller, body).await?;
    let t = Tongue::of(sent.get("language"))
        .ok_or_else(|| Problem::field("language", "unknown", "ja or en"))?;
    let mut db = app.desk.hold().await?;
    log_ins::speak(&mut db, &caller.session.hash, t.code()).await?;
    db.keep();
    Ok(Redirect::to(own_address(sent.get("back"))).into_response())
}
