//! `Acquire`: where an annotated function's handle comes from.

use std::fmt::Debug;

use crate::consistency::{Admission, Again, Function};
use crate::error::Error;

/// The source of the handle `H` of a function of level `L`: a session or a router,
/// which check out a connection, or a handle that is at least as strong, whose connection it then
/// uses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot serve a `{L}` repository function",
    label = "no handle of the function's kind comes from this",
    note = "pass a `&Session`, a `&Router`, or a `&mut` handle that is strong enough: a `WriteConn` serves every function"
)]
pub trait Acquire<L, H>: Debug + Sized {
    /// The handle, for the time of the call.
    type Held: std::ops::DerefMut<Target = H>;

    #[doc(hidden)]
    type Admission: Admission;

    /// Returns the handle.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`], from sessions and routers.
    fn acquire(self, function: &'static Function) -> Result<Self::Held, Error>;

    /// Returns the same source once more, for a function that may run again; `None` of handles.
    #[doc(hidden)]
    fn again(&self) -> Option<Self> {
        None
    }

    /// Returns the handle, for a run that follows another for this reason.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    #[doc(hidden)]
    fn acquire_again(self, function: &'static Function, _: Again) -> Result<Self::Held, Error> {
        self.acquire(function)
    }
}
