//! `Origin`: where a statement failed.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use diesel::result::{DatabaseErrorInformation, Error as DieselError};

use crate::mutex::lock;

/// The connection that a failed statement ran on: its node, and why that was chosen.
///
/// Of Diesel's errors, those of the database ([`DatabaseError`](DieselError::DatabaseError)) carry it out of every handle, through
/// functions that return a [`QueryResult`](diesel::QueryResult) too; [`of`](Self::of) has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The node's name, as configured.
    pub node: String,
    /// The reason for its choice: the name of a [`Reason`](crate::Reason).
    pub reason: &'static str,
    /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for the connection, if any.
    pub function: Option<&'static str>,
}

/// The origins of the database errors that there are now, by the addresses of what is in their boxes.
///
/// Diesel's error has no place for one, and no way back from the box to a type of ours. An address is in here for as long as
/// a `Traced` lives there, so it never stands for another error.
static ORIGINS: LazyLock<Mutex<HashMap<usize, Origin>>> = LazyLock::new(Mutex::default);

impl Origin {
    /// Returns where the statement ran that failed with this error, if the database reported it through a handle of ours.
    ///
    /// ```
    /// # #[cfg(feature = "sync-sqlite")] {
    /// use diesel_routing::sync::{prelude::*, sqlite::{ReadSql, Router}};
    /// use diesel_routing::{Node, Origin};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("db");
    /// # let url = path.to_str().ok_or("path")?;
    /// let router = Router::builder().primary(Node::new("db-1", url)).build()?;
    /// let missing = ReadSql::check("SELECT * FROM missing")?;
    /// let error = missing.execute(&mut router.read()?).unwrap_err(); // Diesel's
    /// assert_eq!(Origin::of(&error).ok_or("no origin")?.node, "db-1");
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn of(error: &DieselError) -> Option<Self> {
        match error {
            DieselError::DatabaseError(_, info) => lock(&ORIGINS).get(&address(&**info)).cloned(),
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error),
            _ => None,
        }
    }

    /// Returns the same error, which knows its origin from now on if the database reported it.
    pub(crate) fn trace(error: DieselError, origin: impl FnOnce() -> Self) -> DieselError {
        match error {
            // The innermost handle is the one that ran it.
            DieselError::DatabaseError(kind, info) if !is_traced(&*info) => {
                let traced = Box::new(Traced(info));
                lock(&ORIGINS).insert(address(&*traced), origin());
                DieselError::DatabaseError(kind, traced)
            }
            error => error,
        }
    }
}

/// The database's words on an error whose origin is known.
struct Traced(Box<dyn DatabaseErrorInformation + Send + Sync>);

impl Drop for Traced {
    fn drop(&mut self) {
        lock(&ORIGINS).remove(&address(self));
    }
}

impl DatabaseErrorInformation for Traced {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn details(&self) -> Option<&str> {
        self.0.details()
    }

    fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.0.table_name()
    }

    fn column_name(&self) -> Option<&str> {
        self.0.column_name()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.0.constraint_name()
    }

    fn statement_position(&self) -> Option<i32> {
        self.0.statement_position()
    }
}

fn is_traced(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    lock(&ORIGINS).contains_key(&address(info))
}

fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).cast::<()>().addr()
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;

    fn error() -> DieselError {
        DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("twice".to_owned()),
        )
    }

    fn on(node: &str) -> Origin {
        Origin {
            node: node.to_owned(),
            reason: "write",
            function: None,
        }
    }

    #[test]
    fn an_error_keeps_its_origin_for_as_long_as_it_lives() {
        assert_eq!(Origin::of(&error()), None);
        let traced = Origin::trace(error(), || on("db-1"));
        let other = Origin::trace(error(), || on("db-2"));
        // Moved, and passed through an outer handle.
        let traced = Box::new(Origin::trace(traced, || on("db-3")));
        assert_eq!(Origin::of(&traced), Some(on("db-1")));
        assert_eq!(traced.to_string(), "twice");

        let DieselError::DatabaseError(_, info) = &*traced else {
            panic!("{traced:?}");
        };
        let place = address(&**info);
        drop(traced);
        assert!(!lock(&ORIGINS).contains_key(&place));
        assert_eq!(Origin::of(&other), Some(on("db-2")));
    }

    #[test]
    fn what_the_database_did_not_report_is_left_as_it_is() {
        let error = Origin::trace(DieselError::NotFound, || on("db-1"));
        assert_eq!(error, DieselError::NotFound);
        assert_eq!(Origin::of(&error), None);
    }
}
