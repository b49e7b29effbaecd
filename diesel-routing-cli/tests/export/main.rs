//! Rules for proxies: what is generated, that it sends nothing to a replica that may not go there, and that the proxies do so.

#![expect(clippy::unwrap_used, reason = "tests")]

mod corpus;
mod generated;
mod golden;
mod haproxy;
mod mistakes;
mod pgbouncer;
mod pgpool;
mod pgpool_rules;
mod program;
mod proxysql_rules;
mod servers;
