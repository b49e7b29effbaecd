//! `ReadError`: the errors of reads that may run again.

use std::any::Any;

use diesel::result::Error as DieselError;

use super::{
    ConfigError, Error, KeyError, Origin, PositionError, Refused, Rejection, may_retry_read,
};

/// Errors that the closure of [`Session::reading`](crate::Session) may return: Diesel's, those of this crate, and any of an
/// application's with `From<diesel_routing::Error>`, such as `anyhow::Error`.
#[diagnostic::on_unimplemented(
    message = "a read that may run again cannot fail with `{Self}`",
    label = "getting a connection can fail, and this cannot say so",
    note = "return Diesel's error, `diesel_routing::Error`, or one of your own with `From<diesel_routing::Error>`"
)]
pub trait ReadError: Sized {
    /// The error of the call: the same, or [`Error`] in place of Diesel's.
    type Of: From<Error>;

    /// Returns whether it says by itself that the node was at fault.
    #[doc(hidden)]
    fn may_retry(&self) -> bool;

    /// Returns whether it may be that of a lost connection.
    #[doc(hidden)]
    fn may_be_lost(&self) -> bool;

    /// Returns the same error, with where the statement ran if it has room for that.
    #[doc(hidden)]
    #[must_use]
    fn on(self, origin: impl FnOnce() -> Origin) -> Self;

    /// Returns the error of the call.
    #[doc(hidden)]
    fn of(self, origin: impl FnOnce() -> Origin) -> Self::Of;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error> + Any> ReadError for E {
    type Of = Self;

    fn may_retry(&self) -> bool {
        ours(self).is_some_and(Error::may_retry_read)
    }

    fn may_be_lost(&self) -> bool {
        ours(self).is_some_and(Error::may_be_a_lost_connection)
    }

    fn on(mut self, origin: impl FnOnce() -> Origin) -> Self {
        if let Some(error) = (&mut self as &mut dyn Any).downcast_mut::<Error>() {
            error.failed_on(origin);
        }
        self
    }

    fn of(self, origin: impl FnOnce() -> Origin) -> Self {
        self.on(origin)
    }
}

fn ours<E: Any>(error: &E) -> Option<&Error> {
    (error as &dyn Any).downcast_ref()
}

impl ReadError for DieselError {
    type Of = Error;

    fn may_retry(&self) -> bool {
        may_retry_read(self)
    }

    fn may_be_lost(&self) -> bool {
        super::may_be_a_lost_connection(self)
    }

    fn on(self, origin: impl FnOnce() -> Origin) -> Self {
        Origin::trace(self, origin)
    }

    fn of(self, origin: impl FnOnce() -> Origin) -> Error {
        let mut error = Error::from(self);
        error.failed_on(origin);
        error
    }
}

/// Errors of ours that say nothing of a node.
macro_rules! of_no_node {
    ($($error:ty),+) => {$(
        impl ReadError for $error {
            type Of = Error;

            fn may_retry(&self) -> bool {
                false
            }

            fn may_be_lost(&self) -> bool {
                false
            }

            fn on(self, _: impl FnOnce() -> Origin) -> Self {
                self
            }

            fn of(self, _: impl FnOnce() -> Origin) -> Error {
                self.into()
            }
        }
    )+};
}

of_no_node!(ConfigError, KeyError, PositionError, Refused, Rejection);
