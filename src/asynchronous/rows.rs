//! `Rows`: the rows of a statement, whose record ends with them.

use std::pin::Pin;
use std::task::{Context, Poll};

use diesel::QueryResult;
use futures_core::Stream;

use crate::query_log::{Ends, Entry, open};

pin_project_lite::pin_project! {
    /// The rows of a statement. Where the router has a [query log](crate::QueryLog), they are counted.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Rows<S> {
        #[pin]
        rows: S,
        // The statement's record, if there is one.
        entry: Option<Box<Entry>>,
    }
}

/// An answer whose rows follow.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct Streamed;

impl<S> Ends<S> for Streamed {
    type Answer = Rows<S>;

    #[inline]
    fn end(answer: QueryResult<S>, entry: Option<Box<Entry>>) -> QueryResult<Rows<S>> {
        open(answer, entry).map(|(rows, entry)| Rows { rows, entry })
    }
}

impl<S, T> Stream for Rows<S>
where
    S: Stream<Item = QueryResult<T>>,
{
    type Item = QueryResult<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let polled = this.rows.poll_next(cx);
        if let Some(entry) = this.entry {
            match &polled {
                Poll::Pending => entry.wait(),
                Poll::Ready(Some(Ok(_))) => entry.row(),
                Poll::Ready(last) => {
                    let error = last.as_ref().and_then(|row| row.as_ref().err());
                    if let Some(entry) = this.entry.take() {
                        entry.finish(error);
                    }
                }
            }
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}
