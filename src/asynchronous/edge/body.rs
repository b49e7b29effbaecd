//! `SessionBody`: a response's body, with its session.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response from a [`SessionLayer`](super::SessionLayer), unchanged. After it has been sent, the
    /// session's later writes are saved or counted: see [`Exchange`](super::Exchange).
    pub struct SessionBody<B> {
        #[pin]
        body: B,
        // Boxed, because its type depends on the session's connections.
        exchange: Option<Box<dyn Send + Sync>>,
    }
}

impl<B> SessionBody<B> {
    /// Creates a body that keeps `exchange` until it has been sent: for what calls
    /// [`Edge::begin`](crate::edge::Edge::begin) or [`AnyEdge::arrive`](crate::edge::AnyEdge::arrive) itself.
    pub fn holding(body: B, exchange: impl Send + Sync + 'static) -> Self {
        Self::new(body, Box::new(exchange))
    }

    pub(super) fn new(body: B, exchange: Box<dyn Send + Sync>) -> Self {
        Self {
            body,
            exchange: Some(exchange),
        }
    }
}

impl<B: Body> Body for SessionBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = this.body.poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            *this.exchange = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for SessionBody<B> {
    fn default() -> Self {
        Self {
            body: B::default(),
            exchange: None,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for SessionBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
