use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::program::{Run, program, run};
use crate::{nodes, postgres};

#[test]
fn lines_of_json_come_until_the_pipe_is_closed() {
    let cluster = postgres(1);
    let mut child = program()
        .args(["watch", "--json", "--interval=100ms"])
        .args(nodes(&cluster))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = lines.next().unwrap().unwrap();
        let report: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(report["nodes"][1]["role"], "replica", "{report}");
        assert!(report["at"].as_str().unwrap().ends_with('Z'));
    }
    // The reader goes away.
    drop(lines);
    let status = child.wait().unwrap();
    let mut words = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut words)
        .unwrap();
    assert_eq!((status.code(), words.as_str()), (Some(0), ""));
}

#[test]
fn once_prints_a_line_for_each_node() {
    let cluster = postgres(1);
    let run = run(["watch", "--once"]
        .map(str::to_owned)
        .into_iter()
        .chain(nodes(&cluster)));
    assert_eq!(run.code, Some(0), "{run:?}");
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.out);
    assert!(
        lines[0].contains(" db-0 primary up lag 0 at "),
        "{}",
        run.out
    );
    assert!(lines[1].contains(" db-1 replica up lag "), "{}", run.out);
}

#[test]
fn it_goes_on_through_a_failover_and_while_nobody_answers() {
    let cluster = postgres(1);
    let mut child = program()
        .args(["watch", "--interval=100ms", "--timeout=2s"])
        .args(nodes(&cluster))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |words: &str| {
        let found = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains(words));
        assert!(found.is_some(), "{words}");
    };
    until("db-0 primary up");
    cluster.primary().kill().unwrap();
    until("db-0 primary down");
    cluster.standby(0).promote().unwrap();
    until("db-1 primary up");
    cluster.standby(0).kill().unwrap();
    until("no node answers");
    cluster.standby(0).start().unwrap();
    until("db-1 primary up");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_interval_that_is_too_short_is_a_mistake() {
    let run = run(["watch", "--interval=1ms", "-n", "a=/a.db"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("at least 100ms"), "{}", run.err);
}

#[test]
fn other_commands_leave_a_closed_pipe_quietly_as_well() {
    let mut child = program()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
}
