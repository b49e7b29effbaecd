//! Settings of PostgreSQL's primary, and the configuration's numbers.

use std::time::Duration;

use crate::postgres::{allow, doctor, well};
use crate::report::{Doctor, config};

#[test]
fn settings_of_the_primary_are_found() {
    let cluster = well().standbys(1).start().unwrap();
    allow(&cluster);
    let primary = cluster.primary();
    let limit = Duration::from_secs(20);
    let alter = |sql: &str| {
        primary
            .admin_execute(&format!("ALTER ROLE app {sql}"))
            .unwrap();
        cluster.wait_until_caught_up(limit).unwrap();
    };
    let doctor = doctor(&cluster);

    // DR012: writes fail.
    alter("SET default_transaction_read_only = on");
    let report = doctor.finds(&["DR012"]);
    report.says("DR012", "node0", "writes fail");
    assert_eq!(report.code, 1);
    alter("RESET default_transaction_read_only");

    // DR019: idle connections are closed.
    alter("SET idle_session_timeout = '5min'");
    doctor.finds(&["DR019"]).says("DR019", "node0", "5m");
    alter("RESET idle_session_timeout");

    // DR022: commits that a crash takes.
    primary.set("fsync", "off").unwrap();
    doctor.finds(&["DR022"]).says("DR022", "node0", "fsync");
    primary.set("fsync", "on").unwrap();
    alter("SET synchronous_commit = off");
    assert_eq!(doctor.finds(&["DR022"]).find("DR022")["severity"], "note");

    // DR113: it waits for nobody.
    alter("SET synchronous_commit = remote_apply");
    doctor
        .finds(&["DR113"])
        .says("DR113", "node0", "no standby is named");
    alter("RESET synchronous_commit");

    // DR010: a clock that is ahead, as the account sees it.
    let clock = "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
                 $$ SELECT pg_catalog.clock_timestamp() + CASE WHEN pg_is_in_recovery() THEN interval '3s' ELSE interval '0' END $$";
    primary.admin_execute(clock).unwrap();
    alter("SET search_path = public, pg_catalog");
    doctor
        .finds(&["DR010"])
        .says("DR010", "node1", "before that of node0");
    alter("RESET search_path");

    // DR013: more connections than there are.
    let many = doctor.clone().with(&["--instances", "50"]);
    many.finds(&["DR013"])
        .says("DR013", "node0", "1300 connections");

    // DR112: commits wait for a standby that is not there. Last, since they wait.
    primary.set("synchronous_standby_names", "nobody").unwrap();
    doctor.finds(&["DR112"]).says("DR112", "node0", "nobody");
    primary.set("synchronous_standby_names", "").unwrap();
}

#[test]
fn a_primary_that_no_standby_can_follow_is_found() {
    let cluster = well()
        .setting("wal_level", "minimal")
        .setting("max_wal_senders", "0")
        .start()
        .unwrap();
    allow(&cluster);
    let node = cluster.primary();

    // DR114, DR004.
    let report = doctor(&cluster).finds(&["DR004", "DR114"]);
    report.says("DR114", "node0", "wal_level = replica");

    // DR014: an account that may do anything.
    let superuser = Doctor::of([("node0", node.url_for("postgres", "app"))]);
    superuser
        .with(&["--only", "DR014"])
        .finds(&["DR014"])
        .says("DR014", "node0", "superuser");

    // The sizes of pools are the configuration's.
    let pools = |read: u32| {
        config(&format!(
            "[nodes.node0]\nurl = \"{}\"\n[nodes.node0.pools.read]\nsize = {read}\n[nodes.node0.pools.write]\nsize = 1\n\
             [nodes.node0.pools.fallback]\nsize = 1\n",
            node.url()
        ))
    };
    let (few, many) = (pools(10), pools(200));
    Doctor::config(&few).with(&["--only", "DR013"]).finds(&[]);
    Doctor::config(&many)
        .with(&["--only", "DR013"])
        .finds(&["DR013"]);
}
