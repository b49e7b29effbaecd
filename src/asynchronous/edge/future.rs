//! `SessionFuture`: the future response of a [`SessionService`](super::SessionService).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::SessionBody;
use crate::asynchronous::RoutedConnection;
use crate::context::Scoped;
use crate::edge::Exchange;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The exchange, boxed because it moves on to the body, and the inner service's future.
pub(super) type Begun<F, C> = (Box<Exchange<C>>, Scoped<F>);

pin_project! {
    /// The future of a [`SessionService`](super::SessionService).
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the inner service, whose future is dropped in the session's scope. What was written by then is
    /// saved in the store, or counted: see [`Exchange`].
    #[must_use = "futures do nothing unless polled"]
    pub struct SessionFuture<F, O, C: RoutedConnection> {
        #[pin]
        stage: Stage<F, O, C>,
    }
}

pin_project! {
    // The stages. A request that writes nothing, without a store, waits for the inner service only.
    #[project = StageProjection]
    enum Stage<F, O, C: RoutedConnection> {
        // Waits for the store.
        Loading { loading: BoxFuture<Begun<F, C>> },
        // Waits for the inner service.
        Answering { exchange: Option<Box<Exchange<C>>>, #[pin] answer: Scoped<F> },
        // Waits for the position of what was written, and for the store.
        Telling { telling: BoxFuture<Response<SessionBody<O>>> },
    }
}

impl<F, O, C: RoutedConnection> SessionFuture<F, O, C> {
    pub(super) fn loading(loading: impl Future<Output = Begun<F, C>> + Send + 'static) -> Self {
        let loading: BoxFuture<_> = Box::pin(loading);
        Self {
            stage: Stage::Loading { loading },
        }
    }

    pub(super) fn answering(begun: Begun<F, C>) -> Self {
        Self {
            stage: Stage::answering(begun),
        }
    }
}

impl<F, O, C: RoutedConnection> Stage<F, O, C> {
    fn answering((exchange, answer): Begun<F, C>) -> Self {
        Self::Answering {
            exchange: Some(exchange),
            answer,
        }
    }
}

impl<F, O, E, C> Future for SessionFuture<F, O, C>
where
    F: Future<Output = Result<Response<O>, E>>,
    O: Send + 'static,
    C: RoutedConnection,
{
    type Output = Result<Response<SessionBody<O>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            let next = match stage.as_mut().project() {
                StageProjection::Loading { loading } => {
                    Stage::answering(ready!(loading.as_mut().poll(cx)))
                }
                StageProjection::Answering { exchange, answer } => {
                    let answer = ready!(answer.poll(cx));
                    let Some(exchange) = exchange.take() else {
                        // The inner future is gone already.
                        return Poll::Pending;
                    };
                    let mut response = answer?;
                    if !exchange.news().is_any() {
                        exchange.add_timing(response.headers_mut());
                        return Poll::Ready(Ok(with_body(response, exchange)));
                    }
                    Stage::Telling {
                        telling: Box::pin(finish(response, exchange)),
                    }
                }
                StageProjection::Telling { telling } => {
                    return telling.as_mut().poll(cx).map(Ok);
                }
            };
            stage.set(next);
        }
    }
}

async fn finish<O, C: RoutedConnection>(
    mut response: Response<O>,
    mut exchange: Box<Exchange<C>>,
) -> Response<SessionBody<O>> {
    exchange.finish(response.headers_mut()).await;
    with_body(response, exchange)
}

fn with_body<O, C: RoutedConnection>(
    response: Response<O>,
    exchange: Box<Exchange<C>>,
) -> Response<SessionBody<O>> {
    response.map(|body| SessionBody::new(body, exchange))
}

impl<F, O, C: RoutedConnection> fmt::Debug for SessionFuture<F, O, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFuture").finish_non_exhaustive()
    }
}
