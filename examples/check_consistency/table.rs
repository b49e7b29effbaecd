//! The table that sessions write and read, and the log of what was committed.

use anyhow::{Context, Result};
use diesel::prelude::*;
use diesel_routing::testkit::PgCluster;

use crate::kept::Kept;

/// How many keys there are: few, so that sessions meet.
pub(crate) const KEYS: i32 = 10;

diesel::table! {
    /// One row a key: its version, who wrote it, and on which timeline.
    counters (key) {
        key -> Integer,
        version -> BigInt,
        writer -> BigInt,
        timeline -> Integer,
    }
}

diesel::table! {
    /// Every version of every key that was committed and not lost.
    writes (key, version) {
        key -> Integer,
        version -> BigInt,
        writer -> BigInt,
        timeline -> Integer,
    }
}

/// One version of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub(crate) struct Row {
    pub(crate) key: i32,
    /// The primary counts them: versions of a key are in a total order on each history.
    pub(crate) version: i64,
    /// The write that made it; unique. Zero: it was there from the start.
    pub(crate) writer: i64,
    /// The timeline that it was committed on.
    pub(crate) timeline: i32,
}

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

pub(crate) fn create(cluster: &PgCluster) -> Result<()> {
    let primary = cluster.primary();
    primary.execute(SCHEMA)?;
    primary.execute(&format!(
        "INSERT INTO counters SELECT key, 0, 0, 1 FROM generate_series(1, {KEYS}) key"
    ))?;
    Ok(())
}

/// What the present primary has kept.
pub(crate) fn kept(cluster: &PgCluster) -> Result<Kept> {
    let primary = cluster.primary();
    let mut conn = PgConnection::establish(&primary.url())
        .with_context(|| format!("{} does not tell what it has kept", primary.name()))?;
    let rows = writes::table.load(&mut conn)?;
    let timeline = i32::try_from(primary.timeline()?)?;
    Ok(Kept::new(rows, timeline))
}
