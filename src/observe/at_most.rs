//! `AtMost`: how often a thing is said that may happen often.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// The least time between two events of one kind. Chosen: a line a minute is seen and fills no log.
const INTERVAL: Duration = Duration::from_secs(60);

/// A limit of once a minute on saying a thing: the first time at once, later with the number of times since.
#[derive(Debug, Default)]
pub(crate) struct AtMost(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    said: Option<Instant>,
    unsaid: u64,
}

impl AtMost {
    /// Counts one more. Returns how many have come since it was said last, with this one, if it is to be said now.
    pub(crate) fn count(&self, now: Instant) -> Option<u64> {
        let mut state = lock(&self.0);
        state.unsaid += 1;
        let is_due = |said| now.saturating_duration_since(said) >= INTERVAL;
        if !state.said.is_none_or(is_due) {
            return None;
        }
        state.said = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_later_ones_once_a_minute_with_their_number() {
        let at_most = AtMost::default();
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(at_most.count(at(0)), Some(1));
        for second in 1..60 {
            assert_eq!(at_most.count(at(second)), None);
        }
        assert_eq!(at_most.count(at(60)), Some(60));
        assert_eq!(at_most.count(at(60)), None);
        assert_eq!(at_most.count(at(500)), Some(2));
    }
}
