//! The cluster.

use std::time::Duration;

use diesel_routing_testkit::PgCluster;

use crate::Outcome;

pub(crate) const KEYS: i32 = 1000;

diesel::table! {
    counters (key) {
        key -> Integer,
        version -> BigInt,
    }
}

pub(crate) fn start() -> Outcome<PgCluster> {
    let cluster = PgCluster::builder()
        .standbys(2)
        .setting("max_connections", "300")
        .start()?;
    let primary = cluster.primary();
    primary.execute("CREATE TABLE counters (key int PRIMARY KEY, version bigint NOT NULL)")?;
    primary.execute(&format!(
        "INSERT INTO counters SELECT key, 0 FROM generate_series(0, {}) key",
        KEYS - 1
    ))?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    Ok(cluster)
}
