//! How every page of the back office is sent: what it may load, and what is refused as a page.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;

use super::{super::body, LOGGED_OUT, NO_SECOND, asked_tongue};
use crate::{
    office::{self, view},
    refusals::Refused,
};

/// What the pages may load and do: their style sheet, and forms to themselves.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The same of pages that have a script: one of our own.
const SCRIPTED: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Marks a page that has a script.
#[derive(Clone, Copy)]
struct Script;

/// Marks a refusal after which somebody may want to log out: what the form for that carries.
#[derive(Clone)]
pub(super) struct LogOut(pub(super) String);

pub(super) async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, view::STYLE).into_response()
}

/// Makes a page of what is refused, and says how all pages may be used.
pub(super) async fn face(request: Request, next: Next) -> Response {
    let (uri, posted) = (request.uri().clone(), request.method() == Method::POST);
    let t = asked_tongue(request.headers(), &uri);
    // Read before anything is judged: who is refused over what was not read yet may not hear of it, or loses the next call.
    let (parts, body) = request.into_parts();
    let body = match posted {
        true => body::whole(&parts.headers, body).await.map(Body::from),
        false => Ok(body),
    };
    let mut response = match body {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(Refused { status, code, field }) = response.extensions().get().cloned() {
        let retry = response.headers().get(header::RETRY_AFTER).cloned();
        let log_out = response.extensions().get::<LogOut>().cloned();
        response = if code == NO_SECOND {
            Redirect::to("/office/account").into_response()
        } else if code == LOGGED_OUT {
            let next = if posted {
                "/office"
            } else {
                uri.path_and_query().map_or("/office", |it| it.as_str())
            };
            Redirect::to(&format!("/office/login?next={}", office::choice::escaped(next)))
                .into_response()
        } else {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let page = view::refused::page(t, field.unwrap_or(code)).unwrap_or_else(|| {
                let log_out = log_out.as_ref().map(|LogOut(token)| token.as_str());
                view::doors::refused(t, status.as_u16(), code, log_out)
            });
            (status, html(&page)).into_response()
        };
        if let Some(retry) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, retry);
        }
    }
    let policy = if response.extensions().get::<Script>().is_some() { SCRIPTED } else { STRICT };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        // With no referrer at all a form's Origin would be null.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

pub(super) fn html(page: &Markup) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (headers, page.0.clone()).into_response()
}

/// A page that has a script.
pub(super) fn scripted(page: &Markup) -> Response {
    let mut response = html(page);
    response.extensions_mut().insert(Script);
    response
}
