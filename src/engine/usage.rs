//! `Usage`: how much a pool's connections are in use.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[cfg(feature = "metrics")]
use crate::observe::PoolTimes;

/// The use of a pool's connections, and the time that callers waited for them. Counted as each comes back, by instants
/// that are taken anyway.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    loans: AtomicU64,
    /// Nanoseconds: for 584 years of one connection.
    time: AtomicU64,
    /// The instant from which a connection must have been opened to be lent, in [`nanos`]; 0, if any may be.
    opened_from: AtomicU64,
    /// The callers that wait for a connection.
    pending: AtomicU32,
    /// The waits that were in vain.
    timeouts: AtomicU64,
    /// The place where times are recorded as well.
    #[cfg(feature = "metrics")]
    times: PoolTimes,
}

/// Returns an instant as a number: nanoseconds since the first that was asked for.
fn nanos(at: Instant) -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let since = at.saturating_duration_since(*START).as_nanos();
    u64::try_from(since).unwrap_or(u64::MAX)
}

/// Somebody who waits for a connection, until this is dropped.
#[derive(Debug)]
pub(crate) struct Pending<'a>(&'a Usage);

#[allow(dead_code, reason = "where no pool is compiled in")]
impl Usage {
    /// Counts a connection that was lent at `lent`, and has come back.
    #[inline]
    pub(crate) fn returned(&self, lent: Instant, now: Instant) {
        let used = now.saturating_duration_since(lent);
        let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        self.loans.fetch_add(1, Ordering::Relaxed);
        self.time.fetch_add(nanos, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.times.used(used);
    }

    /// Records how long a caller waited for a connection that it got.
    #[cfg(feature = "metrics")]
    #[inline]
    pub(crate) fn waited(&self, time: Duration) {
        self.times.waited(time);
    }

    /// Records how long it took to open a connection.
    #[cfg(feature = "metrics")]
    pub(crate) fn opened_in(&self, time: Duration) {
        self.times.opened_in(time);
    }

    /// Returns where times are recorded as well.
    #[cfg(feature = "metrics")]
    pub(crate) fn times(&self) -> &PoolTimes {
        &self.times
    }

    /// Counts a caller who waits for a connection, as long as what is returned is kept.
    pub(crate) fn wait(&self) -> Pending<'_> {
        self.pending.fetch_add(1, Ordering::Relaxed);
        Pending(self)
    }

    /// Counts a wait that was in vain.
    #[cold]
    pub(crate) fn timed_out(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }

    /// Has connections that were opened before `now` not lent again.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn outdate(&self, now: Instant) {
        self.opened_from
            .fetch_max(nanos(now).max(1), Ordering::Relaxed);
    }

    /// Returns whether a connection that was opened then is not lent again.
    #[inline]
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn is_outdated(&self, opened: Instant) -> bool {
        let from = self.opened_from.load(Ordering::Relaxed);
        from != 0 && nanos(opened) < from
    }

    /// Returns the number of loans, and the time that they took in all.
    pub(crate) fn total(&self) -> (u64, Duration) {
        let time = Duration::from_nanos(self.time.load(Ordering::Relaxed));
        (self.loans.load(Ordering::Relaxed), time)
    }

    /// Returns the number of callers that wait, and of the waits that were in vain.
    pub(crate) fn waits(&self) -> (u32, u64) {
        let pending = self.pending.load(Ordering::Relaxed);
        (pending, self.timeouts.load(Ordering::Relaxed))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_outdated_by_what_happens_after_they_were_opened() {
        let usage = Usage::default();
        let opened = Instant::now();
        assert!(!usage.is_outdated(opened));
        let later = opened + Duration::from_millis(1);
        usage.outdate(later);
        assert!(usage.is_outdated(opened) && !usage.is_outdated(later));
        // What is heard late changes nothing.
        usage.outdate(opened);
        assert!(usage.is_outdated(opened) && !usage.is_outdated(later));
    }
}
