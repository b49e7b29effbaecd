//! One question to a node.

use std::time::Instant;

use super::ServerId;

/// The times and the connection of a question to a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// The time by the router's clock.
    pub(crate) asked: Instant,
    /// The time by the system's clock, which the ages of connections are compared with.
    pub(crate) sent: Instant,
    /// The server that was asked, if it tells which one it is.
    pub(crate) server: Option<ServerId>,
    /// The instant, by the system's clock, at which the connection was opened: no connection survives its server's
    /// restart.
    pub(crate) opened: Instant,
}
