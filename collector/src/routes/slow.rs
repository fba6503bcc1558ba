//! A body that must be whole in time, however many bytes come how slowly.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

/// The time was over before the body was whole.
#[derive(Debug, thiserror::Error)]
#[error("the body was not whole after {} s", .0.as_secs_f32())]
pub(super) struct TooSlow(Duration);

/// A body, the time that it has from the first wait for it, and what is to be done once it is whole.
pub(super) struct Timed<F> {
    body: Incoming,
    time: Duration,
    end: Option<Pin<Box<Sleep>>>,
    whole: F,
}

impl<F: Fn()> Timed<F> {
    pub(super) fn new(body: Incoming, time: Duration, whole: F) -> Self {
        Self { body, time, end: None, whole }
    }
}

impl<F: Fn() + Unpin> HttpBody for Timed<F> {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if frame.is_none() {
                (self.whole)();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let time = self.time;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(end.as_mut().poll(cx));
        Poll::Ready(Some(Err(Box::new(TooSlow(time)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
