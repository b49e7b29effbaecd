//! `X-Write-Timestamp`, sent back: when the caller last wrote.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::request::Parts;

use super::{Counts, Settings, WRITE_TIMESTAMP};

/// The longest number that is read, in digits: a time in the year 33658.
const MAX_DIGITS: usize = 15;

impl Settings {
    /// Returns the time before which a request must observe everything, if its caller may say so. A time before `oldest` is none:
    /// it is no longer of interest, or was written in another unit.
    pub(crate) fn written_before(
        &self,
        request: &Parts,
        counts: &Counts,
        now: SystemTime,
        life: Duration,
    ) -> Option<SystemTime> {
        let mut values = request.headers.get_all(WRITE_TIMESTAMP).iter();
        let value = values.next()?;
        let is_only = values.next().is_none();
        let time = value.to_str().ok().and_then(time);
        let time = time.filter(|time| {
            let age = now.duration_since(*time).unwrap_or_default();
            is_only && age <= life && self.trusts(request)
        });
        if time.is_none() {
            counts.ignored_timestamps.add();
        }
        time
    }
}

/// Returns the time of a number of milliseconds since 1970.
fn time(text: &str) -> Option<SystemTime> {
    let is_number = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let millis = text.parse().ok().filter(|_| is_number)?;
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}
