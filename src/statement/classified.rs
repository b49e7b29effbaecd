//! What a handle has to know of a statement before it runs it.

use std::marker::PhantomData;

use crate::statement::effect::{
    Anything, Checked, Effect, Grants, Inspection, Statement, Unchecked,
};

/// Statements that the handles of the family `M` can classify: any on a raw connection and on a `WriteConn`, those of known
/// effect on a read handle.
#[diagnostic::on_unimplemented(
    message = "the effect of `{Self}` is unknown: it may write or lock, so only a `WriteConn` runs it",
    label = "this handle runs only statements whose effect is known",
    note = "raw SQL that only reads: write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "a query fragment of your own: add `#[derive(diesel_routing::Statement)]` and say `#[statement(read)]`, or mark the field it wraps with `#[statement(effect)]`",
    note = "anything else: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait Classified<M> {
    /// The effect that the handle must grant.
    type Effect;

    /// Returns whether the statement takes row locks.
    #[doc(hidden)]
    #[must_use]
    fn locks() -> bool;

    /// Returns who has inspected the SQL already.
    #[doc(hidden)]
    fn inspection(&self) -> Inspection;
}

#[diagnostic::do_not_recommend]
impl<Q> Classified<Unchecked> for Q {
    type Effect = Anything;

    fn locks() -> bool {
        false
    }

    fn inspection(&self) -> Inspection {
        Inspection::NONE
    }
}

#[diagnostic::do_not_recommend]
impl<Q: Statement<M>, M> Classified<Checked<M>> for Q {
    type Effect = Q::Effect;

    fn locks() -> bool {
        <Q::Effect as Effect>::locks()
    }

    fn inspection(&self) -> Inspection {
        Statement::inspection(self)
    }
}

/// The key to a handle's connection. Only this crate can make one, and only for an effect that the handle grants.
#[doc(hidden)]
#[derive(Debug)]
#[expect(unnameable_types, reason = "only this crate may make one")]
pub struct Key<E, H: ?Sized>(PhantomData<(E, PhantomData<H>)>);

impl<E, H: Grants<E>> Key<E, H> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}
