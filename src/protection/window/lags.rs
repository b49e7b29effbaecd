//! `Lags`: how far replicas lagged in the last minutes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::{ENOUGH, Window, WindowStatus};
use crate::cluster::age;

/// The number of parts of the time for which lags count: they leave by parts.
const PARTS: u32 = 10;

/// The largest lag that a histogram tells from larger ones, in milliseconds: the longest window.
const LARGEST: u64 = 3_600_000;

/// The significant digits of a percentile. Chosen: one part in a hundred, and 8 KiB for each part.
const DIGITS: u8 = 2;

/// The time between two looks at the percentile. Chosen: it takes some microseconds.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// The lags of replicas in the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Lags {
    /// Oldest first.
    parts: VecDeque<Part>,
    spread: Spread,
    /// The time of the last look at the percentile.
    looked: Option<Instant>,
    clamped: u64,
}

/// The spread of the lags that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spread {
    pub(super) samples: u64,
    /// The 99th percentile, a moment ago; never less than it was then.
    pub(super) p99: Duration,
    pub(super) largest: Duration,
}

/// The lags of a part of the time.
#[derive(Debug)]
struct Part {
    begun: Instant,
    /// In milliseconds, rounded up. `None` if there is no room for it.
    lags: Option<Histogram<u32>>,
    samples: u64,
    largest: Duration,
}

impl Lags {
    /// Records the lag of a replica. Returns whether it is the first for a while that the window may not reach.
    pub(crate) fn record(&mut self, lag: Duration, window: &Window, now: Instant) -> bool {
        let Some(over) = window.over() else {
            // It does not depend on them.
            self.forget();
            return false;
        };
        self.expire(over, now);
        self.begin(over, now);
        let is_clamped = window.clamps(lag);
        let is_news = is_clamped && !window.clamps(self.spread.largest);
        self.clamped += u64::from(is_clamped);
        if let Some(part) = self.parts.back_mut() {
            part.record(lag);
        }
        self.spread.samples += 1;
        self.spread.largest = self.spread.largest.max(lag);
        let is_due = |looked| age(looked, now) >= LOOK_AFTER;
        // Before there are enough, each may be the one that makes them enough.
        if self.spread.samples <= ENOUGH || self.looked.is_none_or(is_due) {
            self.look(now);
        }
        is_news
    }

    /// Returns the window for the lags that count.
    pub(super) fn window(&mut self, window: &Window, now: Instant) -> Duration {
        match window.over() {
            Some(over) => self.expire(over, now),
            None => self.forget(),
        }
        window.under(self.spread)
    }

    /// Returns what is known of the lags that count.
    #[cfg(test)]
    pub(super) fn spread(&self) -> Spread {
        self.spread
    }

    /// Returns the number of lags that were larger than the longest window.
    #[cfg(test)]
    pub(super) fn clamped(&self) -> u64 {
        self.clamped
    }

    /// Returns the window for the lags that count, and how it came about.
    pub(crate) fn status(&mut self, window: &Window, now: Instant) -> WindowStatus {
        let in_use = self.window(window, now);
        WindowStatus::new(in_use, self.spread, self.clamped)
    }

    fn forget(&mut self) {
        if !self.parts.is_empty() {
            self.parts.clear();
            self.spread = Spread::default();
        }
    }

    /// Drops the parts that do not count any more: a part counts until its last lag is that old.
    fn expire(&mut self, over: Duration, now: Instant) {
        let limit = over + over / PARTS;
        let before = self.parts.len();
        while let Some(oldest) = self.parts.front()
            && age(oldest.begun, now) >= limit
        {
            self.parts.pop_front();
        }
        if self.parts.len() < before {
            self.look(now);
        }
    }

    /// Begins another part if it is time to.
    fn begin(&mut self, over: Duration, now: Instant) {
        let newest = self.parts.back();
        if newest.is_none_or(|newest| age(newest.begun, now) >= over / PARTS) {
            self.parts.push_back(Part::new(now));
        }
    }

    /// Looks at all lags that count.
    fn look(&mut self, now: Instant) {
        self.looked = Some(now);
        let largest = self.parts.iter().map(|part| part.largest).max();
        let largest = largest.unwrap_or_default();
        let samples = self.parts.iter().map(|part| part.samples).sum();
        self.spread = Spread {
            samples,
            largest,
            // Of fewer, it is the largest.
            p99: if samples < ENOUGH {
                largest
            } else {
                self.percentile().unwrap_or(largest)
            },
        };
    }

    /// Returns the 99th percentile, in milliseconds rounded up.
    fn percentile(&self) -> Option<Duration> {
        let mut all = histogram()?;
        for part in &self.parts {
            all.add(part.lags.as_ref()?).ok()?;
        }
        Some(Duration::from_millis(all.value_at_quantile(0.99)))
    }
}

impl Part {
    fn new(begun: Instant) -> Self {
        Self {
            begun,
            lags: histogram(),
            samples: 0,
            largest: Duration::ZERO,
        }
    }

    fn record(&mut self, lag: Duration) {
        self.samples += 1;
        self.largest = self.largest.max(lag);
        if let Some(lags) = &mut self.lags {
            let millis = lag.as_nanos().div_ceil(1_000_000);
            lags.saturating_record(u64::try_from(millis).unwrap_or(u64::MAX));
        }
    }
}

fn histogram() -> Option<Histogram<u32>> {
    Histogram::new_with_max(LARGEST, DIGITS).ok()
}
