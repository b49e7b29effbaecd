//! `Priority`: which reads a strained primary refuses first.

/// The priority of the reads of a [class](crate::Class::priority), where a [breaker](crate::Breaker) protects the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Priority {
    /// Refused first: while the primary is strained, it serves none of them.
    Low,
    /// While the primary is strained, it serves those that no replica could.
    #[default]
    Normal,
    /// Served by the primary until only writes and strong reads are.
    High,
}
