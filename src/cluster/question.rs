//! One question to a node.

use std::time::Instant;

/// The times and the connection of a question to a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// The time by the router's clock.
    pub(crate) asked: Instant,
    /// The time by the system's clock, which the ages of connections are compared with.
    pub(crate) sent: Instant,
    /// The number of connections that the watcher has opened: no connection survives its server's restart.
    pub(crate) run: u64,
}
