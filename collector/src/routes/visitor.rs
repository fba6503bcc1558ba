//! The calls of visitors' pages (`POST /v1/…`): type, size, text, signature, site, origin, content,
//! in that order; then the decision is the intake's.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use consent_core::{
    event::{MAX_BATCH, Observation},
    form::{FieldFault, LANGUAGE, Spam},
    ids::{FormKey, LeadId, base64url},
    page::Address,
    time::Millis,
    wire::{
        ConsentAnswer, ConsentRequest, EventsAnswer, EventsRequest, LeadAnswer, LeadRequest,
        RefusedEvent, SessionAnswer, SessionRequest,
    },
};
use serde_json::value::RawValue;

use super::{
    App, asked, body,
    cookies::{self, Cookies},
    extract::accepted_languages,
    limit,
    refusals::Named,
};
use crate::{
    clock,
    error::{FieldError, Problem},
    intake::{
        check,
        consents::Decide,
        events::{Batch, Entry},
        leads::Filled,
        verify::{self, Verified},
    },
    keys,
    session::{LIFETIME, Session},
    sites::Site,
    store::visitors,
};

const MEDIA: &str = "text/plain";

/// `POST /v1/sessions`.
pub(super) async fn open_session(
    State(app): State<App>,
    Extension(named): Extension<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SessionAnswer>, Problem> {
    let text = body::text(&headers, body, MEDIA).await?;
    let request: SessionRequest = body::json(&text)?;
    let site = app.sites.get(&request.site).ok_or_else(|| Problem::unknown_site(&request.site))?;
    named.is(&site);
    body::own_origin(&site, &headers)?;
    limit::of_site(&app, &site, None)?;
    if body::is_bot(&headers) {
        return Err(Problem::forbidden(
            "bot",
            "programs that visit pages on their own get no session",
        ));
    }
    let now = clock::now();
    let mut decision = None;
    let visitor = match request.visitor {
        None => None,
        Some(visitor) => {
            let hash = app.keys.visitor_hash(&site.key, visitor);
            let found = asked(async {
                visitors::find(&mut app.readers.acquire().await?, site.id, &[hash]).await
            });
            let found = found.await?;
            let Some(found) = found.get(&hash) else {
                return Err(Problem::unauthorized(
                    "visitor_unknown",
                    "the visitor is not known here; forget the id and ask again",
                ));
            };
            decision = cookies::last(&site, found, cookies::signal(&headers), now);
            Some(hash)
        }
    };
    let session = Session { site: site.key.clone(), expires: now.plus(LIFETIME), visitor };
    let (text, key) = app.keys.open_session(&session, &random()?, now);
    app.metrics.session();
    Ok(Json(SessionAnswer {
        key: base64url(&key),
        session: text,
        expires: session.expires,
        now,
        revision: site.policy.revision(),
        decision,
    }))
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    keys::random().map_err(|error| {
        tracing::error!(%error, "no session can be opened");
        Problem::busy()
    })
}

/// What a session has signed; a body that does not verify is counted for the site that it claims.
fn opened<'a>(
    app: &App,
    named: &Named,
    text: &'a str,
    now: Millis,
) -> Result<Verified<'a>, Problem> {
    verify::open(&app.keys, text, now).inspect_err(|_| named.claims(&app.sites, text))
}

/// The site that the signing session is of, if one of its pages is calling, and that page's origin.
fn site_of<'a>(
    app: &App,
    named: &Named,
    verified: &Verified<'_>,
    headers: &'a HeaderMap,
) -> Result<(Arc<Site>, &'a str), Problem> {
    let key = verified.session.site.as_str();
    let site = app.sites.get(key).ok_or_else(|| Problem::unknown_site(key))?;
    named.is(&site);
    let origin = body::own_origin(&site, headers)?;
    limit::of_site(app, &site, Some(&verified.session_text))?;
    Ok((site, origin))
}

/// The address of a page of the site, with the allowed parameters only.
fn own_page(site: &Site, field: &str, url: &str) -> Result<String, Problem> {
    let address = Address::parse(url)
        .filter(|address| site.file.allows_origin(address.origin) && url.len() <= 2_048)
        .ok_or_else(|| Problem::field(field, "foreign", "not an address of this site's pages"))?;
    Ok(address.cleaned(&site.file.url_parameters))
}

