//! Who calls too much is asked to wait.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, body};
use crate::{clock, error::Problem, sites::Site};

/// The address at the other end of the connection. It is used for the limits alone and kept nowhere.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Lets a call pass whose address has not called too much.
pub(super) async fn by_address(State(app): State<App>, request: Request, next: Next) -> Response {
    passed(&app, request, |request| next.run(request)).await
}

/// The same for whoever does more with a call.
pub(super) async fn passed<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let Some(Peer(peer)) = request.extensions().get().copied() else {
        return next(request).await; // no connection, as in a test
    };
    let caller = caller(app, peer, request.headers());
    match app.limits.address(caller, clock::uptime()) {
        Ok(()) => next(request).await,
        Err(wait) => {
            let (parts, body) = request.into_parts();
            body::drain(&parts.headers, body).await;
            Problem::rate_limited("this address", wait.0).into_response()
        }
    }
}

/// Whose call it is, where it came by a connection.
pub(super) fn caller_of(app: &App, request: &Request) -> Option<IpAddr> {
    let Peer(peer) = request.extensions().get().copied()?;
    Some(caller(app, peer, request.headers()))
}

fn caller(app: &App, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let header = app.proxies.header.name();
    if headers.contains_key(header) && !app.proxies.trust(peer) {
        warn_of_proxy(peer, header);
    }
    // What is no text ends what can be believed.
    let values = headers.get_all(header).iter().map(|value| value.to_str().unwrap_or(""));
    app.proxies.caller(peer, values)
}

/// Says once that all of a proxy's visitors count as one caller. Only of a neighbour: anybody else can
/// write the header.
fn warn_of_proxy(peer: IpAddr, header: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let near = match peer.to_canonical() {
        IpAddr::V4(four) => four.is_loopback() || four.is_private(),
        IpAddr::V6(six) => six.is_loopback() || six.is_unique_local(),
    };
    if near && !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            header,
            "calls come by a proxy that is not trusted: all of its visitors share one rate limit; \
             name it by --trusted-proxy"
        );
    }
}

/// Takes a form that has a mail sent, to whichever address.
///
/// # Errors
/// How long to wait.
pub(super) fn of_asking(
    app: &App,
    site: &Site,
    peer: Option<Peer>,
    headers: &HeaderMap,
) -> Result<(), Duration> {
    let now = clock::uptime();
    if let Some(Peer(peer)) = peer {
        let caller = caller(app, peer, headers);
        app.limits.asking(caller, now).map_err(|wait| wait.0)?;
    }
    app.limits.site(site.id, now).map_err(|wait| wait.0)
}

/// Takes a call for a site, under the session where there is one.
pub(super) fn of_site(app: &App, site: &Site, session: Option<&str>) -> Result<(), Problem> {
    let now = clock::uptime();
    if let Some(session) = session {
        let taken = app.limits.session(session, now);
        taken.map_err(|wait| Problem::rate_limited("this session", wait.0))?;
    }
    app.limits.site(site.id, now).map_err(|wait| Problem::rate_limited("this site", wait.0))
}
