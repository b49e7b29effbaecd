//! Watchers: one task a node.

use std::time::Instant;

use tokio::time::timeout;

use super::RoutedConnection;
use super::pool::Manager;
use crate::engine::watcher::{Next, Outcome, Watcher};
use crate::error::error_chain;

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

async fn carry_out<C: RoutedConnection>(
    next: Next,
    watcher: &Watcher,
    manager: &Manager<C>,
    conn: &mut Option<C>,
) -> Outcome {
    let step = async {
        match (next, &mut *conn) {
            (Next::Sleep { urgent, limit }, _) => {
                return match timeout(limit, urgent).await {
                    Ok(()) => Ok(Outcome::Urged),
                    Err(_) => Ok(Outcome::Slept),
                };
            }
            (Next::Observe(kind), Some(conn)) => {
                let observed = timeout(watcher.limit, conn.observe(kind)).await;
                let observed = observed.map_err(|_| watcher.too_slow())?;
                observed
                    .map(Outcome::of)
                    .map_err(|error| error_chain(&error))
            }
            // An answer that comes late would be taken for that to the next question.
            (Next::Diagnose(kind), Some(conn)) => {
                let why = timeout(watcher.limit, conn.diagnose(kind)).await;
                let why = why.map_err(|_| watcher.too_slow())?;
                why.map(Outcome::Diagnosed)
                    .map_err(|error| error_chain(&error))
            }
            (_, conn) => {
                let opened = manager.open().await.map_err(|error| error_chain(&error))?;
                let opened = conn.insert(opened.conn);
                let facts = manager.facts(opened).await;
                let facts = facts.map_err(|error| error_chain(&error))?;
                Ok(Outcome::Opened(facts.kind))
            }
        }
    };
    let outcome = step.await.unwrap_or_else(Outcome::Failed);
    if matches!(outcome, Outcome::Failed(_)) {
        *conn = None;
    }
    outcome
}
