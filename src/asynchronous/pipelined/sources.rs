//! Shared handles for annotated functions: from sessions, routers and other handles.

use crate::asynchronous::acquire::AcquireShared;
use crate::asynchronous::{Pipelines, ReadConn, WriteConn};
use crate::consistency::levels::*;
use crate::consistency::{Admitted, Again, Function, SharedGuard};
use crate::engine::{Router, Session};
use crate::error::Error;
use crate::routing::levels;
use crate::statement::{CaughtUp, Primary, Replica, Role};

impl<'a, L, R, S, C> AcquireShared<L, ReadConn<R, C>> for &'a ReadConn<S, C>
where
    R: Role,
    S: Role + Serves<L>,
    C: Pipelines,
{
    type Held = SharedGuard<'a, ReadConn<R, C>>;
    type Admission = S::Admission;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(SharedGuard::borrowed(ReadConn::of(self.lease())))
    }
}

impl<'a, L, R, S, C> AcquireShared<L, ReadConn<R, C>> for &'a mut ReadConn<S, C>
where
    R: Role,
    S: Role + Serves<L>,
    C: Pipelines,
{
    type Held = SharedGuard<'a, ReadConn<R, C>>;
    type Admission = S::Admission;

    async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
        Ok(SharedGuard::borrowed(ReadConn::of(self.lease())))
    }
}

/// From write handles, which serve every function.
macro_rules! from_write_handles {
    ($($source:ty),+) => {$(
        impl<'a, L, R: Role, C: Pipelines> AcquireShared<L, ReadConn<R, C>> for $source {
            type Held = SharedGuard<'a, ReadConn<R, C>>;
            type Admission = Admitted;

            async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
                Ok(SharedGuard::borrowed(ReadConn::of(self.read.lease())))
            }
        }

        impl<'a, L, C: Pipelines> AcquireShared<L, WriteConn<C>> for $source {
            type Held = SharedGuard<'a, WriteConn<C>>;
            type Admission = Admitted;

            async fn acquire(self, _: &'static Function) -> Result<Self::Held, Error> {
                Ok(SharedGuard::borrowed(self))
            }
        }
    )+};
}

from_write_handles!(&'a WriteConn<C>, &'a mut WriteConn<C>);

/// From sessions and routers, by level, as `Acquire` has it.
macro_rules! from_routers {
    ($(
        $(#[$of_type:meta])* $level:ident => $($handle:ty),+;
        $(#[$of_variant:meta])* $variant:ident $(($lag:ty))?;
    )+) => {$($(
        from_routers!(@from $level => $handle, Session<C>);
        from_routers!(@from $level => $handle, Router<C>);
    )+)+};
    (@from $level:ident => $handle:ty, $source:ty) => {
        impl<'a, C: Pipelines> AcquireShared<$level, $handle> for &'a $source {
            type Held = SharedGuard<'a, $handle>;
            type Admission = Admitted;

            async fn acquire(self, function: &'static Function) -> Result<Self::Held, Error> {
                let lease = self.checkout_for(function, <$handle>::NEEDS, None).await?;
                Ok(SharedGuard::owned(<$handle>::new(lease)))
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
                Ok(SharedGuard::owned(<$handle>::new(lease)))
            }
        }
    };
}

levels!(from_routers);
