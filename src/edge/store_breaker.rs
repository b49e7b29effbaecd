//! `StoreBreaker`: spares requests the wait for a store that does not answer.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// The failures in a row after which the store is left alone. Chosen: one or two are a lost connection.
const FAILURES: u32 = 3;

/// The time for which it is left alone, before one request tries again. Chosen: as long as a replica that went down is out of use.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts a store's failures, and says when it is not to be asked.
///
/// The known crates for this let every caller try at once, or bring an old generator of random numbers: see docs/DESIGN.md.
#[derive(Debug, Default)]
pub(crate) struct StoreBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Failures since the last answer.
    failures: u32,
    /// The time at which it may be tried again.
    again: Option<Instant>,
}

impl StoreBreaker {
    /// Returns whether the store is to be asked at `now`. While it fails, one request in a while is.
    pub(crate) fn may_ask(&self, now: Instant) -> bool {
        let mut state = lock(&self.0);
        match state.again {
            None => true,
            Some(again) if now < again => false,
            Some(_) => {
                state.again = Some(now + PAUSE);
                true
            }
        }
    }

    /// Records that it answered.
    pub(crate) fn answered(&self) {
        *lock(&self.0) = State::default();
    }

    /// Records at `now` that it failed, or took too long.
    pub(crate) fn failed(&self, now: Instant) {
        let mut state = lock(&self.0);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.again = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_failures_one_request_in_a_second_tries() {
        let (breaker, start) = (StoreBreaker::default(), Instant::now());
        for _ in 0..3 {
            assert!(breaker.may_ask(start));
            breaker.failed(start);
        }
        assert!(!breaker.may_ask(start));
        let later = start + PAUSE;
        assert!(breaker.may_ask(later), "one tries");
        assert!(!breaker.may_ask(later), "and no other");
        breaker.failed(later);
        assert!(!breaker.may_ask(later + PAUSE / 2));
        assert!(breaker.may_ask(later + PAUSE));
        breaker.answered();
        assert!(breaker.may_ask(later + PAUSE));
    }

    #[test]
    fn an_answer_in_between_starts_the_count_anew() {
        let (breaker, now) = (StoreBreaker::default(), Instant::now());
        for _ in 0..5 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.answered();
        }
        assert!(breaker.may_ask(now));
    }

    #[test]
    fn whoever_tried_and_never_said_what_came_of_it_holds_up_nobody_for_long() {
        let (breaker, now) = (StoreBreaker::default(), Instant::now());
        for _ in 0..FAILURES {
            breaker.failed(now);
        }
        assert!(breaker.may_ask(now + PAUSE));
        assert!(breaker.may_ask(now + 2 * PAUSE));
    }
}
