//! `Samples`: the primary's position, as callers asked for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::{Sample, age};
use super::snapshot::Snapshot;

/// The number of samples that are kept. Chosen: they reach back for longer than the time between two samples of a watcher that is
/// asked as often as may be, [`RouterBuilder::urgent_questions`](crate::RouterBuilder::urgent_questions).
const KEPT: usize = 64;

/// The least time between two samples that are kept, but for the last. Chosen: a session's need is too high by that much.
const APART: Duration = Duration::from_millis(1);

/// The primary's position, as callers asked for it lately, oldest first: watchers' samples come more seldom.
///
/// A session needs the *first* position that was asked for after what it saw. Of the latest alone, which others ask for all the while,
/// it would need more than it saw, and more than any replica has that is behind: it would read on the primary, and see more.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Arc<Sample>>);

impl Samples {
    /// Returns these with one more, if that is the latest. One of another history (the cluster failed over) discards them.
    pub(crate) fn with(&self, sample: &Arc<Sample>) -> Option<Self> {
        let mut samples = self.0.as_slice();
        if let [.., last] = samples
            && last.asked >= sample.asked
        {
            return None;
        }
        if let [.., last] = samples
            && !sample.position.continues(&last.position)
        {
            samples = &[];
        }
        if let [earlier @ .., before, last] = samples
            && age(before.asked, last.asked) < APART
        {
            samples = &self.0[..=earlier.len()];
        }
        let samples = &samples[samples.len().saturating_sub(KEPT - 1)..];
        Some(Self(samples.iter().chain([sample]).cloned().collect()))
    }

    /// Returns the first that was asked for after `at`, strictly, and is of the cluster's history.
    pub(crate) fn first_after(&self, at: Instant, cluster: &Snapshot) -> Option<&Sample> {
        let first = self.0.partition_point(|sample| sample.asked <= at);
        let mut after = self.0[first..].iter();
        after
            .find(|sample| cluster.continues(sample))
            .map(|sample| &**sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Lsn, PgPosition, Position};

    const STEP: Duration = Duration::from_micros(100);

    fn sample(asked: Instant) -> Arc<Sample> {
        on_timeline(1, asked)
    }

    fn on_timeline(timeline: u32, asked: Instant) -> Arc<Sample> {
        let position = Position::Postgres(PgPosition::new(1, timeline, Lsn(1)));
        Arc::new(Sample { asked, position })
    }

    fn asked(samples: &Samples, start: Instant) -> Vec<u128> {
        let times = samples.0.iter().map(|sample| sample.asked - start);
        times.map(|time| time.as_micros()).collect()
    }

    #[test]
    fn samples_are_kept_a_millisecond_apart_but_for_the_last() {
        let start = Instant::now();
        let mut samples = Samples::default();
        for number in 0..25 {
            samples = samples.with(&sample(start + STEP * number)).unwrap();
        }
        assert_eq!(asked(&samples, start), [0, 1000, 2000, 2400]);
        assert!(samples.with(&sample(start)).is_none(), "it came too late");
    }

    #[test]
    fn those_of_another_history_are_forgotten() {
        let start = Instant::now();
        let samples = Samples::default().with(&sample(start)).unwrap();
        let samples = samples.with(&on_timeline(2, start + APART)).unwrap();
        assert_eq!(asked(&samples, start), [1000]);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let start = Instant::now();
        let mut samples = Samples::default();
        for number in 0..100 {
            samples = samples.with(&sample(start + APART * number)).unwrap();
        }
        assert_eq!(samples.0.len(), KEPT);
        assert_eq!(asked(&samples, start)[0], 36_000);
    }
}
