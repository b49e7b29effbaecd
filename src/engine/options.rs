//! What one view of a session asks for.

use std::time::Duration;

use crate::routing::Level;

/// How a session's calls differ from the router's defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// How long reads may wait for a fresher replica; the router's, if none.
    pub(crate) wait: Option<Duration>,
    /// The level of `read`.
    pub(crate) level: Level,
    /// Whether writes are remembered.
    pub(crate) tracked: bool,
    /// Whether it is no session, but stands for there being none: nothing is known of what reads must see.
    pub(crate) outside: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wait: None,
            level: Level::Session,
            tracked: true,
            outside: false,
        }
    }
}

impl Options {
    /// Writes are no level of reads: what asks for it, gets the strongest.
    pub(crate) fn set_level(&mut self, level: Level) {
        self.level = match level {
            Level::Write => Level::Strong,
            level => level,
        };
    }
}

/// How long a [`delayed`](crate::Session::delayed) read waits: three tries half a second apart, as
/// GitLab's Sidekiq jobs do, take this long.
pub(crate) const DELAYED: Duration = Duration::from_secs(1);
