//! Routing, write tracking, transactions, checks and pools, on real databases.
//!
//! A suite is one file of tests, compiled once per flavour: a flavour module brings the types, and the
//! two macros in which blocking and async code differ.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::duplicate_mod,
    reason = "a suite runs once per backend, flavour and pool"
)]

mod cluster;
mod flavour;
mod heard;
mod query_heard;
mod schema;
mod steps;

mod mariadb_bb8;
mod mariadb_r2d2;
mod multi;
mod postgres_bb8;
mod postgres_deadpool;
mod postgres_r2d2;
mod sqlite_bb8;
mod sqlite_deadpool;
mod sqlite_r2d2;
