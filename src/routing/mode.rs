//! `Mode`: how much of the routing is in force.

use std::fmt;

/// How much of the routing is in force: the switch that operators throw, back and forth, without a deploy. See
/// [`Router::set_mode`](crate::Router::set_mode).
///
/// Writes and strong reads are the same in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Mode {
    /// All of it.
    #[default]
    On,
    /// No replica is used: every read goes to the primary, with the reason
    /// [`Reason::PrimaryOnly`](crate::Reason::PrimaryOnly).
    ///
    /// A read [on a tag](crate::Session::on) goes there too, unless it was told [`or_fail`](crate::Tag::or_fail): that one
    /// fails with [`Error::NoTaggedReplica`](crate::Error::NoTaggedReplica), as without such a replica, for its caller has
    /// said that it is too heavy for any other node. While no node takes writes, reads fail with
    /// [`Error::NoPrimary`](crate::Error::NoPrimary).
    PrimaryOnly,
    /// Functions' attributes and explicit calls alone say what a read needs. What operators add is off: rules of the edge, the
    /// level that a request's header asks for, the settings of [classes](crate::Class), the [breaker](crate::Breaker).
    ///
    /// [Shares](crate::Router::set_replica_share) stay, a class's too: they have setters of their own, and no session gets to
    /// replicas that was kept from them because something else is turned off.
    AsWritten,
}

impl Mode {
    /// Returns a stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::PrimaryOnly => "primary_only",
            Self::AsWritten => "as_written",
        }
    }

    /// Returns whether rules, classes and headers have a say in what a read needs.
    #[inline]
    pub(crate) fn hears_advice(self) -> bool {
        self != Self::AsWritten
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