/// `POST /v1/consents`.
pub(super) async fn decide(
    State(app): State<App>,
    Extension(named): Extension<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let text = body::text(&headers, body, MEDIA).await?;
    let now = clock::now();
    let verified = opened(&app, &named, &text, now)?;
    let (site, origin) = site_of(&app, &named, &verified, &headers)?;
    let mut request: ConsentRequest = body::json(verified.payload)?;
    verified.for_site(&request.site)?;
    request.page = own_page(&site, "page", &request.page)?;
    check::decision(&site, &request, now)?;
    check::forget_unknown(&site, &mut request);
    let decide = Decide {
        site,
        session: verified.session,
        session_text: verified.session_text,
        request,
        device: body::device(&headers),
        public_url: Arc::clone(&app.public_url),
        random: (random()?, random()?, random()?),
    };
    let cookies = Cookies::of(&decide, origin, cookies::signal(&headers));
    let decided = app.writer.decide(decide).await?;
    let lines = cookies.map_or_else(Vec::new, |cookies| cookies.lines(&decided));
    let lines = AppendHeaders(lines.into_iter().map(|line| (header::SET_COOKIE, line)));
    let (receipt_id, receipt) = decided.receipt.unzip();
    let mut answer =
        ConsentAnswer { receipt_id, receipt, visitor: decided.visitor, ..ConsentAnswer::default() };
    if let Some((session, key, expires)) = decided.session {
        answer.session = Some(session);
        answer.key = Some(base64url(&key));
        answer.expires = Some(expires);
    }
    Ok((StatusCode::CREATED, lines, Json(answer)))
}

/// `POST /v1/events`.
pub(super) async fn store_events(
    State(app): State<App>,
    Extension(named): Extension<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<EventsAnswer>, Problem> {
    let text = body::text(&headers, body, MEDIA).await?;
    let verified = opened(&app, &named, &text, clock::now())?;
    let (site, _) = site_of(&app, &named, &verified, &headers)?;
    let request = batch(verified.payload)?;
    verified.for_site(&request.site)?;
    let visitor = verified.for_visitor(&app.keys, request.visitor)?;
    if request.events.len() > MAX_BATCH {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_events",
            format!("a batch has {MAX_BATCH} events at most"),
        ));
    }
    let stored = app.writer.store(Batch { site, visitor, entries: request.events }).await?;
    let refused = stored
        .refused
        .into_iter()
        .map(|(index, id, reason)| RefusedEvent { index, id, reason })
        .collect();
    Ok(Json(EventsAnswer { stored: stored.stored, duplicate: stored.duplicate, refused }))
}

/// A batch with its entries read. One that is good throughout, as nearly all are, is gone through once.
fn batch(payload: &str) -> Result<EventsRequest<Entry>, Problem> {
    if let Ok(whole) = serde_json::from_str::<EventsRequest<Observation>>(payload) {
        return Ok(whole.map(Observation::within));
    }
    let entries: EventsRequest<&RawValue> = body::json(payload)?;
    Ok(entries.map(|entry| Observation::parse(entry.get())))
}

/// `POST /v1/leads`.
pub(super) async fn take_lead(
    State(app): State<App>,
    Extension(named): Extension<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<LeadAnswer>), Problem> {
    let text = body::text(&headers, body, MEDIA).await?;
    let verified = opened(&app, &named, &text, clock::now())?;
    let (site, _) = site_of(&app, &named, &verified, &headers)?;
    let request: LeadRequest = body::json(verified.payload)?;
    verified.for_site(&request.site)?;
    if let Some(visitor) = request.visitor {
        verified.for_visitor(&app.keys, visitor)?;
    }
    let page = own_page(&site, "page.url", &request.page.url)?;
    let key = request.form.parse::<FormKey>().ok();
    let form = key
        .and_then(|key| site.file.lead_form(&key))
        .ok_or_else(|| Problem::field("form", "unknown_form", "the site has no such form"))?;
    let mut submission = request.submission();
    // The page knows its language; of one that does not say, the browser's own.
    let own = submission.fields.remove(LANGUAGE);
    let language = own.as_deref().unwrap_or_else(|| accepted_language(&headers));
    if let Some(spam) = Spam::take(&mut submission.fields) {
        return Err(Problem::spam(spam.as_str(), site.file.spam(language, spam)));
    }
    let submission = form.core().accept(&submission).map_err(|faults| {
        let error = |(field, fault): (String, FieldFault)| FieldError {
            message: site.file.fault(language, form, &field, fault),
            code: fault.as_str(),
            field,
        };
        Problem::content(faults.into_iter().map(error).collect())
    })?;
    let filled = Filled {
        visitor: verified.session.visitor.filter(|_| request.visitor.is_some()),
        form: form.clone(),
        language: language.to_owned(),
        site: Arc::clone(&site),
        submission,
        page,
        signature: verified.signature,
        id: LeadId::from_bytes(random()?),
    };
    let sealed = filled.seal(&app.keys, clock::now());
    let sent = sealed.map_err(|error| {
        tracing::error!(%error, "no lead can be sealed");
        Problem::busy()
    })?;
    let taken = app.writer.lead(sent).await?;
    Ok((StatusCode::CREATED, Json(LeadAnswer { lead: taken.lead, linked: taken.linked })))
}

/// The language that a browser asks for first; the site's default where it asks for none.
fn accepted_language(headers: &HeaderMap) -> &str {
    accepted_languages(headers).next().unwrap_or("")
}
