//! `RunQueryDsl` and `SaveChangesDsl` for diesel-async, bounded by what the handle grants.

use diesel::QueryResult;
use diesel::associations::HasTable;
use diesel::dsl::Limit;
use diesel::prelude::Identifiable;
use diesel::query_builder::{IntoUpdateTarget, QueryId};
use diesel::query_dsl::methods::LimitDsl;
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::return_futures::{GetResult, LoadFuture};
use diesel_async::{AsyncConnectionCore, UpdateAndFetchResults};
use futures_core::future::BoxFuture;

use crate::asynchronous::gate::Gate;
use crate::asynchronous::rows::Streamed;
use crate::asynchronous::runs::{Inspects, Runs, Saves};
use crate::query_log::{Affected, All, One};
use crate::statement::effect::Grants;
use crate::statement::{Classified, Execute, Key, Load};

/// Runs queries: diesel-async's `RunQueryDsl`, plus the rule that the handle must grant what the
/// query does.
///
/// The methods, their futures and their laziness are the same. On a raw diesel-async connection and on a
/// [`WriteConn`](crate::WriteConn) it accepts everything that diesel-async's accepts; on a
/// [`ReadConn`](crate::ReadConn) a statement must have an [effect](crate::effect) that the handle
/// grants. It comes with [`prelude`](crate::prelude), where its name shadows Diesel's.
///
/// `H` is the handle, `M` the family of implementations that classifies the query, `E` its effect. All are
/// inferred.
///
/// # Errors
///
/// Every method returns Diesel's errors. On a read handle, a statement that the
/// [statement check](crate::StatementCheck) refuses returns
/// [`QueryBuilderError`](diesel::result::Error::QueryBuilderError) around a [`Refused`](crate::Refused).
///
/// # Cancel safety
///
/// A write whose future is dropped half-way counts as written. On MySQL and MariaDB, whose protocol matches answers
/// to statements by order alone, a connection whose statement was abandoned half-way runs no other: those return
/// [`Refused::GivenUp`](crate::Refused::GivenUp), and the pool closes it. Elsewhere, it can be used as before.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use diesel_routing::pg::{ReadConn, WriteConn};
/// use diesel_routing::{Replica, prelude::*};
/// use futures_util::TryStreamExt;
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// async fn write(conn: &mut WriteConn) -> QueryResult<i32> {
///     diesel::insert_into(users::table).values(users::name.eq("Ada")).execute(conn).await?;
///     diesel::update(users::table.find(1)).set(users::name.eq("Bo")).returning(users::id).get_result(conn).await
/// }
///
/// async fn read(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<String>> {
///     let names = users::table.select(users::name).order(users::id);
///     let first: String = names.first(conn).await?;
///     let all: Vec<String> = names.load(conn).await?;
///     let again: Vec<String> = names.get_results(conn).await?;
///     let mut rows = names.load_stream::<String>(conn).await?;
///     while let Some(name) = rows.try_next().await? {
///         println!("{name}");
///     }
///     Ok(all)
/// }
/// # }
/// ```
pub trait RunQueryDsl<H, M, E>: Sized {
    /// Runs the statement and returns the number of rows it affected.
    fn execute<'conn, 'query>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, <H::Conn as AsyncConnectionCore>::ExecuteFuture<'conn, 'query>, Affected>
    where
        H: Runs<Execute<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: ExecuteDsl<H::Conn> + 'query,
    {
        conn.run(Execute(self), Key::new(), Affected, ExecuteDsl::execute)
    }

    /// Runs the query and returns all rows.
    fn load<'query, 'conn, U>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, LoadFuture<'conn, 'query, H::Query, H::Conn, U>, All>
    where
        U: Send,
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: LoadQuery<'query, H::Conn, U> + 'query,
    {
        conn.run(Load(self), Key::new(), All, diesel_async::RunQueryDsl::load)
    }

