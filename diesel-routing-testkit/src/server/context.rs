use std::time::Duration;

use super::{Account, Host, Topology, Workspace};

/// The state that all nodes of a cluster share; `B` are the server's programs.
#[derive(Debug)]
pub(crate) struct Context<B> {
    pub(crate) binaries: B,
    pub(crate) account: Account,
    pub(crate) host: Host,
    pub(crate) workspace: Workspace,
    /// For every step that names no limit of its own.
    pub(crate) limit: Duration,
    pub(crate) topology: Topology,
}
