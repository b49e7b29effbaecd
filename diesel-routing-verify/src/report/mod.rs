//! `Report`: what a run has found.

mod charts;
mod html;
mod made;
mod text;
mod violation;

use std::collections::BTreeMap;

use serde::Serialize;

pub use violation::{Violation, ViolationKind};

/// The findings of a run. It displays as text; [`to_json`](Self::to_json) and [`to_html`](Self::to_html) have the same for programs and
/// with charts.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
#[must_use = "it says whether the router kept its promises"]
pub struct Report {
    /// The subject that was verified: `diesel-routing`, or a strategy's name.
    pub subject: String,
    /// The kind of the servers.
    pub servers: &'static str,
    /// The version of this crate.
    pub version: &'static str,
    /// The name of the run, and of its schema.
    pub run: String,
    /// The time when it began, as in RFC 3339.
    pub started: String,
    /// The time that its clients worked.
    pub seconds: f64,
    /// The number of clients.
    pub clients: u32,
    /// The seed of what they did.
    pub seed: u64,
    /// Set if it was stopped before its time.
    pub interrupted: bool,
    /// Acts that succeeded: reads, locks, writes.
    pub acts: u64,
    /// Acts that failed.
    pub failed: u64,
    /// Acts that succeeded, per second.
    pub throughput: f64,
    /// Sessions that went on elsewhere, by token.
    pub handed_over: u64,
    /// Reads by what they were, node, and reason.
    pub reads: Vec<Reads>,
    /// The comparisons that find stale reads.
    pub staleness: Staleness,
    /// Latencies by what was done, and node.
    pub latencies: Vec<Latency>,
    /// The settings of connections, by node and pool.
    pub pools: Vec<PoolSettings>,
    /// The statements that nodes were seen to run.
    pub activity: Vec<Activity>,
    /// The failures, by what was done and code.
    pub errors: Vec<Failed>,
    /// The events of each whole second.
    pub timeline: Vec<Second>,
    /// The violations: what must not be.
    pub violations: Vec<Violation>,
    /// The guarantees that could not be checked, in words.
    pub not_checked: Vec<String>,
    /// The remains of earlier runs: names of schemas, databases, or the beginnings of tables' names.
    pub leftovers: Vec<String>,
    /// Set if that was removed.
    pub leftovers_removed: bool,
    /// The reason why this run's own tables could not be removed, if they could not.
    pub not_removed: Option<String>,
}

/// Reads of one kind from one node for one reason.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Reads {
    /// What they were.
    pub kind: &'static str,
    /// The node.
    pub node: String,
    /// The reason for its choice.
    pub reason: &'static str,
    /// Their number.
    pub count: u64,
}

/// The comparisons that find stale reads.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[non_exhaustive]
pub struct Staleness {
    /// Reads that were promised anything.
    pub reads: usize,
    /// Those of them that replicas served.
    pub on_replicas: usize,
    /// Versions whose write was acknowledged.
    pub writes: usize,
    /// Reads from the primary that lacked what a replica had shown before the commit was acknowledged: no router can know, and they are
    /// no violation.
    pub early: usize,
    /// Histories that were written on: more than one after a failover.
    pub histories: usize,
}

/// The time that acts took, their checkout included.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// What was done.
    pub kind: &'static str,
    /// On which node.
    pub node: String,
    /// How often.
    pub count: u64,
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub p99_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
}

/// Connections of a pool that have the same settings.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PoolSettings {
    /// The node.
    pub node: String,
    /// The pool: `read`, `write` or `fallback`.
    pub pool: &'static str,
    /// The isolation level of what was run.
    pub isolation: String,
    /// Set if the database sessions are read-only.
    pub read_only: bool,
    /// The number of connections.
    pub connections: usize,
    /// The number of acts.
    pub acts: u64,
}

/// The statements that a node was seen to run, in its own list.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Activity {
    /// The node.
    pub node: String,
    /// `primary`, `replica`, both in turn (`changed`), or `unknown`.
    pub role: &'static str,
    /// The number of looks.
    pub looks: u64,
    /// Acts of the run that were seen while it was the primary, by what their statement did.
    pub on_primary: BTreeMap<&'static str, usize>,
    /// The same while it was a replica.
    pub on_replica: BTreeMap<&'static str, usize>,
    /// The reason why nothing can be said of it, or not all.
    pub not_checked: Option<String>,
}

/// Acts that failed alike.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Failed {
    /// What was to be done.
    pub kind: &'static str,
    /// A stable code.
    pub code: String,
    /// How often.
    pub count: u64,
    /// The first one's words.
    pub example: String,
}

/// The events of one second.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Second {
    /// Reads.
    pub reads: u64,
    /// Writes and locks.
    pub writes: u64,
    /// Acts that failed.
    pub errors: u64,
}

impl Report {
    /// Returns what must not be; nothing if all promises were kept.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns why a run without violations shows nothing, if it does not.
    #[must_use]
    pub fn shows_nothing(&self) -> Option<&'static str> {
        if self.staleness.writes == 0 {
            Some("no write was acknowledged")
        } else if self.staleness.reads == 0 {
            Some("no read was promised anything")
        } else if self.staleness.on_replicas == 0 {
            Some("no replica served a read that was promised anything")
        } else {
            None
        }
    }

    /// Returns the report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written: names are texts, and numbers finite.
        serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
    }

    /// Returns the report as a page in HTML, with charts. It needs nothing but itself.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::page(self).into_string()
    }
}
