//! What a session remembers: when it last wrote.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One session's causal state, shared by its handles.
#[derive(Debug, Default)]
pub(crate) struct SessionState {
    /// Nanoseconds from the router's start to the last write, plus one; 0 is "never".
    last_write: AtomicU64,
}

impl SessionState {
    /// Remembers a write at `now`. Merges by max: an older write never hides a newer one.
    pub(crate) fn wrote(&self, start: Instant, now: Instant) {
        let nanos = nanos(now.saturating_duration_since(start)).saturating_add(1);
        self.last_write.fetch_max(nanos, Ordering::AcqRel);
    }

    /// Whether the session wrote less than `window` before `now`.
    pub(crate) fn wrote_within(&self, window: Duration, start: Instant, now: Instant) -> bool {
        match self.last_write.load(Ordering::Acquire) {
            0 => false,
            written => {
                let age = nanos(now.saturating_duration_since(start)).saturating_sub(written - 1);
                age < nanos(window)
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_never_wrote_is_outside_every_window() {
        let start = Instant::now();
        let session = SessionState::default();
        assert!(!session.wrote_within(Duration::MAX, start, start));
    }

    #[test]
    fn the_window_opens_with_the_write_and_closes_on_time() {
        let start = Instant::now();
        let window = Duration::from_secs(5);
        let session = SessionState::default();
        session.wrote(start, start + Duration::from_secs(1));
        let at = |secs| session.wrote_within(window, start, start + Duration::from_secs(secs));
        assert!(at(1));
        assert!(at(5));
        assert!(!at(6));
    }

    #[test]
    fn an_older_write_never_shortens_the_window() {
        let start = Instant::now();
        let session = SessionState::default();
        session.wrote(start, start + Duration::from_secs(9));
        session.wrote(start, start + Duration::from_secs(1));
        let window = Duration::from_secs(5);
        assert!(session.wrote_within(window, start, start + Duration::from_secs(10)));
    }

    #[test]
    fn a_clock_that_stands_before_the_write_keeps_the_window_open() {
        let start = Instant::now();
        let session = SessionState::default();
        session.wrote(start, start + Duration::from_secs(9));
        assert!(session.wrote_within(Duration::from_secs(1), start, start));
    }
}
