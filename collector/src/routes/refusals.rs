//! Counting what is refused to visitors' pages, and telling it to whoever runs the site.

use std::sync::{Arc, OnceLock};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{App, CONSENTS, EVENTS, LEADS, SESSIONS, api::bearer, extract::With};
use crate::{
    clock,
    error::Problem,
    intake::verify,
    openapi::{Method, Operation, Schemas, shape},
    refusals::{
        Call, Reason, Refused,
        report::{self, By, Question},
    },
    sites::{Site, Sites},
    store::{SiteId, tokens::Scope},
};

/// The site that a call names, as soon as that is known. Anybody can name any site; what follows from it is
/// a count and nothing else.
#[derive(Clone, Debug, Default)]
pub(super) struct Named(Arc<OnceLock<SiteId>>);

impl Named {
    /// The call is one for this site.
    pub(super) fn is(&self, site: &Site) {
        // Only the first name counts: a call has one site.
        self.0.get_or_init(|| site.id);
    }

    /// The site that an unverified body claims by its session.
    pub(super) fn claims(&self, sites: &Sites, body: &str) {
        let claimed = verify::claimed_site(body);
        if let Some(site) = claimed.and_then(|key| sites.get(key.as_str())) {
            self.is(&site);
        }
    }
}

/// Counts a visitor's call that is refused: for the site that it names, or else for the only one to which
/// its page can belong.
pub(super) async fn count<F: Future<Output = Response>>(
    app: &App,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let call = match request.uri().path() {
        SESSIONS => Call::Session,
        CONSENTS => Call::Decision,
        EVENTS => Call::Events,
        LEADS => Call::Lead,
        _ => return next(request).await,
    };
    let named = Named::default();
    request.extensions_mut().insert(named.clone());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let response = next(request).await;
    let refused = response.extensions().get::<Refused>();
    if let Some(reason) = refused.and_then(|refused| Reason::of_call(call, *refused)) {
        app.metrics.call_refused(reason);
        let by_origin = || {
            let origin = origin.as_ref().and_then(|origin| origin.to_str().ok())?;
            app.sites.only_one_of(origin).map(|site| site.id)
        };
        if let Some(site) = named.0.get().copied().or_else(by_origin) {
            app.refusals.add(site, reason, clock::now());
        }
    }
    response
}

/// The call, as it is described.
pub(super) fn told(schemas: &mut Schemas) -> Operation {
    let by = serde_json::json!({ "type": "string", "enum": ["hour", "day"], "default": "day" });
    let called = ("operation", "listRefusals");
    Operation::new(Method::Get, called, "What was refused, and what to do about it", Scope::Operate)
        .about("Counts without anybody in them. A token with the scope `query` may ask too.")
        .of_site()
        .may(
            "from",
            "First day; six days before the last one, unless given",
            shape::day().to_value(),
        )
        .may("to", "Last day; today, unless given", shape::day().to_value())
        .may("by", "How it is added up; by the hour, 31 days at most", by)
        .header(
            "Accept-Language",
            false,
            "`ja`, or English",
            serde_json::json!({ "type": "string" }),
        )
        .answers::<report::Report>(schemas, 200, "What was refused")
}

/// The parameters of the question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    site: String,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    by: By,
}

/// `GET /api/v1/refusals?site=SITE`.
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let bearer = bearer(&app, &headers).await?;
    let With(asked): With<Asked> = With::of(&uri)?;
    let (site, _) = bearer.at(&app, &asked.site, Scope::Operate)?;
    let days = (asked.from, asked.to);
    let question = Question::new(days, asked.by, &site.file.timezone, clock::now())?;
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let japanese = report::is_japanese(languages.unwrap_or(""));
    let mut db = app.readers.acquire().await?;
    let report = report::ask(&mut db, site.id, &question, japanese).await?;
    let mut response = Json(report).into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    let language = HeaderValue::from_static(if japanese { "ja" } else { "en" });
    headers.insert(header::CONTENT_LANGUAGE, language);
    Ok(response)
}
