//! `Acquire`: where an annotated function's handle comes from.

use std::fmt::Debug;
use std::future::Future;

use crate::asynchronous::{ReadConn, RoutedConnection, WriteConn};
use crate::consistency::levels::{HandleOf, Serves, bounded, eventual, session, strong, write};
use crate::consistency::{Function, HandleGuard};
use crate::engine::{Router, Session};
use crate::error::Error;
use crate::statement::{CaughtUp, Primary, Replica, Role};

/// What a function of level `L` that takes a handle `H` can be called with: a session or a router,
/// which check out a connection, or a handle that is at least as strong, whose connection it then
/// uses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot serve a `{L}` repository function",
    label = "no handle of the function's kind comes from this",
    note = "pass a `&Session`, a `&Router`, or a `&mut` handle that is strong enough: a `WriteConn` serves every function"
)]
pub trait Acquire<L, H>: Debug + Sized {
    /// The handle, for the time of the call.
    type Held: std::ops::DerefMut<Target = H> + Send;

    /// The handle.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`], from sessions and routers.
    fn acquire(
        self,
        function: &'static Function,
    ) -> impl Future<Output = Result<Self::Held, Error>> + Send;
}

impl<'a, L, R, S, C> Acquire<L, ReadConn<R, C>> for &'a mut ReadConn<S, C>
where
    R: Role,
    S: Role + Serves<L>,
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, ReadConn<R, C>>;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed(self.as_role()))
    }
}

impl<'a, L, R, C> Acquire<L, ReadConn<R, C>> for &'a mut WriteConn<C>
where
    R: Role,
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, ReadConn<R, C>>;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed((**self).as_role()))
    }
}

impl<'a, L, C> Acquire<L, WriteConn<C>> for &'a mut WriteConn<C>
where
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, WriteConn<C>>;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed(self))
    }
}

/// From sessions and routers, by level.
macro_rules! from_routers {
    ($($level:ident => $handle:ty),* $(,)?) => { $(
        impl<C: RoutedConnection> HandleOf<$level> for $handle {}

        impl<'a, C: RoutedConnection> Acquire<$level, $handle> for &'a Session<C> {
            type Held = HandleGuard<'a, $handle>;

            async fn acquire(self, function: &'static Function) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }
        }

        impl<'a, C: RoutedConnection> Acquire<$level, $handle> for &'a Router<C> {
            type Held = HandleGuard<'a, $handle>;

            async fn acquire(self, function: &'static Function) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }
        }
    )* };
}

from_routers! {
    eventual => ReadConn<Replica, C>,
    bounded => ReadConn<Replica, C>,
    session => ReadConn<CaughtUp, C>,
    strong => ReadConn<Primary, C>,
    strong => WriteConn<C>,
    write => WriteConn<C>,
}
