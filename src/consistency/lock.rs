//! Keeps the body of a function that may run on a replica from locking where types do not show it: with a
//! row lock in a sub-select.

use diesel::QueryDsl;

use super::levels::{strong, write};

/// A value whose `for_update()` (or the like) is about to be called.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// The trait that method resolution chooses for Diesel's queries.
pub trait Query {
    /// The query.
    type Of;

    /// Does not compile.
    fn no_lock(&self)
    where
        Self::Of: MayLock,
    {
    }

    /// Does not compile in a function of a level that replicas serve.
    fn no_lock_at<L: LocksRows>(&self) {}
}

impl<T: QueryDsl> Query for Probe<'_, T> {
    type Of = T;
}

/// The trait that method resolution chooses for every other type, whose methods may have any name.
pub trait Anything {
    /// Does nothing.
    fn no_lock(&self) {}

    /// Does nothing.
    fn no_lock_at<L>(&self) {}
}

impl<T> Anything for &Probe<'_, T> {}

/// A bound that no query meets, so that the error below appears.
#[diagnostic::on_unimplemented(
    message = "a row lock needs the primary, and this function may run on a replica",
    label = "locks rows",
    note = "make the function `#[consistency(strong)]` or `#[consistency(write)]`, and take the handle of that level",
    note = "if it never reaches a replica, write `#[consistency(vouch)]` before the statement"
)]
pub trait MayLock {}

/// Levels that the primary alone serves.
#[diagnostic::on_unimplemented(
    message = "a row lock needs the primary, and this function may run on a replica",
    label = "locks rows",
    note = "take a `&mut ReadConn<Primary>` or a `&mut WriteConn`: with `class` alone, the handle's type has the function's level",
    note = "if it never reaches a replica, write `#[consistency(vouch)]` before the statement"
)]
pub trait LocksRows {}

#[diagnostic::do_not_recommend]
impl LocksRows for strong {}
#[diagnostic::do_not_recommend]
impl LocksRows for write {}
