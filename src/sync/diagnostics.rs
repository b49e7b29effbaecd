//! Compile errors for a read handle in place of a Diesel connection.
//!
//! The implementations and methods here apply to no handle: their bound is only there to be reported, in our words, where the
//! compiler would list the connections that Diesel has.

use std::marker::PhantomData;
#[cfg(feature = "__async")]
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation,
    LoadConnection, SimpleConnection,
};
use diesel::expression::QueryMetadata;
use diesel::query_builder::{Query, QueryFragment, QueryId};

use super::{ReadConn, RoutedConnection, TransactionBuilder};
#[cfg(feature = "__async")]
use crate::statement::Replica;
use crate::statement::{GrantsAnyTransaction, GrantsBatches, Role};

/// The connection that a handle of the role `R` would lend.
// A type of its own: of two traits that one type lacks, the compiler reports the one that it was asked for.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only named in bounds")]
pub struct Lent<R>(PhantomData<R>);

/// Diesel connections that a read handle lends. There are none.
#[diagnostic::on_unimplemented(
    message = "a read handle is no Diesel connection, and lends none: what runs on it is checked first",
    label = "this needs a connection of Diesel",
    note = "queries: import `diesel_routing::sync::prelude::*` instead of `diesel::prelude::*`",
    note = "functions over `Connection`: pass a `&mut WriteConn`, from `session.write()`"
)]
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait IsConnection {
    #[doc(hidden)]
    fn never<T>() -> T;
}

#[doc(hidden)]
impl<R: Role, C: RoutedConnection> SimpleConnection for ReadConn<R, C>
where
    Lent<R>: IsConnection,
{
    fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Lent::<R>::never()
    }
}

#[doc(hidden)]
impl<R: Role, C: RoutedConnection> ConnectionSealed for ReadConn<R, C> where Lent<R>: IsConnection {}

#[doc(hidden)]
impl<R: Role, C: RoutedConnection> Connection for ReadConn<R, C>
where
    Lent<R>: IsConnection,
{
    type Backend = C::Backend;
    type TransactionManager = AnsiTransactionManager;

    fn establish(_: &str) -> diesel::ConnectionResult<Self> {
        Lent::<R>::never()
    }

    fn execute_returning_count<T>(&mut self, _: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        Lent::<R>::never()
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        Lent::<R>::never()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        Lent::<R>::never()
    }

    fn set_instrumentation(&mut self, _: impl Instrumentation) {
        Lent::<R>::never()
    }

    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {
        Lent::<R>::never()
    }
}

#[doc(hidden)]
impl<R: Role, B, C: RoutedConnection + LoadConnection<B>> LoadConnection<B> for ReadConn<R, C>
where
    Lent<R>: IsConnection,
{
    type Cursor<'conn, 'query> = C::Cursor<'conn, 'query>;
    type Row<'conn, 'query> = C::Row<'conn, 'query>;

    fn load<'conn, 'query, T>(&'conn mut self, _: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: QueryMetadata<T::SqlType>,
    {
        Lent::<R>::never()
    }
}

/// The connection that a blocking handle would lend to async code.
// A type of its own, as above.
#[cfg(feature = "__async")]
#[derive(Debug)]
#[expect(unnameable_types, reason = "only named in bounds")]
pub struct LentToAsync<C>(PhantomData<C>);

/// Blocking handles that run async statements. There are none.
#[cfg(feature = "__async")]
#[diagnostic::on_unimplemented(
    message = "a blocking handle does not run what the async prelude has",
    label = "this is the async `RunQueryDsl`'s, or another trait's of diesel-async",
    note = "blocking handles: import `diesel_routing::sync::prelude::*` instead of `diesel_routing::prelude::*`",
    note = "with both preludes in one module, one of the two counts: give each flavour a module of its own"
)]
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait IsAsync {
    #[doc(hidden)]
    fn never<T>() -> T;
}

/// Blocking handles that lend their connection to async code. There are none.
// Between `Deref` and `IsAsync`: references have `Deref`, and the compiler would advise to borrow the handle.
#[cfg(feature = "__async")]
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait LendsToAsync {
    #[doc(hidden)]
    type Raw;

    #[doc(hidden)]
    fn never<T>() -> T;
}

#[cfg(feature = "__async")]
impl<C: RoutedConnection> LendsToAsync for ReadConn<Replica, C>
where
    LentToAsync<C>: IsAsync,
{
    type Raw = C;

    fn never<T>() -> T {
        LentToAsync::<C>::never()
    }
}

#[cfg(feature = "__async")]
#[doc(hidden)]
impl<C: RoutedConnection> Deref for ReadConn<Replica, C>
where
    Self: LendsToAsync,
{
    type Target = <Self as LendsToAsync>::Raw;

    fn deref(&self) -> &Self::Target {
        Self::never()
    }
}

#[cfg(feature = "__async")]
#[doc(hidden)]
impl<C: RoutedConnection> DerefMut for ReadConn<Replica, C>
where
    Self: LendsToAsync,
{
    fn deref_mut(&mut self) -> &mut Self::Target {
        Self::never()
    }
}

/// Methods of a `WriteConn`, which no role grants.
impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    #[doc(hidden)]
    pub fn batch_execute(&mut self, _: &str) -> QueryResult<()>
    where
        R: GrantsBatches,
    {
        R::never()
    }

    #[doc(hidden)]
    pub fn begin_test_transaction(&mut self) -> QueryResult<()>
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
