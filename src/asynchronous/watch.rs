//! Watchers: one task a node.

use std::time::Instant;

use super::RoutedConnection;
use super::pool::Manager;
use super::watching::carry_out;
use crate::engine::watcher::{Next, Watcher};

/// Asks the node once, over a connection that is open already, then starts its watcher.
pub(super) async fn start<C: RoutedConnection>(mut watcher: Watcher, manager: Manager<C>, conn: C) {
    let mut conn = Some(conn);
    let first = watcher.ask(Instant::now());
    let outcome = carry_out(first, &watcher, &manager, &mut conn).await;
    let mut next = watcher.next(outcome, Instant::now());
    tokio::spawn(async move {
        while !matches!(next, Next::Stop) {
            let outcome = carry_out(next, &watcher, &manager, &mut conn).await;
            next = watcher.next(outcome, Instant::now());
        }
    });
}
