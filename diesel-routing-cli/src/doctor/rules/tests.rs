//! What the rules say of facts that no server here can be brought to, and of none.

use std::time::Duration;

use super::*;
use crate::doctor::facts::{ClockOffset, Facts, Kind, Lag, Replication, Version};
use crate::doctor::finding::Severity;

fn node(name: &str, takes_writes: bool) -> Facts {
    let settings = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "100"),
        ("superuser_reserved_connections", "3"),
        ("wal_keep_size", "1024"),
        ("hot_standby_feedback", "on"),
        ("max_standby_streaming_delay", "30000"),
        ("statement_timeout", "30000"),
    ];
    Facts {
        name: name.to_owned(),
        kind: Some(Kind::Postgres),
        version: Some(Version {
            series: "15".to_owned(),
            text: "15.4".to_owned(),
        }),
        takes_writes: Some(takes_writes),
        cluster: Some("7".to_owned()),
        history: Some("timeline 1".to_owned()),
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        runs: vec![format!("run of {name}")],
        clock_offset: Some(ClockOffset {
            millis: 0.0,
            uncertainty: 1.0,
        }),
        ..Facts::default()
    }
}

fn replica(name: &str) -> Facts {
    Facts {
        replication: Some(Replication {
            has_source: true,
            receives: Some(true),
            applies: Some(true),
            ..Replication::default()
        }),
        ..node(name, false)
    }
}

fn healthy() -> Topology {
    Topology {
        nodes: vec![node("a", true), replica("b")],
        ..Topology::default()
    }
}

fn codes(topology: &Topology) -> Vec<&'static str> {
    let findings = findings(topology, RULES.iter().copied());
    findings.iter().map(|finding| finding.rule.code).collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong_and_where_nothing_is_known() {
    assert_eq!(codes(&healthy()), [""; 0]);
    assert_eq!(codes(&Topology::default()), [""; 0]);
    let mute = Facts {
        name: "mute".to_owned(),
        ..Facts::default()
    };
    let topology = Topology {
        nodes: vec![mute],
        ..Topology::default()
    };
    assert_eq!(codes(&topology), [""; 0]);
}

#[test]
fn codes_and_names_are_unique_and_in_order() {
    let codes: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn the_worst_comes_first() {
    let mut topology = healthy();
    topology.nodes[0]
        .settings
        .insert("synchronous_commit".to_owned(), "off".to_owned());
    topology.nodes[0]
        .settings
        .insert("default_transaction_read_only".to_owned(), "on".to_owned());
    topology.limits.instances = 10;
    let findings = findings(&topology, RULES.iter().copied());
    let severities: Vec<_> = findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
    assert_eq!(severities.first(), Some(&Severity::Error));
    assert_eq!(severities.last(), Some(&Severity::Note));
}

#[test]
fn clocks_count_as_different_only_beyond_what_asking_takes() {
    let mut topology = healthy();
    let offset = |millis, uncertainty| {
        Some(ClockOffset {
            millis,
            uncertainty,
        })
    };
    topology.nodes[1].clock_offset = offset(-800.0, 10.0);
    assert_eq!(codes(&topology), ["DR010"]);
    topology.nodes[1].clock_offset = offset(-800.0, 400.0);
    assert_eq!(codes(&topology), [""; 0]);
}

#[test]
fn versions_are_compared_by_what_must_be_the_same() {
    let version = |series: &str, text: &str| {
        Some(Version {
            series: series.to_owned(),
            text: text.to_owned(),
        })
    };
    let mut topology = healthy();
    topology.nodes[1].version = version("15", "15.9");
    assert_eq!(codes(&topology), [""; 0]);
    topology.nodes[1].version = version("16", "16.1");
    assert_eq!(codes(&topology), ["DR009"]);
}

#[test]
fn an_old_commit_on_an_idle_replica_is_no_lag() {
    let mut topology = healthy();
    topology.nodes[1].lag = Some(Lag::Within(Duration::from_millis(3)));
    assert_eq!(codes(&topology), [""; 0]);
    topology.nodes[1].lag = Some(Lag::Beyond {
        waited: Duration::from_secs(2),
        age: Some(Duration::from_secs(59)),
    });
    assert_eq!(codes(&topology), [""; 0]);
    topology.nodes[1].lag = Some(Lag::Beyond {
        waited: Duration::from_secs(2),
        age: Some(Duration::from_secs(61)),
    });
    assert_eq!(codes(&topology), ["DR011"]);
}
