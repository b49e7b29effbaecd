//! Errors of ours, and Diesel's, as `Error`: one `?` for all.

use diesel::result::Error as DieselError;

use super::{Error, MigrationError, Origin, Refused};

impl From<DieselError> for Error {
    fn from(source: DieselError) -> Self {
        Self::Query {
            origin: Origin::of(&source).map(Box::new),
            source,
        }
    }
}

/// So that `ReadSql::check(..)?` does.
impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        DieselError::from(refused).into()
    }
}

impl From<MigrationError> for Error {
    fn from(error: MigrationError) -> Self {
        Self::Migration(Box::new(error))
    }
}
