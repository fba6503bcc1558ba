//! A table that is sent a part at a time, as it is read.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::header,
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// Where the parts go.
pub(super) type Parts = mpsc::Sender<Result<String, io::Error>>;

struct Table(mpsc::Receiver<Result<String, io::Error>>);

impl HttpBody for Table {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let part = std::task::ready!(self.0.poll_recv(context));
        Poll::Ready(part.map(|part| part.map(|text| Frame::data(Bytes::from(text)))))
    }
}

/// An answer whose parts `write` makes, while somebody takes them. What fails on the way cuts it short, so that nobody
/// takes a part for the whole.
pub(super) fn table<F>(name: &str, write: impl FnOnce(Parts) -> F) -> Response
where
    F: Future<Output = Result<(), io::Error>> + Send + 'static,
{
    let (parts, taken) = mpsc::channel(1);
    let failed = parts.clone();
    let write = write(parts);
    tokio::spawn(async move {
        if let Err(error) = write.await {
            tracing::warn!(%error, "a table was cut short");
            drop(failed.send(Err(error)).await);
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::new(Table(taken))).into_response()
}

/// Hands a part on; an error where nobody takes it any more.
pub(super) async fn send(parts: &Parts, part: String) -> Result<(), io::Error> {
    parts.send(Ok(part)).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// An error that says no more than the log.
pub(super) fn broken(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}
