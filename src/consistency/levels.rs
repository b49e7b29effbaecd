//! The levels as types, spelt as in the attribute, because compile errors print these names.

#![expect(
    non_camel_case_types,
    reason = "compile errors print them as the attribute has them"
)]

use super::{Admission, Admitted};
use crate::routing::{Level, levels};
use crate::statement::{CaughtUp, Primary, Replica};

macro_rules! types {
    ($(
        $(#[$doc:meta])* $level:ident => $($handle:ty),+;
        $(#[$of_variant:meta])* $variant:ident $(($lag:ty))?;
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum $level {}
    )+};
}

levels!(types);

/// Roles whose handles can serve functions of level `L`.
#[diagnostic::on_unimplemented(
    message = "`&mut ReadConn<{Self}>` cannot serve a `{L}` repository function",
    label = "this handle is weaker than the function asks for",
    note = "pass a `&Session`, and the function checks out a connection that will do",
    note = "or pass a `&mut` handle that is strong enough: a `WriteConn` serves every function"
)]
pub trait Serves<L> {
    #[doc(hidden)]
    type Admission: Admission;
}

impl Serves<eventual> for Replica {
    type Admission = Admitted;
}

impl Serves<bounded> for Replica {
    type Admission = Admitted;
}

impl Serves<eventual> for CaughtUp {
    type Admission = Admitted;
}

impl Serves<bounded> for CaughtUp {
    type Admission = Admitted;
}

impl Serves<session> for CaughtUp {
    type Admission = Admitted;
}

impl Serves<eventual> for Primary {
    type Admission = Admitted;
}

impl Serves<bounded> for Primary {
    type Admission = Admitted;
}

impl Serves<session> for Primary {
    type Admission = Admitted;
}

impl Serves<strong> for Primary {
    type Admission = Admitted;
}

/// Handles that functions of level `L` accept.
#[diagnostic::on_unimplemented(
    message = "a `{L}` repository function does not take a `{Self}`",
    label = "this handle does not go with the level",
    note = "`eventual` and `bounded` take `&mut ReadConn<Replica>`, `session` takes `&mut ReadConn<CaughtUp>`",
    note = "`strong` takes `&mut ReadConn<Primary>` or `&mut WriteConn`, `write` takes `&mut WriteConn`"
)]
pub trait HandleOf<L> {}

/// Handles whose type has a level: that of functions which name a class, and no level.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no level, and `#[consistency(class = \"..\")]` names none",
    label = "the level of this is unknown",
    note = "take a `&mut ReadConn<Replica>`, `&mut ReadConn<CaughtUp>`, `&mut ReadConn<Primary>` or `&mut WriteConn`",
    note = "or name the level as well: `#[consistency(session, class = \"..\")]`"
)]
pub trait Promises {
    /// The level that it promises: `eventual`, `session`, `strong` or `write`.
    type Level;

    /// The same, as a value.
    const LEVEL: Level;

    /// Set if it may be of a replica.
    const MAY_BE_A_REPLICA: bool = matches!(
        Self::LEVEL,
        Level::Eventual | Level::Bounded(_) | Level::Session
    );
}
