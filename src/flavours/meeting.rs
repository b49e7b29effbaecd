//! Meets nodes: opens the first connection to each, and learns whether it can be used.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use super::manager::Manager;
use super::{RoutedConnection, flavoured};
use crate::engine::Pooled;
use crate::error::{ConfigError, Error};

/// Opens one connection, to learn whether it can be done, and what the server is; and a second one beside it, to learn
/// whether the two are the server's as well.
#[flavoured]
pub(super) async fn meet<C: RoutedConnection>(
    manager: &Manager<C>,
) -> Result<Box<Pooled<C>>, Error> {
    let first = manager.open().await.map_err(Error::at_build)?;
    let facts = &first.known.facts;
    facts.check_version(&manager.node)?;
    if let Some(backend) = facts.backend {
        // Not at the same time: a pooler would open an end for each of two clients that speak at once.
        let mut second = manager.connect().await?;
        let shares = manager.shares(&mut second, backend).await;
        if shares.map_err(Error::at_build)? {
            let node = manager.node.name.clone();
            return Err(ConfigError::SharedConnections { node }.into());
        }
    }
    Ok(first)
}
