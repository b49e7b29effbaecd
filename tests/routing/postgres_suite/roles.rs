//! What a server says it is, against what it was configured as.

use super::world::{count, nodes};
use super::*;

/// One node with short timeouts, so that a test of a failure does not last.
fn quick(node: Node) -> Node {
    node.read_pool_size(1)
        .write_pool_size(1)
        .checkout_timeout(Duration::from_millis(1500))
}

/// A builder of routers that check every connection before they lend it.
fn checking() -> Builder {
    builder().check_after_idle(Duration::ZERO)
}

fn wrong_role(error: &Error) -> (&str, NodeRole, NodeRole) {
    match error {
        Error::WrongRole {
            node,
            expected,
            found,
        } => (node, *expected, *found),
        _ => panic!("{error:?}"),
    }
}

#[test]
fn a_replicas_url_that_points_at_the_primary_is_refused_where_all_must_be_there() {
    run(async {
        let cluster = Cluster::start(0);
        // Another spelling of the same server.
        let socket = cluster.node(0).socket_dir().display().to_string();
        let url = format!("postgresql:///app?user=app&port=5432&host={socket}");
        let twin = nodes(&cluster, 1).replica(Node::new("twin", url));
        let error = wait!(twin.require_all().build()).unwrap_err();
        let roles = ("twin", NodeRole::ReplaysWrites, NodeRole::TakesWrites);
        assert_eq!(wrong_role(&error), roles);
        assert!(
            error.to_string().contains("point it at the right server"),
            "{error}"
        );
    });
}

#[test]
fn a_primarys_url_that_points_at_a_standby_is_refused_where_all_must_be_there() {
    run(async {
        let cluster = Cluster::start(1);
        let url = cluster.standby(0).url();
        let standing_in = builder().primary(Node::new("primary", url)).require_all();
        let error = wait!(standing_in.build()).unwrap_err();
        let roles = ("primary", NodeRole::TakesWrites, NodeRole::ReplaysWrites);
        assert_eq!(wrong_role(&error), roles);
    });
}

#[test]
fn a_wrong_database_or_user_is_named_with_the_servers_words() {
    run(async {
        let cluster = Cluster::start(0);
        for (user, database) in [("app", "no_such_database"), ("no_such_user", "app")] {
            let url = cluster.node(0).url_for(user, database);
            let error = wait!(builder().primary(Node::new("primary", url)).build()).unwrap_err();
            let Error::Checkout {
                node, step, source, ..
            } = &error
            else {
                panic!("{error:?}")
            };
            assert_eq!((node.as_str(), *step), ("primary", Step::Connect));
            let words = source.to_string();
            assert!(words.contains("no_such_"), "{words}");
        }
    });
}

#[test]
fn a_password_never_shows_in_an_error() {
    run(async {
        for url in [
            "postgres://app:hunter2@127.0.0.1:1/app",
            "postgres//app:hunter2@127.0.0.1/app",
            "postgres://app:hunter2@127.0.0.1:port/app",
            "postgres://app:hunter2@127.0.0.1:1/app?nonsense=1",
            "postgres://app:hun%ter2@127.0.0.1:1/app",
        ] {
            let error = wait!(builder().primary(Node::new("primary", url)).build()).unwrap_err();
            let printed = format!("{error} {error:?}");
            assert!(!printed.contains("ter2"), "{printed}");
        }
    });
}

#[test]
fn a_promoted_standby_takes_the_writes_and_the_old_primary_gets_nothing() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(
            builder()
                .primary(quick(cluster.primary()))
                .replica(quick(cluster.replica(0)))
                .build()
        )
        .unwrap();
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        cluster.split_brain(1).unwrap();
        let since = std::time::Instant::now();
        while !wait!(router.write()).is_ok_and(|conn| conn.route().node == "replica-0") {
            assert!(
                since.elapsed().as_secs() < 20,
                "writes never went to the promoted standby"
            );
        }
        let conn = wait!(router.read_eventual()).unwrap();
        let route = conn.route();
        assert_eq!((route.node, route.reason), ("replica-0", Reason::Fallback));
    });
}

#[test]
fn a_pooled_connection_of_a_demoted_primary_is_not_lent_as_the_primarys() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(checking().primary(quick(cluster.primary())).build()).unwrap();
        drop(wait!(router.write()).unwrap());
        drop(wait!(router.read_primary()).unwrap());
        cluster.split_brain(1).unwrap();
        cluster.rebuild(0).unwrap();
        for error in [
            wait!(router.write()).map(drop).unwrap_err(),
            wait!(router.read_primary()).map(drop).unwrap_err(),
        ] {
            let roles = ("primary", NodeRole::TakesWrites, NodeRole::ReplaysWrites);
            assert_eq!(wrong_role(&error), roles);
        }
    });
}

#[test]
fn a_replica_that_went_down_is_passed_over_and_found_again() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(
            checking()
                .primary(quick(cluster.primary()))
                .replica(quick(cluster.replica(0)))
                .build()
        )
        .unwrap();
        drop(wait!(router.read_eventual()).unwrap());
        cluster.standby(0).kill().unwrap();
        // The first caller who notices gets another node, too.
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(
            (conn.route().node, conn.route().reason),
            ("primary", Reason::Fallback)
        );
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);

        cluster.standby(0).start().unwrap();
        let since = std::time::Instant::now();
        while wait!(router.read_eventual()).unwrap().route().is_primary {
            assert!(since.elapsed() < Duration::from_secs(20));
        }
    });
}

#[test]
fn a_primary_that_went_down_is_named_with_its_cause_and_found_again() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(
            checking()
                .primary(quick(cluster.primary()))
                .replica(quick(cluster.replica(0)))
                .build()
        )
        .unwrap();
        drop(wait!(router.write()).unwrap());
        cluster.node(0).kill().unwrap();
        let error = wait!(router.write()).unwrap_err();
        let Error::Checkout {
            node, step, source, ..
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!(
            (node.as_str(), *step),
            ("primary", Step::Connect),
            "{source}"
        );
        drop(wait!(router.read_eventual()).expect("the replica is untouched"));

        cluster.node(0).start().unwrap();
        drop(wait!(router.write()).expect("it takes writes again"));
    });
}
