//! The table and the log of what was committed.

use anyhow::{Context, Result};
use diesel::prelude::*;
use diesel_routing_testkit::PgCluster;

use crate::table::{KEYS, Row, writes};

/// The trigger adds to each version the timeline it is written on, and to the log the version: so it
/// is known later which versions a failover lost.
const SCHEMA: &str = "
    CREATE TABLE counters (key int PRIMARY KEY, version bigint NOT NULL, writer bigint NOT NULL,
                           timeline int NOT NULL);
    CREATE TABLE writes (key int, version bigint, writer bigint NOT NULL, timeline int NOT NULL,
                         PRIMARY KEY (key, version));
    CREATE FUNCTION log_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.timeline := ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int;
        INSERT INTO writes VALUES (NEW.key, NEW.version, NEW.writer, NEW.timeline);
        RETURN NEW;
    END $$;
    CREATE TRIGGER log_write BEFORE UPDATE ON counters FOR EACH ROW EXECUTE FUNCTION log_write();";

/// The expression by which a server says with each row that it is the primary.
pub(crate) const IS_PRIMARY: &str = "NOT pg_is_in_recovery()";

pub(crate) fn create(cluster: &PgCluster) -> Result<()> {
    let primary = cluster.primary();
    primary.execute(SCHEMA)?;
    primary.execute(&format!(
        "INSERT INTO counters SELECT key, 0, 0, 1 FROM generate_series(1, {KEYS}) key"
    ))?;
    Ok(())
}

/// Returns what the present primary has kept.
pub(crate) fn kept(cluster: &PgCluster) -> Result<Vec<Row>> {
    let primary = cluster.primary();
    let mut conn = PgConnection::establish(&primary.url())
        .with_context(|| format!("{} does not tell what it has kept", primary.name()))?;
    Ok(writes::table.load(&mut conn)?)
}
