//! The primary's positions over time: lag is measured against them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::position::Position;

/// The primary's position, asked at an instant: it had reached `position` when the answer came, and
/// every write acknowledged before `asked` lies at or before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) asked: Instant,
    pub(crate) position: Position,
}

/// The recent samples of the primary, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    samples: VecDeque<Sample>,
    /// Set once a primary has answered, with a position or without.
    has_begun: bool,
}

/// The number of samples kept: at the default interval of 100 ms, the last six and a half minutes, and
/// as much older history as thinning leaves.
const CAPACITY: usize = 4096;

impl History {
    /// Adds the newest sample: the primary was at `position` when it was asked. A sample of another history
    /// (the cluster failed over) discards the older ones.
    pub(crate) fn push(&mut self, asked: Instant, position: &Position) {
        self.has_begun = true;
        let sample = Sample {
            asked,
            position: position.mark(),
        };
        if let Some(last) = self.samples.back() {
            if !position.continues(&last.position) {
                self.samples.clear();
            } else if last.position == sample.position && self.samples.len() >= 2 {
                // An idle primary: keep only the first and the last sample at this position.
                let before = self.samples.len() - 2;
                if self.samples[before].position == sample.position {
                    self.samples.pop_back();
                }
            }
        }
        self.samples.push_back(sample);
        if self.samples.len() > CAPACITY {
            self.thin();
        }
    }

    /// Records that the primary has answered, and has no position.
    pub(crate) fn begin(&mut self) {
        self.has_begun = true;
    }

    /// Returns whether a primary has answered.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Returns the instant up to which a replica at `position` is known to have everything that was
    /// acknowledged. `None` if it is behind all samples, or on another history.
    ///
    /// Its lag is at most the time since then.
    pub(crate) fn complete_as_of(&self, position: &Position) -> Option<Instant> {
        let covered = self
            .samples
            .partition_point(|sample| position.covers(&sample.position));
        covered.checked_sub(1).map(|last| self.samples[last].asked)
    }

    /// Returns some samples, oldest first: the newest `dense` ones, then ever fewer as they get older, so that
    /// few of them reach far back however often the primary is asked.
    pub(crate) fn recent(&self, dense: usize) -> Arc<[Sample]> {
        let mut recent = Vec::with_capacity(dense * 4);
        let (mut step, mut back) = (1, 1);
        while let Some(index) = self.samples.len().checked_sub(back) {
            recent.extend(self.samples.get(index).cloned());
            if recent.len() % dense == 0 {
                step *= 2;
            }
            back += step;
        }
        recent.reverse();
        recent.into()
    }

    /// Drops every second sample of the older half: a lag of minutes need not be known to the tenth of a
    /// second.
    fn thin(&mut self) {
        let half = self.samples.len() / 2;
        let mut index = 0;
        self.samples.retain(|_| {
            index += 1;
            index > half || index % 2 == 0
        });
    }
}

/// Returns the instant up to which a replica at `position` is known to have everything that was acknowledged, by some
/// samples of the primary, oldest first: [`History::complete_as_of`] without the whole history.
pub(crate) fn complete_as_of(samples: &[Sample], position: &Position) -> Option<Instant> {
    let covered = samples.partition_point(|sample| position.covers(&sample.position));
    covered
        .checked_sub(1)
        .and_then(|last| samples.get(last))
        .map(|sample| sample.asked)
}

/// A year: practically for ever, and still within the range of clocks, because pools add timeouts to instants.
pub(super) const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns the instant that lies `wait` ahead, or a year ahead if that is past the clock's range.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + A_YEAR)
}

/// Returns an instant that never comes: what has everything up to it does not lag, by any clock of a test's.
pub(crate) fn never() -> Instant {
    after(Instant::now(), A_YEAR * 100)
}

/// Returns the age of an instant, zero if it lies ahead.
pub(crate) fn age(of: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Lsn, PgPosition};

    fn at(timeline: u32, lsn: u64) -> Position {
        Position::Postgres(PgPosition::new(1, timeline, Lsn(lsn)))
    }

    fn history(start: Instant, samples: &[(u64, u64)]) -> History {
        let mut history = History::default();
        for &(millis, lsn) in samples {
            let asked = start + Duration::from_millis(millis);
            history.push(asked, &at(1, lsn));
        }
        history
    }

    #[test]
    fn a_replica_is_complete_as_of_the_last_sample_it_covers() {
        let start = Instant::now();
        let history = history(start, &[(0, 10), (100, 20), (200, 30)]);
        let as_of = |lsn| {
            history
                .complete_as_of(&at(1, lsn))
                .map(|at| age(start, at).as_millis())
        };
        assert_eq!(as_of(30), Some(200));
        assert_eq!(as_of(29), Some(100));
        assert_eq!(as_of(10), Some(0));
        assert_eq!(as_of(9), None);
    }

    #[test]
    fn an_idle_primary_is_not_seen_as_lag() {
        let start = Instant::now();
        let mut samples = vec![(0, 10)];
        samples.extend((1..=1000).map(|tick| (tick * 100, 20)));
        let history = history(start, &samples);
        let as_of = history.complete_as_of(&at(1, 20)).unwrap();
        assert_eq!(age(start, as_of), Duration::from_secs(100));
        assert!(
            history.samples.len() <= 3,
            "an idle primary fills no memory"
        );
    }

    #[test]
    fn a_replica_that_stands_still_while_the_primary_goes_on_falls_behind() {
        let start = Instant::now();
        let history = history(start, &[(0, 10), (100, 10), (200, 11), (9000, 12)]);
        let as_of = history.complete_as_of(&at(1, 10)).unwrap();
        assert_eq!(age(start, as_of), Duration::from_millis(100));
    }

    #[test]
    fn recent_samples_are_few_reach_far_back_and_keep_their_order() {
        let start = Instant::now();
        let samples: Vec<_> = (0..4000).map(|tick| (tick, tick)).collect();
        let recent = history(start, &samples).recent(32);
        assert!(recent.len() < 300, "{}", recent.len());
        let lsns: Vec<_> = recent
            .iter()
            .map(|sample| sample.position.clone())
            .collect();
        assert_eq!(lsns[lsns.len() - 32..].first(), Some(&at(1, 3968)));
        assert!(age(start, recent[0].asked) < Duration::from_millis(1000));
        assert!(recent.windows(2).all(|pair| pair[0].asked < pair[1].asked));
        assert_eq!(history(start, &samples[..1]).recent(32).len(), 1);
        assert!(History::default().recent(32).is_empty());
    }

    #[test]
    fn a_failover_starts_a_new_history() {
        let start = Instant::now();
        let mut history = history(start, &[(0, 10), (100, 20)]);
        history.push(start, &at(2, 15));
        assert_eq!(history.complete_as_of(&at(1, 99)), None);
        assert!(history.complete_as_of(&at(2, 15)).is_some());
    }

    #[test]
    fn memory_is_bounded_and_old_samples_thin_out() {
        let start = Instant::now();
        let mut samples = Vec::new();
        samples.extend((0..20_000).map(|tick| (tick * 100, tick)));
        let history = history(start, &samples);
        assert!(history.samples.len() <= CAPACITY);
        let (oldest, newest) = (
            history.samples[0].clone(),
            history.samples[history.samples.len() - 1].clone(),
        );
        assert!(newest.asked - oldest.asked > Duration::from_secs(600));
        let steps: Vec<_> = history.samples.iter().map(|sample| sample.asked).collect();
        assert!(steps.is_sorted());
    }
}
