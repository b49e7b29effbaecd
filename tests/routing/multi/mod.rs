//! An enum of connections, of Diesel's `MultiConnection`, on each of its databases.

mod connection;
mod kinds;
mod mariadb;
mod postgres;
mod sqlite;
