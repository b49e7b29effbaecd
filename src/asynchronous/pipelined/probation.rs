//! Statements on a connection on probation: nobody sees their answers before it is proved that it serves.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use crate::engine::Marks;

/// A connection's probation, until this is dropped.
#[derive(Debug)]
pub(super) struct Probation<'a>(&'a Marks);

impl<'a> Probation<'a> {
    pub(super) fn begin(marks: &'a Marks) -> Self {
        marks.is_on_probation.set();
        Self(marks)
    }
}

impl Drop for Probation<'_> {
    fn drop(&mut self) {
        self.0.is_on_probation.clear();
    }
}

/// Returns a statement that is sent at once, and answers once the probation of its connection is over.
#[cold]
pub(in crate::asynchronous) fn kept_back<'a, T: Send + 'a>(
    marks: &'a Marks,
    statement: BoxFuture<'a, T>,
) -> BoxFuture<'a, T> {
    Box::pin(KeptBack {
        marks,
        statement,
        answer: None,
    })
}

/// A statement whose answer is kept back.
struct KeptBack<'a, T> {
    marks: &'a Marks,
    statement: BoxFuture<'a, T>,
    answer: Option<T>,
}

impl<T> Unpin for KeptBack<'_, T> {}

impl<T> Future for KeptBack<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.answer.is_none()
            && let Poll::Ready(answer) = self.statement.as_mut().poll(context)
        {
            self.answer = Some(answer);
        }
        if !self.marks.is_on_probation.is_set() {
            return self.answer.take().map_or(Poll::Pending, Poll::Ready);
        }
        if self.answer.is_some() {
            // What joins many futures polls those alone that ask for it.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
