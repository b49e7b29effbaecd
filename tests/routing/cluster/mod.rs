//! Clusters of both kinds behind one set of methods, so that a suite runs on either.

mod mariadb;
mod postgres;
mod sqlite;

pub(crate) use mariadb::Mariadb;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;
