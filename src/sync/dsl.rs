//! `RunQueryDsl` and its kin for blocking Diesel, bounded by what the handle grants.

use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl};
use diesel::query_dsl::{LoadQuery, UpdateAndFetchResults};
use diesel::result::Error::NotFound;
use diesel::{Connection, QueryResult};

use super::rows::{Rows, Streamed};
use super::runs::{Inspects, Runs, Saves, Target};
use crate::query_log::{Affected, All, One};
use crate::statement::effect::Grants;
use crate::statement::{Classified, Execute, Key, Load};

/// Runs queries: Diesel's `RunQueryDsl`, plus the rule that the handle must grant what the query
/// does.
///
/// The methods, their return types and their laziness are the same. On a raw Diesel connection and on a
/// [`WriteConn`](super::WriteConn) it accepts everything that Diesel's accepts; on a
/// [`ReadConn`](super::ReadConn) a statement must have an [effect](crate::effect) that the handle
/// grants. It comes with [`prelude`](super::prelude), where its name shadows Diesel's.
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
/// # Example
///
/// ```
/// use diesel_routing::sync::{prelude::*, sqlite::{ReadConn, Router, WriteConn}};
/// use diesel_routing::{Node, Replica};
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// fn write(conn: &mut WriteConn) -> QueryResult<i32> {
///     let rows = [(users::id.eq(1), users::name.eq("Ada")), (users::id.eq(2), users::name.eq("Bo"))];
///     assert_eq!(diesel::insert_into(users::table).values(&rows).execute(conn)?, 2);
///     diesel::update(users::table.find(2)).set(users::name.eq("Cy")).returning(users::id).get_result(conn)
/// }
///
/// fn read(conn: &mut ReadConn<Replica>) -> QueryResult<()> {
///     let names = users::table.select(users::name).order(users::id);
///     assert_eq!(names.first::<String>(conn)?, "Ada");
///     assert_eq!(names.load::<String>(conn)?, ["Ada", "Cy"]);
///     assert_eq!(names.get_results::<String>(conn)?.len(), 2);
///     for name in names.load_iter::<String, _>(conn)? {
///         println!("{}", name?);
///     }
///     Ok(())
/// }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("db");
/// # let router = Router::builder().single_database(Node::new("test", path.to_str().ok_or("path")?)).build()?;
/// # use diesel::connection::SimpleConnection;
/// # let mut conn = router.write()?;
/// # conn.batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
/// # assert_eq!(write(&mut conn)?, 2);
/// # read(&mut conn)?;
/// # Ok(()) }
/// ```
pub trait RunQueryDsl<H, M, E>: Sized {
    /// Runs the statement and returns the number of rows it affected.
    #[inline]
    fn execute(self, conn: &mut H) -> QueryResult<usize>
    where
        H: Runs<Execute<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: ExecuteDsl<H::Conn>,
        H::Conn: Connection,
    {
        let (query, conn, guard) = conn.admit(Execute(self), Key::new())?;
        guard.during_as(Affected, ExecuteDsl::execute(query, conn))
    }

    /// Runs the query and returns all rows.
    #[inline]
    fn load<'query, U>(self, conn: &mut H) -> QueryResult<Vec<U>>
    where
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: LoadQuery<'query, H::Conn, U>,
    {
        let (query, conn, guard) = conn.admit(Load(self), Key::new())?;
        guard.during_as(All, all(query.internal_load(conn)))
    }

