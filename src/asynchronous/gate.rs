//! The future of a statement on a read handle: refused, or running.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use diesel::QueryResult;

use crate::asynchronous::flight::Flight;

pin_project_lite::pin_project! {
    /// A statement's future, or the reason why it was not sent.
    #[project = GateProjection]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    #[allow(missing_docs, reason = "pin-project-lite takes no comments on these fields")]
    #[expect(clippy::exhaustive_enums, reason = "hidden from users")]
    pub enum Gate<'conn, F> {
        /// It was sent: diesel-async's own future.
        Open {
            #[pin]
            future: F,
            flight: Flight<'conn>,
        },
        /// It was not, for this reason; `None` once told.
        Shut {
            error: Option<diesel::result::Error>,
        },
    }
}

impl<F> Gate<'_, F> {
    pub(crate) fn shut(error: diesel::result::Error) -> Self {
        Self::Shut { error: Some(error) }
    }
}

impl<F, T> Future for Gate<'_, F>
where
    F: Future<Output = QueryResult<T>>,
{
    type Output = QueryResult<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            GateProjection::Open { future, flight } => {
                flight.depart();
                let answer = ready!(future.poll(cx));
                flight.land();
                Poll::Ready(answer)
            }
            GateProjection::Shut { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                // Polled after it was ready: as for a finished `async` block, but without a panic.
                None => Poll::Pending,
            },
        }
    }
}
