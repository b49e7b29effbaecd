//! The trait of kinds of positions.

use std::fmt;

use super::Behind;
use super::bytes::Input;

/// A kind of position, in words.
pub(crate) struct About {
    /// The kind of server.
    pub(crate) server: &'static str,
    /// The thing that differs between clusters.
    pub(crate) cluster: &'static str,
    /// The form of a position, in words.
    pub(crate) notation: &'static str,
    /// The problem with a second node that accepts writes, and a remedy.
    pub(crate) second_primary: &'static str,
    /// Set if every node of a cluster accepts writes.
    pub(crate) is_multi_writer: bool,
}

/// [`About::second_primary`] of servers with GTIDs.
pub(super) const TWO_PRIMARIES_WITH_GTIDS: &str = "it takes writes, and so does the primary: set `read_only` on it, and make it follow the \
     primary by GTID, or shut it down";

/// A kind of position. Both positions of a method belong to one kind: [`Position`](super::Position) answers for
/// positions of different kinds, which have nothing in common.
pub(super) trait Kind: Clone + PartialEq + fmt::Display {
    /// The kind in words.
    const ABOUT: &'static About;

    /// Returns whether a node here has everything up to `required`.
    fn covers(&self, required: &Self) -> bool;

    /// Returns how much of what a primary here has is missing at `behind`; `None` where that cannot be counted.
    fn ahead_of(&self, behind: &Self) -> Option<Behind>;

    /// Returns the least position that covers both; `None` if there is no such position.
    fn join(&self, other: &Self) -> Option<Self>;

    /// Returns the position that a node must cover to have everything that a node here has.
    fn mark(&self) -> Self {
        self.clone()
    }

    /// Returns whether `required` lies on the history of a primary here, or is something that primary may still
    /// write.
    fn may_reach(&self, required: &Self) -> bool;

    /// Returns the part of `required` that a primary here has or may still write; `None` if there is none.
    fn reachable(&self, required: &Self) -> Option<Self> {
        self.may_reach(required).then(|| required.clone())
    }

    /// Lowers the position to `primary`, the primary's present one; `None` if it does not lie past it.
    fn at_most(&self, primary: &Self) -> Option<Self> {
        (self != primary && self.covers(primary)).then(|| primary.clone())
    }

    /// Returns whether a primary that was at `before` can have got here by writing.
    fn continues(&self, before: &Self) -> bool {
        self.may_reach(before)
    }

    /// Returns whether both belong to one cluster.
    fn same_cluster(&self, other: &Self) -> bool;

    /// Returns whether, of two nodes that accept writes, this one is the primary.
    fn succeeds(&self, _other: &Self) -> bool {
        false
    }

    /// Returns whether this position lies on a newer history. Where the order of histories is unknown, a fixed
    /// arbitrary one is used.
    fn is_newer(&self, _other: &Self) -> bool {
        false
    }

    /// Returns the least position of the newer history that is not below either; `None` if the histories have
    /// nothing in common.
    fn floor(&self, other: &Self) -> Option<Self> {
        self.join(other)
    }

    /// Drops what is implied by the rest on `primary`'s history; `None` if nothing is.
    fn reduced(&self, _primary: &Self) -> Option<Self> {
        None
    }

    /// Returns whether nothing was ever written here.
    fn is_empty(&self) -> bool {
        false
    }

    /// Reads a position in the notation of the servers, on the history of this one, which is a node's.
    fn of_text(&self, text: &str) -> Option<Self>;

    /// Appends the position to a token's content, without its tag. [`SignedToken`](crate::SignedToken)'s
    /// documentation has the format.
    fn encode(&self, to: &mut Vec<u8>);

    /// Reads what [`encode`](Self::encode) wrote.
    fn decode(input: &mut Input<'_>) -> Option<Self>;

    /// The share of this kind among the positions of a test.
    #[cfg(test)]
    const SHARE: u32 = 2;

    /// Generates positions, often near others.
    #[cfg(test)]
    fn samples() -> proptest::strategy::BoxedStrategy<Self>;
}

/// Generates numbers, most of them small.
#[cfg(test)]
pub(super) fn numbers() -> impl proptest::strategy::Strategy<Value = u64> {
    use proptest::prelude::*;

    prop_oneof![4 => 0..4u64, 1 => any::<u64>()]
}
