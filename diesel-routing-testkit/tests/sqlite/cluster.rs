//! The cluster itself: what it starts with, how it fails, what it leaves.

use std::path::Path;
use std::process::Command;

use diesel_routing_testkit::Error;

use super::*;

#[test]
fn the_schema_and_its_rows_are_on_every_replica_from_the_start() {
    let cluster = notes_cluster()
        .schema("INSERT INTO notes (body) VALUES ('first')")
        .replicas(3)
        .lag(Duration::from_secs(3600))
        .start()
        .unwrap();
    assert_eq!(cluster.replica_urls().len(), 3);
    for index in 0..3 {
        assert_eq!(bodies(&mut connect_to_replica(&cluster, index)), ["first"]);
    }
}

#[test]
fn a_page_size_set_in_the_schema_is_kept() {
    let cluster = SqliteCluster::builder()
        .schema("PRAGMA page_size = 16384")
        .schema(NOTES)
        .start()
        .unwrap();
    write_note(&mut connect(cluster.primary_url()), "large page");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["large page"]);
}

#[test]
fn commits_of_another_process_arrive() {
    let cluster = notes_cluster().start().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::the_other_process", "--ignored"])
        .env("CLUSTER_PRIMARY_URL", cluster.primary_url())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["from afar"]);
}

#[test]
#[ignore = "started by `commits_of_another_process_arrive`"]
fn the_other_process() {
    write_note(
        &mut connect(&std::env::var("CLUSTER_PRIMARY_URL").unwrap()),
        "from afar",
    );
}

#[test]
fn a_cluster_without_replicas_is_a_primary_alone() {
    let cluster = notes_cluster().replicas(0).start().unwrap();
    write_note(&mut connect(cluster.primary_url()), "hello");
    cluster.wait_until_caught_up(Duration::ZERO).unwrap();
    assert!(cluster.replica_urls().is_empty());
    let error = cluster.replica_url(0).unwrap_err();
    assert!(matches!(
        error,
        Error::NoSuchReplica {
            index: 0,
            replicas: 0,
            ..
        }
    ));
}

#[test]
fn a_replica_that_does_not_exist_is_named() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    let error = cluster.pause(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no replica 2: this cluster has 2, numbered from 0"
    );
}

#[test]
fn a_schema_that_fails_names_the_node_and_the_step() {
    let error = SqliteCluster::builder()
        .schema("CREATE TABEL x")
        .start()
        .unwrap_err();
    assert_eq!(error.to_string(), "primary: could not run the schema");
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("TABEL")
    );

    let error = SqliteCluster::builder()
        .schema("BEGIN")
        .start()
        .unwrap_err();
    assert!(
        error.to_string().contains("leaves a transaction open"),
        "{error}"
    );
}

#[test]
fn a_failure_of_replication_is_reported_by_the_next_call() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    write_note(&mut primary, "soon lost");
    std::fs::write(cluster.primary_url(), vec![0x55; 16384]).unwrap();
    // This connection has in its cache what it needs; the cluster's has to read the file again.
    write_note(&mut primary, "lost");
    let error = cluster.wait_until_caught_up(LONG).unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(
        cause.to_string().starts_with("primary: could not "),
        "{cause}"
    );
    assert!(matches!(cluster.pause(0), Err(Error::Stopped { .. })));
    assert!(matches!(cluster.lag_of(0), Err(Error::Stopped { .. })));
}

#[test]
fn nothing_is_left_after_drop_even_in_a_panic() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    let dir = Path::new(cluster.primary_url())
        .parent()
        .unwrap()
        .to_owned();
    assert!(dir.exists() && open_files_under(&dir) != Some(0));
    let test = thread::spawn(move || assert!(cluster.replica_url(7).is_ok(), "on purpose"));
    assert!(test.join().is_err());
    assert!(!dir.exists());
    assert!(open_files_under(&dir).is_none_or(|files| files == 0));
}

/// How many files of `dir` this process has open; `None` where the system doesn't say.
///
/// The replication thread owns the cluster's connections, so none open means that it has ended.
fn open_files_under(dir: &Path) -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    let under = |path: std::path::PathBuf| path.starts_with(dir);
    Some(
        files
            .flatten()
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .filter(|p| under(p.clone()))
            .count(),
    )
}
