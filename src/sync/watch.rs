//! Watchers: one thread a node.

use std::time::Instant;

use super::RoutedConnection;
use super::pool::Manager;
use super::watching::carry_out;
use crate::engine::watcher::{Next, Watcher};

/// Starts a node's watcher.
pub(super) fn start<C: RoutedConnection>(mut watcher: Watcher, manager: Manager<C>) {
    let thread = std::thread::Builder::new().name(watcher.thread());
    let unwatched = watcher.unwatched();
    let started = thread.spawn(move || {
        let mut conn = None;
        let mut next = watcher.ask(Instant::now());
        while !matches!(next, Next::Stop) {
            let outcome = carry_out(next, &watcher, &manager, &mut conn);
            next = watcher.next(outcome, Instant::now());
        }
    });
    if let Err(error) = started {
        unwatched(&error);
    }
}
