//! The options of one view of a session.

use std::sync::Arc;
use std::time::Duration;

use super::Advice;
use crate::connect::SessionSettings;
use crate::routing::Tag;

/// The differences of a session's calls from the router's defaults.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The wishes of its reads and connections; `None` if there are none, as of most sessions.
    pub(super) wishes: Option<Arc<Wishes>>,
    /// Set if writes are remembered.
    pub(crate) tracked: bool,
    /// Set for the placeholder session used outside any scope; it tracks nothing.
    pub(crate) outside: bool,
}

/// The wishes of a session's reads and connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// The longest wait of reads for a fresher replica; the router's if `None`.
    pub(crate) wait: Option<Duration>,
    /// The levels and classes that were set for all its reads; `None` if none was.
    pub(crate) advice: Option<Arc<Advice>>,
    /// The replicas that reads ask for; the router's if `None`.
    pub(crate) on: Option<Arc<Tag>>,
    /// The settings of the connections that it gets.
    pub(crate) settings: Option<Arc<SessionSettings>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wishes: None,
            tracked: true,
            outside: false,
        }
    }
}

impl Options {
    /// Returns what is asked for; `None` if nothing is.
    #[inline]
    pub(crate) fn wishes(&self) -> Option<&Wishes> {
        self.wishes.as_deref()
    }

    /// Returns what is asked for, to add to.
    pub(crate) fn wishes_mut(&mut self) -> &mut Wishes {
        Arc::make_mut(self.wishes.get_or_insert_default())
    }

    /// Returns what was said of all its reads, to add to.
    pub(crate) fn advice(&mut self) -> &mut Advice {
        Arc::make_mut(self.wishes_mut().advice.get_or_insert_default())
    }
}

/// The longest wait of a [`delayed`](crate::Session::delayed) read: three tries half a second apart, as
/// GitLab's Sidekiq jobs do, take this long.
pub(crate) const DELAYED: Duration = Duration::from_secs(1);
