//! Which versions the database has kept.

use std::collections::HashMap;

use super::row::Row;

/// The log of the last primary: every committed version that no failover has lost.
#[derive(Debug, Default)]
pub struct Kept {
    /// By key, in the order of versions.
    rows: HashMap<i32, Vec<Row>>,
    /// The primary's at the end.
    timeline: i32,
}

/// The fate of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "recorders and reports know them all"
)]
pub enum Fate {
    /// It is there, or was replaced by a later version.
    Kept,
    /// The failover that ended this timeline lost it. Replication is asynchronous: that is the
    /// database's loss, not a router's.
    Lost(i32),
    /// It was never committed, or vanished without a failover.
    Unexplained,
}

impl Kept {
    /// Makes it of the log of the last primary, whose timeline this is.
    #[must_use]
    pub fn new(rows: Vec<Row>, timeline: i32) -> Self {
        let mut kept = Self {
            rows: HashMap::new(),
            timeline,
        };
        for row in rows {
            kept.rows.entry(row.key).or_default().push(row);
        }
        for rows in kept.rows.values_mut() {
            rows.sort_unstable_by_key(|row| row.version);
        }
        kept
    }

    /// Returns what became of a version that someone was shown, or told.
    #[must_use]
    pub fn fate(&self, row: &Row) -> Fate {
        if row.version == 0 || self.get(row.key, row.version) == Some(row) {
            Fate::Kept
        } else if row.timeline < self.timeline {
            Fate::Lost(row.timeline)
        } else {
            Fate::Unexplained
        }
    }

    /// Returns the last version of `key` that was kept from `timeline` and those before: where the versions
    /// that were lost with it begin.
    pub(super) fn fork(&self, key: i32, timeline: i32) -> Option<&Row> {
        let rows = self.rows.get(&key)?;
        let end = rows.partition_point(|row| row.timeline <= timeline);
        rows[..end].last()
    }

    pub(super) fn get(&self, key: i32, version: i64) -> Option<&Row> {
        let rows = self.rows.get(&key)?;
        let index = rows
            .binary_search_by_key(&version, |row| row.version)
            .ok()?;
        rows.get(index)
    }
}
