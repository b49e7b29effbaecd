//! What sessions write and read, whatever the backend.

use diesel::prelude::*;

/// How many keys there are: few, so that sessions meet.
pub(crate) const KEYS: i32 = 10;

diesel::table! {
    /// One row a key: its version, who wrote it, and on which timeline.
    counters (key) {
        key -> Integer,
        version -> BigInt,
        writer -> BigInt,
        timeline -> Integer,
    }
}

diesel::table! {
    /// Every version of every key that was committed and not lost.
    writes (key, version) {
        key -> Integer,
        version -> BigInt,
        writer -> BigInt,
        timeline -> Integer,
    }
}

/// One version of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub(crate) struct Row {
    pub(crate) key: i32,
    /// The primary counts them: versions of a key are in a total order on each history.
    pub(crate) version: i64,
    /// The write that made it; unique. Zero: it was there from the start.
    pub(crate) writer: i64,
    /// The history that it was committed on, as the backend tells them apart; once the run is over, as
    /// [`timelines`](crate::timelines) counts them.
    pub(crate) timeline: i32,
}

impl Row {
    /// What a key has that was never written.
    pub(crate) fn before_all(key: i32) -> Self {
        Self {
            key,
            version: 0,
            writer: 0,
            timeline: 1,
        }
    }
}
