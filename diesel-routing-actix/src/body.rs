//! `SessionBody`: a response's body, with its session.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response from a [`SessionMiddleware`](crate::SessionMiddleware), unchanged. After it has been sent, the
    /// session's later writes are saved or counted: see [`Exchange`](diesel_routing::edge::Exchange).
    pub struct SessionBody<B> {
        #[pin]
        body: B,
        exchange: Option<Box<dyn Any>>,
    }
}

impl<B> SessionBody<B> {
    pub(crate) fn new(body: B, exchange: impl Any) -> Self {
        Self {
            body,
            exchange: Some(Box::new(exchange)),
        }
    }
}

impl<B: MessageBody> MessageBody for SessionBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = this.body.poll_next(cx);
        if matches!(chunk, Poll::Ready(None | Some(Err(_)))) {
            *this.exchange = None;
        }
        chunk
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, exchange } = self;
        body.try_into_bytes()
            .map_err(|body| Self { body, exchange })
    }
}

impl<B: fmt::Debug> fmt::Debug for SessionBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
