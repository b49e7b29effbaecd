//! Handles for annotated functions: from sessions, routers and other handles.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use super::acquire::Acquire;
use super::{ReadConn, RoutedConnection, Router, Session, WriteConn, flavoured};
use crate::consistency::levels::*;
use crate::consistency::{Admitted, Again, Function, HandleGuard};
use crate::error::Error;
use crate::routing::{Level, levels};
use crate::statement::{CaughtUp, Primary, Replica, Role};

#[flavoured]
impl<'a, L, R, S, C> Acquire<L, ReadConn<R, C>> for &'a mut ReadConn<S, C>
where
    R: Role,
    S: Role + Serves<L>,
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, ReadConn<R, C>>;
    type Admission = S::Admission;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed(self.as_role()))
    }
}

#[flavoured]
impl<'a, L, R, C> Acquire<L, ReadConn<R, C>> for &'a mut WriteConn<C>
where
    R: Role,
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, ReadConn<R, C>>;
    type Admission = Admitted;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed((**self).as_role()))
    }
}

#[flavoured]
impl<'a, L, C> Acquire<L, WriteConn<C>> for &'a mut WriteConn<C>
where
    C: RoutedConnection,
{
    type Held = HandleGuard<'a, WriteConn<C>>;
    type Admission = Admitted;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(HandleGuard::borrowed(self))
    }
}

/// From sessions and routers, by level.
macro_rules! from_routers {
    ($(
        $(#[$of_type:meta])* $level:ident => $($handle:ty),+;
        $(#[$of_variant:meta])* $variant:ident $(($lag:ty))?;
    )+) => {$($(
        impl<C: RoutedConnection> HandleOf<$level> for $handle {}

        #[flavoured]
        impl<'a, C: RoutedConnection> Acquire<$level, $handle> for &'a Session<C> {
            type Held = HandleGuard<'a, $handle>;
            type Admission = Admitted;

            async fn acquire(self, function: &'static Function) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS, None).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }

            fn again(&self) -> Option<Self> {
                Some(*self)
            }

            async fn acquire_again(
                self,
                function: &'static Function,
                why: Again,
            ) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS, Some(why)).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }
        }

        #[flavoured]
        impl<'a, C: RoutedConnection> Acquire<$level, $handle> for &'a Router<C> {
            type Held = HandleGuard<'a, $handle>;
            type Admission = Admitted;

            async fn acquire(self, function: &'static Function) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS, None).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }

            fn again(&self) -> Option<Self> {
                Some(*self)
            }

            async fn acquire_again(
                self,
                function: &'static Function,
                why: Again,
            ) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS, Some(why)).await?;
                Ok(HandleGuard::owned(<$handle>::new(lease)))
            }
        }
    )+)+};
}

levels!(from_routers);

/// The promises of handles, for functions that name no level.
macro_rules! promises {
    ($($handle:ty => $level:ident, $variant:ident;)+) => {$(
        impl<C: RoutedConnection> Promises for $handle {
            type Level = $level;

            const LEVEL: Level = Level::$variant;
        }
    )+};
}

promises! {
    ReadConn<Replica, C> => eventual, Eventual;
    ReadConn<CaughtUp, C> => session, Session;
    ReadConn<Primary, C> => strong, Strong;
    WriteConn<C> => write, Write;
}
