//! A primary and a standby, with rows in them, and what the cases need to know of the backend.

use std::env;
use std::sync::OnceLock;
use std::time::Duration;

use diesel_routing_testkit::PgCluster;

use super::Outcome;

pub(super) use diesel::PgConnection as Connection;
pub(super) use diesel_async::AsyncPgConnection as AsyncConnection;
pub(super) use diesel_routing::pg as asynchronous;
pub(super) use diesel_routing::sync::pg as blocking;

/// The environment variable with the URLs of servers that another process started.
const VARIABLE: &str = "BENCH_POSTGRES_URLS";

static URLS: OnceLock<[String; 2]> = OnceLock::new();

/// The servers, which run as long as this value lives.
pub(crate) struct Servers {
    _cluster: PgCluster,
    urls: String,
}

impl Servers {
    /// Starts them for the cases of this process.
    pub(crate) fn start() -> Outcome<Self> {
        let cluster = PgCluster::builder().standbys(1).start()?;
        let primary = cluster.primary();
        primary.execute(
            "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INTEGER NOT NULL);
             INSERT INTO users (name, email, age)
             SELECT 'Ada Lovelace', 'ada@example.org', 36 FROM generate_series(1, 1000)",
        )?;
        cluster.wait_until_caught_up(Duration::from_secs(10))?;
        let urls = [primary.url(), cluster.standby(0).url()];
        let servers = Self {
            urls: urls.join(" "),
            _cluster: cluster,
        };
        URLS.get_or_init(|| urls);
        Ok(servers)
    }

    /// Returns the environment variable that says to a process where they are.
    #[allow(dead_code, reason = "of the bench that starts processes")]
    pub(crate) fn variable(&self) -> (&'static str, &str) {
        (VARIABLE, &self.urls)
    }
}

/// The URLs of the servers.
pub(super) struct Databases([String; 2]);

impl Databases {
    pub(super) fn new() -> Outcome<Self> {
        if let Some(urls) = URLS.get() {
            return Ok(Self(urls.clone()));
        }
        let urls = env::var(VARIABLE).map_err(|_| "the servers have not been started")?;
        let (primary, standby) = urls.split_once(' ').ok_or("not two URLs")?;
        Ok(Self([primary.to_owned(), standby.to_owned()]))
    }

    /// Returns the URLs of the primary and the standby.
    pub(super) fn urls(&self) -> [&str; 2] {
        self.0.each_ref().map(String::as_str)
    }
}
