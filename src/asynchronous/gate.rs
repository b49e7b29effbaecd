//! The future of a statement that may have been refused.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use diesel::QueryResult;

use crate::asynchronous::statement_guard::StatementGuard;

pin_project_lite::pin_project! {
    /// A statement's future, or the reason why it was not sent.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Gate<'conn, F> {
        #[pin]
        state: State<'conn, F>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<'conn, F> {
        // The handle may run the statement: diesel-async's own future.
        Admitted {
            #[pin]
            future: F,
            guard: StatementGuard<'conn>,
        },
        // The statement was refused, for this reason; `None` once returned.
        Refused {
            error: Option<diesel::result::Error>,
        },
    }
}

impl<'conn, F> Gate<'conn, F> {
    /// Lets a statement through that the handle may run.
    pub(crate) fn admitted(future: F, guard: StatementGuard<'conn>) -> Self {
        Self {
            state: State::Admitted { future, guard },
        }
    }

    pub(crate) fn refused(error: diesel::result::Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
        }
    }
}

impl<F, T> Future for Gate<'_, F>
where
    F: Future<Output = QueryResult<T>>,
{
    type Output = QueryResult<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { future, guard } => {
                guard.start();
                let answer = ready!(future.poll(cx));
                Poll::Ready(guard.finish(answer))
            }
            StateProjection::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                // Polled after it was ready: unlike a finished `async` block, it does not panic.
                None => Poll::Pending,
            },
        }
    }
}
