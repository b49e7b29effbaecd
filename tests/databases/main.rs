//! Routers for several databases of the same servers: a tenant each.
//!
//! A suite is one file of tests, compiled once per flavour: a flavour module brings the types, and the macros in which
//! blocking and async code differ.

// Futures of checkouts inside those of tests, in several layers.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::duplicate_mod,
    reason = "a suite runs once per backend, flavour and pool"
)]

#[allow(dead_code, unused_imports, reason = "shared with other tests")]
#[path = "../routing/cluster/mod.rs"]
mod cluster;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "shared with other tests"
)]
#[path = "../routing/flavour.rs"]
mod flavour;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "../routing/schema.rs"]
mod schema;

mod mariadb_bb8;
mod mariadb_r2d2;
mod multi;
mod postgres_bb8;
mod postgres_deadpool;
mod postgres_r2d2;
mod questions;
mod scope;
mod servers;
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_bb8;
mod sqlite_r2d2;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "../routing/steps.rs"]
mod steps;
