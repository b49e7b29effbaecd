//! `PeakEwma`: how long a node takes to answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::age;

/// The time that a node takes to answer: an exponentially weighted moving average which follows a slower answer at once
/// and a quicker one slowly, and decays while there are no answers, so that a node is tried again.
///
/// The formula is Finagle's (`PeakEwma.scala`) and tower's (`tower::load::PeakEwma`). Both keep it behind a lock, and
/// tower's reads the clock, and times services: here decisions, which are pure, read it, and statements, whose connections
/// are no services, feed it. Of two that measure at once, one may not count: it is a guess.
#[derive(Debug)]
pub(crate) struct PeakEwma {
    /// The time constant of the decay, in nanoseconds.
    decay: f64,
    start: Instant,
    /// The average in nanoseconds, as the bits of a float; not a number before the first answer.
    average: AtomicU64,
    /// The time of the last answer, in nanoseconds from the start.
    at: AtomicU64,
    /// Set while answers are to be counted: the router's balance may change.
    is_wanted: AtomicBool,
}

impl PeakEwma {
    /// Creates the average of a node that has not answered.
    pub(crate) fn new(decay: Duration, now: Instant) -> Self {
        Self {
            decay: nanos(decay).max(1.0),
            start: now,
            average: AtomicU64::new(f64::NAN.to_bits()),
            at: AtomicU64::new(0),
            is_wanted: AtomicBool::new(false),
        }
    }

    /// Sets whether answers are to be counted. Defaults to `false`.
    pub(crate) fn set_wanted(&self, is_wanted: bool) {
        self.is_wanted.store(is_wanted, Ordering::Relaxed);
    }

    /// Returns whether answers are to be counted.
    #[inline]
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Counts an answer that took `time`.
    pub(crate) fn observe(&self, time: Duration, now: Instant) {
        let time = nanos(time);
        let average = f64::from_bits(self.average.load(Ordering::Relaxed));
        let weight = self.weight(now);
        let next = if average > time {
            average * weight + time * (1.0 - weight)
        } else {
            time
        };
        self.average.store(next.to_bits(), Ordering::Relaxed);
        self.at.store(self.since_start(now), Ordering::Relaxed);
    }

    /// Returns the time that it is expected to take now, in nanoseconds; `None` before the first answer.
    #[inline]
    pub(crate) fn expected(&self, now: Instant) -> Option<f64> {
        let average = f64::from_bits(self.average.load(Ordering::Relaxed));
        (!average.is_nan()).then(|| average * self.weight(now))
    }

    /// Returns the average, if the node has answered.
    pub(crate) fn latency(&self, now: Instant) -> Option<Duration> {
        let expected = self.expected(now)?;
        Duration::try_from_secs_f64(expected / 1e9).ok()
    }

    /// Returns what is left of the weight of the last answer.
    #[inline]
    fn weight(&self, now: Instant) -> f64 {
        let at = self.at.load(Ordering::Relaxed);
        let passed = self.since_start(now).saturating_sub(at);
        (-to_float(passed) / self.decay).exp()
    }

    fn since_start(&self, now: Instant) -> u64 {
        u64::try_from(age(self.start, now).as_nanos()).unwrap_or(u64::MAX)
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact for a hundred days, close enough for a year"
)]
fn to_float(nanos: u64) -> f64 {
    nanos as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const DECAY: Duration = Duration::from_secs(10);

    fn average() -> (PeakEwma, Instant) {
        let now = Instant::now();
        (PeakEwma::new(DECAY, now), now)
    }

    fn millis(average: &PeakEwma, now: Instant) -> f64 {
        average.expected(now).expect("it was measured") / 1e6
    }

    #[test]
    fn a_slower_answer_counts_at_once() {
        let (average, now) = average();
        assert_eq!(average.expected(now), None);
        average.observe(MS, now);
        average.observe(20 * MS, now + MS);
        assert!((millis(&average, now + MS) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn quicker_answers_count_as_time_passes_however_many_there_are() {
        let few = average();
        let many = average();
        for ((average, now), every) in [(&few, 500), (&many, 1)] {
            average.observe(20 * MS, *now);
            for passed in (1..=10_000).filter(|passed| passed % every == 0) {
                average.observe(MS, *now + MS * passed);
            }
            // A third is left of what was above.
            let expected = 1.0 + 19.0 * (-1.0_f64).exp();
            let found = millis(average, *now + DECAY);
            assert!((found - expected).abs() < 0.01, "{found}, not {expected}");
        }
    }

    #[test]
    fn a_node_that_nobody_asks_is_expected_to_be_quick_in_the_end() {
        let (average, now) = average();
        average.observe(20 * MS, now);
        assert!(millis(&average, now + DECAY) < 8.0);
        assert!(millis(&average, now + 10 * DECAY) < 0.001);
        assert!(average.latency(now + DECAY).unwrap() > 7 * MS);
    }
}
