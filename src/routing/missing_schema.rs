//! `MissingSchema`: what a read does where a replica lacks what it reads.

/// The choice of the reads of a [class](crate::Class::missing_schema) that fail on a replica because it has no such table, column,
/// function or type: a migration is on its way, and the primary may have them. It counts in `Session::reading`, which can run a read
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissingSchema {
    /// They run again on the primary, as reads that no replica serves: within the budget of its fallback pool, not past a breaker, and not
    /// where the class [refuses](crate::Fallback::Refuse) that. The default.
    #[default]
    ToPrimary,
    /// They fail with the replica's error.
    Fail,
}
