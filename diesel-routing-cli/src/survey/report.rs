//! `Report`: what the nodes of a cluster are and have at one moment.

use std::time::SystemTime;

use diesel_routing::{Health, NodeStatus, Position, Status};
use serde::{Serialize, Serializer};

use crate::failure::Outcome;

/// A cluster at one moment.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    #[serde(serialize_with = "instant")]
    pub(crate) at: SystemTime,
    pub(crate) nodes: Vec<NodeReport>,
    /// What the cluster as a whole lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lacks: Option<&'static str>,
    /// The reason why no router would start on this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// A node at one moment. What is not known is `None`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NodeReport {
    pub(crate) name: String,
    /// `primary` or `replica`: what it is, or was when it answered last.
    pub(crate) role: Option<String>,
    /// What it is configured as.
    pub(crate) configured: Option<String>,
    pub(crate) health: Health,
    pub(crate) lag_seconds: Option<f64>,
    pub(crate) position: Option<String>,
    /// The position, shorter: for tables.
    #[serde(skip)]
    pub(crate) short_position: Option<String>,
    pub(crate) upstream: Option<UpstreamReport>,
    pub(crate) kind: Option<String>,
    pub(crate) version: Option<String>,
    /// The reason why it serves nothing, and what to do.
    pub(crate) problem: Option<String>,
    /// What is to be noticed, though it serves.
    pub(crate) notice: Option<String>,
}

/// The server that a replica replicates from.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UpstreamReport {
    pub(crate) node: Option<String>,
    pub(crate) address: String,
}

const NO_PRIMARY: &str = "no node takes writes, as in the middle of a failover: reads that replicas may serve are served, writes are not";

impl Default for NodeReport {
    fn default() -> Self {
        Self {
            name: String::new(),
            role: None,
            configured: None,
            health: Health::Unknown,
            lag_seconds: None,
            position: None,
            short_position: None,
            upstream: None,
            kind: None,
            version: None,
            problem: None,
            notice: None,
        }
    }
}

impl Report {
    /// Creates a report on these nodes, which are asked for their roles if `has_roles`.
    pub(super) fn new(nodes: Vec<NodeReport>, has_roles: bool) -> Self {
        let mut report = Self {
            at: SystemTime::now(),
            nodes,
            lacks: None,
            refused: None,
        };
        if !report.is_reached() {
            report.lacks = Some("no node answers");
        } else if has_roles && report.primary().is_none() {
            report.lacks = Some(NO_PRIMARY);
        }
        report
    }

    /// Returns what a router knows, which asks nodes for their roles.
    pub(super) fn of_status(status: &Status) -> Self {
        let nodes = status.nodes.iter().map(NodeReport::of_status);
        Self::new(nodes.collect(), true)
    }

    /// Returns the primary, if a node that answers is one.
    pub(crate) fn primary(&self) -> Option<&NodeReport> {
        let is_primary = |node: &&NodeReport| {
            node.health == Health::Up && node.role.as_deref() == Some("primary")
        };
        self.nodes.iter().find(is_primary)
    }

    /// Returns whether any node answers.
    pub(crate) fn is_reached(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|node| matches!(node.health, Health::Up | Health::Excluded))
    }

    /// Returns what the report comes to: findings if a node does not serve, or none takes writes.
    pub(crate) fn outcome(&self) -> Outcome {
        let all_serve = self.nodes.iter().all(NodeReport::serves);
        if all_serve && self.lacks.is_none() && self.refused.is_none() {
            Outcome::Fine
        } else {
            Outcome::Findings
        }
    }
}

impl NodeReport {
    fn of_status(node: &NodeStatus) -> Self {
        let role = if node.is_primary {
            Some("primary".to_owned())
        } else if node.health == Health::Up {
            Some("replica".to_owned())
        } else {
            node.configured.map(|role| role.to_string())
        };
        Self {
            name: node.name.clone(),
            role,
            configured: node.configured.map(|role| role.to_string()),
            health: node.health,
            lag_seconds: node.lag.map(|lag| lag.as_secs_f64()),
            position: node.position.as_ref().map(ToString::to_string),
            short_position: node.position.as_ref().map(short),
            upstream: node.upstream.as_ref().map(|upstream| UpstreamReport {
                node: upstream.node.clone(),
                address: upstream.address.clone(),
            }),
            kind: node.kind.map(|kind| kind.to_string()),
            version: node.version.map(|version| version.to_string()),
            problem: node.problem.clone(),
            notice: node.notice.clone(),
        }
    }

    /// Returns whether it answers, and nothing forbids to use it.
    pub(crate) fn serves(&self) -> bool {
        self.health == Health::Up && self.problem.is_none()
    }

    /// Returns its server's kind and version.
    pub(crate) fn server(&self) -> String {
        let words = [self.kind.as_deref(), self.version.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Returns its lag in words; empty if it is not known.
    pub(crate) fn lag(&self) -> String {
        self.lag_seconds.map_or_else(String::new, lag_words)
    }
}

/// Returns a lag in three digits or so.
pub(crate) fn lag_words(seconds: f64) -> String {
    match seconds {
        s if s < 0.000_5 => "0".to_owned(),
        s if s < 1.0 => format!("{:.0}ms", s * 1000.0),
        s if s < 100.0 => format!("{s:.1}s"),
        s if s < 6000.0 => format!("{:.0}min", s / 60.0),
        s => format!("{:.1}h", s / 3600.0),
    }
}

/// The most characters of a position in a table. Chosen.
const SHORT: usize = 40;

/// Returns a position as tables have it: without the cluster's identity, and cut if it is long.
pub(crate) fn short(position: &Position) -> String {
    let text = match position {
        Position::Postgres(at) => format!("{} (timeline {})", at.lsn, at.timeline),
        position => position.to_string(),
    };
    match text.char_indices().nth(SHORT) {
        Some((cut, _)) => format!("{}..", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}

fn instant<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_have_a_unit_that_fits() {
        for (seconds, words) in [
            (0.0, "0"),
            (0.012_4, "12ms"),
            (1.25, "1.2s"),
            (150.0, "2min"),
            (7200.0, "2.0h"),
        ] {
            assert_eq!(lag_words(seconds), words);
        }
    }

    #[test]
    fn long_positions_are_cut_in_tables() {
        let gtids = (0..20).map(|server| format!("0-{server}-1000"));
        let text = gtids.collect::<Vec<_>>().join(",");
        let position = Position::MariaDb(text.parse().expect("a position"));
        let short = short(&position);
        assert!(short.len() == SHORT + 2 && short.ends_with(".."), "{short}");
    }
}
