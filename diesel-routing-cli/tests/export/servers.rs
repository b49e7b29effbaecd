//! Clusters of the test kit, and the configuration that leads to them.

use std::fmt::Write;
use std::path::PathBuf;

use diesel_routing_testkit::{PgCluster, PgNode};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

use crate::generated::{export, fixture, words};
use crate::program::SOON;

/// A cluster, and a configuration that has its nodes.
pub(crate) struct Servers {
    pub(crate) cluster: PgCluster,
    _dir: tempfile::TempDir,
    config: PathBuf,
}

impl Servers {
    /// Starts a primary with as many standbys. The table `t` has one row, and the account that proxies check with is there.
    pub(crate) fn start(standbys: usize) -> Self {
        let cluster = PgCluster::builder().standbys(standbys).start().unwrap();
        let primary = cluster.primary();
        primary
            .admin_execute("CREATE ROLE routing_check LOGIN")
            .unwrap();
        primary
            .execute("CREATE TABLE t (a int PRIMARY KEY)")
            .unwrap();
        primary.execute("INSERT INTO t VALUES (1)").unwrap();
        cluster.wait_until_caught_up(SOON).unwrap();
        let mut text = String::new();
        for (index, node) in cluster.nodes().iter().enumerate() {
            let role = if index == 0 { "primary" } else { "replica" };
            let url = node.proxy().unwrap().url_for("app", "app");
            let _ = write!(
                text,
                "[nodes.db-{index}]\nurl = {url:?}\nrole = \"{role}\"\n"
            );
        }
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("routing.toml");
        std::fs::write(&config, text).unwrap();
        Self {
            cluster,
            _dir: dir,
            config,
        }
    }

    /// Returns the file for a proxy.
    pub(crate) fn export(&self, proxy: &str, more: &[&str]) -> String {
        let inventory = fixture("inventory.json");
        let mut words = words(proxy, &self.config, &inventory);
        words.extend(more);
        export(&words)
    }
}

/// A statement's answer on a new connection: its first value, or the error.
pub(crate) fn ask(url: &str, sql: &str) -> Result<String, String> {
    asks(url, &[sql]).map(|mut answers| answers.remove(0))
}

/// Statements' answers, all on one new connection.
pub(crate) fn asks(url: &str, statements: &[&str]) -> Result<Vec<String>, String> {
    let runtime = Runtime::new().unwrap();
    let asked = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let mut answers = Vec::new();
        for sql in statements {
            let messages = client.simple_query(sql).await?;
            let row = messages.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            answers.push(
                row.and_then(|row| row.get(0))
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        Ok(answers)
    });
    asked.map_err(|error: tokio_postgres::Error| match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    })
}

/// Returns the place of a server's files, which says which node a statement ran on.
pub(crate) fn data_dir(node: &PgNode) -> Result<String, String> {
    Ok(node.data_dir().to_str().unwrap().to_owned())
}
