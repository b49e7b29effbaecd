//! The primary's share of the reads that replicas may serve.

use super::Balance;
use crate::error::ConfigError;

/// The way to choose a node among those that may serve a read: a [`Balance`] among replicas, and the share of the primary.
///
/// Made by [`Balance::include_primary`]; a [`Balance`] alone leaves the primary out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[must_use]
pub struct Balancing {
    pub(crate) balance: Balance,
    /// The primary's share, from 0 to 1.
    primary: f64,
}

impl Balance {
    /// Gives the primary a share of the reads that a replica may serve, from `0.0` (none, as without this) to `1.0`
    /// (all): for a primary that has room to spare.
    ///
    /// The share is that of sessions, at whatever level they read: a session that belongs to it reads from the primary,
    /// and the others from replicas as before. So nobody has to catch up with what he saw on the other side. One that is
    /// resumed from a token is drawn anew, unless it has [a key](crate::Session::keyed); reads outside sessions are drawn one by one. Both have the reason [`Reason::PrimaryShare`](crate::Reason::PrimaryShare), and take
    /// connections of the primary's read pool. What only the primary may serve is not counted, nor are reads
    /// [on a tag](crate::Session::on). While the primary does not answer, or gives no connection, replicas serve all.
    ///
    /// A number out of that range makes `build` fail with
    /// [`ConfigError::PrimaryShare`](crate::ConfigError::PrimaryShare).
    ///
    /// ```
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{Balance, pg::Router};
    ///
    /// let builder = Router::builder().balance(Balance::LeastOfTwo.include_primary(0.25));
    /// # let _ = builder;
    /// # }
    /// ```
    pub fn include_primary(self, share: f64) -> Balancing {
        Balancing {
            balance: self,
            primary: share,
        }
    }
}

impl From<Balance> for Balancing {
    fn from(balance: Balance) -> Self {
        balance.include_primary(0.0)
    }
}

impl Balancing {
    /// Checks the primary's share.
    pub(crate) fn check(self) -> Result<(), ConfigError> {
        if (0.0..=1.0).contains(&self.primary) {
            Ok(())
        } else {
            Err(ConfigError::PrimaryShare {
                share: self.primary.to_string(),
            })
        }
    }

    /// Returns the primary's share, from 0 to 1.
    #[cfg(feature = "config")]
    pub(crate) fn primary_share(self) -> f64 {
        self.primary
    }

    /// Returns the primary's share.
    pub(crate) fn primary(self) -> Share {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float's cast to an integer saturates, and this one was checked"
        )]
        Share((self.primary * Share::ALL).round() as u64)
    }
}

/// A share of all draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(u64);

impl Share {
    /// The number of outcomes that a draw has.
    const ALL: f64 = 4_294_967_296.0;

    pub(crate) const NONE: Self = Self(0);

    /// Returns whether a lot, a random number, is drawn.
    #[inline]
    pub(crate) fn is_drawn(self, lot: u64) -> bool {
        // Mixed, for the same number chooses a replica as well, and says whether one is tried.
        self != Self::NONE && lot.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn a_share_is_drawn_as_often_as_it_says() {
        for share in [0.0, 0.01, 0.25, 0.5, 0.9, 1.0] {
            let primary = Balance::Random.include_primary(share).primary();
            let drawn = (0..100_000).filter(|_| primary.is_drawn(random::number()));
            let found = f64::from(u32::try_from(drawn.count()).unwrap()) / 100_000.0;
            // Five standard deviations.
            let range = 5.0 * (share * (1.0 - share) / 100_000.0).sqrt();
            assert!((found - share).abs() <= range, "{share}: {found}");
        }
    }

    #[test]
    fn a_share_that_is_none_is_refused() {
        for share in [-0.1, 1.001, f64::NAN, f64::INFINITY] {
            let error = Balance::Random.include_primary(share).check().unwrap_err();
            assert!(error.to_string().contains(&share.to_string()), "{error}");
        }
        for share in [0.0, 0.5, 1.0] {
            assert_eq!(Balance::Random.include_primary(share).check(), Ok(()));
        }
        assert_eq!(Balancing::default().check(), Ok(()));
    }
}
