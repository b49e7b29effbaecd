//! `OptionalExt`, `is_not_found`: no record was found.

use std::error::Error as StdError;

use diesel::result::Error as DieselError;

use super::Error;

/// `optional()` for results of this crate: Diesel's [`OptionalExtension`](diesel::OptionalExtension) is for Diesel's own. Both
/// preludes have both.
///
/// ```
/// # #[cfg(feature = "sync-sqlite")] {
/// use diesel_routing::sync::{prelude::*, sqlite::{ReadConn, Session}};
/// use diesel_routing::{CaughtUp, Error, consistency};
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
///
/// #[consistency(session)]
/// fn name(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<String, Error> {
///     Ok(users::table.find(id).select(users::name).first(conn)?)
/// }
///
/// fn name_if_any(session: &Session, id: i32) -> Result<Option<String>, Error> {
///     name(session, id).optional()
/// }
/// # }
/// ```
pub trait OptionalExt<T> {
    /// Turns the error that [no record was found](Error::is_not_found) into `None`.
    ///
    /// # Errors
    ///
    /// Returns every other error.
    fn optional(self) -> Result<Option<T>, Error>;
}

impl<T> OptionalExt<T> for Result<T, Error> {
    fn optional(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns whether an error says that no record was found: Diesel's [`NotFound`](DieselError::NotFound), an [`Error`] with it, or
/// an application's error with either among its [sources](StdError::source).
///
/// ```
/// use diesel_routing::{Error, is_not_found};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Failure {
///     #[error("the database")]
///     Database(#[from] Error),
/// }
///
/// let failure = Failure::from(Error::from(diesel::result::Error::NotFound));
/// assert!(is_not_found(&failure));
/// let failure: anyhow::Error = failure.into();
/// assert!(is_not_found(failure.as_ref()));
/// ```
#[must_use]
pub fn is_not_found(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<DieselError>() {
            return is_diesels(error);
        }
        next = error.source();
    }
    false
}

/// Returns whether it is Diesel's error for no record.
pub(super) fn is_diesels(error: &DieselError) -> bool {
    match error {
        DieselError::NotFound => true,
        // An error of the application's, carried through Diesel.
        DieselError::QueryBuilderError(inner)
        | DieselError::DeserializationError(inner)
        | DieselError::SerializationError(inner) => is_not_found(&**inner),
        _ => false,
    }
}
