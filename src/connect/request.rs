//! `ConnectRequest`: what a connection is opened for.

use std::fmt;

use super::password::with_password;
use crate::server::PoolKind;

/// A connection that a router opens, as [`connect_with`](crate::RouterBuilder::connect_with) and
/// [`on_connect`](crate::RouterBuilder::on_connect) are told of it.
///
/// # Example
///
/// ```no_run
/// use diesel::connection::{Connection, SimpleConnection};
/// use diesel::SqliteConnection;
/// use diesel_routing::{Node, Purpose, sync::sqlite::Router};
///
/// let builder = Router::builder()
///     .primary(Node::new("db-1", "shop.db"))
///     .connect_with(|request| {
///         println!("{}: {:?}, {:?}", request.node(), request.pool(), request.database());
///         SqliteConnection::establish(request.url())
///     })
///     .on_connect(|conn, request| match request.purpose() {
///         Purpose::Watch => Ok(()),
///         _ => conn.batch_execute("PRAGMA cache_size = 10000"),
///     });
/// # let _ = builder;
/// ```
#[derive(Clone, Copy)]
pub struct ConnectRequest<'a> {
    pub(crate) node: &'a str,
    pub(crate) url: &'a str,
    /// The database, if the router is of one that was asked for by its name.
    pub(crate) database: Option<&'a str>,
    /// `None` for a watcher's.
    pub(crate) pool: Option<PoolKind>,
}

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// To ask a node what it is and has, when the router is built and while it runs.
    Watch,
    /// To read.
    Read,
    /// To write.
    Write,
}

impl<'a> ConnectRequest<'a> {
    /// Returns the node's name.
    #[must_use]
    pub fn node(self) -> &'a str {
        self.node
    }

    /// Returns the URL: the pool's own, if it has one, else the node's. It leads to the [database](Self::database).
    #[must_use]
    pub fn url(self) -> &'a str {
        self.url
    }

    /// Returns the name of the database, if the router is one
    /// [for a database](crate::Router::for_database); `None` if it is the one that the node's URL was given with.
    #[must_use]
    pub fn database(self) -> Option<&'a str> {
        self.database
    }

    /// Returns the pool that the connection is for; `None` for a connection that watches.
    #[must_use]
    pub fn pool(self) -> Option<PoolKind> {
        self.pool
    }

    /// Returns what the connection is for.
    #[must_use]
    pub fn purpose(self) -> Purpose {
        match self.pool {
            None => Purpose::Watch,
            Some(PoolKind::Read | PoolKind::Fallback) => Purpose::Read,
            Some(PoolKind::Write) => Purpose::Write,
        }
    }

    /// Returns the URL with this password in place of its own, whatever characters it has: a token, a secret that
    /// rotates.
    #[must_use]
    pub fn url_with_password(self, password: &str) -> String {
        with_password(self.url, password)
    }
}

// The URL may hold a password.
impl fmt::Debug for ConnectRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectRequest")
            .field("node", &self.node)
            .field("database", &self.database)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}
