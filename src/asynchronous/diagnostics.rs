//! Compile errors for a read handle in place of a diesel-async connection.
//!
//! diesel-async implements its traits for everything that dereferences to a connection, so the compiler
//! would explain that `ReadConn<Replica>` lacks `DerefMut`, which is the one thing it must never
//! have. The implementations and methods here apply to no handle: their bound is only there to be reported.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use futures_core::future::BoxFuture;

use crate::asynchronous::{ReadConn, RoutedConnection, TransactionBuilder};
use crate::statement::{GrantsAnyTransaction, GrantsBatches, Replica, Role};

/// The connection that a read handle would lend.
// A type of its own: of two traits that one type lacks, the compiler reports the one that it was asked for.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only named in bounds")]
pub struct Lent<C>(PhantomData<C>);

/// Connections that a read handle lends. There are none.
#[diagnostic::on_unimplemented(
    message = "a read handle is no diesel-async connection, and lends none: what runs on it is checked first",
    label = "this needs a connection of diesel-async",
    note = "queries: import `diesel_routing::prelude::*` instead of `diesel::prelude::*` and `diesel_async::RunQueryDsl`",
    note = "functions over `AsyncConnection`: pass a `&mut WriteConn`, from `session.write()`"
)]
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait IsLent {
    #[doc(hidden)]
    fn never<T>() -> T;
}

/// Read handles that lend their connection. There are none.
// Between `Deref` and `IsLent`: references have `Deref`, and the compiler would advise to borrow the handle.
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait LendsItsConnection {
    #[doc(hidden)]
    type Raw;

    #[doc(hidden)]
    fn never<T>() -> T;
}

impl<C: RoutedConnection> LendsItsConnection for ReadConn<Replica, C>
where
    Lent<C>: IsLent,
{
    type Raw = C;

    fn never<T>() -> T {
        Lent::<C>::never()
    }
}

#[doc(hidden)]
impl<C: RoutedConnection> Deref for ReadConn<Replica, C>
where
    Self: LendsItsConnection,
{
    type Target = <Self as LendsItsConnection>::Raw;

    fn deref(&self) -> &Self::Target {
        Self::never()
    }
}

#[doc(hidden)]
impl<C: RoutedConnection> DerefMut for ReadConn<Replica, C>
where
    Self: LendsItsConnection,
{
    fn deref_mut(&mut self) -> &mut Self::Target {
        Self::never()
    }
}

/// Methods of a `WriteConn`, which no role grants.
impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    #[doc(hidden)]
    pub fn batch_execute(&mut self, _: &str) -> BoxFuture<'_, QueryResult<()>>
    where
        R: GrantsBatches,
    {
        R::never()
    }

    #[doc(hidden)]
    pub fn begin_test_transaction(&mut self) -> BoxFuture<'_, QueryResult<()>>
    where
        R: GrantsAnyTransaction,
    {
        R::never()
    }

    #[doc(hidden)]
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_, C>
    where
        R: GrantsAnyTransaction,
    {
        R::never()
    }
}
