//! `TestState`: the state of a connection that is inside a test's transaction.

/// The state of a connection on which a test's transaction is open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TestState {
    /// Set if it was lent to read, and its server was told to refuse writes.
    pub(crate) is_read_only: bool,
    /// Set while it may write all the same: a transaction that locks rows is open.
    pub(crate) may_write: bool,
}
