//! What is remembered of a store that did not take a state.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the store last failed to take a state. Whose state that was is forgotten: until the window has
/// passed, everyone counts as having written then.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// The store failed; whether it had not for a window, so that it is news.
    pub(crate) fn begins(&self, now: Instant, window: Duration) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = last.is_none_or(|last| now.saturating_duration_since(last) >= window);
        *last = (*last).max(Some(now));
        is_news
    }

    /// When it last failed to take a state.
    pub(crate) fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
