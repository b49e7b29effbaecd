//! The least limit on lag that a replica can be known to keep.

use std::time::Duration;

/// The part of the watch interval by which it is longer now and then.
const JITTER: u32 = 10;

/// The time that an answer may take, of a node that is well. Chosen: some round trips within a region.
const ANSWER: Duration = Duration::from_millis(10);

/// Returns the least limit on lag that a replica can be known to keep, if it is asked at this interval: what is known of it is as
/// old as its last answer.
pub(crate) fn least_lag(interval: Duration) -> Duration {
    interval
        .saturating_add(interval / JITTER)
        .saturating_add(ANSWER)
}
