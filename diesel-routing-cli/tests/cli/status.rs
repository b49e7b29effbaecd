use std::time::Duration;

use diesel_routing_testkit::{MariaCluster, SqliteCluster};

use crate::program::{Run, program, run};
use crate::{SOON, log_all, nodes, postgres};

fn status<A: AsRef<str>>(arguments: impl IntoIterator<Item = A>) -> Run {
    let arguments = arguments
        .into_iter()
        .map(|argument| argument.as_ref().to_owned());
    run(["status".to_owned()].into_iter().chain(arguments))
}

fn json(cluster: &diesel_routing_testkit::PgCluster) -> Run {
    status(nodes(cluster).into_iter().chain(["--json".to_owned()]))
}

#[test]
fn postgresql_says_who_is_what_and_has_what() {
    let cluster = postgres(2);
    let run = json(&cluster);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let report = run.json();
    for (index, role) in ["primary", "replica", "replica"].into_iter().enumerate() {
        let node = &report["nodes"][index];
        assert_eq!(node["name"], format!("db-{index}"));
        assert_eq!(node["role"], role, "{report}");
        assert_eq!(node["health"], "up");
        assert_eq!(node["kind"], "PostgreSQL");
        assert!(node["version"].as_str().unwrap().contains('.'));
        assert!(
            node["position"]
                .as_str()
                .unwrap()
                .contains("on timeline 1 of cluster")
        );
        assert!(node["lag_seconds"].as_f64().unwrap() < 10.0);
    }
}

#[test]
fn who_feeds_a_standby_is_told_to_accounts_that_may_know() {
    let cluster = postgres(1);
    let primary = cluster.primary();
    primary.admin_execute("GRANT pg_monitor TO app").unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    let report = json(&cluster).json();
    let upstream = &report["nodes"][1]["upstream"];
    assert!(upstream["address"].is_string(), "{report}");
    assert!(report["nodes"][0]["upstream"].is_null(), "{report}");
}

#[test]
fn the_table_has_what_json_has_and_fits_a_narrow_terminal_as_records() {
    let cluster = postgres(1);
    let wide = status(nodes(&cluster));
    assert_eq!(wide.code, Some(0), "{wide:?}");
    let lines: Vec<_> = wide.out.lines().collect();
    assert!(
        lines[0].starts_with("node  role     health  lag"),
        "{}",
        wide.out
    );
    assert!(
        lines[1].starts_with("db-0  primary  up      0 "),
        "{}",
        wide.out
    );
    assert!(lines[2].starts_with("db-1  replica  up "), "{}", wide.out);
    assert!(!wide.out.contains('\u{1b}'), "no colours in a pipe");

    let narrow = program()
        .arg("status")
        .args(nodes(&cluster))
        .env("COLUMNS", "40")
        .output();
    let narrow = Run::of(narrow.unwrap()).out;
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 40),
        "{narrow}"
    );
    assert!(narrow.contains("role      primary"), "{narrow}");

    let colours = status(
        nodes(&cluster)
            .into_iter()
            .chain(["--color=always".to_owned()]),
    );
    assert!(colours.out.contains('\u{1b}'), "{}", colours.out);
}

#[test]
fn a_node_that_is_down_is_a_finding_and_the_others_are_shown() {
    let cluster = postgres(1);
    cluster.standby(0).stop().unwrap();
    let run = json(&cluster);
    assert_eq!(run.code, Some(1), "{run:?}");
    let report = run.json();
    assert_eq!(report["nodes"][0]["role"], "primary");
    assert_eq!(report["nodes"][1]["health"], "down");
    assert!(report["nodes"][1]["problem"].is_string(), "{report}");
}

