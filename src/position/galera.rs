//! Positions of Galera clusters.

use std::fmt;

use super::Behind;
use super::bytes::{Input, push_number};
use super::kind::{About, Kind, TWO_PRIMARIES_WITH_GTIDS};
use super::mysql::{Uuid, parse_uuid};

/// A position of a Galera cluster: the number of write sets in its history.
///
/// All nodes of a cluster apply the same write sets in the same order.
///
/// # Example
///
/// ```
/// use diesel_routing::{GaleraPosition, Position};
///
/// let written = GaleraPosition::new(0x3e11fa47_71ca_11e1_9e33_c80aa9429562, 100);
/// let applied = GaleraPosition::new(written.history(), 120);
/// assert!(applied.covers(&written));
/// assert_eq!(written.join(&applied), Some(applied));
/// // The same of any kind; those of different kinds have nothing in common.
/// assert!(Position::from(applied).covers(&Position::from(written)));
/// assert_eq!(Position::from(written).join(&Position::from(applied)), Some(applied.into()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GaleraPosition {
    /// Bytes, because a 128-bit number would be aligned to 16 bytes, and make every position half as large again.
    history: [u8; 16],
    /// The number of the last write set (`wsrep_last_committed`).
    pub sequence: u64,
}

impl GaleraPosition {
    /// Creates a position.
    #[must_use]
    pub fn new(history: u128, sequence: u64) -> Self {
        Self {
            history: history.to_le_bytes(),
            sequence,
        }
    }

    /// Returns the history (`wsrep_cluster_state_uuid`): a cluster that is bootstrapped anew gets another.
    #[must_use]
    pub fn history(&self) -> u128 {
        u128::from_le_bytes(self.history)
    }

    /// Returns whether a node at this position has every write set up to `required`.
    #[must_use]
    pub fn covers(&self, required: &Self) -> bool {
        self.history == required.history && self.sequence >= required.sequence
    }

    /// Returns the later of the two, or `None` if they cannot be compared.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        (self.history == other.history).then(|| Self {
            sequence: self.sequence.max(other.sequence),
            ..*self
        })
    }
}

impl Kind for GaleraPosition {
    const ABOUT: &'static About = &About {
        server: "Galera",
        cluster: "cluster state UUID",
        notation: "a UUID and the number of a write set, like `3e11fa47-71ca-11e1-9e33-c80aa9429562:23`",
        second_primary: TWO_PRIMARIES_WITH_GTIDS,
        is_multi_writer: true,
    };

    #[inline]
    fn covers(&self, required: &Self) -> bool {
        self.covers(required)
    }

    fn ahead_of(&self, behind: &Self) -> Option<Behind> {
        let sets = self.sequence.saturating_sub(behind.sequence);
        (self.history == behind.history).then_some(Behind::Transactions(sets))
    }

    fn join(&self, other: &Self) -> Option<Self> {
        self.join(other)
    }

    fn may_reach(&self, required: &Self) -> bool {
        self.history == required.history
    }

    fn same_cluster(&self, other: &Self) -> bool {
        self.history == other.history
    }

    fn is_newer(&self, other: &Self) -> bool {
        self.history() > other.history()
    }

    fn of_text(&self, text: &str) -> Option<Self> {
        let (history, sequence) = text.split_once(':')?;
        let is_number = sequence.bytes().all(|byte| byte.is_ascii_digit());
        let sequence = sequence.parse().ok().filter(|_| is_number)?;
        Some(Self::new(parse_uuid(history)?, sequence))
    }

    fn encode(&self, to: &mut Vec<u8>) {
        to.extend(self.history);
        push_number(self.sequence, to);
    }

    fn decode(input: &mut Input<'_>) -> Option<Self> {
        Some(Self {
            history: input.take()?,
            sequence: input.sized::<8>()?,
        })
    }

    #[cfg(test)]
    const SHARE: u32 = 1;

    #[cfg(test)]
    fn samples() -> proptest::strategy::BoxedStrategy<Self> {
        use proptest::prelude::*;

        (0..3_u128, super::kind::numbers())
            .prop_map(|(history, sequence)| Self::new(history, sequence))
            .boxed()
    }
}

/// Parses the number of a write set, as in `wsrep_last_committed`.
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) fn parse_write_set(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Formats the position as Galera does: `d38587ce-246c-11e5-bcce-6bbd0831cc0f:42`.
impl fmt::Display for GaleraPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Uuid(self.history()), self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_sets_are_ordered_within_one_history_only() {
        let at = GaleraPosition::new;
        assert!(at(1, 7).covers(&at(1, 7)));
        assert!(!at(1, 6).covers(&at(1, 7)));
        assert!(!at(2, 9).covers(&at(1, 7)));
        assert_eq!(at(1, 6).join(&at(1, 7)), Some(at(1, 7)));
        assert_eq!(at(1, 6).join(&at(2, 7)), None);
    }

    #[test]
    fn it_prints_galeras_notation() {
        let history = 0xd385_87ce_246c_11e5_bcce_6bbd_0831_cc0f;
        assert_eq!(
            GaleraPosition::new(history, 42).to_string(),
            "d38587ce-246c-11e5-bcce-6bbd0831cc0f:42"
        );
    }
}
