//! `EdgeStatus`: counters of requests that were served in a degraded way.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of requests that were served in a degraded way, from `edge.status()`. Rejected tokens are counted
/// in the router's [`Status`](crate::Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EdgeStatus {
    /// Levels requested in `X-DB-Consistency` that were ignored: from callers that are not trusted, invalid, or
    /// more than one in a request.
    pub ignored_wishes: u64,
    /// Times in `X-Write-Timestamp` that were ignored: from callers that are not trusted, invalid, older than tokens live, or more
    /// than one in a request.
    pub ignored_timestamps: u64,
    /// Times in `X-Write-Timestamp` that lie ahead by more than [`Edge::clock_skew`](super::Edge::clock_skew), and counted as the present: some
    /// machine's clock is wrong.
    pub future_timestamps: u64,
    /// Requests with more tokens than are read: one that was passed over may be the session's, so its reads go to the primary for the
    /// router's window, within the [fallback pool](crate::Node::fallback_pool_size).
    pub surplus_tokens: u64,
    /// Tokens that had no room for all positions (GTID sets of many servers are long): what was left out counts as written at an
    /// unknown position, so reads go to the primary for the router's window.
    pub shortened_tokens: u64,
    /// Tokens that were left out of responses, for caches may give these to others: see [`Cacheable::OmitToken`](super::Cacheable).
    pub omitted_tokens: u64,
    /// Failures to load a state: the store failed, took too long, or returned something else.
    pub failed_loads: u64,
    /// Failures to save a state in the store.
    pub failed_saves: u64,
    /// Requests that wrote after their response's head was sent, or never had a response, without a
    /// store to save that in.
    pub late_writes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) ignored_wishes: Count,
    pub(crate) ignored_timestamps: Count,
    pub(crate) future_timestamps: Count,
    pub(crate) surplus_tokens: Count,
    pub(crate) shortened_tokens: Count,
    pub(crate) omitted_tokens: Count,
    pub(crate) failed_loads: Count,
    pub(crate) failed_saves: Count,
    pub(crate) late_writes: Count,
}

impl Counts {
    pub(crate) fn status(&self) -> EdgeStatus {
        EdgeStatus {
            ignored_wishes: self.ignored_wishes.get(),
            ignored_timestamps: self.ignored_timestamps.get(),
            future_timestamps: self.future_timestamps.get(),
            surplus_tokens: self.surplus_tokens.get(),
            shortened_tokens: self.shortened_tokens.get(),
            omitted_tokens: self.omitted_tokens.get(),
            failed_loads: self.failed_loads.get(),
            failed_saves: self.failed_saves.get(),
            late_writes: self.late_writes.get(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
