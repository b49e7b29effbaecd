//! The test kits' servers in containers. What the clusters do is tested by their own binaries, with
//! `DIESEL_ROUTING_TESTKIT=docker`; `cargo xtask test --docker` does so.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::error::Error;
use std::process::Command;

use diesel_routing_testkit::{MariaCluster, PgCluster};

/// What a cluster's start says in a process with this environment.
fn refusal(environment: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_start_that_fails_is_printed", "--nocapture"])
        .env(PRINT, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    text
}

/// Set for the process that prints.
const PRINT: &str = "DIESEL_ROUTING_TEST_PRINT";

/// Not a test of its own: the environment is a whole process's.
#[test]
fn a_start_that_fails_is_printed() {
    if std::env::var_os(PRINT).is_none() {
        return;
    }
    let of_postgres = PgCluster::builder().start().unwrap_err();
    let of_mariadb = MariaCluster::builder().start().unwrap_err();
    for error in [of_postgres, of_mariadb] {
        let causes = std::iter::successors(Some(&error as &dyn Error), |&error| error.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        eprintln!("REFUSED {}", causes.join(": "));
    }
}

#[test]
fn without_an_engine_no_cluster_starts_and_the_error_says_what_to_do() {
    let text = refusal(&[
        ("DIESEL_ROUTING_TESTKIT", "docker"),
        ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
    ]);
    let expected = "REFUSED no container engine answers at unix:///nowhere/docker.sock; start Docker, \
                    set DOCKER_HOST to its socket, or unset DIESEL_ROUTING_TESTKIT";
    assert_eq!(text.matches(expected).count(), 2, "{text}");
}

#[test]
fn an_engine_on_another_machine_is_refused() {
    let text = refusal(&[
        ("DIESEL_ROUTING_TESTKIT", "docker"),
        ("DOCKER_HOST", "tcp://192.0.2.1:2375"),
    ]);
    assert!(
        text.contains("DOCKER_HOST is tcp://192.0.2.1:2375"),
        "{text}"
    );
    assert!(text.contains("unix:// address"), "{text}");
}

#[test]
fn a_backing_that_is_not_known_is_refused() {
    let text = refusal(&[("DIESEL_ROUTING_TESTKIT", "podman")]);
    assert!(text.contains("`podman`, which is neither"), "{text}");
}

#[test]
fn programs_named_by_the_caller_come_before_the_environment() {
    let error = PgCluster::builder()
        .in_docker()
        .bin_dir("/nowhere")
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("looked in /nowhere"), "{error}");
}

#[test]
#[ignore = "needs a container engine; `cargo xtask test --docker` runs it"]
fn an_image_that_is_not_to_be_had_is_named_with_its_variable() {
    let text = refusal(&[
        ("DIESEL_ROUTING_TESTKIT", "docker"),
        ("DIESEL_ROUTING_POSTGRES_IMAGE", "localhost:9/none:1"),
        ("DIESEL_ROUTING_MARIADB_IMAGE", "localhost:9/none:1"),
    ]);
    assert!(
        text.contains("there is no image localhost:9/none:1 here"),
        "{text}"
    );
    assert!(text.contains("set DIESEL_ROUTING_POSTGRES_IMAGE"), "{text}");
    assert!(text.contains("set DIESEL_ROUTING_MARIADB_IMAGE"), "{text}");
}

#[test]
#[ignore = "needs a container engine; `cargo xtask test --docker` runs it"]
fn each_server_is_a_container_and_none_is_left() {
    let cluster = PgCluster::builder()
        .standbys(2)
        .in_docker()
        .start()
        .unwrap();
    let dir = cluster.primary().data_dir().parent().unwrap();
    let label = format!(
        "diesel-routing.cluster={}",
        dir.file_name().unwrap().display()
    );
    assert_eq!(containers(&label), 3);
    cluster.standby(0).kill().unwrap();
    assert_eq!(containers(&label), 2);
    cluster.standby(1).freeze().unwrap();
    drop(cluster);
    assert_eq!(containers(&label), 0);
}

#[test]
#[ignore = "needs a container engine; `cargo xtask test --docker` runs it"]
fn a_signal_to_a_frozen_server_waits_for_its_thaw() {
    let cluster = PgCluster::builder()
        .in_docker()
        .timeout(std::time::Duration::from_secs(3))
        .start()
        .unwrap();
    let node = cluster.primary();
    node.freeze().unwrap();
    // The engine would thaw a paused container to deliver a signal.
    let error = node.stop().unwrap_err().to_string();
    assert!(
        error.starts_with("node0: a clean stop was not done within"),
        "{error}"
    );
    assert!(node.is_running());
    node.thaw().unwrap();
    node.stop().unwrap();
    assert!(!node.is_running());
}

fn containers(label: &str) -> usize {
    let output = Command::new("docker")
        .args([
            "ps",
            "--all",
            "--quiet",
            "--filter",
            &format!("label={label}"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().count()
}
