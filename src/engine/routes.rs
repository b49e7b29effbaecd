//! `Routes`: where a session's connections came from.

use std::sync::Mutex;
use std::time::Duration;

use crate::mutex::lock;
use crate::routing::{Reason, Route};

/// Counts the connections that one view of a session, and its clones, checked out: by node and reason.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<Vec<RouteCount>>);

/// So many connections of one node, for one reason, and the time that was waited for them.
#[derive(Debug, Clone)]
pub(crate) struct RouteCount {
    pub(crate) node: String,
    pub(crate) reason: Reason,
    pub(crate) count: u32,
    pub(crate) waited: Duration,
}

impl Routes {
    pub(crate) fn count(&self, route: &Route<'_>, waited: Duration) {
        let mut counts = lock(&self.0);
        let known = counts
            .iter_mut()
            .find(|known| known.node == route.node && known.reason == route.reason);
        match known {
            Some(known) => {
                known.count = known.count.saturating_add(1);
                known.waited = known.waited.saturating_add(waited);
            }
            None => counts.push(RouteCount {
                node: route.node.to_owned(),
                reason: route.reason,
                count: 1,
                waited,
            }),
        }
    }

    /// Returns the counts, in the order of their first connection.
    #[cfg(feature = "edge")]
    pub(crate) fn counts(&self) -> Vec<RouteCount> {
        lock(&self.0).clone()
    }
}
