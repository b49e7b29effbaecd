//! `Ended`: what came of one run of a read.

use super::Again;

/// The outcome of one run of a read that may run again.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "only expansions match it")]
pub enum Ended<T, S> {
    /// It is done.
    Done(T),
    /// It is to run again, with a handle from this source.
    Again(S, Again),
}
