//! Every address that the collector answers.

mod analysis;
mod api;
mod assets;
mod body;
mod cookies;
mod described;
mod exports;
mod extract;
mod gpc;
mod health;
mod leads;
mod limit;
pub mod listen;
mod log;
mod mail;
mod me;
mod observe;
mod office;
mod policy;
mod refusals;
mod request;
mod room;
mod scores;
mod slow;
mod visitor;

use std::{ops::Deref, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use health::{Health, Scrape, scraped};

use self::described::Described;
use crate::{
    client::Client,
    error::Problem,
    intake::writer::{ANSWER_TIME, Writer},
    keys::Keys,
    limits::Limits,
    metrics::Metrics,
    office::{access::Access, desk::Desk},
    proxy::Proxies,
    refusals::Pending,
    sites::Sites,
    store::{Readers, accounts::Role},
};

/// What every route may use, shared by all calls.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

impl App {
    /// Of its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What the routes share.
#[derive(Debug)]
pub struct Parts {
    /// The secrets.
    pub keys: Arc<Keys>,
    /// The sites in force.
    pub sites: Sites,
    /// The way to the database for what visitors send.
    pub writer: Writer,
    /// The way to the database for what marketers ask.
    pub readers: Readers,
    /// The way to the database for what the back office writes.
    pub desk: Desk,
    /// The embedded client.
    pub client: Arc<Client>,
    /// How much may be called.
    pub limits: Arc<Limits>,
    /// Who is believed about whose call it is.
    pub proxies: Arc<Proxies>,
    /// The address by which browsers reach the collector, without a slash at its end.
    pub public_url: Arc<str>,
    /// What the collector counts about itself.
    pub metrics: Metrics,
    /// Calls that were refused, until they are written.
    pub refusals: Pending,
    /// Whether it can do its work.
    pub health: Arc<Health>,
    /// How people come into the back office.
    pub access: Access,
    /// Whether it speaks TLS itself.
    pub tls: bool,
    /// What roles have to show something beside their password.
    pub second_factor: Vec<Role>,
}

const SESSIONS: &str = "/v1/sessions";
/// The one call whose answers set cookies.
const CONSENTS: &str = "/v1/consents";
const EVENTS: &str = "/v1/events";
const LEADS: &str = "/v1/leads";
const HEALTHY: &str = "/healthz";
const READY: &str = "/readyz";

/// Where the collector speaks TLS itself, browsers are to use nothing else for a year (RFC 6797). Behind a
/// proxy this is the proxy's to say: the collector cannot know by what its answers travel.
const TLS_ONLY: &str = "max-age=31536000";

/// The collector's routes; those of the back office are among them where it is not served apart.
pub fn router(app: App) -> Router {
    let office = if app.access.apart { Router::new() } else { office::router(&app) };
    routed(app, office)
}

/// The same, with the back office: for the address that it has of its own.
pub fn with_office(app: App) -> Router {
    let office = office::router(&app);
    routed(app, office)
}

fn routed(app: App, office: Router<App>) -> Router {
    let by_address = middleware::from_fn_with_state(app.clone(), limit::by_address);
    let visitors = Router::new()
        .route(SESSIONS, post(visitor::open_session))
        .route(CONSENTS, post(visitor::decide))
        .route(EVENTS, post(visitor::store_events))
        .route(LEADS, post(visitor::take_lead))
        .layer(middleware::from_fn_with_state(app.clone(), from_page));
    let own = Router::new()
        .route("/s/{site}/me", get(me::page).post(me::open))
        .route("/s/{site}/me/{act}", post(me::act))
        .route_layer(middleware::from_fn(in_time))
        .route_layer(by_address.clone())
        .route_layer(middleware::from_fn_with_state(app.clone(), me::speak));
    let observer = observe::Observer::new(app.metrics.clone());
    Router::new()
        .route("/s/{site}/ashiato.js", get(assets::loader))
        .route("/s/{site}/policy", get(policy::page))
        .route("/s/{site}/gpc.json", get(gpc::of_site))
        .route("/s/{site}/confirm/{token}", get(mail::confirm_page).post(mail::confirm))
        .route("/s/{site}/stop/{token}", get(mail::stop_page).post(mail::stop))
        .route("/s/{site}/request", get(request::form).post(request::ask))
        .route("/s/{site}/request/{token}", get(request::confirm_page).post(request::confirm))
        .route("/s/{site}/answer/{token}", get(request::hand_out).post(request::take))
        .route("/s/{site}/{part}", get(assets::part))
        .route("/ashiato.d.ts", get(assets::types))
        .route("/v1/log/checkpoint", get(log::checkpoint))
        .route("/v1/log/key", get(log::key))
        .route("/v1/log/tile/{level}/{*place}", get(log::tile))
        .route("/v1/log/proof", get(log::proof))
        .route("/.well-known/jwks.json", get(assets::jwks))
        .route("/.well-known/gpc.json", get(gpc::of_all))
        .merge(calls().finish(&app.public_url))
        .route_layer(middleware::from_fn(in_time))
        .route_layer(by_address)
        .merge(visitors)
        .merge(office)
        .merge(own)
        .route(HEALTHY, get(health::healthy))
        .route(READY, get(health::ready))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state((observer, Tls(app.tls)), every))
        .with_state(app)
}

/// The calls of marketers and of other systems, each with what is told of it.
fn calls() -> Described {
    Described::default()
        .call("/api/v1/query", api::query, api::told)
        .call("/api/v1/export", exports::export, exports::told)
        .call("/api/v1/funnel", analysis::funnel, analysis::told::funnel)
        .call("/api/v1/cohorts", analysis::cohorts, analysis::told::cohorts)
        .call("/api/v1/paths", analysis::paths, analysis::told::paths)
        .call("/api/v1/segments", analysis::segments, analysis::told::segments)
        .call("/api/v1/segments", analysis::keep_segment, analysis::told::keep_segment)
        .call("/api/v1/segment-size", analysis::size, analysis::told::size)
        .call(
            "/api/v1/segments/{segment}",
            analysis::remove_segment,
            analysis::told::remove_segment,
        )
        .call("/api/v1/score-rules", scores::rules, scores::told::rules)
        .call("/api/v1/score-rules", scores::keep, scores::told::keep)
        .call("/api/v1/score-rules/{rule}", scores::remove, scores::told::remove)
        .call("/api/v1/scores", scores::list, scores::told::list)
        .call("/api/v1/leads/{lead}/score", scores::one, scores::told::one)
        .call("/api/v1/leads", leads::list, leads::told::list)
        .call("/api/v1/leads", leads::give, leads::told::give)
        .call("/api/v1/leads/{lead}", leads::show, leads::told::show)
        .call("/api/v1/leads/{lead}", leads::amend, leads::told::amend)
        .call("/api/v1/leads/{lead}", leads::erase, leads::told::erase)
        .call("/api/v1/leads/{lead}/timeline", api::timeline, leads::told::timeline)
        .call("/api/v1/refusals", refusals::list, refusals::told)
}

/// A database that hangs must not keep those waiting who only ask.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(ANSWER_TIME, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::unanswered().into_response())
}

