//! `Strategy`: a way to choose connections that is not a router's.

use std::error::Error;
use std::future::Future;
use std::ops::DerefMut;

use crate::statements::Verifiable;

/// The error that a [`Strategy`] fails with.
pub type StrategyError = Box<dyn Error + Send + Sync + 'static>;

/// A way to choose connections that is not a router's: what you have today, to be judged by the same rules.
///
/// Everything that is read for a session is expected to show what that session wrote, and nothing older than it has seen.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use diesel_async::AsyncPgConnection;
/// use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
/// use diesel_routing_verify::{Lent, Strategy, StrategyError};
///
/// /// Reads from a replica, whatever was written before.
/// struct AnyReplica {
///     primary: Pool<AsyncPgConnection>,
///     replica: Pool<AsyncPgConnection>,
/// }
///
/// impl Strategy<AsyncPgConnection> for AnyReplica {
///     type Session = ();
///     type Connection = PooledConnection<'static, AsyncPgConnection>;
///
///     fn begin(&self) {}
///
///     async fn read(&self, _: &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
///         Ok(Lent::new("replica", self.replica.get_owned().await?))
///     }
///
///     async fn write(&self, _: &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
///         Ok(Lent::new("primary", self.primary.get_owned().await?))
///     }
/// }
/// # }
/// ```
pub trait Strategy<C: Verifiable>: Send + Sync + 'static {
    /// The state that is remembered of one user.
    type Session: Send + 'static;
    /// A connection, for as long as it is needed.
    type Connection: DerefMut<Target = C> + Send;

    /// Begins a session: a user comes who has done nothing yet.
    fn begin(&self) -> Self::Session;

    /// Gives a connection to read from.
    fn read(
        &self,
        session: &mut Self::Session,
    ) -> impl Future<Output = Result<Lent<Self::Connection>, StrategyError>> + Send;

    /// Gives a connection to write with.
    fn write(
        &self,
        session: &mut Self::Session,
    ) -> impl Future<Output = Result<Lent<Self::Connection>, StrategyError>> + Send;

    /// Gives a connection for a transaction that locks rows and does not write. Defaults to [`write`](Self::write).
    fn lock(
        &self,
        session: &mut Self::Session,
    ) -> impl Future<Output = Result<Lent<Self::Connection>, StrategyError>> + Send {
        self.write(session)
    }
}

/// A connection of a node.
#[derive(Debug)]
pub struct Lent<T> {
    pub(crate) node: String,
    pub(crate) conn: T,
}

impl<T> Lent<T> {
    /// Names the node that a connection leads to. The report has it.
    pub fn new(node: impl Into<String>, conn: T) -> Self {
        Self {
            node: node.into(),
            conn,
        }
    }
}
