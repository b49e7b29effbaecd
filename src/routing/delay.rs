//! `Delay`: a guess at how long a replica takes to catch up.

use std::time::Duration;

/// The time that a replica takes to catch up, as far as tries have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(crate) time: Duration,
    /// The exponent of two whose power is the number of reads of which one tries the replica before that time.
    pub(crate) odds: u32,
}

impl Delay {
    /// Returns whether a replica is worth a try once this time has `passed`: because it is likely to have caught up, or
    /// to find out whether it takes less time by now, for a few reads that `random` draws.
    #[inline]
    pub(crate) fn allows(self, passed: Duration, random: u64) -> bool {
        // The lower half of the number chooses among replicas.
        self.time <= passed || (random >> 32).trailing_zeros() >= self.odds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_is_early_for_one_read_in_a_power_of_two() {
        let second = Duration::from_secs(1);
        let delay = |odds| Delay { time: second, odds };
        let early = |odds| {
            let numbers = (0..1024_u64).map(|number| number << 32);
            numbers
                .filter(|&random| delay(odds).allows(second / 2, random))
                .count()
        };
        assert_eq!([0, 1, 2, 6].map(early), [1024, 512, 256, 16]);
        assert!((0..64).all(|random| delay(6).allows(second, random)));
    }
}
