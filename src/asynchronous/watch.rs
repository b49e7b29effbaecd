//! Watchers: one task a node.

use std::time::Instant;

use super::RoutedConnection;
use super::pool::Manager;
use super::watching::carry_out;
use crate::engine::watcher::{Next, Watcher};

/// Starts a node's watcher.
pub(super) fn start<C: RoutedConnection>(mut watcher: Watcher, manager: Manager<C>) {
    tokio::spawn(async move {
        let mut conn = None;
        let mut next = watcher.ask(Instant::now());
        while !matches!(next, Next::Stop) {
            let outcome = carry_out(next, &watcher, &manager, &mut conn).await;
            next = watcher.next(outcome, Instant::now());
        }
    });
}
