//! `Hurry`: a limit on questions out of turn.

use std::time::{Duration, Instant};

use crate::cluster::after;

/// The number of questions out of turn that may follow each other at once. Chosen.
const BURST: u32 = 5;

/// The time that a question takes where none may be asked out of turn: a year.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Limits how often a node is asked out of turn, whatever sessions do: a leaky bucket, kept as the time at which it is
/// empty again (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug)]
pub(super) struct Hurry {
    /// The time that one question takes to leak out.
    interval: Duration,
    /// The time at which the bucket is empty.
    empty: Option<Instant>,
}

impl Hurry {
    /// Creates a limit of so many questions a second; zero allows none.
    pub(super) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second);
        Self {
            interval: interval.unwrap_or(NEVER),
            empty: None,
        }
    }

    /// Returns the time before the next question may be asked.
    pub(super) fn delay(&self, now: Instant) -> Duration {
        let Some(empty) = self.empty else {
            return Duration::ZERO;
        };
        let full = self.interval.saturating_mul(BURST - 1);
        empty.saturating_duration_since(now).saturating_sub(full)
    }

    /// Records a question.
    pub(super) fn spend(&mut self, now: Instant) {
        let from = self.empty.map_or(now, |empty| empty.max(now));
        self.empty = Some(after(from, self.interval));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_as_many_as_the_rate_allows_and_a_few_at_once() {
        let mut hurry = Hurry::new(20);
        let start = Instant::now();
        let asked = (0..10_000_u32)
            .map(|tenths| start + Duration::from_micros(100) * tenths)
            .filter(|&now| {
                let may = hurry.delay(now).is_zero();
                if may {
                    hurry.spend(now);
                }
                may
            });
        let asked: Vec<_> = asked.collect();
        assert_eq!(asked.len(), 24);
        assert!(asked[4] < start + Duration::from_millis(1), "a burst");
    }

    #[test]
    fn none_may_be_asked_out_of_turn_at_a_rate_of_zero_after_the_first_few() {
        let mut hurry = Hurry::new(0);
        let now = Instant::now();
        hurry.spend(now);
        assert!(hurry.delay(now + Duration::from_secs(3600)).is_zero());
        for _ in 1..BURST {
            hurry.spend(now);
        }
        assert!(!hurry.delay(now + Duration::from_secs(3600)).is_zero());
    }
}
