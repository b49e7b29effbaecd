//! `TokenChannel`: a channel with a jar.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::TokenJar;

impl<S> Layer<S> for TokenJar {
    type Service = TokenChannel<S>;

    fn layer(&self, inner: S) -> TokenChannel<S> {
        TokenChannel {
            inner,
            jar: self.clone(),
        }
    }
}

/// A channel that sends and keeps tokens: see [`TokenJar`].
#[derive(Debug, Clone)]
pub struct TokenChannel<S> {
    inner: S,
    jar: TokenJar,
}

impl<S, B, O> Service<Request<B>> for TokenChannel<S>
where
    S: Service<Request<B>, Response = Response<O>>,
{
    type Response = Response<O>;
    type Error = S::Error;
    type Future = TokenFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> TokenFuture<S::Future> {
        let sent = self.jar.send(request.headers_mut());
        TokenFuture {
            answer: self.inner.call(request),
            jar: self.jar.clone(),
            sent,
        }
    }
}

pin_project! {
    /// The future of a [`TokenChannel`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TokenFuture<F> {
        #[pin]
        answer: F,
        jar: TokenJar,
        sent: Vec<HeaderValue>,
    }
}

impl<F, O, E> Future for TokenFuture<F>
where
    F: Future<Output = Result<Response<O>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(cx));
        if let Ok(response) = &answer {
            this.jar.receive(response.headers(), this.sent);
        }
        Poll::Ready(answer)
    }
}
