//! Wall-clock time as tokens carry it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, in 48 bits: enough until the year 10889, and representable by every
/// platform's `SystemTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Millis(u64);

impl Millis {
    pub(super) const BYTES: usize = 6;
    /// The latest time.
    pub(crate) const MAX: Self = Self((1 << 48) - 1);

    /// Returns the least value that is not before `time`, so that rounding never closes a window early.
    pub(super) fn at_or_after(time: SystemTime) -> Self {
        let nanos = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        let millis = u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self(millis).min(Self::MAX)
    }

    pub(crate) fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0)
    }

    pub(super) fn to_le_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, f, ..] = self.0.to_le_bytes();
        [a, b, c, d, e, f]
    }

    pub(super) fn from_le_bytes([a, b, c, d, e, f]: [u8; Self::BYTES]) -> Self {
        Self(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_millisecond_counts_as_a_whole_one() {
        let at = |nanos| Millis::at_or_after(UNIX_EPOCH + Duration::from_nanos(nanos));
        assert_eq!(at(1_000_000), Millis(1));
        assert_eq!(at(1_000_001), Millis(2));
    }

    #[test]
    fn times_out_of_range_are_the_nearest_in_range() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        let after = UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(Millis::at_or_after(before), Millis(0));
        assert_eq!(Millis::at_or_after(after), Millis::MAX);
    }

    #[test]
    fn the_latest_time_survives_the_bytes() {
        let latest = Millis::MAX;
        assert_eq!(Millis::from_le_bytes(latest.to_le_bytes()), latest);
        assert_eq!(Millis::at_or_after(latest.to_system_time()), latest);
    }
}
