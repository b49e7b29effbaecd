//! One version of one key.

use diesel::Queryable;

/// One version of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Row {
    /// The key.
    pub key: i32,
    /// The version. The primary counts them: versions of a key are in a total order on each history.
    pub version: i64,
    /// The write that made it; unique. Zero: it was there from the start.
    pub writer: i64,
    /// The history that it was committed on, as the servers tell them apart; once the run is over, as
    /// [`count_timelines`](super::count_timelines) counts them.
    pub timeline: i32,
}

impl Row {
    /// Returns what a key has that was never written.
    #[must_use]
    pub fn before_all(key: i32) -> Self {
        Self {
            key,
            version: 0,
            writer: 0,
            timeline: 1,
        }
    }
}
