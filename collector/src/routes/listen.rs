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
    body::{Body as _, Frame, Incoming, SizeHint},
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
        let stream = Watched { stream, seat: Arc::clone(&seat), written: 0 };
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
                seat.answers(clock::uptime());
                answer.map(|answer| answer.map(|body| Given { body, seat }))
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

/// The body of an answer, which tells its seat when it has been given to what writes it.
struct Given {
    body: Body,
    seat: Arc<Seat>,
}

impl hyper::body::Body for Given {
    type Data = <Body as hyper::body::Body>::Data;
    type Error = <Body as hyper::body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Given {
    /// hyper drops a body once it has its last byte, and flushes afterwards.
    fn drop(&mut self) {
        self.seat.given();
    }
}

/// Bytes of an answer that the other side has to take in the time of a part. Fewer count for nothing: one
/// byte now and then must not keep a connection.
const PART: usize = 16 * 1_024;

/// A stream that tells its seat when bytes come and go.
struct Watched<S> {
    stream: S,
    seat: Arc<Seat>,
    /// Bytes written since the seat was told.
    written: usize,
}

impl<S> Watched<S> {
    fn wrote(&mut self, written: &Poll<io::Result<usize>>) {
        let Poll::Ready(Ok(bytes)) = written else { return };
        self.written += bytes;
        if self.written >= PART {
            self.written = 0;
            self.seat.taken(clock::uptime());
        }
    }
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
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.seat.flushed(clock::uptime());
        }
        flushed
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
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.wrote(&written);
        written
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
        sync::oneshot,
    };

    use super::*;

    const ANSWER: usize = 300_000;

    /// A room for one, who has asked for a long answer and reads it by a pipe that holds little.
    async fn asked() -> (Arc<Room>, DuplexStream, oneshot::Receiver<()>, JoinSet<()>) {
        let second = Duration::from_secs(1);
        let bounds = Bounds { connections: 1, head: second, body: 10 * second, idle: 75 * second };
        let room = Room::new(bounds);
        let (seat, leave) = room.seat(clock::uptime).await;
        let (stopping, stopped) = watch::channel(());
        let router = Router::new().route("/", get(|| async { "x".repeat(ANSWER) }));
        let peer = Peer([127, 0, 0, 1].into());
        let connection = Connection { seat: Arc::new(seat), router, peer, stopped };
        let (mut own, other) = tokio::io::duplex(1_024);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            connection.serve(std::future::ready(Ok(other))).await;
            drop(stopping);
        });
        own.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut begun = [0; 100];
        own.read_exact(&mut begun).await.unwrap();
        (room, own, leave, tasks)
    }

    fn is_there(leave: &mut oneshot::Receiver<()>) -> bool {
        matches!(leave.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    #[tokio::test]
    async fn who_reads_slowly_reads_all_and_makes_room_when_it_has() {
        let (room, mut own, mut leave, _tasks) = asked().await;
        let mut read = 100;
        let mut some = [0; 500];
        while read < ANSWER {
            room.evict(clock::uptime() + Duration::from_secs(5));
            assert!(is_there(&mut leave), "it was sent away after {read} bytes");
            read += own.read(&mut some).await.unwrap();
        }
        // The head comes on top.
        let begun = clock::uptime();
        while is_there(&mut leave) {
            assert!(clock::uptime() - begun < Duration::from_secs(30), "it never makes room");
            tokio::task::yield_now().await;
            room.evict(clock::uptime());
            let _ = tokio::time::timeout(Duration::from_millis(1), own.read(&mut some)).await;
        }
    }

    #[tokio::test]
    async fn who_takes_nothing_of_its_answer_or_a_byte_now_and_then_has_its_time() {
        let (room, mut own, mut leave, _tasks) = asked().await;
        let later = clock::uptime() + Duration::from_secs(11);
        own.read_u8().await.unwrap();
        room.sweep(later - Duration::from_secs(2));
        assert!(is_there(&mut leave));
        room.sweep(later);
        assert!(!is_there(&mut leave));
    }
}
