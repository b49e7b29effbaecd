//! How connections are opened: over TLS, by hooks, for several accounts; and what errors say of passwords.

#![expect(clippy::unwrap_used, reason = "tests")]

mod certificates;
mod flavours;
mod mariadb_tls;
mod postgres_server;
mod postgres_tls;
