//! The report for programs. What is there stays; more may come.

use std::time::Duration;

use serde::Serialize;

use crate::doctor::facts::{Facts, Kind, Lag, Topology};
use crate::doctor::finding::{Finding, Severity};

/// The version of the document.
const VERSION: u32 = 1;

/// The report.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    nodes: Vec<Node<'a>>,
    findings: Vec<Found<'a>>,
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// The knowledge of a node. `null`: it is not known, or there is no such thing.
#[derive(Serialize)]
struct Node<'a> {
    name: &'a str,
    /// The reason why nothing is known of it.
    unreachable: Option<&'a str>,
    server: Option<Kind>,
    server_version: Option<&'a str>,
    role: Option<&'static str>,
    configured_role: Option<&'static str>,
    cluster: Option<&'a str>,
    history: Option<&'a str>,
    position: Option<&'a str>,
    lag: Option<LagReport>,
    /// The place where it replicates from.
    upstream: Option<UpstreamReport<'a>>,
    /// The time by which its clock is ahead of this machine's.
    clock_offset_ms: Option<f64>,
    account: Option<&'a str>,
    connections: Option<u64>,
    /// The connections that applications may have at most.
    connection_limit: Option<u64>,
    unanswered: Vec<Question<'a>>,
}

/// A lag: at most so much, or at least.
#[derive(Serialize)]
struct LagReport {
    at_most_ms: Option<u64>,
    at_least_ms: Option<u64>,
}

#[derive(Serialize)]
struct UpstreamReport<'a> {
    node: Option<&'a str>,
    address: Option<&'a str>,
}

/// A question that got no answer.
#[derive(Serialize)]
struct Question<'a> {
    question: &'a str,
    why: &'a str,
}

/// A finding.
#[derive(Serialize)]
struct Found<'a> {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    /// The nodes that it is about; none if it is about all of them.
    nodes: &'a [String],
    problem: &'a str,
    evidence: Vec<Evidence<'a>>,
    remedy: &'a str,
}

#[derive(Serialize)]
struct Evidence<'a> {
    what: &'a str,
    value: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn new(topology: &'a Topology, findings: &'a [Finding]) -> Self {
        let count = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        Self {
            version: VERSION,
            nodes: topology.nodes.iter().map(Node::new).collect(),
            findings: findings.iter().map(Found::new).collect(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}

impl<'a> Node<'a> {
    fn new(facts: &'a Facts) -> Self {
        let role = |takes_writes| if takes_writes { "primary" } else { "replica" };
        Self {
            name: &facts.name,
            unreachable: facts.unreachable.as_deref(),
            server: facts.kind,
            server_version: facts.version.as_ref().map(|version| version.text.as_str()),
            role: facts.takes_writes.map(role),
            configured_role: facts.configured.is_primary.map(role),
            cluster: facts.cluster.as_deref(),
            history: facts.history.as_deref(),
            position: facts.position.as_deref(),
            lag: facts.lag.map(LagReport::new),
            upstream: facts.upstream.as_ref().map(|upstream| UpstreamReport {
                node: upstream.node.as_deref(),
                address: upstream.address.as_deref(),
            }),
            clock_offset_ms: facts.clock_offset.map(|offset| offset.millis.round()),
            account: facts.account.as_ref().map(|account| account.name.as_str()),
            connections: facts.connections,
            connection_limit: facts.connection_limit(),
            unanswered: facts
                .unanswered
                .iter()
                .map(|question| Question {
                    question: question.question,
                    why: &question.why,
                })
                .collect(),
        }
    }
}

impl LagReport {
    fn new(lag: Lag) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
        match lag {
            Lag::Within(lag) => Self {
                at_most_ms: millis(lag),
                at_least_ms: None,
            },
            Lag::Beyond { waited, age } => Self {
                at_most_ms: None,
                at_least_ms: millis(age.map_or(waited, |age| age.max(waited))),
            },
        }
    }
}

impl<'a> Found<'a> {
    fn new(finding: &'a Finding) -> Self {
        let evidence = finding.evidence.iter();
        Self {
            code: finding.rule.code,
            name: finding.rule.name,
            severity: finding.severity,
            nodes: &finding.nodes,
            problem: &finding.problem,
            evidence: evidence
                .map(|(what, value)| Evidence { what, value })
                .collect(),
            remedy: &finding.remedy,
        }
    }
}
