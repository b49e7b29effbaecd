//! `Again`: why a read runs again, and so where.

use std::time::Instant;

/// The reason why a read runs again, and so where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// This node failed: on another, if one may serve.
    Elsewhere(usize),
    /// The connection's statements were prepared before the schema changed: on one that was opened after this instant, and has
    /// none.
    Spoilt(Instant),
    /// A replica lacks what it reads: on the primary, which may have it.
    MissingSchema,
}
