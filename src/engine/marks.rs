//! `Marks`: what statements leave on their connection.

use std::sync::Arc;
use std::time::Instant;

use diesel_routing_sql::SessionEffect;

use crate::routing::PeakEwma;

/// Marks that statements leave on their connection.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Set while an answer is outstanding: given up now, it would be taken for that to the next statement.
    pub(crate) awaits_answer: bool,
    /// Set once a statement failed: the connection may have ended.
    pub(crate) has_failed: bool,
    /// Set once a statement ran for which its caller vouched: it may have made the connection one that writes.
    pub(crate) was_vouched_for: bool,
    /// What statements have left behind in the database session.
    pub(crate) leaves: SessionEffect,
    /// Set once it was lent.
    pub(crate) was_lent: bool,
    /// Where the times of its statements are recorded, while they are.
    pub(crate) latency: Option<Arc<PeakEwma>>,
}

impl Marks {
    /// Returns the start of a statement, if its time is recorded.
    #[inline]
    pub(crate) fn start(&self) -> Option<Instant> {
        let latency = self.latency.as_ref();
        latency
            .filter(|latency| latency.is_wanted())
            .map(|_| Instant::now())
    }

    /// Records the time of a statement that began then, and was answered now.
    #[inline]
    pub(crate) fn answered(&self, since: Option<Instant>) {
        if let Some(since) = since {
            self.observe(since);
        }
    }

    /// Kept out of every statement's code, which mostly has no need of it.
    #[cold]
    #[inline(never)]
    fn observe(&self, since: Instant) {
        if let Some(latency) = &self.latency {
            let now = Instant::now();
            latency.observe(now.saturating_duration_since(since), now);
        }
    }
}
