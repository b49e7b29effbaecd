//! Wall-clock time as tokens carry it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, in 48 bits: enough until the year 10889, and representable by every
/// platform's `SystemTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Millis(u64);

impl Millis {
    /// Number of bytes of a time in the first format.
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

    /// Returns the milliseconds since 1970.
    pub(super) fn number(self) -> u64 {
        self.0
    }

    /// Returns the time so many milliseconds after 1970; `None` if that is later than the latest.
    pub(super) fn of_number(number: u64) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// Returns the milliseconds from here to `later`, modulo 2^48: few for times that lie close before it.
    pub(super) fn until(self, later: Self) -> u64 {
        later.0.wrapping_sub(self.0) & Self::MAX.0
    }

    /// Returns the time from which there are so many milliseconds [until](Self::until) this one; `None` if there
    /// are more than 48 bits of them.
    pub(super) fn earlier(self, by: u64) -> Option<Self> {
        (by <= Self::MAX.0).then_some(Self(self.0.wrapping_sub(by) & Self::MAX.0))
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
    fn the_latest_time_survives() {
        let latest = Millis::MAX;
        assert_eq!(Millis::of_number(latest.number()), Some(latest));
        assert_eq!(Millis::of_number(latest.number() + 1), None);
        assert_eq!(Millis::at_or_after(latest.to_system_time()), latest);
    }

    #[test]
    fn any_two_times_have_a_distance() {
        let (early, late) = (Millis(5), Millis(7));
        assert_eq!(early.until(late), 2);
        assert_eq!(late.until(early), (1 << 48) - 2);
        for (one, other) in [(early, late), (late, early), (early, early)] {
            assert_eq!(other.earlier(one.until(other)), Some(one));
        }
        assert_eq!(late.earlier(1 << 48), None);
    }
}
