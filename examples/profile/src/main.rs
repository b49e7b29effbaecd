//! Starts the service, and the servers it needs; see the library's documentation.

mod options;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use profile::{Nodes, Site, app};
use tokio::net::TcpListener;

use options::{Options, Sessions};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done if the terminal is gone, too.
            let _ = writeln!(std::io::stderr(), "profile: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    if let Some(path) = &options.inventory {
        let written = profile::inventory().write(path);
        return written.with_context(|| format!("could not write {}", path.display()));
    }
    let nodes = match &options.primary {
        Some(primary) => Nodes::at(primary.clone(), options.replica.clone()),
        None => Nodes::start(options.standbys.into())?,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serve(&nodes, options))
}

async fn serve(nodes: &Nodes, options: &Options) -> Result<()> {
    let builder = Site::builder(nodes).plant(options.users);
    let builder = match options.sessions {
        Sessions::Cookie => builder,
        Sessions::Memory => builder.in_memory(),
        Sessions::Redis => builder.in_redis(&options.redis)?,
    };
    let site = builder.open().await?;
    // Not before the tables are there, for which it would have to wait.
    if let Some(lab) = nodes.lab() {
        for replica in 0..options.standbys.into() {
            lab.set_lag(replica, options.lag)?;
        }
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("could not listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    writeln!(
        std::io::stdout(),
        "http://{address}  (Ctrl-C ends it, and the servers it started)"
    )?;
    let ends = async {
        // Without a signal handler, there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    axum::serve(listener, app(site))
        .with_graceful_shutdown(ends)
        .await
        .context("the service stopped")
}
