//! How connections are opened: over TLS, by hooks, for several accounts; and what errors say of passwords.
//!
//! A suite is one file of tests, compiled once per flavour: a flavour's module brings the types, and the macros in which
//! blocking and async code differ.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::duplicate_mod, reason = "a suite runs once per flavour")]

mod asynchronous;
mod blocking;
mod certificates;
mod flavours;
mod mariadb_tls;
mod passwords;
mod postgres_server;
mod postgres_tls;
mod reasons;
