//! A closed loop of users against the whole service, in this process: what sessions cost, whether pages are
//! stale, and what they keep in memory.
//!
//! 1. Nothing is stale: every user has written once, and every replica has it. The service with its session
//!    layer and without it take turns, so that whatever else the machine does slows both.
//! 2. Replicas apply commits late, and one act in five is a change. Without the layer, too, to see that
//!    stale pages are found.
//! 3. Ten times as many users as before write once each: tokens in cookies, then states in a store for 1,000.
//! 4. The layer around a handler that does nothing, and that handler without it.
//!
//! ```text
//! cargo bench -p profile --bench load -- --seconds 20
//! ```
//!
//! Exits with 1 if a page was stale that must not be, if none was where some must be, or if the store grew past
//! its bound.

#![expect(clippy::print_stdout, reason = "the tables are the result")]

#[path = "../../tests/stories/client.rs"]
#[allow(dead_code, reason = "stories ask for more")]
mod client;
mod cost;
mod crowd;
mod layer;
mod memory;
mod stale;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use axum::Router as App;
use clap::Parser;
use profile::{Nodes, Site, app, app_without_sessions};

/// The number of users: enough for the third part's.
const USERS: u32 = 24_000;
const REPLICAS: usize = 2;

#[derive(Debug, Parser)]
struct Options {
    /// How long each of the first two parts takes: 2 to 600.
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(2..=600))]
    seconds: u64,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The service, with its session layer and without.
struct Sides {
    with: App,
    /// The layer as it is by default: without `Server-Timing`, from which the other parts know the nodes.
    plain: App,
    without: App,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let nodes = Nodes::start(REPLICAS)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let is_right = runtime.block_on(run(&nodes, &options))?;
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(nodes: &Nodes, options: &Options) -> Result<bool> {
    let site = Site::builder(nodes).plant(USERS).open().await?;
    let sides = Sides {
        with: app(site.clone()),
        plain: app(site.untimed()),
        without: app_without_sessions(site.clone()),
    };
    let length = Duration::from_secs(options.seconds);
    cost::measure(nodes, &sides, length).await?;
    let stale = stale::count(nodes, &sides, length).await?;
    let memory = memory::measure(nodes, &sides.with).await?;
    layer::measure(&site, &sides.with).await;
    Ok(stale && memory)
}
