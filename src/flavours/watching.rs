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
        (Next::TellLag, conn) => {
            *conn = None;
            let told = match &manager.hooks.lag {
                Some(lag) => io::within(watcher.limit, lag(&manager.node.name)).await,
                None => return Ok(Outcome::LagTold(Err("no function tells it".to_owned()))),
            };
            let told = told.map_err(|_| watcher.too_slow());
            let told = told.and_then(|told| told.map_err(|error| error_chain(&*error)));
            Ok(Outcome::LagTold(told))
        }
        // An answer that comes late would be taken for that to the next question.
        (Next::AskLoad, Some(conn)) => {
            let load = io::within(watcher.limit, conn.connections_in_use(watcher.facts())).await;
            let load = load.map_err(|_| watcher.too_slow())?;
            // Should the connection be broken, the next question shows it.
            let load = load
                .inspect_err(|error| tracing::debug!(%error, "a server does not tell its load"));
            Ok(Outcome::LoadTold(load.ok().flatten()))
        }
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
        (Next::Open | Next::Observe | Next::Diagnose | Next::AskLoad, conn) => {
            // One that stands still is closed first: its server may have no room for another.
            *conn = None;
            let opened = manager.open().await.map_err(|error| error_chain(&error))?;
            *conn = Some(opened.conn);
            Ok(Outcome::Opened(Box::new(opened.known)))
        }
    }
}
