//! SQLite files.

use diesel_routing_testkit::SqliteCluster;

use crate::report::Doctor;

#[test]
fn files_that_are_no_good_replicas_are_found() {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        .start()
        .unwrap();
    let (primary, replica) = (cluster.primary_url(), cluster.replica_url(0).unwrap());
    let doctor = |more: &[(&str, &str)]| {
        let nodes = [("a:primary", primary), ("b:replica", replica)];
        Doctor::of(nodes.into_iter().chain(more.iter().copied()))
    };
    doctor(&[]).finds(&[]);

    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (copy, link, missing) = (path("copy.db"), path("link.db"), path("missing.db"));
    // What SQLite writes by default: neither in WAL mode nor with the schema.
    std::fs::write(&copy, "").unwrap();
    std::os::unix::fs::symlink(replica, &link).unwrap();

    // DR401, DR402.
    let report = doctor(&[("copy:replica", &copy)]).finds(&["DR401", "DR402"]);
    report.says("DR401", "copy", "delete");
    report.says("DR402", "copy", "CREATE TABLE t");

    // DR008, DR001.
    doctor(&[("link:replica", &link)])
        .finds(&["DR008"])
        .says("DR008", "link", "b and link");
    let report = doctor(&[("missing:replica", &missing)]).finds(&["DR001"]);
    report.says("DR001", "missing", "no such file");
    assert!(!std::path::Path::new(&missing).exists());

    // DR004.
    Doctor::of([("a:primary", primary)]).finds(&["DR004"]);
    // What is no database.
    std::fs::write(
        &copy,
        "not a database, and long enough to be looked at".repeat(40),
    )
    .unwrap();
    doctor(&[("copy:replica", &copy)]).finds(&["DR001"]);
}
