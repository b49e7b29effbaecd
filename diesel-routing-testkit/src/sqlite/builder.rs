use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cluster::SqliteCluster;
use super::database::Database;
use super::replication::Replication;
use super::state::Shared;
use crate::Error;

/// Describes a [`SqliteCluster`]; made by [`SqliteCluster::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `start` is called"]
pub struct SqliteClusterBuilder {
    replicas: usize,
    lag: Duration,
    tick: Duration,
    schema: String,
}

impl SqliteClusterBuilder {
    pub(super) const fn new() -> Self {
        Self {
            replicas: 1,
            lag: Duration::ZERO,
            tick: Duration::from_millis(5),
            schema: String::new(),
        }
    }

    /// Returns how many replicas there are. Defaults to 1; 0 is a cluster of the primary alone.
    pub const fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Returns how far every replica stays behind the primary, at least. Defaults to zero: a replica shows a
    /// commit as soon as the replication thread has seen it.
    ///
    /// See [`SqliteCluster::set_lag`] to change it, and [`SqliteCluster::set_lag_of`] for a single replica.
    pub const fn lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    /// Returns how often the replication thread looks at the primary. Defaults to 5 ms.
    ///
    /// A change made through the cluster, such as [`SqliteCluster::resume`], does not wait for the tick.
    pub const fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Adds SQL to run on the primary before the replicas get their first copy; may be called several times.
    ///
    /// The SQL runs before the file is put in WAL mode, so `PRAGMA page_size` and the like have their usual
    /// effect.
    pub fn schema(mut self, sql: &str) -> Self {
        self.schema.push_str(sql);
        self.schema.push_str(";\n");
        self
    }

    /// Starts the cluster. Every replica shows the schema when this returns, whatever the lag.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the temporary directory or the thread can't be made, [`Error::Database`] if SQLite
    /// refuses the schema or a file, [`Error::Setup`] if the schema leaves a transaction open or the
    /// temporary directory's file system has no WAL mode.
    pub fn start(self) -> Result<SqliteCluster, Error> {
        let dir = tempfile::Builder::new()
            .prefix("diesel-routing-sqlite-")
            .tempdir()
            .map_err(|e| io_error("make a temporary directory", e))?;
        let primary_url = url(&dir, "primary.db")?;
        let primary = Database::create_primary(Path::new(&primary_url), &self.schema)?;

        let mut replica_urls = Vec::new();
        let mut replicas = Vec::new();
        for index in 0..self.replicas {
            let url = url(&dir, &format!("replica-{index}.db"))?;
            replicas.push(Database::create_replica(index, Path::new(&url), &primary)?);
            replica_urls.push(url);
        }

        let lags = std::iter::repeat_n(self.lag, self.replicas);
        let shared = Arc::new(Shared::new(lags, Instant::now()));
        let mut replication = Replication::new(Arc::clone(&shared), self.tick, primary, replicas);
        replication.seed()?;
        let thread = thread::Builder::new()
            .name("sqlite-cluster".to_owned())
            .spawn(move || replication.run())
            .map_err(|e| io_error("start the replication thread", e))?;
        Ok(SqliteCluster::new(
            shared,
            thread,
            primary_url,
            replica_urls,
            dir,
        ))
    }
}

fn url(dir: &TempDir, name: &str) -> Result<String, Error> {
    let path = dir.path().join(name);
    path.into_os_string()
        .into_string()
        .map_err(|_| Error::Setup {
            node: "cluster".to_owned(),
            step: "name its files",
            reason: "the path of the temporary directory is not UTF-8; set TMPDIR to one that is",
        })
}

fn io_error(step: &'static str, source: std::io::Error) -> Error {
    Error::Io {
        node: "cluster".to_owned(),
        step,
        source: Arc::new(source),
    }
}
