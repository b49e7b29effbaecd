//! `Checksum`: what the rows of a table add up to.

use std::time::Duration;

/// The number and the digest of a table's rows, on one server at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checksum {
    /// The number of rows that were read.
    pub rows: u64,
    /// A digest of them, whatever their order.
    pub digest: String,
}

impl Checksum {
    /// Creates a checksum.
    #[must_use]
    pub fn new(rows: u64, digest: impl Into<String>) -> Self {
        Self {
            rows,
            digest: digest.into(),
        }
    }
}

/// The most that one checksum may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChecksumLimits {
    /// The most rows that are read, the first ones in the order of the primary key.
    pub max_rows: u64,
    /// The longest time that the server may take.
    pub max_time: Duration,
}

impl ChecksumLimits {
    /// Creates limits.
    #[must_use]
    pub fn new(max_rows: u64, max_time: Duration) -> Self {
        Self { max_rows, max_time }
    }

    /// Returns the time in milliseconds, at least one: zero is none to servers.
    #[allow(dead_code, reason = "where no backend compares tables")]
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.max_time.as_millis())
            .unwrap_or(u64::MAX)
            .clamp(1, i32::MAX.unsigned_abs().into())
    }
}