#[test]
fn a_node_that_hangs_costs_the_timeout_and_no_more() {
    let cluster = postgres(1);
    cluster.standby(0).freeze().unwrap();
    let began = std::time::Instant::now();
    let run = status(
        nodes(&cluster)
            .into_iter()
            .chain(["--timeout=1s", "--json"].map(str::to_owned)),
    );
    cluster.standby(0).thaw().unwrap();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_ne!(run.json()["nodes"][1]["health"], "up");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn when_all_nodes_are_down_each_says_why() {
    let url = "postgres://app:hunter2@127.0.0.1:1/app";
    let nodes = [format!("--node=a={url}"), format!("--node=b={url}")];
    let run = status(&nodes);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.out.contains("a: connecting: ") && run.out.contains("b: connecting: "),
        "{run:?}"
    );
    assert!(run.out.contains("refused"), "{run:?}");
    assert!(!format!("{run:?}").contains("hunter2"), "{run:?}");
    let json = status(nodes.iter().map(String::as_str).chain(["--json"]));
    assert_eq!(json.code, Some(3));
    assert_eq!(json.json()["nodes"][1]["health"], "down");
}

#[test]
fn an_account_that_may_see_nothing_learns_roles_and_what_it_lacks() {
    let cluster = postgres(1);
    let primary = cluster.primary();
    primary
        .admin_execute(
            "CREATE ROLE nobody LOGIN; \
             REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint(), pg_control_recovery(), \
             pg_control_init() FROM PUBLIC",
        )
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    log_all(&cluster);
    let nodes = [0, 1].map(|index| {
        let node = cluster.node(index);
        format!(
            "--node=db-{index}={}",
            node.url().replacen("app@", "nobody@", 1)
        )
    });
    let run = status(nodes.iter().map(String::as_str).chain(["--json"]));
    let report = run.json();
    assert_eq!(run.code, Some(1), "{report}");
    assert_eq!(report["nodes"][0]["role"], "primary", "{report}");
    assert_eq!(report["nodes"][1]["role"], "replica", "{report}");
    let notice = report["nodes"][0]["notice"].as_str().unwrap();
    assert!(notice.contains("permission denied"), "{report}");
    assert!(report["refused"].is_string(), "{report}");
    // No router: each node was asked by itself, and no session could write.
    let log = cluster.primary().log_tail();
    let guard = "statement: SET default_transaction_read_only = on";
    assert!(log.contains(guard), "{log}");
}

#[test]
fn mariadb_says_who_is_what_and_what_holds_a_replica_up() {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    let nodes = (0..2).map(|index| format!("--node=db-{index}={}", cluster.node(index).url()));
    let nodes: Vec<_> = nodes.chain(["--json".to_owned()]).collect();
    let well = status(&nodes);
    assert_eq!(well.code, Some(0), "{well:?}");
    cluster
        .replica(0)
        .admin_execute("STOP SLAVE SQL_THREAD")
        .unwrap();
    let report = status(&nodes).json();
    let notice = report["nodes"][1]["notice"].as_str().unwrap_or_default();
    let is_told = ["START SLAVE", "GRANT SLAVE MONITOR"]
        .iter()
        .any(|words| notice.contains(words));
    assert!(is_told, "{report}");
    assert_eq!(report["nodes"][0]["role"], "primary");
    assert_eq!(report["nodes"][0]["kind"], "MariaDB");
    assert_eq!(report["nodes"][1]["role"], "replica");
    assert!(report["nodes"][1]["position"].is_string(), "{report}");
}

#[test]
fn sqlite_files_are_as_they_are_configured_and_none_is_made() {
    let cluster = SqliteCluster::builder().start().unwrap();
    let nodes = [
        format!("--node=a:primary={}", cluster.primary_url()),
        format!("--node=b:replica={}", cluster.replica_url(0).unwrap()),
    ];
    let run = status(&nodes);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.out.contains("a     primary  up      SQLite 3."),
        "{}",
        run.out
    );

    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none.db");
    let run = status([format!("--node=a:primary={}", missing.display())]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.out.contains("there is no such file"), "{}", run.out);
    assert!(!missing.exists());
}
