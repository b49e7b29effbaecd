//! The scan against the servers: what the check passes must not write, lock or change a setting there.
//!
//! Statements are made from templates that are cut, spliced, glued and spiced at random. Each one that
//! the check passes runs on a server, on the primary and with every privilege, and the server is asked
//! what it did.
//!
//! `DIESEL_ROUTING_FUZZ_SEED` repeats a run, `DIESEL_ROUTING_FUZZ_STATEMENTS` makes it longer.

#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(target_os = "linux")]
mod catalogs;
mod generate;
#[cfg(target_os = "linux")]
mod mariadb;
#[cfg(target_os = "linux")]
mod mariadb_harmless;
#[cfg(target_os = "linux")]
mod postgres;
#[cfg(target_os = "linux")]
mod postgres_harmless;
#[cfg(target_os = "linux")]
mod postgres_versions;
mod run;
mod sqlite;
mod sqlite_harmless;
mod templates;