    /// Runs the query and returns an iterator over its rows: Diesel's inside a [`Rows`].
    ///
    /// `B` is the loading mode, as in Diesel: `conn.load_iter::<User, PgRowByRowLoadingMode>(..)`.
    fn load_iter<'conn, 'query: 'conn, U, B>(
        self,
        conn: &'conn mut H,
    ) -> QueryResult<RowsOf<'conn, 'query, H::Query, H::Conn, U, B>>
    where
        U: 'conn,
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: LoadQuery<'query, H::Conn, U, B> + 'conn,
        H::Conn: 'conn,
    {
        let (query, conn, guard) = conn.admit(Load(self), Key::new())?;
        guard.during_as(Streamed, query.internal_load(conn))
    }

    /// Runs the query and returns its first row.
    ///
    /// # Errors
    ///
    /// Returns [`NotFound`](diesel::result::Error::NotFound) if there is no row.
    #[inline]
    fn get_result<'query, U>(self, conn: &mut H) -> QueryResult<U>
    where
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: LoadQuery<'query, H::Conn, U>,
    {
        let (query, conn, guard) = conn.admit(Load(self), Key::new())?;
        guard.during_as(One, one(query.internal_load(conn)))
    }

    /// Runs the query and returns all rows: like [`load`](Self::load), for statements that return what
    /// they changed.
    fn get_results<'query, U>(self, conn: &mut H) -> QueryResult<Vec<U>>
    where
        H: Runs<Load<Self>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: LoadQuery<'query, H::Conn, U>,
    {
        self.load(conn)
    }

    /// Runs the query with `LIMIT 1` and returns its first row.
    ///
    /// # Errors
    ///
    /// Returns [`NotFound`](diesel::result::Error::NotFound) if there is no row.
    #[inline]
    fn first<'query, U>(self, conn: &mut H) -> QueryResult<U>
    where
        Self: LimitDsl,
        H: Runs<Load<diesel::dsl::Limit<Self>>, M>,
        H::Query: Classified<M, Effect = E>,
        H: Grants<E> + Inspects<H::Query, M>,
        H::Query: LoadQuery<'query, H::Conn, U>,
    {
        let (query, conn, guard) = conn.admit(Load(LimitDsl::limit(self, 1)), Key::new())?;
        guard.during_as(One, one(query.internal_load(conn)))
    }
}

// Bounded by Diesel's own trait; otherwise `COPY`'s `execute` would be ambiguous under one prelude.
#[diagnostic::do_not_recommend]
impl<T, H, M, E> RunQueryDsl<H, M, E> for T
where
    H: Target,
    T: diesel::RunQueryDsl<H::Raw>,
{
}

/// Diesel's `SaveChangesDsl`, plus the rule that the handle must grant writes.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "sync-postgres")] {
/// use diesel_routing::{sync::pg::WriteConn, sync::prelude::*};
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// #[derive(Identifiable, AsChangeset, Queryable)]
/// struct User {
///     id: i32,
///     name: String,
/// }
///
/// fn rename(conn: &mut WriteConn, mut user: User) -> QueryResult<User> {
///     user.name = "Ada".to_owned();
///     user.save_changes(conn)
/// }
/// # }
/// ```
pub trait SaveChangesDsl<H, M>: Sized {
    /// Updates the row with this struct's primary key, and returns the updated row.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error; [`NotFound`](diesel::result::Error::NotFound) if no row has that key.
    fn save_changes<T>(self, conn: &mut H) -> QueryResult<T>
    where
        H: Saves<M> + Grants<H::Needs>,
        H::Conn: UpdateAndFetchResults<Self, T>,
    {
        conn.admit_changes(Key::new())?.update_and_fetch(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T, H, M> SaveChangesDsl<H, M> for T where
    T: Copy
        + diesel::AsChangeset<Target = <T as diesel::associations::HasTable>::Table>
        + diesel::query_builder::IntoUpdateTarget
{
}

/// Diesel's `ExecuteCopyFromDsl`, plus the rule that the handle must grant writes.
#[cfg(feature = "sync-postgres")]
pub trait ExecuteCopyFromDsl<H, M>: Sized {
    /// Runs the `COPY .. FROM`, and returns the number of rows that were copied.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, or the error of what produces the rows.
    fn execute<C, E>(self, conn: &mut H) -> Result<usize, E>
    where
        H: Saves<M, Conn = C> + Grants<H::Needs>,
        C: Connection<Backend = diesel::pg::Pg>,
        E: From<diesel::result::Error>,
        Self: diesel::ExecuteCopyFromDsl<C, Error = E>,
    {
        let conn = conn.admit_changes(Key::new())?;
        diesel::ExecuteCopyFromDsl::execute(self, conn)
    }
}

#[cfg(feature = "sync-postgres")]
#[diagnostic::do_not_recommend]
impl<T, A, H, M> ExecuteCopyFromDsl<H, M> for diesel::pg::CopyFromQuery<T, A> {}

/// The rows of a query.
type RowsOf<'conn, 'query, Q, C, U, B> = Rows<<Q as LoadQuery<'query, C, U, B>>::RowIter<'conn>>;

// Not Diesel's own methods, which a query's type may replace, and be handed the connection.

/// Returns all rows.
#[inline]
fn all<U>(rows: QueryResult<impl Iterator<Item = QueryResult<U>>>) -> QueryResult<Vec<U>> {
    rows?.collect()
}

/// Returns the first row.
#[inline]
fn one<U>(rows: QueryResult<impl Iterator<Item = QueryResult<U>>>) -> QueryResult<U> {
    rows?.next().unwrap_or_else(|| Err(NotFound))
}
