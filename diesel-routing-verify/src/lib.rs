//! Evidence under load that a [`diesel-routing`](https://docs.rs/diesel-routing) router keeps its promises, on your own cluster, in
//! your own CI.
//!
//! A verification lets clients write and read through the router, in tables of its own, and judges what they were shown: does every
//! session see what it wrote, and never less than it has seen? Meanwhile it asks every node which of these statements it runs: a row
//! lock or a write on a replica is a violation, and so is a pool for reads whose connections are not read-only.
//!
//! ```no_run
//! # #[cfg(feature = "postgres")]
//! # async fn example(router: diesel_routing::pg::Router) -> Result<(), Box<dyn std::error::Error>> {
//! use diesel_routing::Node;
//! use diesel_routing_verify::Verification;
//!
//! let report = Verification::new(&router)
//!     .primary(&Node::new("primary", "postgres://app@10.0.0.1/app"))
//!     .replica(&Node::new("replica", "postgres://app@10.0.0.2/app"))
//!     .seconds(20)
//!     .clients(20)
//!     .run()
//!     .await?;
//! std::fs::write("verify.html", report.to_html())?;
//! assert!(report.violations().is_empty(), "{report}");
//! # Ok(()) }
//! ```
//!
//! The same on the command line is `diesel-routing verify`. What is written, what is judged and how, and what a report says:
//! [`docs/verify.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/verify.md).
//!
//! What you have today in place of a router can be judged as well: implement [`Strategy`] for it.
//!
//! # Features
//!
//! | feature | what can be verified |
//! |---|---|
//! | `postgres` (default) | routers of async PostgreSQL |
//! | `mysql` | routers of async MySQL and MariaDB |
//! | `sqlite` | routers of async SQLite |
//!
//! Without any of them, the crate is [`oracle`]: the rules that histories are checked by, for workloads of your own.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(feature = "__async"))))]

pub mod oracle;

#[cfg(feature = "__async")]
mod act;
#[cfg(feature = "__async")]
mod activity;
#[cfg(feature = "__async")]
mod client;
#[cfg(feature = "__async")]
mod error;
#[cfg(feature = "__async")]
mod failure;
#[cfg(feature = "__async")]
mod judge;
#[cfg(feature = "__async")]
mod mark;
#[cfg(feature = "__async")]
mod report;
#[cfg(feature = "__async")]
mod run;
#[cfg(feature = "__async")]
mod run_id;
#[cfg(feature = "__async")]
mod seen;
#[cfg(feature = "__async")]
mod sql;
#[cfg(feature = "__async")]
mod statements;
#[cfg(feature = "__async")]
mod strategy;
#[cfg(feature = "__async")]
mod subject;
#[cfg(feature = "__async")]
mod tables;
#[cfg(feature = "__async")]
mod tally;
#[cfg(feature = "__async")]
mod verification;
#[cfg(feature = "__async")]
mod world;

#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use activity::{Others, others};
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use error::Error;
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use report::{
    Activity, Failed, Latency, PoolSettings, Reads, Report, Second, Staleness, Violation,
    ViolationKind,
};
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use statements::Verifiable;
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use strategy::{Lent, Strategy, StrategyError};
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use verification::{Progress, Verification};
