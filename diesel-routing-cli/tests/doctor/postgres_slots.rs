//! What PostgreSQL keeps for standbys that are away.

use std::time::Duration;

use crate::postgres::{allow, doctor, well};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn slots_that_hold_back_wal_or_have_lost_it_are_found() {
    let cluster = well().standbys(1).start().unwrap();
    allow(&cluster);
    let primary = cluster.primary();
    let doctor = doctor(&cluster);

    // DR119: nothing is kept.
    primary.set("wal_keep_size", "0").unwrap();
    doctor
        .finds(&["DR119"])
        .says("DR119", "node0", "wal_keep_size");

    // DR116, DR118: all of it is, for nobody.
    primary
        .admin_execute("SELECT pg_create_physical_replication_slot('gone', true)")
        .unwrap();
    let report = doctor.finds(&["DR116", "DR118"]);
    report.says("DR116", "node0", "pg_drop_replication_slot('gone')");
    report.says("DR118", "node0", "gone");

    // DR117: it has lost what it was for.
    primary.set("max_slot_wal_keep_size", "1MB").unwrap();
    for _ in 0..4 {
        primary
            .admin_execute("CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t VALUES (1)")
            .unwrap();
        primary.admin_execute("SELECT pg_switch_wal()").unwrap();
        // The standby has no slot: what it has not received yet would be lost to it, too.
        cluster.wait_until_caught_up(LIMIT).unwrap();
    }
    primary.admin_execute("CHECKPOINT").unwrap();
    let report = doctor.finds(&["DR117"]);
    report.says("DR117", "node0", "gone");
    assert_eq!(report.find("DR117")["severity"], "error");
}
