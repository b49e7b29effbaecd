//! Roles of a read handle, and what each grants.

use crate::statement::effect::NoLock;

/// A node that may lag behind: what [`ReadConn<Replica>`](crate::ReadConn) promises is a consistent
/// past state, nothing more.
#[derive(Debug)]
pub struct Replica(());

/// A node proved to have what the session wrote and saw, or the primary.
#[derive(Debug)]
pub struct CaughtUp(());

/// The node that takes writes.
#[derive(Debug)]
pub struct Primary(());

/// [`Replica`], [`CaughtUp`] or [`Primary`]. Sealed.
///
/// Generic repository functions take `&mut ReadConn<R, C>` with `R: Role`.
pub trait Role: GrantsReads<NoLock> + sealed::Sealed + Send + Sync + 'static {
    /// What the connection inside must have been lent for, at least.
    #[doc(hidden)]
    const NEEDS: Access;
}

/// What a connection was lent for. Ordered: each grants what those before it grant.
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
}

/// The role allows a SELECT with the locking clause `Lock`.
#[diagnostic::on_unimplemented(
    message = "a row lock needs the primary, and `ReadConn<{Self}>` may be a replica",
    label = "this handle does not grant row locks (`FOR UPDATE`, `FOR SHARE`, ..)",
    note = "take a `&mut ReadConn<Primary>`, from `session.read_primary()`, and lock inside its `transaction`",
    note = "or take a `&mut WriteConn`, from `session.write()`, if you write too"
)]
pub trait GrantsReads<Lock> {}

impl GrantsReads<NoLock> for Replica {}
impl GrantsReads<NoLock> for CaughtUp {}
impl<Lock> GrantsReads<Lock> for Primary {}

/// The role allows transactions that take row locks.
#[diagnostic::on_unimplemented(
    message = "a transaction needs the primary, and `ReadConn<{Self}>` may be a replica",
    label = "this handle has snapshots, and no other transactions",
    note = "several reads with one view of the data: `snapshot(|tx| ..)`",
    note = "row locks: take a `&mut ReadConn<Primary>`, from `session.read_primary()`",
    note = "writes: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait GrantsTransactions {}

impl GrantsTransactions for Primary {}

/// The role allows writes. No role does: only `WriteConn` grants them.
#[diagnostic::on_unimplemented(
    message = "a write needs a `WriteConn`, and `ReadConn<{Self}>` only reads",
    label = "this handle does not grant writes",
    note = "take a `&mut WriteConn`, from `session.write()`; it also serves every function that takes a `&mut ReadConn<_>`"
)]
pub trait GrantsWrites {}

/// The role allows SQL of which nothing is known. No role does: only `WriteConn` grants it.
#[diagnostic::on_unimplemented(
    message = "raw SQL may write or lock, and `ReadConn<{Self}>` runs only what is known to read",
    label = "this handle does not grant raw SQL that nobody has checked",
    note = "if it only reads, write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "otherwise take a `&mut WriteConn`, from `session.write()`"
)]
pub trait GrantsOpaque {}
