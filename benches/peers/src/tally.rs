//! What the clients of a turn saw.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The counts, and the time that they took.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Reads that follow the user's own write of the row.
    pub(crate) own_reads: u64,
    /// Those of them that did not show it.
    pub(crate) stale: u64,
    /// Other reads that showed an older version of the row than the user has seen.
    pub(crate) back: u64,
    /// In microseconds, with the checkout.
    pub(crate) reads: Histogram<u64>,
    pub(crate) writes: Histogram<u64>,
}

/// The versions that a user wrote and saw, by key.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<i32, i64>);

impl Tally {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            own_reads: 0,
            stale: 0,
            back: 0,
            // To three digits.
            reads: Histogram::new(3)?,
            writes: Histogram::new(3)?,
        })
    }

    pub(crate) fn wrote(&mut self, took: Duration) -> Result<()> {
        Ok(self.writes.record(took.as_micros().try_into()?)?)
    }

    pub(crate) fn read(&mut self, what: Seen, is_own: bool, took: Duration) -> Result<()> {
        let is_old = u64::from(what == Seen::Older);
        if is_own {
            self.own_reads += 1;
            self.stale += is_old;
        } else {
            self.back += is_old;
        }
        Ok(self.reads.record(took.as_micros().try_into()?)?)
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        self.own_reads += other.own_reads;
        self.stale += other.stale;
        self.back += other.back;
        self.reads.add(&other.reads)?;
        Ok(self.writes.add(&other.writes)?)
    }

    pub(crate) fn acts(&self) -> u64 {
        self.reads.len() + self.writes.len()
    }
}

/// A version that was read, beside what its user knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Fresh,
    Older,
}

impl Known {
    /// Returns whether it is newer than what was known; otherwise it is not what was written.
    #[must_use]
    pub(crate) fn wrote(&mut self, key: i32, version: i64) -> bool {
        let known = self.0.entry(key).or_default();
        let is_newer = version > *known;
        *known = version.max(*known);
        is_newer
    }

    pub(crate) fn read(&mut self, key: i32, version: i64) -> Seen {
        let known = self.0.entry(key).or_default();
        if version < *known {
            return Seen::Older;
        }
        *known = version;
        Seen::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_micros(100);

    #[test]
    fn a_read_without_the_users_last_write_is_stale() {
        let (mut tally, mut known) = (Tally::new().unwrap(), Known::default());
        assert!(known.wrote(1, 5));
        for version in [4, 5, 7] {
            let seen = known.read(1, version);
            tally.read(seen, true, SOON).unwrap();
        }
        assert_eq!((tally.own_reads, tally.stale, tally.back), (3, 1, 0));
    }

    #[test]
    fn a_user_goes_back_where_a_row_is_older_than_they_have_seen_it() {
        let (mut tally, mut known) = (Tally::new().unwrap(), Known::default());
        for version in [3, 2, 3] {
            let seen = known.read(1, version);
            tally.read(seen, false, SOON).unwrap();
        }
        assert_eq!(known.read(2, 0), Seen::Fresh, "another row");
        assert_eq!((tally.own_reads, tally.stale, tally.back), (0, 0, 1));
    }

    #[test]
    fn a_write_that_returns_nothing_new_is_noticed() {
        let mut known = Known::default();
        assert_eq!(known.read(1, 5), Seen::Fresh);
        assert!(!known.wrote(1, 5));
        assert!(!known.wrote(2, 0));
        assert!(known.wrote(1, 6));
    }

    #[test]
    fn tallies_of_clients_add_up() {
        let mut sum = Tally::new().unwrap();
        let mut one = sum.clone();
        one.wrote(SOON).unwrap();
        one.read(Seen::Older, true, SOON * 3).unwrap();
        sum.add(&one).unwrap();
        sum.add(&one).unwrap();
        assert_eq!((sum.acts(), sum.stale, sum.own_reads), (4, 2, 2));
        assert_eq!(sum.reads.value_at_quantile(0.5), 300);
    }
}
