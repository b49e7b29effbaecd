//! The knowledge of an answer when it is there: its rows.

use diesel::QueryResult;

use super::Entry;

/// Kinds of answers of the type `T`.
#[doc(hidden)]
#[allow(
    unnameable_types,
    unreachable_pub,
    reason = "hidden from users, and from all without a flavour"
)]
pub trait Ends<T> {
    /// The answer that the caller gets.
    type Answer;

    /// Ends a statement's record, if there is one.
    fn end(answer: QueryResult<T>, entry: Option<Box<Entry>>) -> QueryResult<Self::Answer>;
}

/// Ends a statement whose rows follow, if it failed; its record goes on with them otherwise.
#[inline]
#[allow(dead_code, reason = "where no flavour is on")]
pub(crate) fn open<T>(
    answer: QueryResult<T>,
    mut entry: Option<Box<Entry>>,
) -> QueryResult<(T, Option<Box<Entry>>)> {
    match answer {
        Ok(rows) => {
            if let Some(entry) = &mut entry {
                entry.open();
            }
            Ok((rows, entry))
        }
        Err(error) => {
            if let Some(entry) = entry {
                entry.finish(Some(&error));
            }
            Err(error)
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, [$($of:ident)?] $answer:ty, $rows:expr;)+) => {$(
        $(#[$doc])*
        #[doc(hidden)]
        #[derive(Debug, Clone, Copy)]
        #[allow(unnameable_types, unreachable_pub, reason = "hidden from users, and from all without a flavour")]
        pub struct $kind;

        impl$(<$of>)? Ends<$answer> for $kind {
            type Answer = $answer;

            #[inline]
            fn end(answer: QueryResult<$answer>, entry: Option<Box<Entry>>) -> QueryResult<$answer> {
                if let Some(entry) = entry {
                    entry.finish_with(answer.as_ref().map($rows));
                }
                answer
            }
        }
    )+};
}

kinds! {
    /// The number of rows that a statement has changed.
    Affected, [] usize, |rows| Some(*rows);
    /// All rows.
    All, [U] Vec<U>, |rows| Some(rows.len());
    /// One row.
    One, [U] U, |_| Some(1);
    /// An answer without rows, or whose rows are not seen.
    Unseen, [U] U, |_| None;
}
