//! Tests of nodes as configured.

use super::*;

fn node(name: &str) -> Node {
    Node::new(name, format!("db://{name}"))
}

fn primary(name: &str) -> Node {
    Node {
        role: Some(NodeRole::TakesWrites),
        ..node(name)
    }
}

fn replica(name: &str) -> Node {
    Node {
        role: Some(NodeRole::ReplaysWrites),
        ..node(name)
    }
}

fn names(nodes: Vec<Node>) -> Vec<String> {
    nodes.into_iter().map(|node| node.name).collect()
}

#[test]
fn a_router_needs_a_primary() {
    let error = topology(vec![replica("a")], None).unwrap_err();
    assert_eq!(error, ConfigError::NoPrimary);
    let error = topology(vec![], None).unwrap_err();
    assert_eq!(error, ConfigError::NoPrimary);
}

#[test]
fn the_primary_stands_first_and_a_node_that_may_be_it_before_the_replicas() {
    let nodes = vec![
        replica("a"),
        node("b"),
        primary("c"),
        node("d"),
        replica("e"),
    ];
    let ordered = topology(nodes, None).unwrap();
    assert_eq!(names(ordered), ["c", "b", "d", "a", "e"]);
    assert_eq!(
        names(topology(vec![replica("a"), node("b")], None).unwrap()),
        ["b", "a"]
    );
}

#[test]
fn two_primaries_are_named_in_the_error() {
    let error = topology(vec![primary("a"), primary("b")], None).unwrap_err();
    assert!(error.to_string().contains("`a` and `b`"), "{error}");
}

#[test]
fn no_replica_is_legal() {
    assert_eq!(names(topology(vec![primary("a")], None).unwrap()), ["a"]);
}

#[test]
fn names_are_unique() {
    let error = topology(vec![primary("a"), replica("b"), node("b")], None).unwrap_err();
    assert_eq!(error, ConfigError::DuplicateName { name: "b".into() });
}

#[test]
fn a_pool_of_size_zero_is_refused_with_the_node_and_the_pool() {
    let error = topology(vec![primary("a"), replica("b").read_pool_size(0)], None).unwrap_err();
    let pool = PoolKind::Read;
    assert_eq!(
        error,
        ConfigError::EmptyPool {
            node: "b".into(),
            pool
        }
    );
    let error = topology(vec![primary("a").write_pool_size(0)], None).unwrap_err();
    let pool = PoolKind::Write;
    assert_eq!(
        error,
        ConfigError::EmptyPool {
            node: "a".into(),
            pool
        }
    );
}

#[test]
fn a_weight_of_zero_is_refused_with_the_node() {
    let error = topology(vec![primary("a"), replica("b").weight(0)], None).unwrap_err();
    assert_eq!(error, ConfigError::NoWeight { node: "b".into() });
}

#[test]
fn a_node_that_is_reserved_for_no_tag_is_refused() {
    let error = topology(vec![primary("a"), replica("b").only_tagged()], None).unwrap_err();
    assert_eq!(error, ConfigError::NoTag { node: "b".into() });
    let tagged = replica("b").only_tagged().tag("reporting");
    assert!(topology(vec![primary("a"), tagged], None).is_ok());
}

#[test]
fn a_replica_at_the_primarys_url_is_refused() {
    let twin = Node::new("b", "db://a");
    let error = topology(vec![primary("a"), twin], None).unwrap_err();
    let (replica, primary) = ("b".into(), "a".into());
    assert_eq!(error, ConfigError::ReplicaIsPrimary { replica, primary });
}

#[test]
fn a_single_database_stands_for_both_and_has_no_others_beside_it() {
    let single = topology(vec![], Some(&node("a"))).unwrap();
    assert_eq!(names(single), ["a", "a-replica"]);
    for other in [primary("b"), replica("b"), node("b")] {
        let error = topology(vec![other], Some(&node("a"))).unwrap_err();
        assert_eq!(error, ConfigError::NotSingle { node: "b".into() });
    }
}

#[test]
fn a_password_in_the_url_is_not_shown() {
    let node = Node::new("a", "postgres://app:hunter2@host/db");
    assert!(!format!("{node:?}").contains("hunter2"));
}
