//! The share of sessions that may use replicas.

use sha2::{Digest, Sha256};

use crate::error::ConfigError;

/// The share of sessions that may use replicas at all, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReplicaShare(u8);

impl ReplicaShare {
    /// All of them.
    pub(crate) const ALL: Self = Self(100);
    /// None of them.
    pub(crate) const NONE: Self = Self(0);

    /// Creates a share of so many percent; of this class, or of the router.
    pub(crate) fn new(percent: u8, class: Option<&str>) -> Result<Self, ConfigError> {
        if percent <= 100 {
            return Ok(Self(percent));
        }
        Err(ConfigError::ReplicaShare {
            percent,
            class: class.map(str::to_owned),
        })
    }

    pub(crate) fn percent(self) -> u8 {
        self.0
    }

    /// Returns whether whoever has this lot, of 2^32, may use replicas. A greater share admits all that a smaller one does.
    #[inline]
    pub(crate) fn admits(self, lot: u64) -> bool {
        self == Self::ALL || (lot & u64::from(u32::MAX)) * 100 < u64::from(self.0) << 32
    }
}

impl Default for ReplicaShare {
    fn default() -> Self {
        Self::ALL
    }
}

/// Returns the lot of the sessions with this key, the same in every process and every release: the first four bytes of the
/// key's SHA-256, the most significant first.
pub(crate) fn lot_of(key: &str) -> u32 {
    let digest = Sha256::digest(key.as_bytes());
    digest
        .iter()
        .take(4)
        .fold(0, |lot, &byte| lot << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;
    use crate::routing::Balance;

    fn share(percent: u8) -> ReplicaShare {
        ReplicaShare::new(percent, None).unwrap()
    }

    /// Asserts that a share is met, within five standard deviations.
    fn assert_share(expected: f64, admitted: usize, of: u32) {
        let found = f64::from(u32::try_from(admitted).unwrap()) / f64::from(of);
        let range = 5.0 * (expected * (1.0 - expected) / f64::from(of)).sqrt();
        assert!((found - expected).abs() <= range, "{expected}: {found}");
    }

    #[test]
    fn a_key_has_one_lot_in_every_process_and_release() {
        // As `printf user-7 | sha256sum` begins.
        assert_eq!(lot_of(""), 0xe3b0_c442);
        assert_eq!(lot_of("abc"), 0xba78_16bf);
    }

    #[test]
    fn a_share_admits_as_many_users_as_it_says() {
        for percent in [0, 1, 10, 50, 99, 100] {
            let share = share(percent);
            let users = (0..50_000).map(|user| lot_of(&format!("user-{user}")));
            let admitted = users.filter(|&lot| share.admits(lot.into())).count();
            assert_share(f64::from(percent) / 100.0, admitted, 50_000);
        }
    }

    /// Both are drawn by the session's lot: half of those that may use replicas must belong to a primary's share of a half.
    #[test]
    fn the_primarys_share_is_drawn_from_those_that_may_use_replicas_as_from_all() {
        let primary = Balance::Random.include_primary(0.5).primary();
        let lots = (0..100_000).map(|_| u64::from(random::number() as u32));
        let admitted: Vec<_> = lots.filter(|&lot| share(50).admits(lot)).collect();
        let drawn = admitted.iter().filter(|&&lot| primary.is_drawn(lot));
        assert_share(0.5, drawn.count(), u32::try_from(admitted.len()).unwrap());
    }

    #[test]
    fn more_than_all_is_refused() {
        for percent in [101, 255] {
            let words = ReplicaShare::new(percent, None).unwrap_err().to_string();
            assert!(words.contains(&percent.to_string()), "{words}");
            assert!(words.contains("0") && words.contains("100"), "{words}");
        }
        let words = ReplicaShare::new(101, Some("payments"))
            .unwrap_err()
            .to_string();
        assert!(words.contains("`payments`"), "{words}");
    }

    proptest! {
        #[test]
        fn who_was_admitted_stays_so_as_the_share_grows(lot: u32, less in 0..=100_u8, more in 0..=100_u8) {
            prop_assume!(less <= more);
            let lot = lot.into();
            prop_assert!(!share(less).admits(lot) || share(more).admits(lot));
            prop_assert!(!share(0).admits(lot));
            prop_assert!(share(100).admits(lot));
        }
    }
}
