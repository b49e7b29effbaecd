//! Starting with what is there, on MariaDB: roles are variables there, and no history has a number.

use diesel_routing::Health;

use super::states::{status, until_read_from, until_written_to};
use super::*;

/// A node as it was configured once, whatever it is now.
fn node(cluster: &Cluster, name: &str, index: usize) -> Node {
    Node::new(name, cluster.node(index).url())
        .read_pool_size(2)
        .write_pool_size(2)
        .checkout_timeout(Duration::from_millis(1500))
}

fn configured(cluster: &Cluster) -> Builder {
    builder()
        .primary(node(cluster, "primary", 0))
        .replica(node(cluster, "replica", 1))
}

#[test]
fn a_replica_that_is_down_is_missed_at_the_start_and_serves_once_it_is_back() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.node(1).kill().unwrap();
        let router = wait!(configured(&cluster).build()).unwrap();
        until_read_from(&router, "primary").await;
        assert_eq!(status(&router, "replica").health, Health::Down);
        cluster.node(1).start().unwrap();
        until_read_from(&router, "replica").await;
    });
}

#[test]
fn without_a_primary_the_replica_serves_and_writes_fail_until_it_is_back() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.node(0).kill().unwrap();
        let router = wait!(configured(&cluster).build()).unwrap();
        until_read_from(&router, "replica").await;
        for error in [
            wait!(router.write()).map(drop).unwrap_err(),
            wait!(router.read_primary()).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NoPrimary { .. }), "{error:?}");
        }
        cluster.node(0).start().unwrap();
        until_written_to(&router, "primary").await;
    });
}

#[test]
fn after_a_failover_the_old_configuration_starts_whatever_the_old_primary_is() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.split_brain(1).unwrap();
        cluster.node(0).kill().unwrap();
        let router = wait!(configured(&cluster).build()).unwrap();
        until_written_to(&router, "replica").await;
        cluster.rebuild(0).unwrap();
        let router = wait!(configured(&cluster).build()).unwrap();
        assert_eq!(wait!(router.write()).unwrap().route().node, "replica");
        until_read_from(&router, "primary").await;
        let notice = status(&router, "primary").notice.unwrap();
        assert!(notice.contains("`replica` takes the writes"), "{notice}");
        let error = wait!(configured(&cluster).require_all().build()).unwrap_err();
        assert!(matches!(error, Error::WrongRole { .. }), "{error:?}");
    });
}

/// It counted as a primary, for its `read_only` is off: so are the readers of Aurora.
#[test]
fn a_server_whose_engine_takes_no_writes_is_a_replica() {
    run(async {
        let cluster = diesel_routing_testkit::MariaCluster::builder()
            .setting("innodb_read_only", "ON")
            .start()
            .unwrap();
        for is_watched in [true, false] {
            let reader = Node::new("reader", cluster.primary().url());
            let router = match is_watched {
                true => wait!(builder().node(reader).build()),
                false => wait!(
                    builder()
                        .primary(Node::new("writer", cluster.primary().url()))
                        .window_only()
                        .build()
                ),
            };
            let error = match router {
                Ok(router) => wait!(router.write()).map(drop).unwrap_err(),
                Err(error) => error,
            };
            let is_refused = matches!(error, Error::NoPrimary { .. } | Error::WrongRole { .. });
            assert!(is_refused, "{error:?}");
        }
    });
}
