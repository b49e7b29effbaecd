//! Carries out what a watcher does.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Instant;

use super::manager::Manager;
use super::meeting::meet;
use super::{RoutedConnection, flavoured, io};
use crate::cluster::after;
use crate::engine::watcher::{Next, Outcome, Watcher};
use crate::error::error_chain;

/// Carries one step out, and closes the connection if that fails.
#[flavoured]
pub(super) async fn carry_out<C: RoutedConnection>(
    next: Next,
    watcher: &Watcher,
    manager: &Manager<C>,
    conn: &mut Option<C>,
) -> Outcome {
    let step = step(next, watcher, manager, conn).await;
    step.unwrap_or_else(|why| {
        *conn = None;
        Outcome::Failed(why)
    })
}

#[flavoured]
async fn step<C: RoutedConnection>(
    next: Next,
    watcher: &Watcher,
    manager: &Manager<C>,
    conn: &mut Option<C>,
) -> Result<Outcome, String> {
    match (next, conn) {
        (
            Next::Sleep {
                urgent,
                limit,
                close,
            },
            conn,
        ) => {
            if close {
                *conn = None;
            }
            let is_urgent = io::until(after(Instant::now(), limit), urgent).await;
            Ok(if is_urgent {
                Outcome::Urged
            } else {
                Outcome::Slept
            })
        }
        (Next::Observe, Some(conn)) => {
            let observed = io::within_or(
                watcher.limit,
                conn.observe(watcher.facts()),
                watcher.patience(),
                || watcher.lose_patience(),
            )
            .await;
            let observed = observed.map_err(|_| watcher.too_slow())?;
            observed
                .map(Outcome::of)
                .map_err(|error| error_chain(&error))
        }
        // An answer that comes late would be taken for that to the next question.
        (Next::Diagnose, Some(conn)) => {
            let why = io::within(watcher.limit, conn.diagnose(watcher.facts())).await;
            let why = why.map_err(|_| watcher.too_slow())?;
            why.map(Outcome::Diagnosed)
                .map_err(|error| error_chain(&error))
        }
        (Next::Stop, _) => Ok(Outcome::Urged),
        (Next::Meet, conn) => {
            *conn = None;
            let met = meet(manager).await.map_err(Box::new);
            Ok(Outcome::Met(met.map(|met| {
                *conn = Some(met.conn);
                Box::new(met.known)
            })))
        }
        (Next::Open | Next::Observe | Next::Diagnose, conn) => {
            // One that stands still is closed first: its server may have no room for another.
            *conn = None;
            let opened = manager.open().await.map_err(|error| error_chain(&error))?;
            *conn = Some(opened.conn);
            Ok(Outcome::Opened(Box::new(opened.known)))
        }
    }
}
