//! Watchers: one thread a node.

use std::time::Instant;

use super::RoutedConnection;
use super::pool::Manager;
use super::watching::carry_out;
use crate::engine::watcher::{Next, Watcher};

/// Asks the node once, over a connection that is open already, then starts its watcher.
pub(super) fn start<C: RoutedConnection>(mut watcher: Watcher, manager: Manager<C>, conn: C) {
    let mut conn = Some(conn);
    let first = watcher.ask(Instant::now());
    let outcome = carry_out(first, &watcher, &manager, &mut conn);
    let mut next = watcher.next(outcome, Instant::now());
    let thread = std::thread::Builder::new().name(watcher.thread());
    let unwatched = watcher.unwatched();
    let started = thread.spawn(move || {
        while !matches!(next, Next::Stop) {
            let outcome = carry_out(next, &watcher, &manager, &mut conn);
            next = watcher.next(outcome, Instant::now());
        }
    });
    if let Err(error) = started {
        unwatched(&error);
    }
}
