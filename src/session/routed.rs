//! `Session`: reads that see what it wrote.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::guard::Guard;
use crate::lease::Lease;
use crate::role::{Access, CaughtUp, Primary, Replica};
use crate::routing::Level;
use crate::session::SessionState;
use crate::{ReadConn, RoutedConnection, Router, WriteConn};

/// One user's, or one job's, causal history: its reads see its writes.
///
/// A session is not a database session: it holds no connection, and each call checks one out.
/// Cheap to clone; clones share the history. Use it from several tasks as you like.
///
/// After a write, [`read`](Self::read) goes to the primary for the router's window (5 s by
/// default), then to a replica.
pub struct Session<C: RoutedConnection> {
    router: Router<C>,
    state: Arc<SessionState>,
}

impl<C: RoutedConnection> Session<C> {
    pub(crate) fn new(router: Router<C>) -> Self {
        Self {
            router,
            state: Arc::default(),
        }
    }

    /// A connection that sees what this session wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.checkout(Level::Session).await.map(ReadConn::new)
    }

    /// A connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(Level::Eventual).await.map(ReadConn::new)
    }

    /// A connection of the primary, to read from and to lock rows with.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.checkout(Level::Strong).await.map(ReadConn::new)
    }

    /// A connection of the primary, to write with; the session remembers what it writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn write(&self) -> Result<WriteConn<C>, Error> {
        self.checkout(Level::Write).await.map(WriteConn::new)
    }

    /// The router this session reads and writes through.
    #[must_use]
    pub fn router(&self) -> &Router<C> {
        &self.router
    }

    pub(crate) async fn upgrade(
        &self,
        conn: ReadConn<Replica, C>,
    ) -> Result<ReadConn<CaughtUp, C>, Error> {
        let lease = conn.into_lease();
        let shared = self.router.shared();
        let reason = if !std::ptr::eq(shared, lease.shared()) {
            // A connection of another router says nothing about this session's data.
            None
        } else if lease.is_primary() {
            Some(lease.reason())
        } else {
            shared.covers(lease.node(), &self.state)
        };
        match reason {
            Some(reason) => Ok(ReadConn::new(lease.upgraded(Access::CaughtUp, reason))),
            None => {
                // Give the connection back first: with small pools, holding one while waiting for
                // another can deadlock.
                drop(lease);
                self.read().await
            }
        }
    }

    async fn checkout(&self, level: Level) -> Result<Lease<Guard<C>>, Error> {
        self.router.checkout(level, Some(&self.state)).await
    }
}

impl<C: RoutedConnection> Clone for Session<C> {
    fn clone(&self) -> Self {
        Self {
            router: self.router.clone(),
            state: Arc::clone(&self.state),
        }
    }
}

impl<C: RoutedConnection> fmt::Debug for Session<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("router", &self.router)
            .finish_non_exhaustive()
    }
}
