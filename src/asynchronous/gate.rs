//! The future of a statement that may have been refused.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use diesel::QueryResult;

use crate::asynchronous::statement_guard::StatementGuard;
use crate::query_log::{Ends, Unseen};

pin_project_lite::pin_project! {
    /// A statement's future, or the reason why it was not sent; `K` is the kind of its answer.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Gate<'conn, F, K = Unseen> {
        #[pin]
        state: State<'conn, F>,
        kind: PhantomData<fn() -> K>,
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

impl<'conn, F, K> Gate<'conn, F, K> {
    /// Lets a statement through that the handle may run.
    pub(crate) fn admitted(future: F, guard: StatementGuard<'conn>) -> Self {
        Self {
            state: State::Admitted { future, guard },
            kind: PhantomData,
        }
    }

    pub(crate) fn refused(error: diesel::result::Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
            kind: PhantomData,
        }
    }
}

impl<F, T, K> Future for Gate<'_, F, K>
where
    F: Future<Output = QueryResult<T>>,
    K: Ends<T>,
{
    type Output = QueryResult<K::Answer>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { future, guard } => {
                guard.start();
                let answer = future.poll(cx);
                guard.pause();
                let answer = guard.finish(ready!(answer));
                Poll::Ready(K::end(answer, guard.take_entry()))
            }
            StateProjection::Refused { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                // Polled after it was ready: unlike a finished `async` block, it does not panic.
                None => Poll::Pending,
            },
        }
    }
}
