//! One database that is primary and replica: types, statement check and read-only connections as in
//! production, without replication.

use super::world::{name, rename};
use super::*;

async fn single(cluster: &Cluster, clock: &ManualClock) -> Router {
    let builder = builder().clock(clock.clone());
    wait!(builder.single_database(cluster.primary()).build()).unwrap()
}

#[test]
fn a_single_database_is_read_as_a_replica_over_connections_that_refuse_writes() {
    run(async {
        let cluster = Cluster::start(0);
        let router = single(&cluster, &ManualClock::default()).await;
        let session = router.session();
        let mut caught_up = wait!(session.read()).unwrap();
        let mut eventual = wait!(router.read_eventual()).unwrap();
        for conn in [&mut *caught_up as &mut ReadConn<Replica>, &mut eventual] {
            let route = conn.route();
            assert_eq!((route.node, route.is_primary), ("primary-replica", false));
            assert_eq!(name(conn).await, "ann");
            let insert = ReadSql::vouch("INSERT INTO users (name) VALUES ('eve')");
            let error = wait!(insert.execute(conn)).unwrap_err();
            Cluster::assert_read_only(&error);
        }
    });
}

#[test]
fn on_a_single_database_a_session_that_wrote_is_routed_as_in_production() {
    run(async {
        let cluster = Cluster::start(0);
        let clock = ManualClock::default();
        let router = single(&cluster, &clock).await;
        let session = router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let mut conn = wait!(session.read()).unwrap();
        let route = conn.route();
        assert_eq!((route.node, route.reason), ("primary", Reason::RecentWrite));
        assert_eq!(name(&mut conn).await, "anna");
        clock.advance(Duration::from_secs(6));
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().node, "primary-replica");
        assert_eq!(name(&mut conn).await, "anna");
    });
}

#[test]
fn in_a_test_transaction_on_a_single_database_functions_that_read_take_the_write_handle() {
    run(async {
        let cluster = Cluster::start(0);
        let router = single(&cluster, &ManualClock::default()).await;
        let mut conn = wait!(router.write()).unwrap();
        let inside = wait!(conn.test_transaction(body!(|tx| -> QueryResult<String> {
            wait!(
                diesel::update(users::table.find(1))
                    .set(users::name.eq("anna"))
                    .execute(tx)
            )?;
            let reader: &mut ReadConn<Replica> = tx;
            wait!(users::table.find(1).select(users::name).first(reader))
        })));
        assert_eq!(inside, "anna");
        let mut replica = wait!(router.read_eventual()).unwrap();
        assert_eq!(name(&mut replica).await, "ann", "it was rolled back");
    });
}

#[test]
fn a_single_database_beside_other_nodes_is_refused() {
    run(async {
        let cluster = Cluster::start(0);
        let other = Node::new("other", "not even looked at");
        for builder in [
            builder().replica(other.clone()),
            builder().primary(other.clone()),
        ] {
            let built = builder.single_database(cluster.primary()).build();
            let error = wait!(built).unwrap_err();
            assert!(
                matches!(&error, Error::Config(ConfigError::NotSingle { node }) if node == "other"),
                "{error:?}"
            );
        }
    });
}
