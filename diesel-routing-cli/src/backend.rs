//! The kinds of databases that are compiled in.

/// A kind of database, as a URL says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    #[cfg(feature = "postgres")]
    Postgres,
    /// MySQL and MariaDB.
    #[cfg(feature = "mysql")]
    MySql,
    #[cfg(feature = "sqlite")]
    Sqlite,
}

/// Evaluates an expression with the type of connections to a kind of database.
///
/// `on_backend!(kind, |C| Router::<C>::builder())`
macro_rules! on_backend {
    ($kind:expr, |$conn:ident| $body:expr) => {
        match $kind {
            #[cfg(feature = "postgres")]
            $crate::backend::Kind::Postgres => {
                type $conn = diesel_async::AsyncPgConnection;
                $body
            }
            #[cfg(feature = "mysql")]
            $crate::backend::Kind::MySql => {
                type $conn = diesel_async::AsyncMysqlConnection;
                $body
            }
            #[cfg(feature = "sqlite")]
            $crate::backend::Kind::Sqlite => {
                type $conn = diesel_routing::sqlite::Connection;
                $body
            }
        }
    };
}

pub(crate) use on_backend;

impl Kind {
    /// Returns the kind of database that a connection string leads to; an error in words, without any part of the string.
    pub(crate) fn of_url(url: &str) -> Result<Self, &'static str> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("postgres" | "postgresql") => Self::postgres(),
            Some("mysql") => Self::mysql(),
            Some("sqlite") => Self::sqlite(),
            Some("mariadb") => Err(
                "its URL begins with `mariadb://`: write `mysql://`, which is for MariaDB as well",
            ),
            Some(_) => Err(
                "its URL is of an unknown kind: it begins with `postgres://`, `mysql://` or `sqlite://`, or is the path of an SQLite file",
            ),
            None if is_pairs(url) => Self::postgres(),
            None if url.trim().is_empty() => Err("its URL is empty"),
            None => Self::sqlite(),
        }
    }

    fn postgres() -> Result<Self, &'static str> {
        #[cfg(feature = "postgres")]
        return Ok(Self::Postgres);
        #[cfg(not(feature = "postgres"))]
        return Err(
            "it is on PostgreSQL, which is not compiled in: install with the feature `postgres`",
        );
    }

    fn mysql() -> Result<Self, &'static str> {
        #[cfg(feature = "mysql")]
        return Ok(Self::MySql);
        #[cfg(not(feature = "mysql"))]
        return Err(
            "it is on MySQL or MariaDB, which are not compiled in: install with the feature `mysql`",
        );
    }

    fn sqlite() -> Result<Self, &'static str> {
        #[cfg(feature = "sqlite")]
        return Ok(Self::Sqlite);
        #[cfg(not(feature = "sqlite"))]
        return Err("it is on SQLite, which is not compiled in: install with the feature `sqlite`");
    }

    /// Returns whether servers can be asked what they are, and what they have.
    pub(crate) fn has_roles(self) -> bool {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
            #[cfg(feature = "mysql")]
            Self::MySql => true,
            #[cfg(feature = "sqlite")]
            Self::Sqlite => false,
        }
    }

    /// Returns the statement that makes a database session read-only.
    pub(crate) fn read_only(self) -> &'static str {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => "SET default_transaction_read_only = on",
            #[cfg(feature = "mysql")]
            Self::MySql => "SET SESSION TRANSACTION READ ONLY",
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "PRAGMA query_only = ON",
        }
    }
}

/// Returns whether a string is of libpq's form `host=.. dbname=..`.
fn is_pairs(text: &str) -> bool {
    let name = text.split_once('=').map(|(name, _)| name.trim());
    name.is_some_and(|name| {
        let is_name = |char: char| char.is_ascii_lowercase() || char == '_';
        !name.is_empty() && name.chars().all(is_name)
    })
}

#[cfg(all(test, feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_database_is_read_from_the_url() {
        for (url, kind) in [
            ("postgres://app@h/db", Kind::Postgres),
            ("postgresql:///db?host=/tmp", Kind::Postgres),
            ("host=h user=app", Kind::Postgres),
            ("mysql://root@h/db", Kind::MySql),
            ("sqlite:///var/lib/app.db", Kind::Sqlite),
            ("/var/lib/a=b.db", Kind::Sqlite),
            ("file:app.db?mode=ro", Kind::Sqlite),
            ("app.db", Kind::Sqlite),
        ] {
            assert_eq!(Kind::of_url(url), Ok(kind), "{url}");
        }
        for url in ["mariadb://h", "redis://h", "", " "] {
            assert!(Kind::of_url(url).is_err(), "{url}");
        }
    }
}
