use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use diesel_routing_testkit::{MariaCluster, PgCluster, SqliteCluster};
use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Run, program, run};
use crate::{SOON, nodes, postgres};

fn verify<A: AsRef<str>>(arguments: impl IntoIterator<Item = A>, more: &[&str]) -> Run {
    let arguments = arguments
        .into_iter()
        .map(|argument| argument.as_ref().to_owned());
    let more = more.iter().copied().map(str::to_owned);
    run(["verify".to_owned()]
        .into_iter()
        .chain(arguments)
        .chain(more))
}

/// Returns the schemas that runs have made.
fn schemas(cluster: &PgCluster) -> Option<String> {
    let sql =
        "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'diesel_routing%'";
    cluster.primary().query_value(sql).unwrap()
}

#[test]
fn a_run_that_finds_nothing_wrong_reports_as_text_as_json_and_as_a_page() {
    let cluster = postgres(1);
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("report.html");
    let html = format!("--html={}", page.display());
    let run = verify(
        nodes(&cluster),
        &["--seconds=2", "--clients=4", &html, "--json"],
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    let report = run.json();
    assert_eq!(
        report["violations"].as_array().unwrap().len(),
        0,
        "{report}"
    );
    assert_eq!(
        report["not_checked"].as_array().unwrap().len(),
        0,
        "{report}"
    );
    assert!(
        report["staleness"]["on_replicas"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert!(report["handed_over"].as_u64().unwrap() > 0, "{report}");
    assert!(run.err.contains("working"), "{}", run.err);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("<svg") && page.contains("No violation"),
        "{page}"
    );
    assert_eq!(schemas(&cluster), None);

    let help = verify([""; 0], &["--help"]).out;
    assert!(help.contains("It writes, into a schema"), "{help}");
    let run = verify(nodes(&cluster), &["--html=/nowhere/report.html"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(
        run.err.contains("/nowhere/report.html cannot be written"),
        "{}",
        run.err
    );

    let run = verify(nodes(&cluster), &["--seconds=1", "--clients=2"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("Stale reads: 0 of "), "{}", run.out);
}

#[test]
fn a_violation_is_exit_code_1() {
    let cluster = SqliteCluster::builder()
        .lag(Duration::from_millis(300))
        .start()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("routing.toml");
    let text = format!(
        "[window]\nfixed = \"1ms\"\n\
         [nodes.a]\nurl = \"{}\"\nrole = \"primary\"\n\
         [nodes.b]\nurl = \"{}\"\nrole = \"replica\"\n",
        cluster.primary_url(),
        cluster.replica_url(0).unwrap()
    );
    std::fs::write(&config, text).unwrap();
    let config = format!("--config={}", config.display());
    let run = verify([config], &["--seconds=2", "--clients=2"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out.contains("stale_read (read your writes)"),
        "{}",
        run.out
    );
    assert!(run.out.contains("Not checked"), "{}", run.out);
}

#[test]
fn others_who_are_connected_are_not_disturbed_without_leave() {
    let cluster = postgres(1);
    // A `psql` that waits for what to do.
    let mut guest = std::process::Command::new("psql")
        .arg(cluster.standby(0).url())
        .args(["-A", "-t", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = BufReader::new(guest.stdout.take().unwrap());
    let mut stdin = guest.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"SELECT 'here';\n").unwrap();
    std::io::Write::flush(&mut stdin).unwrap();
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    assert_eq!(line, "here\n");

    let refused = verify(nodes(&cluster), &["--seconds=1"]);
    assert_eq!((refused.code, &*refused.out), (Some(2), ""), "{refused:?}");
    assert!(
        refused.err.contains("db-1: 1 app in app (psql)"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("`--yes`"), "{}", refused.err);
    assert_eq!(schemas(&cluster), None);
    let run = verify(nodes(&cluster), &["--seconds=1", "--yes"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    drop(stdin);
    guest.wait().unwrap();
}

#[test]
fn ctrl_c_removes_what_the_run_has_made() {
    let cluster = postgres(1);
    let mut child = program()
        .arg("verify")
        .args(nodes(&cluster))
        .arg("--seconds=60")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("working") {
        line.clear();
        assert_ne!(progress.read_line(&mut line).unwrap(), 0, "it has ended");
    }
    assert!(schemas(&cluster).is_some());
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    let mut rest = String::new();
    progress.read_to_string(&mut rest).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{rest} {run:?}");
    assert!(rest.contains("stopping"), "{rest}");
    assert!(run.out.contains("; interrupted"), "{}", run.out);
    assert_eq!(schemas(&cluster), None);
}

#[test]
fn servers_that_are_down_and_accounts_that_may_not_are_told_of() {
    let cluster = postgres(1);
    let sql = "CREATE ROLE small LOGIN; GRANT CONNECT ON DATABASE app TO small";
    cluster.primary().admin_execute(sql).unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    let small = |index: usize| {
        let url = cluster.node(index).url_for("small", "app");
        format!("--node=db-{index}={url}")
    };
    let run = verify([small(0), small(1)], &["--seconds=1"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(
        run.err.contains("permission denied for database app"),
        "{}",
        run.err
    );
    assert!(run.err.contains("`--in-tables`"), "{}", run.err);

    cluster.primary().kill().unwrap();
    let run = verify(nodes(&cluster), &["--seconds=1"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.err.contains("node `db-0` cannot be asked"),
        "{}",
        run.err
    );
    // Nobody is asked before, and the router finds nobody who takes writes.
    let run = verify(nodes(&cluster), &["--seconds=1", "--yes"]);
    assert_eq!(run.code, Some(3), "{run:?}");

    let run = verify(nodes(&cluster), &["--seconds=0", "--yes"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("1..=600"), "{}", run.err);
}

#[test]
fn on_mariadb_an_account_of_one_database_puts_its_tables_there() {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    let nodes = || (0..2).map(|index| format!("--node=db-{index}={}", cluster.node(index).url()));
    let run = verify(nodes(), &["--seconds=1"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(
        run.err.contains("`diesel\\_routing\\_verify\\_%`.*"),
        "{}",
        run.err
    );
    let run = verify(nodes(), &["--seconds=2", "--clients=4", "--in-tables"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("No violation"), "{}", run.out);
}
