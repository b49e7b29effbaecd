//! `NotReadOnly`: why a pooled connection is closed.

/// A connection of a read pool, which the router had made read-only, is not any more: a statement turned that off where neither
/// types nor the statement check see, as inside a database function. It is closed.
///
/// The [source](std::error::Error::source) of an [`Error::Checkout`](crate::Error::Checkout), where no other connection was there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connection was not read-only any more: a statement on it had turned that off, as a database function can"
)]
pub struct NotReadOnly(pub(crate) ());
