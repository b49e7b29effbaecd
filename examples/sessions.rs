//! A session on servers of your own: who serves its reads after a write, and why.
//!
//! ```text
//! docker compose up -d --wait
//! cargo run --example sessions -- --primary postgres://app:app@127.0.0.1:15432/app \
//!     --replica postgres://app:app@127.0.0.1:15433/app --replica postgres://app:app@127.0.0.1:15434/app
//! cargo run --example sessions -- --primary mysql://app:app@127.0.0.1:13306/app \
//!     --replica mysql://app:app@127.0.0.1:13307/app
//! ```
//!
//! Makes a table `diesel_routing_example`, and drops it in the end.

#![expect(clippy::print_stdout, reason = "what it has to say")]

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use diesel_routing::{Node, Reason, Status};

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        diesel_routing_example { id -> Integer, theme -> VarChar, }
    }
}

use schema::diesel_routing_example;

/// Writes, and reads on until a replica serves the session.
#[derive(Debug, Parser)]
struct Options {
    /// The URL of the node that takes writes: postgres:// or mysql:// (MySQL, MariaDB).
    #[arg(long, value_name = "URL")]
    primary: String,
    /// The URL of a replica; may be given several times.
    #[arg(long, value_name = "URL", required = true)]
    replica: Vec<String>,
    /// How many times to write.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
    /// Give up when no replica serves the session after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    match options.primary.split_once("://") {
        Some(("postgres" | "postgresql", _)) => on_postgres(&options).await,
        Some(("mysql" | "mariadb", _)) => on_mysql(&options).await,
        _ => bail!(
            "--primary is no URL of PostgreSQL or MySQL: it starts with postgres:// or mysql://"
        ),
    }
}

/// The same code for each backend: only the types differ.
macro_rules! on {
    ($name:ident, $backend:ident) => {
        async fn $name(options: &Options) -> Result<()> {
            use diesel_routing::$backend::{Router, Session};
            use diesel_routing::prelude::*;

            let mut builder = Router::builder().primary(Node::new("db-1", &options.primary));
            for (number, url) in (2..).zip(&options.replica) {
                builder = builder.replica(Node::new(format!("db-{number}"), url));
            }
            let router = builder.build().await?;
            let theme = async |session: &Session| -> Result<(String, String, Reason)> {
                let mut conn = session.read().await?;
                let row = diesel_routing_example::table.find(1);
                let theme = row.select(diesel_routing_example::theme).first(&mut conn).await?;
                Ok((theme, conn.route().node.to_owned(), conn.route().reason))
            };

            let table = [
                "CREATE TABLE IF NOT EXISTS diesel_routing_example (id INTEGER PRIMARY KEY, theme VARCHAR(100))",
                "DELETE FROM diesel_routing_example",
                "INSERT INTO diesel_routing_example VALUES (1, 'light')",
            ];
            for sql in table {
                diesel::sql_query(sql).execute(&mut router.write().await?).await?;
            }
            for round in 1..=options.rounds {
                let session = router.session();
                let written = format!("theme {round}");
                diesel::update(diesel_routing_example::table.find(1))
                    .set(diesel_routing_example::theme.eq(&written))
                    .execute(&mut session.write().await?)
                    .await?;
                println!("round {round}: wrote \"{written}\"");
                let since = Instant::now();
                let mut before = None;
                loop {
                    let (read, node, reason) = theme(&session.waiting(Duration::from_millis(50))).await?;
                    if read != written {
                        bail!("a stale read from {node} ({reason}): \"{read}\"");
                    }
                    if before.replace((node.clone(), reason)) != Some((node.clone(), reason)) {
                        println!("  {:>7.1?}  read it from {node} ({reason})", since.elapsed());
                    }
                    if node != "db-1" {
                        break;
                    }
                    if since.elapsed() >= Duration::from_secs(options.patience) {
                        println!("  no replica has it after {:?}", since.elapsed());
                        break;
                    }
                }
            }
            tell(&router.status());
            diesel::sql_query("DROP TABLE diesel_routing_example")
                .execute(&mut router.write().await?)
                .await?;
            Ok(())
        }
    };
}

on!(on_postgres, pg);
on!(on_mysql, mysql);

fn tell(status: &Status) {
    for node in &status.nodes {
        let lag = node
            .lag
            .map_or_else(|| "unknown".to_owned(), |lag| format!("{lag:.1?}"));
        let position = node
            .position
            .as_ref()
            .map_or_else(String::new, ToString::to_string);
        let role = if node.is_primary {
            "primary"
        } else {
            "replica"
        };
        println!(
            "{} ({role}, {}): lag {lag}, at {position}",
            node.name, node.health
        );
        for words in [&node.problem, &node.notice].into_iter().flatten() {
            println!("  {words}");
        }
    }
}
