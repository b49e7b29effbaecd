//! Random numbers for choices that need to be even and quick, and may be guessed: which replica a read goes to,
//! and when a watcher asks next.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use rand::rngs::SmallRng;
use rand::{Rng, RngExt};

thread_local! {
    /// Each thread has a generator of its own, seeded by the operating system: nothing is locked, and no two
    /// processes draw the same numbers.
    static GENERATOR: RefCell<SmallRng> = RefCell::new(rand::make_rng());
}

/// Returns any number, each as likely as the others.
///
/// # Panics
///
/// On the first call of a thread, if the operating system has no random numbers to give.
#[inline]
pub(crate) fn number() -> u64 {
    GENERATOR.with_borrow_mut(Rng::next_u64)
}

/// Returns a number of `range`, each as likely as the others.
///
/// # Panics
///
/// If `range` is empty, and as [`number`] does.
#[inline]
pub(crate) fn within(range: RangeInclusive<u32>) -> u32 {
    GENERATOR.with_borrow_mut(|generator| generator.random_range(range))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::{number, within};

    #[test]
    fn each_thread_draws_its_own_numbers() {
        let draw = || (0..4).map(|_| number()).collect::<Vec<_>>();
        let other = thread::spawn(draw).join().unwrap();
        let mut all = [draw(), other].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn a_range_is_drawn_from_end_to_end_and_not_beyond() {
        let drawn: BTreeSet<_> = (0..1000).map(|_| within(900..=904)).collect();
        assert_eq!(drawn, (900..=904).collect());
    }
}
