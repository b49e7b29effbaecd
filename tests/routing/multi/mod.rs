//! An enum of connections, of Diesel's `MultiConnection`, on each of its databases.

#[allow(dead_code, reason = "shared with other tests")]
mod connection;
mod kinds;
mod mariadb;
mod postgres;
mod sqlite;
