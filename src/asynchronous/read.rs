//! `ReadConn`: a connection that reads.

use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};

use super::RoutedConnection;
use super::pool::Guard;
use crate::engine::Lease;
use crate::statement::Role;

/// A connection that reads, from a node in the role `R`.
///
/// | handle | obtained from | grants |
/// |---|---|---|
/// | `ReadConn<Replica>` | [`Session::read_eventual`](crate::Session::read_eventual) | plain SELECT |
/// | `ReadConn<CaughtUp>` | [`Session::read`](crate::Session::read) | plain SELECT |
/// | `ReadConn<Primary>` | [`Session::read_primary`](crate::Session::read_primary) | plain SELECT, row locks |
///
/// Each can be used in place of those above it: `&mut ReadConn<Primary>` goes where `&mut ReadConn<Replica>` is
/// required, and so does `&mut WriteConn`. The connection inside is not accessible: what a handle
/// does not grant does not compile. Backend modules have aliases without the connection type:
/// `pg::ReadConn` and so on.
///
/// On PostgreSQL, a `&ReadConn<_>` runs statements as well, several at once: see [`Pipelines`](crate::Pipelines).
///
/// Dropping the handle returns the connection to its pool, which discards a connection with an open
/// transaction.
#[derive(RefCastCustom)]
#[repr(transparent)]
#[must_use = "dropped at once, it goes back to its pool unused"]
pub struct ReadConn<R, C: RoutedConnection> {
    pub(super) lease: Lease<Guard<C>>,
    #[trivial]
    pub(super) role: PhantomData<R>,
}

impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    #[ref_cast_custom]
    pub(super) fn of(lease: &Lease<Guard<C>>) -> &Self;

    #[ref_cast_custom]
    pub(super) fn of_mut(lease: &mut Lease<Guard<C>>) -> &mut Self;
}
