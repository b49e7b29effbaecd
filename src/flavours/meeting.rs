//! Meets nodes: opens the first connection to each, and learns whether it can be used.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use super::manager::Manager;
use super::{RoutedConnection, flavoured, io};
use crate::engine::Pooled;
use crate::error::{ConfigError, Error};

/// A node's first two connections.
enum Opened<C> {
    First(Box<Pooled<C>>),
    Second(C),
}

/// Opens one connection, to learn whether it can be done, and what the server is; and a second one beside it, to learn
/// whether the two are the server's as well: `at_once`, or one after the other.
#[flavoured]
pub(super) async fn meet<C: RoutedConnection>(
    manager: &Manager<C>,
    at_once: bool,
) -> Result<Box<Pooled<C>>, Error> {
    if !(at_once && C::TELLS_BACKEND) {
        let first = manager.open().await.map_err(Error::at_build)?;
        return check(manager, first, None).await;
    }
    let opened = io::each(vec![true, false], |is_first| open(manager, is_first)).await;
    let (mut first, mut second) = (None, None);
    for opened in opened {
        match opened.map_err(Error::at_build)? {
            Opened::First(conn) => first = Some(conn),
            Opened::Second(conn) => second = Some(conn),
        }
    }
    match first {
        Some(first) => check(manager, first, second).await,
        None => manager.open().await,
    }
}

#[flavoured]
async fn open<C: RoutedConnection>(
    manager: &Manager<C>,
    is_first: bool,
) -> Result<Opened<C>, Error> {
    if is_first {
        manager.open().await.map(Opened::First)
    } else {
        manager.connect().await.map(Opened::Second)
    }
}

/// Checks the server that `first` leads to, and by a `second` connection that it has an end of its own for each.
#[flavoured]
async fn check<C: RoutedConnection>(
    manager: &Manager<C>,
    first: Box<Pooled<C>>,
    second: Option<C>,
) -> Result<Box<Pooled<C>>, Error> {
    let facts = &first.known.facts;
    facts.check_version(&manager.node)?;
    if let Some(backend) = facts.backend {
        let mut second = match second {
            Some(second) => second,
            None => manager.connect().await?,
        };
        let shares = manager.shares(&mut second, backend).await;
        if shares.map_err(Error::at_build)? {
            let node = manager.node.name.clone();
            return Err(ConfigError::SharedConnections { node }.into());
        }
    }
    Ok(first)
}