    /// Runs the query and returns a stream of its rows: on a read handle, Diesel's inside a [`Rows`](crate::bounds::Rows).
    fn load_stream<'conn, 'query, U>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, <H::Query as LoadQuery<'query, H::Conn, U>>::LoadFuture<'conn>, Streamed>
    where
        U: 'conn,
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: LoadQuery<'query, H::Conn, U> + 'query,
    {
        conn.run(
            Load(self),
            Key::new(),
            Streamed,
            diesel_async::RunQueryDsl::load_stream,
        )
    }

    /// Runs the query and returns its first row.
    ///
    /// # Errors
    ///
    /// Returns [`NotFound`](diesel::result::Error::NotFound) if there is no row.
    fn get_result<'query, 'conn, U>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, GetResult<'conn, 'query, H::Query, H::Conn, U>, One>
    where
        U: Send + 'conn,
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: LoadQuery<'query, H::Conn, U> + 'query,
    {
        conn.run(
            Load(self),
            Key::new(),
            One,
            diesel_async::RunQueryDsl::get_result,
        )
    }

    /// Runs the query and returns all rows: like [`load`](Self::load), for statements that return what
    /// they changed.
    fn get_results<'query, 'conn, U>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, LoadFuture<'conn, 'query, H::Query, H::Conn, U>, All>
    where
        U: Send,
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: LoadQuery<'query, H::Conn, U> + 'query,
    {
        self.load(conn)
    }

    /// Runs the query with `LIMIT 1` and returns its first row.
    ///
    /// # Errors
    ///
    /// Returns [`NotFound`](diesel::result::Error::NotFound) if there is no row.
    fn first<'query, 'conn, U>(
        self,
        conn: &'conn mut H,
    ) -> H::Gated<'conn, GetResult<'conn, 'query, H::Query, H::Conn, U>, One>
    where
        Self: LimitDsl,
        U: Send + 'conn,
        H: Runs<Load<Limit<Self>>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Conn: AsyncConnectionCore + 'conn,
        H::Query: LoadQuery<'query, H::Conn, U> + 'query,
    {
        conn.run(
            Load(LimitDsl::limit(self, 1)),
            Key::new(),
            One,
            diesel_async::RunQueryDsl::get_result,
        )
    }
}

// Bounded by what every query is; otherwise `first`, `load` and the like would be methods of everything, of vectors and atomics too.
#[diagnostic::do_not_recommend]
impl<T: QueryId, H, M, E> RunQueryDsl<H, M, E> for T {}

/// diesel-async's `SaveChangesDsl`, plus the rule that the handle must grant writes.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use diesel_routing::{pg::WriteConn, prelude::*};
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// #[derive(Identifiable, AsChangeset, Queryable)]
/// struct User {
///     id: i32,
///     name: String,
/// }
///
/// async fn rename(conn: &mut WriteConn, mut user: User) -> QueryResult<User> {
///     user.name = "Ada".to_owned();
///     user.save_changes(conn).await
/// }
/// # }
/// ```
pub trait SaveChangesDsl<H, M>: Sized {
    /// Updates the row with this struct's primary key, and returns the updated row.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error; [`NotFound`](diesel::result::Error::NotFound) if no row has that key.
    fn save_changes<'conn, T>(
        self,
        conn: &'conn mut H,
    ) -> Gate<'conn, BoxFuture<'conn, QueryResult<T>>>
    where
        Self: Identifiable + HasTable + Send + 'conn,
        H: Saves<M> + Grants<H::Needs>,
        H::Conn: UpdateAndFetchResults<Self, T> + 'conn,
        T: 'conn,
    {
        conn.save(Key::new(), |conn| conn.update_and_fetch(self))
    }
}

#[diagnostic::do_not_recommend]
impl<T, H, M> SaveChangesDsl<H, M> for T where
    T: Copy + diesel::AsChangeset<Target = <T as HasTable>::Table> + IntoUpdateTarget
{
}
