//! `Rows`: the rows of a statement, whose record ends with them.

use diesel::QueryResult;

use crate::query_log::{Ends, Entry, open};

/// The rows of a statement. Where the router has a [query log](crate::QueryLog), they are counted.
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Rows<I> {
    // First, because fields are dropped in order: the rows end before the statement does.
    rows: I,
    /// The statement's record, if there is one.
    entry: Option<Box<Entry>>,
}

/// An answer whose rows follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streamed;

impl<I> Ends<I> for Streamed {
    type Answer = Rows<I>;

    #[inline]
    fn end(answer: QueryResult<I>, entry: Option<Box<Entry>>) -> QueryResult<Rows<I>> {
        open(answer, entry).map(|(rows, entry)| Rows { rows, entry })
    }
}

impl<I> Rows<I> {
    /// Returns the next row, on record.
    #[cold]
    #[inline(never)]
    fn recorded<T>(&mut self) -> Option<QueryResult<T>>
    where
        I: Iterator<Item = QueryResult<T>>,
    {
        if let Some(entry) = &mut self.entry {
            entry.wait();
        }
        let row = self.rows.next();
        match (&row, &mut self.entry) {
            (Some(Ok(_)), Some(entry)) => entry.row(),
            (last, entry) => {
                let error = last.as_ref().and_then(|row| row.as_ref().err());
                if let Some(entry) = entry.take() {
                    entry.finish(error);
                }
            }
        }
        row
    }
}

impl<I, T> Iterator for Rows<I>
where
    I: Iterator<Item = QueryResult<T>>,
{
    type Item = QueryResult<T>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.entry.is_some() {
            return self.recorded();
        }
        self.rows.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<I, T> ExactSizeIterator for Rows<I>
where
    I: ExactSizeIterator<Item = QueryResult<T>>,
{
    fn len(&self) -> usize {
        self.rows.len()
    }
}
