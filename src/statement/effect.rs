//! Effects of statements on the database, as types.

use std::any::TypeId;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::SqlLiteral;
use diesel::query_builder::{
    BoxedSelectStatement, BoxedSqlQuery, DeleteStatement, InsertStatement, Query, QueryId,
    SelectStatement, SqlQuery, UpdateStatement,
};
use diesel::query_dsl::positional_order_dsl::PositionalOrderDsl;
use diesel::query_source::QuerySource;
use diesel::sql_types::Untyped;

pub use crate::statement::role::{
    GrantsAnyTransaction, GrantsBatches, GrantsOpaque, GrantsReads, GrantsTransactions,
    GrantsWrites,
};

/// A statement whose effect on the database is known to the compiler.
///
/// Implemented for every statement Diesel builds. Derive it for query fragments of your own with
/// [`#[derive(Statement)]`](macro@crate::Statement); a fragment without it still runs on a
/// `WriteConn`, which grants everything.
///
/// `M` names the family of implementations that classifies the type. It is always inferred: write
/// `Q: Statement<M>` with a fresh `M` in generic code.
///
/// # Example
///
/// ```
/// use diesel_routing::{Statement, effect};
///
/// /// Only statements that read, without locking, are accepted here.
/// fn read_only<M, Q: Statement<M, Effect = effect::Read>>(_: &Q) {}
///
/// diesel::table! { users { id -> Integer, } }
/// use diesel::query_builder::AsQuery;
/// read_only(&users::table.as_query());
/// ```
#[diagnostic::on_unimplemented(
    message = "the effect of `{Self}` is unknown: it may write or lock, so only a `WriteConn` runs it",
    label = "this handle runs only statements whose effect is known",
    note = "raw SQL that only reads: write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "a query fragment of your own: add `#[derive(diesel_routing::Statement)]` and say `#[statement(read)]`, or mark the field it wraps with `#[statement(effect)]`",
    note = "anything else: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait Statement<M> {
    /// [`Read`], [`RowLock`], [`Write`] or [`Opaque`].
    type Effect: Effect;

    /// Returns who has inspected the SQL already, so that the statement check need not. Defaults to nobody.
    #[doc(hidden)]
    fn inspection(&self) -> Inspection {
        Inspection::NONE
    }
}

/// The inspection that a statement's SQL has had. Only this crate makes one that spares the check: the word for that is
/// [`ReadSql::vouch`](crate::ReadSql::vouch), for which one can search.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Inspection(pub(crate) InspectedBy);

/// The party that has inspected a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum InspectedBy {
    Nobody,
    /// The check, with the built-in list of functions.
    BuiltIn,
    /// The user, who vouches for it.
    User,
}

impl Inspection {
    pub(crate) const NONE: Self = Self(InspectedBy::Nobody);
    pub(crate) const BUILT_IN: Self = Self(InspectedBy::BuiltIn);
    pub(crate) const VOUCHED: Self = Self(InspectedBy::User);

    /// Returns whether nothing is known of the statement but that its user vouches for it.
    #[inline]
    pub(crate) fn is_vouched(self) -> bool {
        matches!(self.0, InspectedBy::User)
    }

    /// Returns whether it was inspected with the built-in list of functions.
    #[inline]
    pub(crate) fn is_built_in(self) -> bool {
        matches!(self.0, InspectedBy::BuiltIn)
    }
}

/// The effect of a statement: [`Read`], [`RowLock`], [`Write`] or [`Opaque`]. Sealed.
pub trait Effect: sealed::Sealed + 'static {
    /// Returns whether the statement takes row locks.
    #[doc(hidden)]
    #[must_use]
    fn locks() -> bool {
        false
    }
}

/// A SELECT with the locking clause `Lock`.
///
/// Read it through its names: [`Read`] has no locking clause, every other `Select` locks rows.
/// Diesel's type for a locking clause has no public name, so the effect contains the clause
/// instead.
#[derive(Debug)]
pub struct Select<Lock>(PhantomData<Lock>);

/// A statement that reads and takes no lock: every handle grants it.
pub type Read = Select<NoLock>;

/// A SELECT that locks rows: only the primary's handles grant it.
pub type RowLock = Select<AnyLock>;

/// The locking clause of a user's fragment marked `#[statement(row_lock)]`.
#[derive(Debug)]
pub struct AnyLock(());

/// Diesel's type for the absence of a locking clause.
pub type NoLock =
    <SelectStatement<(), ()> as diesel::internal::derives::multiconnection::SelectStatementAccessor>::Locking;

/// A statement that changes data or schema: only `WriteConn` grants it.
#[derive(Debug)]
pub struct Write(());

/// Raw SQL, whose effect the compiler does not know: only `WriteConn` grants it.
#[derive(Debug)]
pub struct Opaque(());

impl<Lock: 'static> Effect for Select<Lock> {
    fn locks() -> bool {
        TypeId::of::<Lock>() != TypeId::of::<NoLock>()
    }
}
impl Effect for Write {}
impl Effect for Opaque {}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl<Lock> Sealed for super::Select<Lock> {}
    impl Sealed for super::Write {}
    impl Sealed for super::Opaque {}

    #[expect(unnameable_types, reason = "sealed: it has no implementations")]
    pub trait Nothing {}

    #[derive(Debug)]
    #[expect(
        unnameable_types,
        reason = "sealed: no statement runs on it by its own word"
    )]
    pub struct NoConnection(());
}

/// Family of the statements that Diesel's own types spell out.
#[doc(hidden)]
#[derive(Debug)]
pub struct Built(());

/// Family of set operations: `UNION`, `INTERSECT`, `EXCEPT`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Combined(());

