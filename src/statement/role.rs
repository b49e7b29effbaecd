//! Roles of a read handle, and the effects each grants.

use crate::statement::effect::NoLock;

/// A node that may lag behind: [`ReadConn<Replica>`](crate::ReadConn) promises a consistent
/// past state, and nothing more.
#[derive(Debug)]
pub struct Replica(());

/// A node proved to have everything the session wrote and saw, or the primary.
#[derive(Debug)]
pub struct CaughtUp(());

/// The node that accepts writes.
#[derive(Debug)]
pub struct Primary(());

/// [`Replica`], [`CaughtUp`] or [`Primary`]. Sealed.
///
/// Generic repository functions take `&mut ReadConn<R, C>` with `R: Role`.
pub trait Role: GrantsReads<NoLock> + sealed::Sealed + Send + Sync + 'static {
    /// The least access that the connection inside must have been checked out for.
    #[doc(hidden)]
    const NEEDS: Access;
}

/// The access that a connection was checked out for. Ordered: each includes those before it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(unnameable_types, reason = "hidden from users")]
pub enum Access {
    Replica,
    CaughtUp,
    Primary,
    Write,
}

impl Role for Replica {
    const NEEDS: Access = Access::Replica;
}
impl Role for CaughtUp {
    const NEEDS: Access = Access::CaughtUp;
}
impl Role for Primary {
    const NEEDS: Access = Access::Primary;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl Sealed for super::Replica {}
    impl Sealed for super::CaughtUp {}
    impl Sealed for super::Primary {}

    /// Roles of nodes that may be replicas.
    #[expect(unnameable_types, reason = "sealed")]
    pub trait MayLag {}
    impl MayLag for super::Replica {}
    impl MayLag for super::CaughtUp {}
}

/// Roles that allow a SELECT with the locking clause `Lock`.
#[diagnostic::on_unimplemented(
    message = "a row lock needs the primary, and `ReadConn<{Self}>` may be a replica",
    label = "this handle does not grant row locks (`FOR UPDATE`, `FOR SHARE`, ..)",
    note = "take a `&mut ReadConn<Primary>`, from `session.read_primary()`, and lock inside its `transaction`",
    note = "or take a `&mut WriteConn`, from `session.write()`, if you write too"
)]
pub trait GrantsReads<Lock> {}

// Not for the roles by name: the compiler would recite that in every refusal of a lock.
impl<R: sealed::MayLag> GrantsReads<NoLock> for R {}
#[diagnostic::do_not_recommend]
impl<Lock> GrantsReads<Lock> for Primary {}

/// Roles that allow transactions that take row locks.
#[diagnostic::on_unimplemented(
    message = "a transaction needs the primary, and `ReadConn<{Self}>` may be a replica",
    label = "this handle has snapshots, and no other transactions",
    note = "several reads with one view of the data: `snapshot(|tx| ..)`",
    note = "row locks: take a `&mut ReadConn<Primary>`, from `session.read_primary()`",
    note = "writes: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait GrantsTransactions {}

#[diagnostic::do_not_recommend]
impl GrantsTransactions for Primary {}

/// Roles that allow writes. There is none: only `WriteConn` grants them.
#[diagnostic::on_unimplemented(
    message = "a write needs a `WriteConn`, and `ReadConn<{Self}>` only reads",
    label = "this handle does not grant writes",
    note = "take a `&mut WriteConn`, from `session.write()`; it also serves every function that takes a `&mut ReadConn<_>`"
)]
pub trait GrantsWrites {}

/// Roles that allow SQL of unknown effect. There is none: only `WriteConn` grants it.
#[diagnostic::on_unimplemented(
    message = "raw SQL may write or lock, and `ReadConn<{Self}>` runs only what is known to read",
    label = "this handle does not grant raw SQL that nobody has checked",
    note = "if it only reads, write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "otherwise take a `&mut WriteConn`, from `session.write()`"
)]
pub trait GrantsOpaque {}

/// Roles that allow batches of SQL. There is none: only `WriteConn` runs them.
#[diagnostic::on_unimplemented(
    message = "a batch of raw SQL may write or lock, and `ReadConn<{Self}>` runs only what is known to read",
    label = "this handle runs no batches",
    note = "one statement that only reads: write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "otherwise take a `&mut WriteConn`, from `session.write()`, and import `SimpleAsyncConnection` of diesel-async or `SimpleConnection` of Diesel, as for any connection"
)]
pub trait GrantsBatches {
    #[doc(hidden)]
    fn never<T>() -> T;
}

/// Roles that allow transactions of every kind. There is none: only `WriteConn` opens them.
#[diagnostic::on_unimplemented(
    message = "this transaction needs a `WriteConn`, and `ReadConn<{Self}>` only reads",
    label = "this handle opens read-only snapshots, and on the primary transactions that lock",
    note = "several reads with one view of the data: `snapshot(|tx| ..)`",
    note = "row locks: `transaction(|tx| ..)` of a `&mut ReadConn<Primary>`, from `session.read_primary()`",
    note = "writes, or the characteristics of a transaction: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait GrantsAnyTransaction {
    #[doc(hidden)]
    fn never<T>() -> T;
}
