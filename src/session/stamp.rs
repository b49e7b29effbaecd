//! `Stamp`: an instant in eight bytes.

use std::num::NonZeroI64;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The instant that stamps are counted from.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// An instant in half the space, also if there is none: nanoseconds from a start, 292 years either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(NonZeroI64);

impl Stamp {
    pub(super) fn instant(self) -> Instant {
        let number = self.0.get();
        // Zero is left out.
        let nanos = Duration::from_nanos(number.unsigned_abs() - u64::from(number > 0));
        let instant = if number > 0 {
            START.checked_add(nanos)
        } else {
            START.checked_sub(nanos)
        };
        instant.unwrap_or(*START)
    }
}

impl From<Instant> for Stamp {
    fn from(instant: Instant) -> Self {
        let nanos = |age: Duration| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
        let number = match instant.checked_duration_since(*START) {
            Some(since) => nanos(since).saturating_add(1),
            None => -nanos(START.duration_since(instant)),
        };
        Self(NonZeroI64::new(number).unwrap_or(NonZeroI64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stamp_is_its_instant(nanos in prop_oneof![-3..3_i64, any::<i32>().prop_map(i64::from), -(1_i64 << 45)..1 << 62]) {
            let offset = Duration::from_nanos(nanos.unsigned_abs());
            let of = |nanos: i64| if nanos < 0 { START.checked_sub(offset) } else { START.checked_add(offset) };
            // A machine's clock may have started a moment ago, and knows no instant before.
            let Some(instant) = of(nanos) else { return Ok(()) };
            prop_assert_eq!(Stamp::from(instant).instant(), instant);
            let next = instant + Duration::from_nanos(1);
            prop_assert!(Some(Stamp::from(instant)) < Some(Stamp::from(next)));
            prop_assert!(None < Some(Stamp::from(instant)));
        }
    }
}