/// Family of `sql_query` with bound values.
#[doc(hidden)]
#[derive(Debug)]
pub struct BoundSql(());

/// Family without members.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unclassified(());

/// Family of references to statements.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByRef<M>(PhantomData<M>);

/// Family of derived fragments that name their effect.
#[doc(hidden)]
#[derive(Debug)]
pub struct Derived(());

/// Family of derived fragments that have the effect of a field.
#[doc(hidden)]
#[derive(Debug)]
pub struct AsField<M>(PhantomData<M>);

#[diagnostic::do_not_recommend]
impl<F, S, D, W, O, LOf, G, H, Lock: 'static> Statement<Built>
    for SelectStatement<F, S, D, W, O, LOf, G, H, Lock>
{
    type Effect = Select<Lock>;
}

// Diesel has no locking clause on boxed selects.
#[diagnostic::do_not_recommend]
impl<ST, QS, DB, GB> Statement<Built> for BoxedSelectStatement<'_, ST, QS, DB, GB> {
    type Effect = Read;
}

#[diagnostic::do_not_recommend]
impl<T: QuerySource, U, Op, Ret> Statement<Built> for InsertStatement<T, U, Op, Ret> {
    type Effect = Write;
}

#[diagnostic::do_not_recommend]
impl<T: QuerySource, U, V, Ret> Statement<Built> for UpdateStatement<T, U, V, Ret> {
    type Effect = Write;
}

#[diagnostic::do_not_recommend]
impl<T: QuerySource, U, Ret> Statement<Built> for DeleteStatement<T, U, Ret> {
    type Effect = Write;
}

#[diagnostic::do_not_recommend]
impl<Inner> Statement<Built> for SqlQuery<Inner> {
    type Effect = Opaque;
}

#[diagnostic::do_not_recommend]
impl<DB: Backend, Inner> Statement<Built> for BoxedSqlQuery<'_, DB, Inner> {
    type Effect = Opaque;
}

#[diagnostic::do_not_recommend]
impl<ST, T> Statement<Built> for SqlLiteral<ST, T> {
    type Effect = Opaque;
}

#[diagnostic::do_not_recommend]
impl<Q, V> Statement<Built> for diesel::expression::UncheckedBind<Q, V> {
    type Effect = Opaque;
}

// A second blanket family, without members: with only one, the compiler would settle on it for a type
// that no family has, and complain about `PositionalOrderDsl` instead of saying what is wrong.
#[diagnostic::do_not_recommend]
impl<Q: sealed::Nothing> Statement<Unclassified> for Q {
    type Effect = Opaque;
}

// Diesel's `CombinationClause` has no public name. It is the only statement that can be ordered by
// a column's position. Its two sides are plain subqueries: as in every subquery, a locking clause inside
// one is found by the statement check.
#[diagnostic::do_not_recommend]
impl<Q: PositionalOrderDsl<u32>> Statement<Combined> for Q {
    type Effect = Read;
}

// Diesel's type for `sql_query` with a bound value has no public name. What it alone has: it is read by name, its id is read
// by name as well, can be copied, and runs on whatever is called a connection. A fragment of a user's that had all of this
// could not derive `Statement`, for two families would have it.
#[diagnostic::do_not_recommend]
impl<Q> Statement<BoundSql> for Q
where
    Q: Query<SqlType = Untyped> + diesel::RunQueryDsl<sealed::NoConnection> + QueryId,
    Q::QueryId: Query<SqlType = Untyped> + Copy,
{
    type Effect = Opaque;
}

#[diagnostic::do_not_recommend]
impl<Q: Statement<M>, M> Statement<ByRef<M>> for &Q {
    type Effect = Q::Effect;

    fn inspection(&self) -> Inspection {
        (**self).inspection()
    }
}

#[diagnostic::do_not_recommend]
impl<Q: Statement<M> + ?Sized, M> Statement<ByRef<M>> for Box<Q> {
    type Effect = Q::Effect;

    fn inspection(&self) -> Inspection {
        (**self).inspection()
    }
}

/// Handles that grant the effect `E`.
///
/// `ReadConn<Replica>` and `ReadConn<CaughtUp>` grant [`Read`]; `ReadConn<Primary>` grants
/// [`RowLock`] too; raw connections and `WriteConn` grant everything.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not grant `{E}`",
    label = "this handle does not grant what the statement does",
    note = "take a `&mut WriteConn`, from `session.write()`"
)]
pub trait Grants<E> {}

/// Effects that the role `R` allows.
#[doc(hidden)]
pub trait GrantedTo<R> {}

impl<R: GrantsReads<Lock>, Lock> GrantedTo<R> for Select<Lock> {}
impl<R: GrantsWrites> GrantedTo<R> for Write {}
impl<R: GrantsOpaque> GrantedTo<R> for Opaque {}

/// The effect that raw connections and `WriteConn` are checked for: any.
#[derive(Debug)]
pub struct Anything(());

impl<H> Grants<Anything> for H {}

/// Handles with a role, which decides what they grant.
#[doc(hidden)]
pub trait HasRole {
    /// The role.
    type Role;
}

// Not for the handles by name: the compiler would recite that in every refusal.
impl<H: HasRole, E: Effect + GrantedTo<H::Role>> Grants<E> for H {}

/// Family of handles that run any statement.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unchecked(());

/// Family of handles that run statements whose effect is known through the family `M`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Checked<M>(PhantomData<M>);

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
#[diagnostic::do_not_recommend]
impl<T, A> Statement<Built> for diesel::pg::CopyFromQuery<T, A> {
    type Effect = Write;
}

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
#[diagnostic::do_not_recommend]
impl<T, O> Statement<Built> for diesel::pg::CopyToQuery<T, O> {
    type Effect = Read;
}
