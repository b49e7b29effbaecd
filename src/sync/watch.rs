//! Watchers: one thread a node.

use std::time::Instant;

use event_listener::Listener;

use super::RoutedConnection;
use super::pool::Manager;
use crate::engine::watcher::{Next, Outcome, Watcher};
use crate::error::error_chain;

/// Asks the node once, over a connection that is open already, then starts its watcher.
pub(super) fn start<C: RoutedConnection>(mut watcher: Watcher, manager: Manager<C>, conn: C) {
    let mut conn = Some(conn);
    let first = watcher.ask(Instant::now());
    let outcome = carry_out(first, &manager, &mut conn);
    let mut next = watcher.next(outcome, Instant::now());
    let thread = std::thread::Builder::new().name(watcher.thread());
    let unwatched = watcher.unwatched();
    let started = thread.spawn(move || {
        while !matches!(next, Next::Stop) {
            let outcome = carry_out(next, &manager, &mut conn);
            next = watcher.next(outcome, Instant::now());
        }
    });
    if let Err(error) = started {
        unwatched(&error);
    }
}

fn carry_out<C: RoutedConnection>(
    next: Next,
    manager: &Manager<C>,
    conn: &mut Option<C>,
) -> Outcome {
    let step = || match (next, &mut *conn) {
        (Next::Sleep { urgent, limit }, _) => Ok(match urgent.wait_timeout(limit) {
            Some(()) => Outcome::Urged,
            None => Outcome::Slept,
        }),
        (Next::Observe(kind), Some(conn)) => conn
            .observe(kind)
            .map(Outcome::of)
            .map_err(|error| error_chain(&error)),
        (Next::Diagnose(kind), Some(conn)) => conn
            .diagnose(kind)
            .map(Outcome::Diagnosed)
            .map_err(|error| error_chain(&error)),
        (_, conn) => {
            let opened = manager.open().map_err(|error| error_chain(&error))?;
            let opened = conn.insert(opened.conn);
            let facts = manager.facts(opened);
            let facts = facts.map_err(|error| error_chain(&error))?;
            Ok(Outcome::Opened(facts.kind))
        }
    };
    let outcome = step().unwrap_or_else(Outcome::Failed);
    if matches!(outcome, Outcome::Failed(_)) {
        *conn = None;
    }
    outcome
}
