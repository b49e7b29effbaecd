//! The table and the log of what was committed.

use anyhow::{Context, Result};
use diesel::prelude::*;
use diesel_routing_testkit::MariaCluster;

use crate::table::{KEYS, Row, writes};

/// The trigger adds to each version the server it is written by, and to the log the version: so it is
/// known later which versions a failover lost. It runs on the primary alone, as replicas apply rows.
const SCHEMA: [&str; 3] = [
    "CREATE TABLE counters (`key` INT PRIMARY KEY, version BIGINT NOT NULL, writer BIGINT NOT NULL,
                            timeline INT NOT NULL)",
    "CREATE TABLE writes (`key` INT, version BIGINT, writer BIGINT NOT NULL, timeline INT NOT NULL,
                          PRIMARY KEY (`key`, version), KEY (writer))",
    "CREATE DEFINER = app TRIGGER log_write BEFORE UPDATE ON counters FOR EACH ROW
     BEGIN
         SET NEW.timeline = @@server_id;
         INSERT INTO writes VALUES (NEW.`key`, NEW.version, NEW.writer, NEW.timeline);
     END",
];

/// The expression by which a server says with each row that it is the primary.
pub(crate) const IS_PRIMARY: &str = "NOT @@global.read_only";

pub(crate) fn create(cluster: &MariaCluster) -> Result<()> {
    let primary = cluster.primary();
    for sql in SCHEMA {
        // With a binary log, an ordinary user may create no trigger.
        primary.admin_execute(sql)?;
    }
    primary.execute(&format!(
        "INSERT INTO counters SELECT seq, 0, 0, @@server_id FROM seq_1_to_{KEYS}"
    ))?;
    Ok(())
}

/// Returns what the present primary has kept.
pub(crate) fn kept(cluster: &MariaCluster) -> Result<Vec<Row>> {
    let primary = cluster.primary();
    let mut conn = MysqlConnection::establish(&primary.url())
        .with_context(|| format!("{} does not tell what it has kept", primary.name()))?;
    Ok(writes::table.load(&mut conn)?)
}
