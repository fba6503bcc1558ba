//! What is told of each request: its duration and outcome, to the figures and to the log.
//!
//! Never told: the path as it was asked for, what follows its question mark, headers, addresses, bodies.
//! The route is the router's own template, the method one of a fixed list, and the code one of our own.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderValue,
    response::Response,
};
use tracing::Instrument as _;

use super::{HEALTHY, READY};
use crate::{
    metrics::{self, Metrics},
    refusals::Refused,
};

/// Who measures, and gives requests their ids.
#[derive(Clone, Debug)]
pub(super) struct Observer {
    metrics: Metrics,
    ids: Arc<Ids>,
}

/// Ids of requests. One does not tell the next, nor how many there were.
#[derive(Debug, Default)]
struct Ids {
    secret: RandomState,
    next: AtomicU64,
}

impl Ids {
    fn next(&self) -> String {
        let id = self.secret.hash_one(self.next.fetch_add(1, Ordering::Relaxed));
        format!("{id:016x}")
    }
}

impl Observer {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { metrics, ids: Arc::default() }
    }
}

/// Measures a request and logs it. An answer that is a problem carries the request's id, by which its
/// line is found; others do not, so that no browser keeps one.
pub(super) async fn observe<F: Future<Output = Response>>(
    observer: &Observer,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let start = Instant::now();
    let method = metrics::method(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = observer.ids.next();
    let span = tracing::info_span!("request", id);
    let mut response = next(request).instrument(span.clone()).await;

    let took = start.elapsed();
    let route = route.as_ref().map(MatchedPath::as_str);
    let status = response.status();
    observer.metrics.answered(route, method, status.as_u16(), took);
    let route = route.unwrap_or("none");
    let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    let code = response.extensions().get::<Refused>().map(|refused| refused.code);
    span.in_scope(|| {
        let status = status.as_u16();
        if status >= 500 {
            tracing::warn!(method, route, status, code, ms, "failed");
        } else if [HEALTHY, READY].contains(&route) {
            tracing::debug!(method, route, status, ms, "answered");
        } else {
            tracing::info!(method, route, status, code, ms, "answered");
        }
    });
    if code.is_some()
        && let Ok(id) = HeaderValue::try_from(id)
    {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
