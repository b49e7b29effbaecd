//! `EdgeStatus`: what an edge had to do without.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often an edge had to do without something since it was made, from `edge.status()`. Tokens that were
/// not honoured are counted in the router's [`Status`](crate::Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EdgeStatus {
    /// Wishes in `X-DB-Consistency` that were ignored: from callers that are not trusted, unreadable, or
    /// more than one in a request.
    pub ignored_wishes: u64,
    /// Requests with more tokens than are looked at.
    pub surplus_tokens: u64,
    /// States that the store did not give: it failed, took too long, or gave what is no state.
    pub failed_loads: u64,
    /// States that the store did not take.
    pub failed_saves: u64,
    /// Requests that wrote after their response's head had left, or never had a response, without a
    /// store to save that in.
    pub late_writes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) ignored_wishes: Count,
    pub(crate) surplus_tokens: Count,
    pub(crate) failed_loads: Count,
    pub(crate) failed_saves: Count,
    pub(crate) late_writes: Count,
}

impl Counts {
    pub(crate) fn status(&self) -> EdgeStatus {
        EdgeStatus {
            ignored_wishes: self.ignored_wishes.get(),
            surplus_tokens: self.surplus_tokens.get(),
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
