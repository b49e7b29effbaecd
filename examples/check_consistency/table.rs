//! What sessions write and read, whatever the backend.

pub(crate) use diesel_routing_verify::oracle::Row;

/// The number of keys: few, so that sessions meet.
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
