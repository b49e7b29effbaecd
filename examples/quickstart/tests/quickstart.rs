//! What `quickstart` promises on its command line.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program, with a temporary directory of its own.
struct Quickstart {
    command: Command,
    temp: TempDir,
}

impl Quickstart {
    fn with(args: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
        command
            .args(args.split_whitespace())
            .env("TMPDIR", temp.path())
            .stdin(Stdio::null());
        Self { command, temp }
    }

    fn run(mut self) -> Run {
        let output = self.command.output().unwrap();
        Run::new(output, self.temp.path())
    }
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// What it left in its temporary directory.
    left: usize,
}

impl Run {
    fn new(output: Output, temp: &Path) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            left: temp.read_dir().unwrap().count(),
        }
    }

    /// The table's row for this strategy: reads, stale reads, served by replicas.
    fn row(&self, strategy: &str) -> [u32; 3] {
        let rows = self.stdout.lines().filter(|line| line.starts_with('|'));
        let cells: Vec<_> = rows
            .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
            .find(|cells| cells[1] == strategy)
            .unwrap();
        [cells[2], cells[3], cells[4].trim_end_matches(" %")].map(|cell| cell.parse().unwrap())
    }
}

#[test]
fn random_replicas_are_stale_and_sessions_are_not() {
    let run = Quickstart::with("--users 40 --lag 1s --window 4s --replicas 3").run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);

    let [reads, stale, by_replicas] = run.row("random replica");
    assert_eq!(reads, 360);
    assert!(stale > 0 && by_replicas == 100, "{}", run.stdout);
    assert_eq!(run.row("always the primary"), [360, 0, 0]);
    let [reads, stale, by_replicas] = run.row("session");
    assert_eq!((reads, stale), (360, 0));
    assert!((1..100).contains(&by_replicas), "{}", run.stdout);
}

#[test]
fn sample_reads_name_the_node_and_the_reason() {
    let run = Quickstart::with("--users 60 --lag 600ms --window 3s").run();
    for words in [
        "eventual             light  <- stale",
        "db-1       recent_write         dark",
        "nothing_to_catch_up  dark",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
}

#[test]
fn a_window_shorter_than_the_lag_lets_stale_reads_through_and_fails() {
    let run = Quickstart::with("--users 40 --lag 2s --window 200ms").run();
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    let [_, stale, _] = run.row("session");
    let why = format!("quickstart: {stale} session reads were stale: the window of 200ms ends");
    assert!(stale > 0 && run.stderr.starts_with(&why), "{}", run.stderr);
}

#[test]
fn nothing_is_drawn_and_nothing_stays_where_there_is_no_terminal() {
    let run = Quickstart::with("--users 1 --lag 400ms --window 1s").run();
    assert!(run.stdout.contains("session: 9 reads, 0 stale"));
    let output = run.stdout + &run.stderr;
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(output.chars().all(is_plain), "{output:?}");
    assert_eq!(run.left, 0);
}

#[test]
fn a_value_that_makes_no_sense_gets_one_line_and_exit_code_2() {
    for (args, words) in [
        ("--users 0", "1..=2000"),
        ("--users -5", "1..=2000"),
        ("--users many", "'many'"),
        ("--replicas 0", "1..=8"),
        ("--replicas 9", "1..=8"),
        ("--lag 0s", "give more"),
        ("--lag -1s", "not a duration"),
        ("--lag 2", "not a duration"),
        ("--lag 1y", "at most 1m"),
        ("--lag 99999999999999999999s", "not a duration"),
        ("--window 61s", "at most 1m"),
        ("--window soon", "not a duration"),
        ("--lag", "value is required"),
        ("--nodes 3", "'--nodes'"),
        ("2s", "'2s'"),
    ] {
        let run = Quickstart::with(args).run();
        assert_eq!(run.code, Some(2), "{args}");
        assert_eq!(run.stdout, "", "{args}");
        assert_eq!(run.stderr.lines().count(), 1, "{args}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{args}: {}", run.stderr);
    }
}

#[test]
fn help_names_every_option_and_its_default() {
    let run = Quickstart::with("--help").run();
    assert_eq!(run.code, Some(0));
    for (option, default) in [
        ("--users <N>", "200"),
        ("--replicas <N>", "2"),
        ("--lag <DURATION>", "2s"),
        ("--window <DURATION>", "5s"),
    ] {
        let (_, text) = run.stdout.split_once(option).unwrap();
        let (_, text) = text.split_once("[default: ").unwrap();
        assert!(text.starts_with(&format!("{default}]")), "{option}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_at_once_and_leaves_no_files() {
    use std::io::{BufRead, BufReader, Read};
    use std::time::{Duration, Instant};

    for signal in ["INT", "TERM"] {
        let Quickstart { mut command, temp } = Quickstart::with("--window 1m");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().starts_with("1."));
        // The line comes just before the databases do.
        let asked = Instant::now();
        while temp.path().read_dir().unwrap().next().is_none() {
            assert!(asked.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }

        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let code = child.wait().unwrap().code();
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(
            (code, said.as_str()),
            (Some(130), "quickstart: interrupted\n")
        );
        assert!(asked.elapsed() < Duration::from_secs(60), "{signal}");
        assert_eq!(temp.path().read_dir().unwrap().count(), 0, "{signal}");
    }
}
