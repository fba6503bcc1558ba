//! Taking connections, and giving none of them more than its due.
//!
//! A connection *waits* until the head of its next request is whole, and is *busy* until that request
//! is answered. It may wait so long and no longer: for the rest of a head that has begun, and between
//! requests. Where there are as many connections as there may be, one that waits makes room for a new
//! one, first of all those that have begun a head and not ended it; so whoever opens thousands and
//! sends nothing loses them, and others are served. Busy ones are never cut off; that they end is seen
//! to by the time that a body may take.

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot, watch},
    task::JoinSet,
};

use super::{limit::Peer, slow::Timed};
use crate::clock;

/// How often it is looked whose time is over.
const SWEEP: Duration = Duration::from_millis(250);
/// A head that is younger is on its way.
const FRESH: Duration = Duration::from_secs(1);
/// Without files to open, how long until the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a request's head, at most.
const HEAD_BYTES: usize = 32 * 1_024;
/// Lines of a request's head, at most.
const HEAD_LINES: usize = 100;

/// What connections may have.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many there may be.
    pub connections: usize,
    /// How long the head of a request may take, from the connection's beginning or the head's.
    pub head: Duration,
    /// How long a body may take.
    pub body: Duration,
    /// How long a connection may be without a request. Longer than what proxies keep theirs, so that
    /// they do not send into one that is being closed.
    pub idle: Duration,
}

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
    let room = Arc::new(Room { bounds, seats: Mutex::default(), freed: Notify::new() });
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
            seated = room.seat() => seated,
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
            seat.busy();
            let mut request: Request =
                request.map(|body| Body::new(Timed::new(body, seat.room.bounds.body)));
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

/// The connections that there are.
struct Room {
    bounds: Bounds,
    seats: Mutex<Seats>,
    freed: Notify,
}

#[derive(Default)]
struct Seats {
    next: u64,
    /// Who is there, and as what. To drop a sender is to send its connection away.
    taken: HashMap<u64, (State, oneshot::Sender<()>)>,
    /// Those whose head has begun, and those that are between requests, by since when.
    heads: BTreeSet<(Duration, u64)>,
    idle: BTreeSet<(Duration, u64)>,
}

#[derive(Clone, Copy)]
enum State {
    Head(Duration),
    Idle(Duration),
    Busy,
}

impl Seats {
    fn unlist(&mut self, id: u64, state: State) {
        match state {
            State::Head(since) => self.heads.remove(&(since, id)),
            State::Idle(since) => self.idle.remove(&(since, id)),
            State::Busy => false,
        };
    }

    fn change(&mut self, id: u64, to: State) {
        let Some((state, _)) = self.taken.get_mut(&id) else { return };
        let before = std::mem::replace(state, to);
        self.unlist(id, before);
        match to {
            State::Head(since) => self.heads.insert((since, id)),
            State::Idle(since) => self.idle.insert((since, id)),
            State::Busy => false,
        };
    }

    fn remove(&mut self, id: u64) {
        if let Some((state, _)) = self.taken.remove(&id) {
            self.unlist(id, state);
        }
    }

    /// Sends away who can be spared first; whether there was anybody.
    fn evict(&mut self, now: Duration) -> bool {
        let stale = self.heads.first().filter(|(since, _)| now.saturating_sub(*since) >= FRESH);
        let Some((_, id)) = stale.or(self.idle.first()).or(self.heads.first()).copied() else {
            return false;
        };
        self.remove(id);
        true
    }

    fn sweep(&mut self, now: Duration, bounds: &Bounds) {
        let late = |first: Option<&(Duration, u64)>, bound: Duration| {
            first.filter(|(since, _)| now.saturating_sub(*since) >= bound).map(|(_, id)| *id)
        };
        while let Some(id) =
            late(self.heads.first(), bounds.head).or_else(|| late(self.idle.first(), bounds.idle))
        {
            self.remove(id);
        }
    }
}

impl Room {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sweep(&self, now: Duration) {
        self.seats().sweep(now, &self.bounds);
        self.freed.notify_one();
    }

    fn evict(&self, now: Duration) {
        self.seats().evict(now);
    }

    /// A seat for a new connection, and what ends when it has to leave. Waits where all are busy.
    async fn seat(self: &Arc<Self>) -> (Seat, oneshot::Receiver<()>) {
        loop {
            let freed = self.freed.notified();
            if let Some(seated) = self.try_seat(clock::uptime()) {
                return seated;
            }
            freed.await;
        }
    }

    fn try_seat(self: &Arc<Self>, now: Duration) -> Option<(Seat, oneshot::Receiver<()>)> {
        let mut seats = self.seats();
        if seats.taken.len() >= self.bounds.connections && !seats.evict(now) {
            return None;
        }
        let (stay, leave) = oneshot::channel();
        let id = seats.next;
        seats.next += 1;
        seats.taken.insert(id, (State::Head(now), stay));
        seats.heads.insert((now, id));
        Some((Seat { room: Arc::clone(self), id }, leave))
    }
}

/// A connection's place among the others; given up when dropped.
struct Seat {
    room: Arc<Room>,
    id: u64,
}

impl Seat {
    fn busy(&self) {
        self.room.seats().change(self.id, State::Busy);
    }

    fn idle(&self, now: Duration) {
        self.room.seats().change(self.id, State::Idle(now));
        self.room.freed.notify_one();
    }

    /// Bytes have come: between requests, the next one's head has begun.
    fn heard(&self) {
        let mut seats = self.room.seats();
        if let Some((State::Idle(_), _)) = seats.taken.get(&self.id) {
            seats.change(self.id, State::Head(clock::uptime()));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.seats().remove(self.id);
        self.room.freed.notify_one();
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
            self.seat.heard();
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
