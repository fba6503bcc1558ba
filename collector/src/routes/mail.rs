//! The pages that the links of a mail lead to. `GET` shows a button and changes nothing: scanners and browsers that look
//! ahead open every link. `POST` does what the button says; to stop, also the one click of a mail program (RFC 8058),
//! which comes without anything but the link itself.
//!
//! The links hold a token, so that no answer is kept anywhere, no page that is opened from one is told of it, and the
//! log, which knows templates only, has none.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::time::Millis;
use serde::Deserialize;

use super::{
    App, asked, body,
    extract::{At, With, accepted_languages},
};
use crate::{
    clock,
    error::Problem,
    intake::mail::{self, Act, Done},
    keys::mail::Confirm,
    site::MailPage,
    sites::Site,
    store::mail as store,
};

/// What the pages may load and do: two style sheets, the empty icon, and their own button.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// The parameters of a page.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
}

/// A page's site, token and language.
struct Opened {
    site: Arc<Site>,
    token: String,
    language: String,
}

fn opened(
    app: &App,
    (key, token): (String, String),
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Opened, Problem> {
    let site = app.sites.get(&key).ok_or_else(|| Problem::unknown_site(&key))?;
    let wanted = asked.lang.as_deref().into_iter().chain(accepted_languages(headers));
    let language = site.file.language_of(wanted).to_owned();
    Ok(Opened { site, token, language })
}

impl Opened {
    fn page(&self, status: StatusCode, page: MailPage<'_>) -> Response {
        let page = self.site.file.mail_page(&self.language, page);
        let mut response = (status, page.into_string()).into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONTENT_SECURITY_POLICY, STRICT),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
        response
    }

    fn known(&self, at: Millis) -> Response {
        let date = self.site.date(at, &self.language);
        self.page(StatusCode::OK, MailPage::Known { date: &date })
    }

    fn told(&self, done: &Done) -> Response {
        match done {
            Done::Confirmed => self.page(StatusCode::OK, MailPage::Confirmed),
            Done::Known(at) => self.known(*at),
            Done::Ended => self.page(StatusCode::GONE, MailPage::Ended),
            Done::Stopped { under_way } => {
                self.page(StatusCode::OK, MailPage::Stopped { under_way: *under_way })
            }
            _ => self.page(StatusCode::GONE, MailPage::Gone),
        }
    }

    /// What the link confirms, where it still does; else the page that says why not.
    async fn to_confirm(
        &self,
        app: &App,
    ) -> Result<Result<(Confirm, store::Standing), Response>, Problem> {
        let Some(confirm) = app.keys.read_confirm(&self.site.key, &self.token) else {
            let invalid = MailPage::Invalid { stop: false };
            return Ok(Err(self.page(StatusCode::NOT_FOUND, invalid)));
        };
        let found = asked(async {
            store::find(&mut app.readers.acquire().await?, self.site.id, &confirm.id).await
        });
        let found = found.await?;
        // What is done is said, however late the link is opened again.
        if let Some(done) = mail::standing(found.as_ref()) {
            return Ok(Err(self.told(&done)));
        }
        if clock::now() > confirm.until {
            return Ok(Err(self.page(StatusCode::GONE, MailPage::Expired)));
        }
        Ok(found.map(|found| (confirm, found)).ok_or_else(|| self.told(&Done::Gone)))
    }
}

/// `GET /s/SITE/confirm/TOKEN`.
pub(super) async fn confirm_page(
    State(app): State<App>,
    At(place): At<(String, String)>,
    With(asked): With<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let opened = opened(&app, place, &asked, &headers)?;
    Ok(match opened.to_confirm(&app).await? {
        Ok((_, found)) => {
            opened.page(StatusCode::OK, MailPage::Confirm { wording: &found.wording })
        }
        Err(told) => told,
    })
}

/// `POST /s/SITE/confirm/TOKEN`.
pub(super) async fn confirm(
    State(app): State<App>,
    At(place): At<(String, String)>,
    With(asked): With<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    body::drain(&headers, body).await;
    let opened = opened(&app, place, &asked, &headers)?;
    let (confirm, _) = match opened.to_confirm(&app).await? {
        Ok(found) => found,
        Err(told) => return Ok(told),
    };
    let (site, language) = (Arc::clone(&opened.site), opened.language.clone());
    let done = app.writer.mail(Act::Confirm { site, id: confirm.id, language }).await?;
    Ok(opened.told(&done))
}

/// `GET /s/SITE/stop/TOKEN`.
pub(super) async fn stop_page(
    State(app): State<App>,
    At(place): At<(String, String)>,
    With(asked): With<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let opened = opened(&app, place, &asked, &headers)?;
    Ok(match app.keys.read_stop(&opened.site.key, &opened.token) {
        Some(_) => opened.page(StatusCode::OK, MailPage::Stop),
        None => opened.page(StatusCode::NOT_FOUND, MailPage::Invalid { stop: true }),
    })
}

/// `POST /s/SITE/stop/TOKEN`, by the button of the page or by a mail program.
pub(super) async fn stop(
    State(app): State<App>,
    At(place): At<(String, String)>,
    With(asked): With<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    body::drain(&headers, body).await;
    let opened = opened(&app, place, &asked, &headers)?;
    let key = &opened.site.key;
    let Some(digest) = app.keys.read_stop(key, &opened.token) else {
        return Ok(opened.page(StatusCode::NOT_FOUND, MailPage::Invalid { stop: true }));
    };
    // The page's own button is pressed in the page; a mail program comes from nowhere.
    let by_page = headers.get("sec-fetch-site").is_some_and(|from| from == "same-origin");
    let how = if by_page { "page" } else { "one_click" };
    let address = app.keys.mail_address(key, &digest);
    let done = app.writer.mail(Act::Stop { site: opened.site.id, digest, address, how }).await?;
    Ok(opened.told(&done))
}
