//! Every address that the collector answers.

mod analysis;
mod api;
mod assets;
mod body;
mod cookies;
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
    routing::{delete, get, post},
};

pub use health::{Health, Scrape, scraped};

use crate::{
    client::Client,
    error::Problem,
    intake::writer::{ANSWER_TIME, Writer},
    keys::Keys,
    limits::Limits,
    metrics::Metrics,
    office::desk::Desk,
    proxy::Proxies,
    refusals::Pending,
    sites::Sites,
    store::Readers,
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
    /// Whether it speaks TLS itself.
    pub tls: bool,
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

/// The collector's routes.
pub fn router(app: App) -> Router {
    let by_address = middleware::from_fn_with_state(app.clone(), limit::by_address);
    let visitors = Router::new()
        .route(SESSIONS, post(visitor::open_session))
        .route(CONSENTS, post(visitor::decide))
        .route(EVENTS, post(visitor::store_events))
        .route(LEADS, post(visitor::take_lead))
        .layer(by_address.clone())
        .layer(middleware::from_fn_with_state(app.clone(), refusals::count))
        .layer(middleware::from_fn_with_state(app.clone(), allow_origin));
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
        .route("/api/v1/query", post(api::query))
        .route("/api/v1/funnel", post(analysis::funnel))
        .route("/api/v1/cohorts", post(analysis::cohorts))
        .route("/api/v1/paths", post(analysis::paths))
        .route("/api/v1/segments", get(analysis::segments).post(analysis::keep_segment))
        .route("/api/v1/segments/size", post(analysis::size))
        .route("/api/v1/segments/{segment}", delete(analysis::remove_segment))
        .route("/api/v1/score-rules", get(scores::rules).post(scores::keep))
        .route("/api/v1/score-rules/{rule}", delete(scores::remove))
        .route("/api/v1/scores", get(scores::list))
        .route("/api/v1/leads/{lead}/score", get(scores::one))
        .route("/api/v1/leads", get(leads::list).post(leads::give))
        .route("/api/v1/leads/{lead}", get(leads::show).patch(leads::amend).delete(leads::erase))
        .route("/api/v1/leads/{lead}/timeline", get(api::timeline))
        .route("/api/v1/refusals", get(refusals::list))
        .route_layer(middleware::from_fn(in_time))
        .route_layer(by_address)
        .merge(visitors)
        .merge(office::router(&app))
        .merge(own)
        .route(HEALTHY, get(health::healthy))
        .route(READY, get(health::ready))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::map_response_with_state(Tls(app.tls), harden))
        .layer(middleware::from_fn_with_state(observer, observe::observe))
        .with_state(app)
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

async fn harden(State(Tls(tls)): State<Tls>, mut response: Response) -> Response {
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
async fn allow_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed =
        origin.filter(|origin| origin.to_str().is_ok_and(|origin| app.sites.any_allows(origin)));
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let sets_cookies = request.uri().path() == CONSENTS;
    let mut response = next.run(request).await;
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
