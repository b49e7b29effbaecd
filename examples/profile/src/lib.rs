//! The story in a browser: a service whose users change their language, pay, and reserve things, on a
//! PostgreSQL primary with standbys that lag on demand.
//!
//! ```text
//! cargo run -p profile
//! cargo run -p profile -- --help
//! ```
//!
//! Where to look first: `people.rs`, `payments.rs` and `stock.rs` have the queries and the handles they
//! ask for, `site.rs` the router, `web/mod.rs` the layer that gives each request its session, `letters.rs`
//! the job that continues one. The rest shows what happens.

mod gauge;
mod inventory;
mod lab;
mod letters;
mod locale;
mod money;
mod nodes;
mod payments;
mod people;
mod schema;
mod seed;
mod site;
mod stock;
mod trail;
mod web;

pub use inventory::inventory;
pub use lab::{Lab, LabError};
pub use letters::Job;
pub use locale::Locale;
pub use nodes::{Address, Nodes};
pub use site::{Site, SiteBuilder};
pub use trail::{Step, Trail};
pub use web::{app, app_without_sessions};
