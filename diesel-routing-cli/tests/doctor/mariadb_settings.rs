//! Settings and tables of MariaDB, and TLS.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::mariadb::{quiet, well};
use crate::report::Doctor;

#[test]
fn settings_and_tables_that_replicas_have_trouble_with_are_found() {
    let cluster = well().replicas(1).start().unwrap();
    let (primary, replica) = (cluster.primary(), cluster.replica(0));
    let doctor = quiet(&cluster);

    // DR206, DR207, DR022: of the primary.
    primary.set("gtid_strict_mode", "OFF").unwrap();
    doctor
        .finds(&["DR206"])
        .says("DR206", "node0", "gtid_strict_mode = ON");
    primary.set("gtid_strict_mode", "ON").unwrap();
    primary.set("binlog_format", "STATEMENT").unwrap();
    doctor
        .finds(&["DR207"])
        .says("DR207", "node0", "binlog_format = ROW");
    primary.set("binlog_format", "MIXED").unwrap();
    primary.set("sync_binlog", "0").unwrap();
    let report = doctor.finds(&["DR022"]);
    report.says("DR022", "node0", "sync_binlog");
    assert_eq!(report.find("DR022")["severity"], "warning");
    primary.set("sync_binlog", "1").unwrap();

    // DR021: other results on the replica.
    replica.set("sql_mode", "ANSI").unwrap();
    doctor
        .finds(&["DR021"])
        .says("DR021", "node1", "`sql_mode`");
    replica.set("sql_mode", "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION")
        .unwrap();

    // DR019: idle connections are closed.
    replica.set("wait_timeout", "60").unwrap();
    doctor
        .finds(&["DR019"])
        .says("DR019", "node1", "idle for 1m");
    replica.set("wait_timeout", "28800").unwrap();

    // DR013: more connections than there are.
    let many = doctor.clone().with(&["--instances", "10"]);
    many.finds(&["DR013"])
        .says("DR013", "node0", "260 connections");

    // DR209, DR210.
    let sql = "CREATE TABLE old (n INT PRIMARY KEY) ENGINE = MyISAM; CREATE TABLE heap (n INT)";
    primary.execute(sql).unwrap();
    cluster
        .wait_until_caught_up(Duration::from_secs(20))
        .unwrap();
    let report = doctor.finds(&["DR209", "DR210"]);
    report.says("DR209", "node0", "app.old");
    report.says("DR210", "node0", "app.heap");
    primary.execute("DROP TABLE old, heap").unwrap();

    // DR010: a clock that is ahead, as the account sees it.
    replica
        .set("init_connect", "SET timestamp = unix_timestamp() + 5")
        .unwrap();
    doctor
        .finds(&["DR010"])
        .says("DR010", "node1", "before that of node0");
    replica.set("init_connect", "").unwrap();

    // DR007: a name for both.
    let address = cluster.address(cluster.nodes()).unwrap();
    let reader = Doctor::of([("reader", address.url())]).with(&["--only", "DR007"]);
    reader
        .finds(&["DR007"])
        .says("DR007", "reader", "2 servers");
}

#[test]
fn a_certificate_that_nobody_looks_at_is_found() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params =
        rcgen::CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let files = [
        ("cert.pem", &certificate),
        ("key.pem", &key.serialize_pem()),
    ];
    let [cert, key] = files.map(|(name, text)| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let cluster = well()
        .setting("ssl_cert", &cert)
        .setting("ssl_key", key)
        .start()
        .unwrap();
    let url = cluster.primary().url();
    let with = |parameters: &str| {
        let doctor = Doctor::of([("node0", format!("{url}?{parameters}"))]);
        doctor.with(&["--only", "no-tls,tls-not-verified"])
    };

    with("ssl_mode=required")
        .finds(&["DR016"])
        .says("DR016", "node0", "verify_identity");
    with("ssl_mode=disabled").finds(&["DR015"]);
    with(&format!("ssl_mode=verify_identity&ssl_ca={cert}")).finds(&[]);
}
