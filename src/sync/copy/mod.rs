//! `COPY`, by the names that it has in Diesel.
//!
//! Diesel's own `copy_to(..).load(conn)` asks for a trait that has no public name, so no handle can have it.

mod binary_row;
mod query;
mod reader;
mod rows;

pub use query::{CopyToOptions, CopyToQuery, NotSet, copy_to};
pub use reader::CopyToReader;
pub use rows::CopyRows;

use diesel::{PgConnection, QueryResult};

use super::statement_guard::StatementGuard;
use super::{ReadConn, WriteConn};
use crate::statement::effect::Anything;
use crate::statement::{Access, Key, Role};

/// Handles and connections that run `COPY .. TO`: all of blocking PostgreSQL, for it reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run `COPY .. TO`",
    label = "neither a handle nor a connection of blocking PostgreSQL",
    note = "take a `&mut ReadConn<_>` or a `&mut WriteConn` of `diesel_routing::sync::pg`",
    note = "diesel-async has no `COPY`: give exports a blocking router, `diesel_routing::sync::pg::Router`"
)]
pub trait CopiesTo {
    /// Returns the connection for it.
    ///
    /// `Key` has no public constructor, so only `copy_to` gets the connection.
    #[doc(hidden)]
    fn admit_copy(&mut self, key: Key<Anything, Self>) -> QueryResult<Admitted<'_>>;
}

/// The connection that runs a `COPY`, and the guard that its answer goes through.
type Admitted<'conn> = (&'conn mut PgConnection, StatementGuard<'conn>);

impl CopiesTo for PgConnection {
    fn admit_copy(&mut self, _: Key<Anything, Self>) -> QueryResult<Admitted<'_>> {
        Ok((self, StatementGuard::unmarked()))
    }
}

#[cfg(feature = "r2d2")]
impl CopiesTo for diesel::r2d2::PooledConnection<diesel::r2d2::ConnectionManager<PgConnection>> {
    fn admit_copy(&mut self, _: Key<Anything, Self>) -> QueryResult<Admitted<'_>> {
        Ok((self, StatementGuard::unmarked()))
    }
}

impl<R: Role> CopiesTo for ReadConn<R, PgConnection> {
    fn admit_copy(&mut self, _: Key<Anything, Self>) -> QueryResult<Admitted<'_>> {
        self.begin_copy(R::NEEDS)
    }
}

impl CopiesTo for WriteConn<PgConnection> {
    fn admit_copy(&mut self, _: Key<Anything, Self>) -> QueryResult<Admitted<'_>> {
        self.read.begin_copy(Access::Write)
    }
}

impl<R: Role> ReadConn<R, PgConnection> {
    fn begin_copy(&mut self, needs: Access) -> QueryResult<Admitted<'_>> {
        let lease = self.lease_mut();
        lease.ready_for(needs)?;
        let entry = match lease.records() {
            true => lease.record_named("COPY"),
            false => None,
        };
        let (conn, guard) = lease.guard.parts();
        Ok((conn, guard.recording(entry)))
    }
}
