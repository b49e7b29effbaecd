//! The memory of a store's failure to save a state.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// The time at which the store last failed to save a state. The session is not recorded: until the window has
/// passed, every session counts as having written then.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Records a failure of the store. Returns whether it is the first within the window, and so worth logging.
    pub(crate) fn begins(&self, now: Instant, window: Duration) -> bool {
        let mut last = lock(&self.0);
        let is_news = last.is_none_or(|last| now.saturating_duration_since(last) >= window);
        *last = (*last).max(Some(now));
        is_news
    }

    /// Returns the time of its last failure to save a state.
    pub(crate) fn last(&self) -> Option<Instant> {
        *lock(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(5);

    #[test]
    fn the_last_failure_counts_and_the_first_in_a_window_is_news() {
        let (outage, start) = (Outage::default(), Instant::now());
        assert_eq!(outage.last(), None);
        assert!(outage.begins(start, WINDOW));
        let later = start + WINDOW / 2;
        assert!(!outage.begins(later, WINDOW));
        assert_eq!(outage.last(), Some(later));
        // One that was noticed earlier, and told later.
        assert!(!outage.begins(start, WINDOW));
        assert_eq!(outage.last(), Some(later));
        assert!(outage.begins(later + WINDOW, WINDOW));
    }
}
