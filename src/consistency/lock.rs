//! How the body of a function that may run on a replica is kept from locking, where types do not see it:
//! a row lock in a sub-select.

use diesel::QueryDsl;

/// A value whose `for_update()` (or the like) is about to be called.
#[derive(Debug)]
pub struct Probe<'a, T>(pub &'a T);

/// Chosen by method resolution for Diesel's queries.
pub trait Query {
    /// What is looked at.
    type Of;

    /// Does not compile.
    fn no_lock(&self)
    where
        Self::Of: MayLock,
    {
    }
}

impl<T: QueryDsl> Query for Probe<'_, T> {
    type Of = T;
}

/// Chosen for everything else, which may call its methods what it wants.
pub trait Anything {
    /// Does nothing.
    fn no_lock(&self) {}
}

impl<T> Anything for &Probe<'_, T> {}

/// No query implements it.
#[diagnostic::on_unimplemented(
    message = "a row lock needs the primary, and this function may run on a replica",
    label = "locks rows",
    note = "make the function `#[consistency(strong)]` or `#[consistency(write)]`, and take the handle of that level",
    note = "if it never reaches a replica, write `#[consistency(vouch)]` before the statement"
)]
pub trait MayLock {}
