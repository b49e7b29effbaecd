//! A configuration from several sources: defaults in code, a TOML file, and environment variables, put together by config-rs.
//!
//! ```text
//! ROUTING__MAX_LAG=2s ROUTING__BALANCE__STRATEGY=random cargo run --example configuration -- routing.toml
//! ```
//!
//! Without a file, it makes two SQLite databases to have nodes.

#![expect(clippy::print_stdout, reason = "what it has to say")]

use std::time::Duration;

use anyhow::Result;
use config::{Config, Environment, File, FileFormat};
use diesel_routing::Node;
use diesel_routing::config::{RoutingConfig, Update};
use diesel_routing::sync::sqlite::Router;

fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("primary.sqlite");
    let given = std::env::args().nth(1);

    // Later sources count more. Any library will do that gives serde what it has put together.
    let mut sources = Config::builder().set_default("balance.primary_share", 0.5)?;
    if let Some(file) = &given {
        sources = sources.add_source(File::new(file, FileFormat::Toml));
    }
    let variables = Environment::with_prefix("ROUTING")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true);
    let config = RoutingConfig::read(sources.add_source(variables).build()?)?;

    let mut builder = Router::builder()
        .max_lag(Duration::from_secs(10)) // unless a source says otherwise
        .config(&config)
        .wait(Duration::from_millis(20)); // whatever they say
    if given.is_none() {
        builder = builder.primary(Node::new("db-1", path.to_string_lossy()));
    }
    let router = builder.build()?;
    println!(
        "running under {}",
        serde_json::to_string_pretty(&router.configuration())?
    );

    let mut next: RoutingConfig = config;
    next.balance.primary_share = Some(0.0);
    let changes = router.apply(Update::new(&next).by("the example"))?;
    println!("changed: {changes}");
    println!("{:#?}", router.status().configuration);
    Ok(())
}
