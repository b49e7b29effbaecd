//! `diesel-routing doctor` on real servers: each finding, produced.

#![expect(clippy::unwrap_used, reason = "tests")]

mod command;
mod galera;
mod mariadb;
mod mariadb_settings;
mod pgbouncer;
mod postgres;
mod postgres_failover;
mod postgres_settings;
mod postgres_slots;
mod report;
mod sqlite;
