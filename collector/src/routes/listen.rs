//! Taking connections, and giving none of them more than its due.
//!
//! The loop is generic over the stream, so that TLS can be put between. How many connections there are
//! and how long each may take is for `room` to say.

use std::{
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

pub use super::room::Bounds;
use super::{
    limit::Peer,
    room::{Room, Seat},
    slow::Timed,
};
use crate::clock;

/// How often it is looked whose time is over.
const SWEEP: Duration = Duration::from_millis(250);
/// Without files to open, how long until the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a request's head, at most.
const HEAD_BYTES: usize = 32 * 1_024;
/// Lines of a request's head, at most.
const HEAD_LINES: usize = 100;

/// Serves `router` until `stop`, and then until every request is answered that has begun. `secure`
/// makes a stream of each connection, as by a TLS handshake; its time is part of the first head's.
pub async fn serve<S, F>(
    listener: TcpListener,
    bounds: Bounds,
    router: Router,
    secure: impl Fn(TcpStream) -> F,
    stop: impl Future<Output = ()>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
{
    let room = Room::new(bounds);
    let (stopping, stopped) = watch::channel(());
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(SWEEP);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            _ = ticks.tick() => {
                room.sweep(clock::uptime());
                while tasks.try_join_next().is_some() {}
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if of_one_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "no connection can be taken");
                room.evict(clock::uptime());
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are small and written whole: waiting to fill a packet only adds delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let (seat, evicted) = tokio::select! {
            () = &mut stop => break,
            seated = room.seat(clock::uptime) => seated,
        };
        let connection = Connection {
            seat: Arc::new(seat),
            router: router.clone(),
            peer: Peer(peer.ip()),
            stopped: stopped.clone(),
        };
        let stream = secure(stream);
        tasks.spawn(async move {
            tokio::select! {
                () = connection.serve(stream) => {}
                _ = evicted => {}
            }
        });
    }
    drop(listener);
    drop(stopping);
    loop {
        tokio::select! {
            ended = tasks.join_next() => if ended.is_none() { return },
            _ = ticks.tick() => room.sweep(clock::uptime()),
        }
    }
}

/// Whether only the connection failed that was to be taken.
fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Connection {
    seat: Arc<Seat>,
    router: Router,
    peer: Peer,
    stopped: watch::Receiver<()>,
}

impl Connection {
    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        mut self,
        stream: impl Future<Output = io::Result<S>>,
    ) {
        let Ok(stream) = stream.await else { return };
        let Self { seat, router, peer, .. } = self;
        let stream = Watched { stream, seat: Arc::clone(&seat) };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let time = seat.body_time();
            let whole = Arc::clone(&seat);
            if request.body().is_end_stream() {
                whole.busy();
            } else {
                whole.reads(clock::uptime());
            }
            let mut request: Request =
                request.map(|body| Body::new(Timed::new(body, time, move || whole.busy())));
            request.extensions_mut().insert(peer);
            let answer = TowerToHyperService::new(router.clone()).call(request);
            let seat = Arc::clone(&seat);
            async move {
                let answer: Result<Response, Infallible> = answer.await;
                seat.idle(clock::uptime());
                answer
            }
        });
        let connection = http1::Builder::new()
            .header_read_timeout(None) // the sweep sees to it, and to more
            .max_headers(HEAD_LINES)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            _ = &mut connection => return,
            _ = self.stopped.changed() => connection.as_mut().graceful_shutdown(),
        }
        // How it ends is the caller's affair.
        let _ = connection.await;
    }
}

/// A stream that tells its seat when bytes come.
struct Watched<S> {
    stream: S,
    seat: Arc<Seat>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.seat.heard(clock::uptime());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }
}
