//! One question to a node.

use std::time::Instant;

/// When a node was asked, and over which connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// By the router's clock.
    pub(crate) asked: Instant,
    /// By the system's clock, which connections are compared with.
    pub(crate) sent: Instant,
    /// How many connections the watcher has opened: no connection survives its server's restart.
    pub(crate) run: u64,
}
