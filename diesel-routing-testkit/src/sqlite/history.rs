//! The primary's recent past: which snapshot a replica may show, and which ones nobody needs any more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One state of the primary.
#[derive(Debug)]
pub(super) struct Snapshot<T> {
    /// Counts up from 1.
    pub(super) number: u64,
    /// Everything committed up to here is in an earlier snapshot as well.
    pub(super) since: Instant,
    /// Everything committed up to here is in this one.
    pub(super) complete: Instant,
    /// Nothing committed from here on is in this one.
    pub(super) sealed: Instant,
    pub(super) content: T,
}

/// The snapshots that a replica may still have to show, oldest first.
#[derive(Debug)]
pub(super) struct History<T> {
    snapshots: VecDeque<Snapshot<T>>,
}

impl<T> History<T> {
    pub(super) const fn new() -> Self {
        Self {
            snapshots: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, snapshot: Snapshot<T>) {
        self.snapshots.push_back(snapshot);
    }

    /// Returns the newest snapshot that is at least `lag` old and newer than snapshot `shown`.
    pub(super) fn due(&self, now: Instant, lag: Duration, shown: u64) -> Option<&Snapshot<T>> {
        self.snapshots
            .iter()
            .rev()
            .take_while(|snapshot| snapshot.number > shown)
            .find(|snapshot| age(snapshot, now) >= lag)
    }

    /// Drops what no replica will show, and what a replica can do without because it is closer to its
    /// neighbour than the replica's spacing. `replicas` lists each one's lag, spacing and shown snapshot.
    ///
    /// A replica of lag L and spacing S keeps at most `2 * L / S + 2` snapshots alive.
    pub(super) fn thin(&mut self, now: Instant, replicas: &[(Duration, Duration, u64)]) {
        let shown_by_all = replicas.iter().map(|(_, _, shown)| *shown).min();
        self.snapshots
            .retain(|snapshot| shown_by_all.is_none_or(|shown| snapshot.number > shown));
        let mut index = 0;
        while index + 1 < self.snapshots.len() {
            let next = &self.snapshots[index + 1];
            // Whoever may show the next snapshot has no use for this one.
            let spacing = replicas
                .iter()
                .filter(|(lag, _, _)| age(next, now) < *lag)
                .map(|(_, spacing, _)| *spacing)
                .min();
            let since = self.snapshots[index].since;
            let merged = next.sealed.saturating_duration_since(since);
            if spacing.is_some_and(|spacing| merged > spacing) {
                index += 1;
            } else {
                self.snapshots[index + 1].since = since;
                self.snapshots.remove(index);
            }
        }
    }
}

fn age<T>(snapshot: &Snapshot<T>, now: Instant) -> Duration {
    now.saturating_duration_since(snapshot.sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A snapshot every 10 ms, numbered from 1, the last one at `last` ms.
    fn history(start: Instant, last: u64) -> History<()> {
        let mut history = History::new();
        for number in 1..=last / 10 {
            push(&mut history, start, number);
        }
        history
    }

    fn push(history: &mut History<()>, start: Instant, number: u64) {
        let at = start + ms(number * 10);
        history.push(Snapshot {
            number,
            since: at - ms(10),
            complete: at,
            sealed: at,
            content: (),
        });
    }

    #[test]
    fn the_newest_snapshot_of_sufficient_age_is_due() {
        let start = Instant::now();
        let history = history(start, 100);
        let due = |at, lag, shown| {
            history
                .due(start + ms(at), ms(lag), shown)
                .map(|s| s.number)
        };
        assert_eq!(due(100, 0, 0), Some(10));
        assert_eq!(due(100, 50, 0), Some(5));
        assert_eq!(due(100, 51, 0), Some(4));
        assert_eq!(due(100, 91, 0), None);
    }

    #[test]
    fn a_replica_never_goes_back() {
        let start = Instant::now();
        let history = history(start, 100);
        assert!(history.due(start + ms(100), ms(50), 5).is_none());
        assert!(history.due(start + ms(100), ms(50), 10).is_none());
    }

    #[test]
    fn what_every_replica_shows_is_dropped() {
        let start = Instant::now();
        let mut history = history(start, 100);
        history.thin(start + ms(100), &[(ms(0), ms(5), 10), (ms(0), ms(5), 10)]);
        assert_eq!(history.snapshots.len(), 0);
    }

    #[test]
    fn a_replica_that_did_not_take_the_newest_keeps_only_that_one() {
        let start = Instant::now();
        let mut history = history(start, 100);
        history.thin(start + ms(100), &[(ms(0), ms(5), 10), (ms(0), ms(5), 3)]);
        assert_eq!(
            history
                .snapshots
                .iter()
                .map(|s| s.number)
                .collect::<Vec<_>>(),
            [10]
        );
    }

    #[test]
    fn years_of_commits_keep_a_bounded_number_of_snapshots_and_cost_at_most_the_spacing() {
        let start = Instant::now();
        let (lag, spacing) = (ms(10_000), ms(500));
        let mut history = History::new();
        let mut shown = 0;
        for number in 1..20_000 {
            push(&mut history, start, number);
            let now = start + ms(number * 10);
            if let Some(due) = history.due(now, lag, shown) {
                shown = due.number;
            }
            history.thin(now, &[(lag, spacing, shown), (ms(0), ms(5), number)]);
            assert!(history.snapshots.len() <= 42, "{}", history.snapshots.len());
            if now > start + lag + spacing {
                let behind = ms((number - shown) * 10);
                assert!(
                    behind >= lag && behind <= lag + spacing + ms(20),
                    "{behind:?}"
                );
            }
        }
    }

    #[test]
    fn a_short_lag_keeps_its_fine_steps_beside_a_long_one() {
        let start = Instant::now();
        let mut history = History::new();
        let (mut short, mut long) = (0, 0);
        for number in 1..2_000 {
            push(&mut history, start, number);
            let now = start + ms(number * 10);
            short = history
                .due(now, ms(100), short)
                .map_or(short, |due| due.number);
            long = history
                .due(now, ms(5_000), long)
                .map_or(long, |due| due.number);
            history.thin(now, &[(ms(100), ms(5), short), (ms(5_000), ms(400), long)]);
            assert_eq!(short, number.saturating_sub(10));
        }
    }
}
