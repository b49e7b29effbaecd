//! Configurations and servers that cannot work: each error names the node and the step.

use std::time::Instant;

use super::world::{name, nodes, rename};
use super::*;

/// The error of a router that must not come to be, within reasonable time.
async fn refused(builder: Builder) -> Error {
    let since = Instant::now();
    let error = wait!(builder.build()).unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(20), "{error:?}");
    error
}

fn config(error: &Error) -> &ConfigError {
    match error {
        Error::Config(error) => error,
        _ => panic!("{error:?}"),
    }
}

#[test]
fn no_primary_is_refused() {
    run(async {
        let cluster = Cluster::start(1);
        let error = refused(builder().replica(cluster.replica(0))).await;
        assert_eq!(*config(&error), ConfigError::NoPrimary);
        let error = refused(builder()).await;
        assert_eq!(*config(&error), ConfigError::NoPrimary);
    });
}

#[test]
fn two_primaries_are_refused_by_name() {
    run(async {
        let cluster = Cluster::start(0);
        let other = Node::new("other", "not even looked at");
        let error = refused(nodes(&cluster, 1).primary(other)).await;
        let words = error.to_string();
        assert!(words.contains("`primary` and `other`"), "{words}");
    });
}

#[test]
fn two_nodes_of_one_name_are_refused() {
    run(async {
        let cluster = Cluster::start(1);
        let error = refused(nodes(&cluster, 1).replica(cluster.replica(0))).await;
        let name = "replica-0".to_owned();
        assert_eq!(*config(&error), ConfigError::DuplicateName { name });
    });
}

#[test]
fn a_replica_at_the_primarys_own_url_is_refused() {
    run(async {
        let cluster = Cluster::start(0);
        let replica = cluster.primary_as("twin");
        let error = refused(nodes(&cluster, 1).replica(replica)).await;
        assert!(
            matches!(config(&error), ConfigError::ReplicaIsPrimary { replica, primary }
                if replica == "twin" && primary == "primary"),
            "{error:?}"
        );
    });
}

#[test]
fn a_pool_without_connections_is_refused_by_node_and_pool() {
    run(async {
        let cluster = Cluster::start(1);
        for (builder, node, pool) in [
            (
                builder().primary(cluster.primary().read_pool_size(0)),
                "primary",
                PoolKind::Read,
            ),
            (
                builder().primary(cluster.primary().write_pool_size(0)),
                "primary",
                PoolKind::Write,
            ),
            (
                builder()
                    .primary(cluster.primary())
                    .replica(cluster.replica(0).read_pool_size(0)),
                "replica-0",
                PoolKind::Read,
            ),
        ] {
            let error = refused(builder).await;
            let node = node.to_owned();
            assert_eq!(*config(&error), ConfigError::EmptyPool { node, pool });
        }
    });
}

#[test]
fn a_node_that_cannot_be_reached_is_named_with_its_step_and_cause() {
    run(async {
        let cluster = Cluster::start(0);
        let nowhere = Node::new("nowhere", Cluster::UNREACHABLE);
        for builder in [
            builder().primary(nowhere.clone()),
            nodes(&cluster, 1).replica(nowhere).require_all(),
        ] {
            let error = refused(builder).await;
            let Error::Checkout {
                node, step, source, ..
            } = &error
            else {
                panic!("{error:?}")
            };
            assert_eq!((node.as_str(), *step), ("nowhere", Step::Connect));
            assert!(!source.to_string().is_empty());
            assert!(error.to_string().contains("check the URL"), "{error}");
        }
    });
}

/// They are added to instants, which panics past the end of the clock.
#[test]
fn durations_without_end_are_taken_as_long_ones() {
    run(async {
        const EVER: Duration = Duration::MAX;
        let cluster = Cluster::start(1);
        let patient = |node: Node| node.checkout_timeout(EVER).connect_timeout(EVER);
        let builder = builder()
            .primary(patient(cluster.primary()))
            .replica(patient(cluster.replica(0)))
            .window(EVER)
            .max_lag(EVER)
            .wait(EVER)
            .watch_timeout(EVER)
            .token_life(EVER)
            .token_keys(TokenKeys::new(1, [7; 32]).unwrap());
        let router = wait!(builder.watch_interval(EVER).build()).unwrap();
        let session = router.session().waiting(Duration::ZERO);
        rename(&mut wait!(session.write()).unwrap(), "max").await;
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(name(&mut conn).await, "max");
        drop(wait!(session.read_bounded(EVER)).unwrap());
        let token = wait!(session.token()).unwrap();
        assert_eq!(router.resume(token.as_str()).absorb(token.as_str()), Ok(()));
    });
}

#[test]
fn a_replica_of_no_use_does_not_hide_which_node_it_was() {
    run(async {
        let cluster = Cluster::start(2);
        let third = Node::new("third", Cluster::UNREACHABLE);
        let error = refused(nodes(&cluster, 1).replica(third).require_all()).await;
        assert!(error.to_string().contains("`third`"), "{error}");
    });
}