/// The same for one question of a call that does more.
async fn asked<T>(asking: impl Future<Output = sqlx::Result<T>>) -> Result<T, Problem> {
    match tokio::time::timeout(ANSWER_TIME, asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Problem::unanswered()),
    }
}

async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

async fn not_allowed(method: Method) -> Problem {
    let detail = format!("{method} is not answered at this address");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Whether the collector speaks TLS itself.
#[derive(Clone, Copy)]
struct Tls(bool);

/// What is done with every call. One layer: each costs as much as reading a head does.
async fn every(
    State((observer, tls)): State<(observe::Observer, Tls)>,
    request: Request,
    next: Next,
) -> Response {
    let answered = |request| async move { harden(tls, next.run(request).await) };
    observe::observe(&observer, request, answered).await
}

/// What is done with the calls of visitors' pages.
async fn from_page(State(app): State<App>, request: Request, next: Next) -> Response {
    let app = &app;
    let limited = |request| limit::passed(app, request, |request| next.run(request));
    let counted = |request| refusals::count(app, request, limited);
    allow_origin(app, request, counted).await
}

fn harden(Tls(tls): Tls, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
    response
}

/// Lets the pages of configured sites read the answers to their calls, and where the collector is
/// same-site with them, also the answer that sets cookies. No cookie is ever read, so that credentials
/// change no answer. Whether a call is one of its own site's pages is checked by the call itself.
async fn allow_origin<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed =
        origin.filter(|origin| origin.to_str().is_ok_and(|origin| app.sites.any_allows(origin)));
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let sets_cookies = request.uri().path() == CONSENTS;
    let mut response = next(request).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(origin) = allowed {
        // Problems too: a page that sends credentials could not read them otherwise.
        if sets_cookies
            && origin.to_str().is_ok_and(|origin| app.sites.may_send_credentials(origin))
        {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // The page waits as long as it is asked to.
        let exposed = HeaderValue::from_static("Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}
