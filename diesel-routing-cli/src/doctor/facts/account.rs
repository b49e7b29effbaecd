//! `Account`: who the node's connections are to its server.

/// The account that a node's connections have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// The privileges by which it may write on a replica, or do anything at all: `superuser`, `READ ONLY ADMIN`.
    pub(crate) powers: Vec<String>,
    /// Set if it is known whether it sees what replication does.
    pub(crate) sees_replication: Option<bool>,
}
