//! Compile errors for a read handle in place of a diesel-async connection.
//!
//! diesel-async implements its traits for everything that dereferences to a connection, so the compiler
//! would explain that `ReadConn<Replica>` lacks `DerefMut`, which is the one thing it must never
//! have. The implementations here apply to no handle: their bound is only there to be reported.

use std::ops::{Deref, DerefMut};

use crate::asynchronous::{ReadConn, RoutedConnection};
use crate::statement::Replica;

/// Handles that give access to their connection. There are none.
#[diagnostic::on_unimplemented(
    message = "a read handle is no diesel-async connection, and lends none: what runs on it is checked first",
    label = "this needs a connection of diesel-async",
    note = "queries: import `diesel_routing::prelude::*` instead of `diesel::prelude::*` and `diesel_async::RunQueryDsl`",
    note = "functions over `AsyncConnection`: pass a `&mut WriteConn`, from `session.write()`"
)]
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait LendsItsConnection {
    type Raw;

    fn raw(&self) -> &Self::Raw;

    fn raw_mut(&mut self) -> &mut Self::Raw;
}

#[doc(hidden)]
impl<C: RoutedConnection> Deref for ReadConn<Replica, C>
where
    Self: LendsItsConnection,
{
    type Target = <Self as LendsItsConnection>::Raw;

    fn deref(&self) -> &Self::Target {
        self.raw()
    }
}

#[doc(hidden)]
impl<C: RoutedConnection> DerefMut for ReadConn<Replica, C>
where
    Self: LendsItsConnection,
{
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.raw_mut()
    }
}
