use diesel_routing_testkit::ServerError;

use crate::{SOON, cluster, write};

const OWN_LAG: &str = "SELECT coalesce(replica_lag_in_msec::text, 'null') FROM aurora_replica_status() \
                       WHERE server_id = aurora_db_instance_identifier()";

#[test]
fn an_instance_lists_all_of_them_and_lags_while_it_does_not_replay() {
    let cluster = cluster(1);
    cluster.simulate_aurora().unwrap();
    let (writer, reader) = (cluster.primary(), cluster.standby(0));
    let writers = "SELECT string_agg(server_id || ' ' || (session_id = 'MASTER_SESSION_ID')::text, ', ' ORDER BY server_id) \
                   FROM aurora_replica_status()";
    for node in cluster.nodes() {
        let listed = node.query_value(writers).unwrap().unwrap();
        assert_eq!(listed, "node0 true, node1 false");
    }
    assert_eq!(writer.query_value(OWN_LAG).unwrap().unwrap(), "null");
    assert_eq!(reader.query_value(OWN_LAG).unwrap().unwrap(), "0");
    reader.pause_replay().unwrap();
    write(writer, 2);
    let since = std::time::Instant::now();
    while reader.query_value(OWN_LAG).unwrap().unwrap() == "0" {
        assert!(since.elapsed() < SOON);
    }
    // A number of the log, and not of the list's age.
    let lsn = "SELECT max(durable_lsn) FROM aurora_replica_status()";
    let lsn = |node: &diesel_routing_testkit::PgNode| -> u64 {
        node.query_value(lsn).unwrap().unwrap().parse().unwrap()
    };
    assert!(lsn(reader) < lsn(writer));
    reader.resume_replay().unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    assert_eq!(reader.query_value(OWN_LAG).unwrap().unwrap(), "0");
}

#[test]
fn what_aurora_lacks_fails_for_accounts_that_are_no_superusers() {
    let cluster = cluster(1);
    cluster.simulate_aurora().unwrap();
    for (node, sql, words) in [
        (0, "SELECT pg_control_system()", "not supported for Aurora"),
        (
            0,
            "SELECT pg_current_wal_insert_lsn()",
            "wal_level must be set to 'logical'",
        ),
        (
            1,
            "SELECT pg_last_wal_replay_lsn()",
            "Function pg_last_wal_replay_lsn() is currently not supported",
        ),
        (
            1,
            "SELECT pg_stat_get_wal_receiver()",
            "not supported for Aurora",
        ),
    ] {
        let refused = cluster.node(node).query_value(sql);
        assert!(
            matches!(&refused, Err(ServerError::Sql { source, .. }) if format!("{source:?}").contains(words)),
            "{refused:?}"
        );
    }
    assert!(
        cluster
            .node(0)
            .admin_value("SELECT pg_current_wal_insert_lsn()")
            .is_ok()
    );
}
