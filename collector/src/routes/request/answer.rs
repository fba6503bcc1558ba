//! Handing out what was asked for, by a link: once to read, once to download, each by a button.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use consent_core::{
    ids::LeadId,
    time::{DAY, Millis},
};

use super::{App, At, FORM, Here, Parameters, Problem, STRICT, With, asked, body, clock};
use crate::{
    intake::asking::{Act, Done},
    keys::mail::requests::Use,
    site::{RequestPage, Sheet},
    store::subjects::answer::{self, Answer, HELD, Way},
};

impl Here {
    /// What the link hands out; else the page that says why it does not.
    async fn answer(&self, token: &str) -> Result<Result<(LeadId, Answer), Response>, Problem> {
        let read = self.app.keys.read_request(Use::Take, &self.site.key, token);
        let Some((id, _)) = read else {
            return Ok(Err(self.page(StatusCode::NOT_FOUND, RequestPage::Invalid)));
        };
        let id = LeadId::from_bytes(id);
        let found = asked(async {
            answer::find(&mut self.app.readers.acquire().await?, self.site.id, id).await
        });
        let now = clock::now();
        let found = found.await?.filter(|found| found.until > now && found.taken != (true, true));
        Ok(found.map(|found| (id, found)).ok_or_else(|| self.taken()))
    }

    fn taken(&self) -> Response {
        self.page(StatusCode::GONE, RequestPage::Taken)
    }

    fn ways(&self, status: StatusCode, answer: &Answer) -> Response {
        let until = self.site.date(Millis(answer.until.0 - DAY), &self.language);
        let (read, downloaded) = answer.taken;
        let page = RequestPage::Take { read: !read, download: !downloaded, until: &until };
        self.page(status, page)
    }

    /// As a page or a file.
    fn handed(&self, held: String, way: Way) -> Result<Response, Problem> {
        let mut response = match way {
            Way::Read => {
                let held = serde_json::from_str(&held).map_err(|_| unreadable())?;
                let page = self.site.file.held_page(&held, &self.language, Sheet::Linked);
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
            }
            Way::Download => {
                let headers = [
                    (header::CONTENT_TYPE, "application/json".to_owned()),
                    (
                        header::CONTENT_DISPOSITION,
                        format!("attachment; filename=\"{}-records.json\"", self.site.key),
                    ),
                ];
                (headers, held).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(STRICT));
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
        Ok(response)
    }
}

fn unreadable() -> Problem {
    let detail = "what is stored cannot be read";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", detail)
}

/// `GET /s/SITE/answer/TOKEN`.
pub(in crate::routes) async fn hand_out(
    State(app): State<App>,
    At((key, token)): At<(String, String)>,
    With(given): With<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, &given, &headers)?;
    Ok(match here.answer(&token).await? {
        Ok((_, answer)) => here.ways(StatusCode::OK, &answer),
        Err(told) => told,
    })
}

/// `POST /s/SITE/answer/TOKEN`.
pub(in crate::routes) async fn take(
    State(app): State<App>,
    At((key, token)): At<(String, String)>,
    With(given): With<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let here = Here::new(app, &key, &given, &headers)?;
    let text = body::text(&headers, body, FORM).await.unwrap_or_default();
    let given: BTreeMap<_, _> = form_urlencoded::parse(text.as_bytes()).collect();
    let (id, answer) = match here.answer(&token).await? {
        Ok(found) => found,
        Err(told) => return Ok(told),
    };
    let way = match given.get("act").map(AsRef::as_ref) {
        Some("read") => Way::Read,
        Some("download") => Way::Download,
        _ => return Ok(here.ways(StatusCode::UNPROCESSABLE_ENTITY, &answer)),
    };
    // Opened before it is used up: what does not open can be asked for again.
    let opened = here.app.keys.open_lead(&here.site.key, id, &answer.sealed);
    let mut opened = opened.map_err(|error| {
        tracing::error!(%error, "what is handed out cannot be read");
        unreadable()
    })?;
    let held = opened.remove(HELD.0).ok_or_else(unreadable)?;
    match here.app.writer.asking(Act::Take(here.site.id, id, way)).await? {
        Done::Taken(true) => here.handed(held, way),
        _ => Ok(here.taken()),
    }
}
