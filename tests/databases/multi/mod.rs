//! Tests under one transaction, and on a schema of their own, with an enum of connections on each of its databases.

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../../routing/multi/connection.rs"]
mod connection;
mod mariadb;
mod postgres;
mod sqlite;
